import type { AxiosStatic, InternalAxiosRequestConfig } from 'axios'
import type { Token } from '../core/token.js'
import { withoutTokenParameters, withParameter } from '../core/url.js'
import type { Destination } from '../request/destination.js'

type Config = InternalAxiosRequestConfig
type Serialize = (params: object, options: Config['paramsSerializer']) => string

/**
 * The params as text, if they are not a plain object or the user's own code serializes them, which
 * must not see the token (rule 12); `undefined` if axios serializes them.
 */
export function queryOf(
  { params, paramsSerializer: given }: Config,
  lib: AxiosStatic,
): string | undefined {
  // Axios takes both forms; it is a function only if an interceptor has set it.
  const serialize = (typeof given === 'function' ? given : given?.serialize) as
    | Serialize
    | undefined
  try {
    if (serialize) return params == null ? '' : (serialize(params, given) ?? '')
    if (isUrlSearchParams(params)) return String(params)
    if (!hasUserCode(given)) return undefined
    return params == null ? '' : serializeWithAxios(lib, params, given)
  } catch {
    // Ignored here: it throws again where axios calls it, and the caller gets axios' error.
    return undefined
  }
}

/** Whether the user's own code takes part in serializing. */
function hasUserCode(given: Config['paramsSerializer']): boolean {
  if (given === undefined) return false
  const { serialize, encode, visitor } = Object(given) as Record<string, unknown>
  return [given, serialize, encode, visitor].some((part) => typeof part === 'function')
}

/** By axios' own serializer, without any client's defaults. */
function serializeWithAxios(
  lib: AxiosStatic,
  params: unknown,
  given: Config['paramsSerializer'],
): string {
  const url = new lib.Axios({}).getUri({ url: '', params, paramsSerializer: given as never })
  return url.slice(url.indexOf('?') + 1)
}

/** Whether the request has a token of its own, in its url or its params. */
export function hasCallerToken(
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
 * Puts the token into `params` if they are a plain object. Other params stay unchanged, since a mock
 * adapter may match them; the serialized text gets the token.
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
    // The user's serializer threw: it must not see the token when axios calls it again.
    if (hasUserCode(config.paramsSerializer)) return
    // Axios itself rejects params that are a string or number.
    if (!config.params || typeof config.params === 'object')
      config.params = withTokenParam(config.params, parameter, token.value, parameters)
    return
  }
  const others = withoutTokenParameters(`?${query}`, parameters)
  const text = withParameter(others, parameter, token.encoded).slice(1)
  // Without params axios calls no serializer.
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

/** Any implementation's, by the test that axios uses. */
function isUrlSearchParams(params: unknown): boolean {
  return (
    params instanceof URLSearchParams ||
    Object.prototype.toString.call(params) === '[object URLSearchParams]'
  )
}
