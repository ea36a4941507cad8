/**
 * The axios door, in the user's own words: a request interceptor injects the memoized token, with
 * the memoization expiring after 7000 s, and a response interceptor spots token-invalid errcodes,
 * clears the cache, and replays the request once.
 *
 * The second does not stand among `client.interceptors.response`: an interceptor registered there
 * earlier (`r => r.data`) would run first and hide the errcode. So the request interceptor gives
 * each request an adapter of ours, and the response interceptor runs on that adapter's promise:
 * below all interceptors and transforms, where the answer is still as the server sent it.
 */
import defaultAxios, {
  type AxiosResponse,
  type AxiosStatic,
  type InternalAxiosRequestConfig,
} from 'axios'
import { type OwnAdapter, ourAdapter, resolvedAdapter } from './axios/adapter.js'
import {
  callToChooseFor,
  carryingConfig,
  checkBaseUrl,
  checkClient,
  eject,
} from './axios/client.js'
import { outgoingBody } from './axios/form-data.js'
import { bringsToken, queryOf } from './axios/inject-token.js'
import type {
  AttachedMany,
  AttachedTo,
  AxiosClient,
  AxiosMiddlewareOptions,
  ConfigToChooseFor,
  ManyAxiosSources,
} from './axios/options.js'
import {
  attemptOf,
  destinationsOf,
  lateAttemptOf,
  newRequestContext,
  type PendingRequest,
  type RequestContext,
  urlTextOf,
} from './axios/request.js'
import { sendAndJudge } from './axios/response-interceptor.js'
import { waitWithBody } from './axios/timeout.js'
import { axiosTransport } from './axios/transport.js'
import { isAxios } from './axios/version.js'
import {
  markInterceptor,
  noticeEarlierAttach,
  noticingNotFound,
  noticingRefusal,
} from './axios/warnings.js'
import type { Credential } from './core/credential.js'
import { type SelfBuiltOptions, selfBuilt } from './credentials/self-built.js'
import type { ChooseSource } from './request/choose-source.js'
import { createMiddleware, type Middleware, type Tokens } from './request/middleware.js'
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

/** What one attach knows. */
interface Attachment {
  readonly door: Middleware
  readonly lib: AxiosStatic
  readonly destinationOf: ReturnType<typeof destinationsOf>
  isDetached: boolean
}

/**
 * Gives every WeCom call of an axios client a token, and replaces a refused one once.
 *
 * @param client An axios instance, or axios itself. Token calls take its road to the network.
 * @param tokens `{ corpId, corpSecret }`, a credential, a token source; an array of sources of
 *   different kinds, among which the path chooses; or a function of `{ url, method, options }`,
 *   options being the axios config, that gives a source, or `null` for "no token". Functions
 *   alone cannot say where their tokens may go: pass `baseUrl` if it is not WeCom's own.
 * @throws `bad_options`, also if the client's `baseURL` is not one that may receive the token, or axios
 *   is too old.
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
  const door = createMiddleware(tokens, options, {
    credentialOf: selfBuilt,
    transport,
    moreOptions: { axios: isAxios },
  })
  checkBaseUrl(client, door)
  const attachment: Attachment = {
    door,
    lib,
    destinationOf: destinationsOf(door, lib),
    isDetached: false,
  }
  noticeEarlierAttach(client, door, options)
  const interceptor = requestInterceptor(attachment)
  markInterceptor(interceptor, attachment)
  const id = client.interceptors.request.use(interceptor, undefined, { synchronous: true })

  return {
    ...(door.source && { source: door.source }),
    detach() {
      if (attachment.isDetached) return
      attachment.isDetached = true
      eject(client, interceptor, id)
      door.close()
    },
  }
}

/** Injects the token: not into the config, which is the caller's, but into what the adapter gets. */
function requestInterceptor(attachment: Attachment) {
  const sendOurs = (sent: InternalAxiosRequestConfig, own: OwnAdapter) =>
    send(attachment, sent, own)
  return (config: InternalAxiosRequestConfig) => {
    // Already called off: axios will say so, with this config in its error.
    if (attachment.isDetached || config.signal?.aborted || config.cancelToken?.reason) return config
    const adapter = ourAdapter(config.adapter, sendOurs)
    // An interceptor may have returned a frozen config.
    return Reflect.set(config, 'adapter', adapter) ? config : { ...config, adapter }
  }
}

/** `own`: what goes on without us, be it another attach. */
function send(
  attachment: Attachment,
  config: InternalAxiosRequestConfig,
  own: OwnAdapter,
): Promise<AxiosResponse> {
  const { door, lib, destinationOf, isDetached } = attachment
  const sendWithoutUs = () => resolvedAdapter(lib, own, config)(config)
  const url = urlTextOf(config)
  if (isDetached) return sendWithoutUs()
  const destination = destinationOf(config, url)
  if (destination === undefined) return noticingNotFound(door, { config, lib }, sendWithoutUs())
  const query = queryOf(config, lib)
  if (door.callerToken === 'keep' && bringsToken(config, query, destination)) {
    door.standAside(destination)
    return noticingRefusal(door, destination, sendWithoutUs())
  }
  const asked = {
    config,
    url,
    query,
    lib,
    destination,
    judge: door.judge,
    adapter: resolvedAdapter(lib, config.adapter, config),
    body: outgoingBody(config.data),
  }
  const chooser = door.chooserFor(destination, config.tenant)
  if (chooser !== undefined) return sendWhenChosen(door, asked, chooser, sendWithoutUs)
  const policy = door.policies[destination.token]
  if (policy !== undefined) return sendWithToken(newRequestContext(asked, policy))
  door.skip(destination)
  return sendWithoutUs()
}

function sendWithToken(call: RequestContext): Promise<AxiosResponse> {
  const token = call.body.isSentOnce ? undefined : call.policy.cached()
  if (token === undefined) return sendWhenThereIsAToken(call)
  return sendAndJudge(attemptOf(call, token))
}

/** The choosing is part of the call, and of its timeout. */
async function sendWhenChosen(
  door: Middleware,
  asked: PendingRequest,
  chooser: ChooseSource<never>,
  sendWithoutUs: () => Promise<AxiosResponse>,
): Promise<AxiosResponse> {
  const { config, destination, body } = asked
  const startedAt = performance.now()
  const choose = async () => door.choose(chooser, destination, callToChooseFor(asked))
  const policy = await waitWithBody(choose(), { ...asked, startedAt }).catch((error) => {
    throw carryingConfig(error, config)
  })
  if (policy === undefined) {
    if (body.formHeaders === undefined && body.data !== config.data) config.data = body.data
    return sendWithoutUs()
  }
  return sendWhenThereIsAToken(newRequestContext(asked, policy, startedAt))
}

async function sendWhenThereIsAToken(call: RequestContext): Promise<AxiosResponse> {
  const { policy, body } = call
  const token = await waitWithBody(
    (join) => policy.getToken({ fresh: body.isSentOnce, join }),
    call,
  ).catch((error) => {
    throw carryingConfig(error, call.config)
  })
  return sendAndJudge(lateAttemptOf(call, token))
}
