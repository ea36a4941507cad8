import type {
  AxiosAdapter,
  AxiosRequestConfig,
  AxiosStatic,
  InternalAxiosRequestConfig,
} from 'axios'
import type { CallLimits } from '../core/limits.js'
import type { Token } from '../core/token.js'
import { type Destination, type JudgeDestination, remembered } from '../request/destination.js'
import type { Middleware } from '../request/middleware.js'
import { type LimitedCall, limitedCall } from '../token/limited-call.js'
import type { TokenPolicy } from '../token/token-policy.js'
import type { OutgoingBody } from './form-data.js'
import { injectToken } from './inject-token.js'
import { guardRedirects } from './redirects.js'

type Config = InternalAxiosRequestConfig

/** One request that takes a token. */
export interface RequestContext {
  /** The caller's config as the interceptors left it. The token never enters it. */
  readonly config: Config
  /** Its url, as text: the caller may change a `URL` object while the request waits. */
  readonly url: string | undefined
  /** The caller's own adapter. */
  readonly adapter: AxiosAdapter
  readonly lib: AxiosStatic
  readonly policy: TokenPolicy
  readonly destination: Destination
  /** Says whether a redirect's target may receive the token. */
  readonly judge: JudgeDestination
  /** Monotonic milliseconds; set if the request has a timeout. */
  readonly startedAt: number
  /** A snapshot: what the caller does to its own body later has no effect. */
  readonly body: OutgoingBody
  /** The params as text, if axios does not serialize them itself. */
  readonly query: string | undefined
  /** Its places in the call limits; `undefined` without `limits`. */
  readonly limited: LimitedCall | undefined
}

/** Finds a request's destination. Axios' own `getUri` combines `baseURL` and `url`. */
export function destinationsOf({ judge }: Middleware, lib: AxiosStatic) {
  const cacheOf = (allowAbsoluteUrls: boolean) =>
    remembered((baseURL: string) =>
      remembered((url: string) => {
        const final = finalUrl(lib, { baseURL, url, allowAbsoluteUrls })
        return final === undefined ? undefined : judge(final)
      }),
    )
  const combined = cacheOf(true)
  const alwaysBelowBase = cacheOf(false)
  return ({ baseURL = '', allowAbsoluteUrls }: Config, url = ''): Destination | undefined => {
    if (allowAbsoluteUrls !== false || baseURL === '') return combined(baseURL)(url)
    // Axios would send it to `<baseURL>/https://…`: a mistake, which gets no token.
    return HAS_SCHEME.test(url) ? undefined : alwaysBelowBase(baseURL)(url)
  }
}

const HAS_SCHEME = /^[a-z][a-z\d+\-.]*:\/\//i

/** `undefined` if axios throws: it throws again when it sends the request. */
function finalUrl(lib: AxiosStatic, config: AxiosRequestConfig): string | undefined {
  try {
    return lib.getUri(config)
  } catch {
    return undefined
  }
}

/** A config's url, which may be a `URL` object, as text. */
export function urlTextOf({ url }: Config): string | undefined {
  return url === undefined || typeof url === 'string' ? url : String(url)
}

/** The final url without our token. */
export function bareUrlOf({
  lib,
  config,
  url,
  query,
}: Pick<RequestContext, 'lib' | 'config' | 'url' | 'query'>): string {
  const paramsSerializer =
    query === undefined ? config.paramsSerializer : { serialize: () => query }
  return lib.getUri({ ...config, url, paramsSerializer } as Config)
}

/** A request before its source is chosen. */
export interface PendingRequest
  extends Pick<
    RequestContext,
    'config' | 'url' | 'query' | 'adapter' | 'lib' | 'destination' | 'judge' | 'body'
  > {
  /** The middleware's, for a source without its own. */
  readonly limits: CallLimits | undefined
}

export function newRequestContext(
  { config, url, query, adapter, lib, destination, judge, body, limits }: PendingRequest,
  policy: TokenPolicy,
  startedAt = config.timeout ? performance.now() : 0,
): RequestContext {
  const limited = limitedCall(policy, limits, destination.endpoint, body.data)
  return { config, url, query, adapter, lib, destination, judge, body, policy, startedAt, limited }
}

/** One sending of a request with a token: the first, or a replay. */
export interface Attempt {
  readonly context: RequestContext
  readonly token: Token
  /** What the adapter gets: a copy of the caller's config with the token in it. */
  readonly outgoing: Config
  readonly sentAtMs: number
}

