import type { AxiosStatic, InternalAxiosRequestConfig } from 'axios'
import type { Token } from '../core/token.js'
import { withoutTokenParameters, withParameter } from '../core/url.js'
import type { Destination } from '../request/destination.js'

type Config = InternalAxiosRequestConfig
type Serialize = (params: object, options: Config['paramsSerializer']) => string

/**
 * The params as text and at once, where they are no plain object or somebody else serializes them,
 * who must not be shown the token; `undefined`: axios does it by itself.
 */
export function queryOf(
  { params, paramsSerializer: given }: Config,
  lib: AxiosStatic,
): string | undefined {
  // Axios takes both forms; the function stands here only if an interceptor has set it.
  const serialize = (typeof given === 'function' ? given : given?.serialize) as
    | Serialize
    | undefined
  try {
    if (serialize) return params == null ? '' : (serialize(params, given) ?? '')
    if (isUrlSearchParams(params)) return String(params)
    if (!isUsers(given)) return undefined
    return params == null ? '' : serializedBy(lib, params, given)
  } catch {
    // Intentionally dropped here: it throws again where axios calls it, and the caller hears axios.
    return undefined
  }
}

/** Code of the user's takes part where axios serializes. */
function isUsers(given: Config['paramsSerializer']): boolean {
  if (given === undefined) return false
  const { serialize, encode, visitor } = Object(given) as Record<string, unknown>
  return [given, serialize, encode, visitor].some((part) => typeof part === 'function')
}

/** By axios' own serializer, with nobody's defaults. */
function serializedBy(
  lib: AxiosStatic,
  params: unknown,
  given: Config['paramsSerializer'],
): string {
  const url = new lib.Axios({}).getUri({ url: '', params, paramsSerializer: given as never })
  return url.slice(url.indexOf('?') + 1)
}

/** Whether the call brings a token of its own, in its url or its params. */
export function bringsToken(
  { params }: Config,
  query: string | undefined,
  { tokenInUrl, parameters }: Destination,
): boolean {
  if (tokenInUrl === 'value') return true
  const isToken = (name: string, value: unknown) =>
    parameters.includes(name) && value != null && value !== ''
  if (query !== undefined)
    return [...new URLSearchParams(query)].some(([name, value]) => isToken(name, value))
  if (params == null) return false
  for (const name of Object.keys(params)) if (isToken(name, params[name])) return true
  return false
}

/**
 * Into `params` where they are a plain object. Others stay as they are, since a mock adapter may
 * look at them, and what is sent is a text.
 */
export function injectToken(
  config: Config,
  query: string | undefined,
  { parameter, parameters, tokenInUrl }: Destination,
  token: Token,
): void {
  if (tokenInUrl !== undefined) {
    config.url = withoutTokenParameters(config.url ?? '', parameters)
    config.baseURL = withoutTokenParameters(config.baseURL ?? '', parameters)
  }
  if (query === undefined) {
    // What failed to serialize them must not get the token at the next try.
    if (isUsers(config.paramsSerializer)) return
    // Axios takes no text or the like, and says so.
    if (!config.params || typeof config.params === 'object')
      config.params = withTokenParam(config.params, parameter, token.value, parameters)
    return
  }
  const others = withoutTokenParameters(`?${query}`, parameters)
  const text = withParameter(others, parameter, token.encoded).slice(1)
  // Without params axios asks no serializer.
  config.params ??= {}
  config.paramsSerializer = { ...(config.paramsSerializer as object), serialize: () => text }
}

function withTokenParam(
  params: object | undefined,
  parameter: string,
  value: string,
  parameters: readonly string[],
) {
  const copy: Record<string, unknown> = {}
  for (const [key, given] of Object.entries(params ?? {})) {
    if (!parameters.includes(key)) copy[key] = given
  }
  copy[parameter] = value
  return copy
}

/** Any implementation's, as axios tells it. */
function isUrlSearchParams(params: unknown): boolean {
  return (
    params instanceof URLSearchParams ||
    Object.prototype.toString.call(params) === '[object URLSearchParams]'
  )
}
