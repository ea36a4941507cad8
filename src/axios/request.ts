import type {
  AxiosAdapter,
  AxiosRequestConfig,
  AxiosStatic,
  InternalAxiosRequestConfig,
} from 'axios'
import type { Token } from '../core/token.js'
import { type Destination, type JudgeDestination, remembered } from '../request/destination.js'
import type { Middleware } from '../request/middleware.js'
import type { TokenPolicy } from '../token/token-policy.js'
import { isSentByFetch } from './adapter.js'
import type { OutgoingBody } from './form-data.js'
import { injectToken } from './inject-token.js'
import { guardRedirects } from './redirects.js'

type Config = InternalAxiosRequestConfig

/** One request that takes a token, on its way through this door. */
export interface RequestContext {
  /** The caller's config as the interceptors left it. The token never enters it. */
  readonly config: Config
  /** Its url, as text: a `URL` object may be changed while the call waits. */
  readonly url: string | undefined
  /** The caller's own adapter. */
  readonly adapter: AxiosAdapter
  readonly lib: AxiosStatic
  readonly policy: TokenPolicy
  readonly destination: Destination
  /** Where else its token may go. */
  readonly judge: JudgeDestination
  /** Monotonic milliseconds; known if the call has a timeout. */
  readonly startedAt: number
  /** What the caller does to its own body later has no effect. */
  readonly body: OutgoingBody
  /** The params as text, where axios does not serialize them by itself. */
  readonly query: string | undefined
}

/** Tells where axios sends a request: it says itself how it combines `baseURL` and `url`. */
export function destinationsOf({ judge }: Middleware, lib: AxiosStatic) {
  const below = (allowAbsoluteUrls: boolean) =>
    remembered((baseURL: string) =>
      remembered((url: string) => {
        const final = finalUrl(lib, { baseURL, url, allowAbsoluteUrls })
        return final === undefined ? undefined : judge(final)
      }),
    )
  const combined = below(true)
  const alwaysBelowBase = below(false)
  return ({ baseURL = '', allowAbsoluteUrls }: Config, url = ''): Destination | undefined => {
    if (allowAbsoluteUrls !== false || baseURL === '') return combined(baseURL)(url)
    // Axios makes `<baseURL>/https://…` of it: a mistake, and no place for a token.
    return HAS_SCHEME.test(url) ? undefined : alwaysBelowBase(baseURL)(url)
  }
}

const HAS_SCHEME = /^[a-z][a-z\d+\-.]*:\/\//i

/** `undefined`: axios refuses it, and says so itself. */
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

/** What the call would be sent to without us. */
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

/** What is known of a call before it has a token. */
export type PendingRequest = Pick<
  RequestContext,
  'config' | 'url' | 'query' | 'adapter' | 'lib' | 'destination' | 'judge' | 'body'
>

export function newRequestContext(
  { config, url, query, adapter, lib, destination, judge, body }: PendingRequest,
  policy: TokenPolicy,
  startedAt = config.timeout ? performance.now() : 0,
): RequestContext {
  return { config, url, query, adapter, lib, destination, judge, body, policy, startedAt }
}

/** A call on its way with a token, the first time or as a replay. */
export interface Attempt {
  readonly call: RequestContext
  readonly token: Token
  /** What the adapter gets: a copy of the caller's config with the token in it. */
  readonly outgoing: Config
  readonly sentAtMs: number
}

/** A call that somebody waits for, whether or not it has a token to come. */
export type WaitingRequest = Pick<
  RequestContext,
  'config' | 'url' | 'query' | 'lib' | 'startedAt' | 'adapter'
>

/** Milliseconds that a call may take, as axios reads them; `undefined`: any number. */
function timeoutOf({ timeout }: Pick<Config, 'timeout'>): number | undefined {
  // Some give a text, which axios takes.
  const ms = Number.parseInt(String(timeout), 10)
  return ms > 0 ? ms : undefined
}

/** Milliseconds that the caller's timeout leaves; `undefined` if there is none. */
export function remainingMs({ config, startedAt }: WaitingRequest): number | undefined {
  if (!config.timeout) return undefined
  const ms = timeoutOf(config)
  return ms && ms - (performance.now() - startedAt)
}

/** What a sending changes of the caller's config. */
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

/** Where axios appends nothing, `new URL` drops them; before a query of ours they would be sent. */
function withoutBlanksAtEnd(url: string | undefined): string | undefined {
  let end = url?.length ?? 0
  while (end > 0 && url !== undefined && url.charAt(end - 1) <= ' ') end -= 1
  return url?.slice(0, end)
}

/** A call that leaves at once. */
export function attemptOf(call: RequestContext, token: Token): Attempt {
  const { config, url, destination, judge, query, body } = call
  const outgoing = copied(config)
  // A form of the package form-data goes out as it is, the first time.
  if (body.data !== config.data && body.formHeaders === undefined) outgoing.data = body.data
  const sentUrl = config.params == null ? withoutBlanksAtEnd(url) : url
  if (sentUrl !== config.url) outgoing.url = sentUrl as string
  injectToken(outgoing, query, destination, token)
  guardRedirects(outgoing, { token, destination, judge })
  return { call, token, outgoing, sentAtMs: call.policy.sendingAt() }
}

/**
 * A call that was kept waiting, or is sent again: its timeout goes on, under the figure that the caller
 * knows, and of a form the bytes that it had.
 */
export function lateAttemptOf(call: RequestContext, token: Token): Attempt {
  const sending = attemptOf(call, token)
  const { outgoing } = sending
  const { data, formHeaders } = call.body
  // The fetch adapter cannot send the package's form, and sends its name.
  if (formHeaders !== undefined && !isSentByFetch(call)) {
    outgoing.data = data
    // In place, as axios' own adapters set what a form says of itself.
    outgoing.headers = call.lib.AxiosHeaders.from(outgoing.headers).set(formHeaders)
  }
  const left = remainingMs(call)
  if (left === undefined) return sending
  outgoing.timeout = Math.max(1, Math.ceil(left))
  outgoing.timeoutErrorMessage ??= `timeout of ${call.config.timeout}ms exceeded`
  return sending
}

/** Streams report their errors with this config long after the answer: the token must be gone by then. */
export function takeTokenOut({ outgoing, call: { config, query } }: Attempt): void {
  outgoing.url = config.url as string
  outgoing.baseURL = config.baseURL as string
  outgoing.params = config.params
  if ('data' in outgoing) outgoing.data = config.data
  if (query !== undefined) outgoing.paramsSerializer = config.paramsSerializer as never
}

/** What a config of axios without a prototype has all the same. */
const GUARDED = Object.create(null, {
  hasOwnProperty: { value: Object.prototype.hasOwnProperty, writable: true, configurable: true },
})

/**
 * A key loop costs a quarter of what a spread does on these objects. Newer versions of axios guard
 * their configs against a polluted `Object.prototype`, and so do we.
 */
function copied(config: Config): Config {
  const isGuarded = Object.getPrototypeOf(config) === null
  const copy: Record<PropertyKey, unknown> = isGuarded ? Object.create(GUARDED) : {}
  for (const key of Object.keys(config)) copy[key] = config[key as keyof Config]
  for (const key of Object.getOwnPropertySymbols(config)) copy[key] = Reflect.get(config, key)
  return copy as unknown as Config
}