/** A request that waits for its source or its token. */
export type WaitingRequest = Pick<
  RequestContext,
  'config' | 'url' | 'query' | 'lib' | 'startedAt' | 'adapter'
>

/** The timeout in milliseconds, as axios reads it; `undefined`: none. */
function timeoutOf({ timeout }: Pick<Config, 'timeout'>): number | undefined {
  // Axios also takes a string.
  const ms = Number.parseInt(String(timeout), 10)
  return ms > 0 ? ms : undefined
}

/** Milliseconds that the caller's timeout leaves; `undefined` if there is none. */
export function remainingMs({ config, startedAt }: WaitingRequest): number | undefined {
  if (!config.timeout) return undefined
  const ms = timeoutOf(config)
  return ms && ms - (performance.now() - startedAt)
}

/** The config keys that an attempt changes. */
export const OUR_KEYS = [
  'url',
  'baseURL',
  'params',
  'paramsSerializer',
  'beforeRedirect',
  'fetchOptions',
  'timeout',
  'timeoutErrorMessage',
  'transport',
] as const

/** Without params `new URL` drops trailing blanks; before the query that we append they would be sent. */
function trimEnd(url: string | undefined): string | undefined {
  let end = url?.length ?? 0
  while (end > 0 && url !== undefined && url.charAt(end - 1) <= ' ') end -= 1
  return url?.slice(0, end)
}

/** An attempt that is sent in the same turn. */
export function attemptOf(context: RequestContext, token: Token): Attempt {
  const { config, url, destination, judge, query, body } = context
  const outgoing = copied(config)
  // A form of the package form-data is sent as it is, the first time.
  if (body.data !== config.data && body.formHeaders === undefined) outgoing.data = body.data
  const sentUrl = config.params == null ? trimEnd(url) : url
  if (sentUrl !== config.url) outgoing.url = sentUrl as string
  injectToken(outgoing, query, destination, token)
  guardRedirects(outgoing, { token, destination, judge })
  return { context, token, outgoing, sentAtMs: context.policy.sendingAt() }
}

/**
 * An attempt after a wait, or a replay: it has the rest of the caller's timeout, whose messages name
 * the caller's figure, and sends a form as bytes.
 */
export function lateAttemptOf(context: RequestContext, token: Token): Attempt {
  const attempt = attemptOf(context, token)
  const { outgoing } = attempt
  const { data, formHeaders } = context.body
  if (formHeaders !== undefined) {
    outgoing.data = data
    // In place, as axios' own adapters set a form's headers.
    outgoing.headers = context.lib.AxiosHeaders.from(outgoing.headers).set(formHeaders)
  }
  limitTime(outgoing, context)
  return attempt
}

/** Sets the rest of the caller's timeout; its message names the caller's figure. */
export function limitTime(outgoing: Config, context: WaitingRequest): void {
  const left = remainingMs(context)
  if (left === undefined) return
  outgoing.timeout = Math.max(1, Math.ceil(left))
  outgoing.timeoutErrorMessage ??= `timeout of ${context.config.timeout}ms exceeded`
}

/** Streams report errors with this config long after the answer, so the token must be removed. */
export function removeToken({ outgoing, context: { config, query } }: Attempt): void {
  outgoing.url = config.url as string
  outgoing.baseURL = config.baseURL as string
  outgoing.params = config.params
  if ('data' in outgoing) outgoing.data = config.data
  if (query !== undefined) outgoing.paramsSerializer = config.paramsSerializer as never
}

/** Axios gives its configs without a prototype this one method. */
const GUARDED = Object.create(null, {
  hasOwnProperty: { value: Object.prototype.hasOwnProperty, writable: true, configurable: true },
})

/**
 * A key loop takes a quarter of a spread's time on these objects. Newer versions of axios protect
 * their configs against a polluted `Object.prototype`; the copy stays protected.
 */
export function copied(config: Config): Config {
  const isGuarded = Object.getPrototypeOf(config) === null
  const copy: Record<PropertyKey, unknown> = isGuarded ? Object.create(GUARDED) : {}
  for (const key of Object.keys(config)) copy[key] = config[key as keyof Config]
  for (const key of Object.getOwnPropertySymbols(config)) copy[key] = Reflect.get(config, key)
  return copy as unknown as Config
}
