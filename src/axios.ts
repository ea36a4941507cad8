/**
 * The axios entry, in the user's own words: a request interceptor injects the memoized token, with
 * the memoization expiring after 7000 s, and a response interceptor spots token-invalid errcodes,
 * clears the cache, and replays the request once.
 *
 * The second is not registered in `client.interceptors.response`: an interceptor registered there
 * earlier (`r => r.data`) would run first and hide the errcode. So the request interceptor gives
 * each request an adapter of ours, and the response interceptor runs on that adapter's promise:
 * below all interceptors and transforms, where the answer is still as the server sent it.
 */
import defaultAxios, { type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import { type OwnAdapter, ourAdapter } from './axios/adapter.js'
import { checkBaseUrl, checkClient, eject, isAxios } from './axios/client.js'
import type {
  AttachedMany,
  AttachedTo,
  AxiosClient,
  AxiosMiddlewareOptions,
  ConfigToChooseFor,
  ManyAxiosSources,
} from './axios/options.js'
import { callersResponse, redactError } from './axios/redact-answer.js'
import { freeConnection, refusedBy, responseOf } from './axios/refusal.js'
import { type Attempt, destinationsOf, lateAttemptOf } from './axios/request.js'
import { type Attachment, sendWithToken } from './axios/request-interceptor.js'
import { sendAttempt, waitToReplay } from './axios/timeout.js'
import { axiosTransport } from './axios/transport.js'
import { markInterceptor, warnIfAttachedBefore } from './axios/warnings.js'
import type { Credential } from './core/credential.js'
import { type SelfBuiltOptions, selfBuilt } from './credentials/self-built.js'
import { createMiddleware, type Tokens } from './request/middleware.js'
import { discardBody } from './request/peek-node-stream.js'
import { type Outcome, replayOnce, settled } from './token/replay.js'
import type { TokenSource } from './token/token-source.js'

export { type BusyRetryConfig, type BusyRetryOptions, busyRetry } from './axios/busy-retry.js'
export type {
  Attached,
  AttachedMany,
  AttachedTo,
  AxiosClient,
  AxiosMiddlewareOptions,
  ConfigToChooseFor,
  ManyAxiosSources,
} from './axios/options.js'
export { type AxiosTransportOptions, axiosTransport } from './axios/transport.js'
export type { MiddlewareOptions } from './core/options.js'
export type { CallToChooseFor, ChooseSource, SourceList, Tenant } from './request/choose-source.js'
export type { ManySources } from './request/middleware.js'

/**
 * Adds a token to every WeCom request of an axios client, and replaces a refused token once.
 *
 * @param client An axios instance, or axios itself. Token requests use its own network settings.
 * @param tokens `{ corpId, corpSecret }`, a credential, a token source; an array of sources of
 *   different kinds, of which the request's path selects one; or a function of
 *   `{ url, method, options }` (`options` is the axios config) that returns a source, or `null` for
 *   "no token". With functions alone, pass `baseUrl` if the API is not at WeCom's own address.
 * @throws `bad_options`, also if the client's `baseURL` may not receive the token, or if axios is
 *   too old.
 * @example
 * const client = axios.create({ baseURL: 'https://qyapi.weixin.qq.com/cgi-bin' })
 * attachToken(client, { corpId, corpSecret })
 * await client.post('/message/send', message)
 */
export function attachToken<T extends Credential | TokenSource | ManyAxiosSources>(
  client: AxiosClient,
  tokens: T | SelfBuiltOptions,
  options?: AxiosMiddlewareOptions,
): AttachedTo<T>
export function attachToken(
  client: AxiosClient,
  tokens: Tokens<SelfBuiltOptions, ConfigToChooseFor>,
  options: AxiosMiddlewareOptions = {},
): AttachedMany {
  checkClient(client)
  const { axios: lib = defaultAxios } = options ?? {}
  const transport = axiosTransport(client, { axios: lib })
  const middleware = createMiddleware(tokens, options, {
    credentialOf: selfBuilt,
    transport,
    moreOptions: { axios: isAxios },
  })
  checkBaseUrl(client, middleware)
  const attachment: Attachment = {
    middleware,
    lib,
    destinationOf: destinationsOf(middleware, lib),
    isDetached: false,
    send(attempt) {
      const { onFulfilled, onRejected } = responseInterceptor(attempt)
      return sendAttempt(attempt).then(onFulfilled, onRejected)
    },
  }
  warnIfAttachedBefore(client, middleware, options)
  const interceptor = requestInterceptor(attachment)
  markInterceptor(interceptor, attachment)
  const id = client.interceptors.request.use(interceptor, undefined, { synchronous: true })

  return {
    ...(middleware.source && { source: middleware.source }),
    detach() {
      // Stryker disable next-line ConditionalExpression: ejecting or closing once more changes nothing
      if (attachment.isDetached) return
      attachment.isDetached = true
      eject(client, interceptor, id)
      middleware.close()
    },
  }
}

/**
 * Injects the memoized token, which p-memoize's cache keeps for 7000 s (token/memoized-token.ts): not
 * into the config, which is the caller's, but into the copy that the adapter gets.
 */
function requestInterceptor(attachment: Attachment) {
  const send = (config: InternalAxiosRequestConfig, own: OwnAdapter) =>
    sendWithToken(attachment, config, own)
  return (config: InternalAxiosRequestConfig) => {
    // Already aborted: axios rejects, with this config in its error.
    if (attachment.isDetached || config.signal?.aborted || config.cancelToken?.reason) return config
    const adapter = ourAdapter(config.adapter, send)
    // An interceptor may have returned a frozen config.
    return Reflect.set(config, 'adapter', adapter) ? config : { ...config, adapter }
  }
}

/** Spots a token-invalid errcode, clears that token from the cache, and replays the request once. */
function responseInterceptor(attempt: Attempt) {
  const spot = (
    outcome: Outcome<AxiosResponse>,
    refused = refusedBy(responseOf(outcome), attempt.context),
  ): AxiosResponse | Promise<AxiosResponse> => {
    if (refused === undefined) return settled(outcome)
    if (typeof refused === 'number') return clearAndReplayOnce(attempt, outcome, refused)
    return refused.then((errcode) => (errcode ? spot(outcome, errcode) : settled(outcome)))
  }
  return {
    onFulfilled: (response: AxiosResponse) => spot({ value: callersResponse(response, attempt) }),
    onRejected: (error: unknown) => spot(redactError(error, attempt)),
  }
}

async function clearAndReplayOnce(
  { context, token, sentAtMs }: Attempt,
  answer: Outcome<AxiosResponse>,
  errcode: number,
): Promise<AxiosResponse> {
  const { policy, destination, body } = context
  const { endpoint } = destination
  const refused = { token, sentAtMs, endpoint, errcode, isBodyGone: body.isSentOnce }
  const replayed = await replayOnce<Outcome<AxiosResponse>>(
    policy,
    { call: refused, answer },
    {
      freeConnection: (outcome) => freeConnection(responseOf(outcome)),
      wait: (replacement) => waitToReplay(replacement, context),
      discard: (outcome) => discardBody(responseOf(outcome)?.data),
      send: (replacement) => {
        const replay = lateAttemptOf(context, replacement)
        return sendAttempt(replay).then(
          (response) => ({ value: callersResponse(response, replay) }),
          (error) => redactError(error, replay),
        )
      },
      refusedBy: (outcome) => refusedBy(responseOf(outcome), context),
    },
  )
  return settled(replayed)
}
