import type { InternalAxiosRequestConfig } from 'axios'
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

/** A client that can never reach a place that may have the token is a mistake, said at once. */
export function checkBaseUrl({ defaults }: AxiosClient, door: Middleware): void {
  const { baseURL } = defaults
  const { baseUrl, trustedOrigins } = door
  if (!baseURL || coversClient(baseURL, baseUrl, trustedOrigins)) return
  const [address] = excerpt(baseURL, withoutQueries, 200).split(/[?#]/, 1)
  const message =
    `The client's baseURL '${address}' is not below ${baseUrl}, so its calls would get no token. ` +
    `Pass { baseUrl } with the address of your WeCom API (scheme, host, port and prefix, without /cgi-bin), ` +
    `or { trustedOrigins } if its origin may receive the token too.`
  door.close()
  throw new QyapiTokenError('bad_options', message)
}

/**
 * An error of ours as axios' errors are: with the caller's config, also if one error is that of many
 * calls. It is not enumerable, because a config holds agents and their sockets; and where the caller's client has axios-retry, it carries
 * a state that does not retry what is no error of the call.
 */
export function carryingConfig(error: unknown, config: InternalAxiosRequestConfig): unknown {
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

/** What a function that chooses among sources is told of a call. */
export function callToChooseFor(asked: PendingRequest): CallToChooseFor<never> {
  const { method = 'get' } = asked.config
  return { url: bareUrlOf(asked), method, options: asked.config as never }
}

/** Older versions of axios number interceptors anew after a `clear()`: the number may be another's by now. */
export function eject({ interceptors: { request } }: AxiosClient, ours: unknown, id: number) {
  const { handlers } = request as { handlers?: ({ fulfilled?: unknown } | null)[] }
  if (handlers?.some((handler) => handler?.fulfilled === ours) ?? true) request.eject(id)
}
