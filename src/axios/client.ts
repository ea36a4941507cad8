import type { AxiosStatic, InternalAxiosRequestConfig } from 'axios'
import { badOption, isQyapiTokenError, QyapiTokenError, repeated } from '../core/errors.js'
import { excerpt, hide, withoutQueries } from '../core/redact.js'
import type { CallToChooseFor } from '../request/choose-source.js'
import { coversClient } from '../request/destination.js'
import type { Middleware } from '../request/middleware.js'
import type { AxiosClient } from './options.js'
import { bareUrlOf, type PendingRequest } from './request.js'

/** Throws `bad_options` for anything that is not an axios instance. */
export function checkClient(client: unknown): asserts client is AxiosClient {
  const { interceptors, defaults } = (client ?? {}) as Partial<AxiosClient>
  const isClient =
    typeof interceptors?.request?.use === 'function' &&
    typeof defaults === 'object' &&
    defaults !== null
  if (!isClient) throw badOption('client', 'an axios instance, e.g. axios.create()', client)
}

// Which versions of axios work. The peer range allows any, because npm fails the whole installation if
// axios is outside of the range, even an optional one. So the check is here, when a client is attached. It
// looks for the functions that we use, not at the version: a fork has its own numbers.
const USED = ['create', 'getAdapter', 'getUri', 'isAxiosError', 'AxiosError', 'CanceledError']

/** The oldest version that has all of them. */
const OLDEST = '1.5'

/** The option `axios`: an axios of any age. */
export const isAxios: readonly [(value: unknown) => boolean, string] = [
  (value) =>
    typeof value === 'function' && ['create', 'CancelToken'].every((name) => name in value),
  'the axios that the client was made with',
]

/** Throws `bad_options` if it is not axios, or too old. */
export function checkAxios(lib: unknown): asserts lib is AxiosStatic {
  const [isRight, expected] = isAxios
  if (!isRight(lib)) throw badOption('axios', expected, lib)
  const found = lib as AxiosStatic
  if (USED.every((name) => name in found)) return
  const version = /^[\w.+-]{1,40}$/.test(found.VERSION) ? `axios ${found.VERSION}` : 'an older one'
  throw new QyapiTokenError(
    'bad_options',
    `attachToken and axiosTransport need axios ${OLDEST} or newer, but this is ${version}: ` +
      'update axios, or pass { axios } with the newer copy that the client was made with.',
  )
}

/** Throws `bad_options` if no request below the client's `baseURL` may receive the token. */
export function checkBaseUrl({ defaults }: AxiosClient, middleware: Middleware): void {
  const { baseURL } = defaults
  const { baseUrl, trustedOrigins } = middleware
  if (!baseURL || coversClient(baseURL, baseUrl, trustedOrigins)) return
  const [address] = excerpt(baseURL, withoutQueries, 200).split(/[?#]/, 1)
  const message =
    `The client's baseURL '${address}' is not below ${baseUrl}, so its calls would get no token. ` +
    `Pass { baseUrl } with the address of your WeCom API (scheme, host, port and prefix, without /cgi-bin), ` +
    `or { trustedOrigins } if its origin may receive the token too.`
  middleware.close()
  throw new QyapiTokenError('bad_options', message)
}

/**
 * Adds the caller's config to an error of ours, as axios' errors have it; an error that many requests
 * share is copied. The config is not enumerable, because it holds agents and their sockets. If the
 * client has axios-retry, the config's retry state prevents retries of our errors (request rule 8).
 */
export function withConfig(error: unknown, config: InternalAxiosRequestConfig): unknown {
  if (!isQyapiTokenError(error)) return error
  const retryState = (config as { 'axios-retry'?: object })['axios-retry']
  const notRetried = {
    'axios-retry': { ...retryState, retries: 0, onMaxRetryTimesExceeded: () => {} },
  }
  const carried = retryState === undefined ? config : { ...config, ...notRetried }
  const own = 'config' in error ? repeated(error, error.retryAfterMs) : error
  Object.assign(own, { config: carried, isAxiosError: false })
  hide(own, 'config')
  return own
}

/** What the function in `tokens` receives. */
export function callToChooseFor(pending: PendingRequest): CallToChooseFor<never> {
  const { method = 'get' } = pending.config
  return { url: bareUrlOf(pending), method, options: pending.config as never }
}

/** Older versions of axios reuse ids after a `clear()`: the id may belong to another interceptor by now. */
export function eject({ interceptors: { request } }: AxiosClient, ours: unknown, id: number) {
  const { handlers } = request as { handlers?: ({ fulfilled?: unknown } | null)[] }
  if (handlers?.some((handler) => handler?.fulfilled === ours) ?? true) request.eject(id)
}
