/**
 * The fetch entry, in the user's own words: it injects the memoized token, with the memoization expiring
 * after 7000 s, spots token-invalid errcodes, clears the cache, and replays the request once.
 */
import type { Credential } from './core/credential.js'
import { tryRead } from './core/errcode.js'
import { badOption } from './core/errors.js'
import type { MiddlewareOptions } from './core/options.js'
import { platform } from './core/platform.js'
import type { Token } from './core/token.js'
import { fetchTransport } from './core/transport.js'
import { asUrlReads } from './core/url.js'
import { reasonOf, waitFor } from './core/wait.js'
import { type SelfBuiltOptions, selfBuilt } from './credentials/self-built.js'
import {
  ownProperties,
  type PendingRequest,
  type RequestContext,
  type RequestTarget,
  type Wrapped,
} from './fetch/context.js'
import { endPlace, waitToReplay, withoutToken } from './fetch/limits.js'
import { failureWithoutToken } from './fetch/redact-response.js'
import { type JudgedResponse, judgeResponse } from './fetch/refusal.js'
import {
  cancellingBody,
  doNotRedirect,
  isInit,
  type OutgoingRequest,
  rejecting,
  snapshotRequest,
  targetUrl,
  textOf,
} from './fetch/request.js'
import { responseViews } from './fetch/response-view.js'
import { warnIfNotFetch, warnIfNotFound, warnIfRefused } from './fetch/warnings.js'
import { remembered } from './request/destination.js'
import { createMiddleware, type ManySources, type Tokens } from './request/middleware.js'
import { discardBody } from './request/peek-node-stream.js'
import { lacksCgiBin } from './request/warnings.js'
import { limitedCall } from './token/limited-call.js'
import { replayOnce } from './token/replay.js'
import type { TokenPolicy } from './token/token-policy.js'
import type { TokenSource } from './token/token-source.js'

export type { MiddlewareOptions } from './core/options.js'
export { fetchTransport, type TokenRequestOptions } from './core/transport.js'
export type { CallToChooseFor, ChooseSource, SourceList } from './request/choose-source.js'
export type { ManySources } from './request/middleware.js'

type Fetch = typeof globalThis.fetch
/** Any fetch: the global one, undici's, a polyfill's. */
type AnyFetch = (input: never, init?: never) => Promise<unknown>

/** A fetch that adds the token, with its token source. */
export type FetchWithToken<F extends AnyFetch> = F & { readonly source: TokenSource }

/** Several sources, of which the path or a function selects one, for fetch. */
export type ManyFetchSources = ManySources<RequestInit | undefined>

/** The return type of `withToken`: it has `source` only where there is exactly one. */
export type WithToken<F extends AnyFetch, Tokens> = [Tokens] extends [ManyFetchSources]
  ? F
  : FetchWithToken<F>

/**
 * Returns a fetch that adds the token to WeCom requests and replaces a refused token once. Requests
 * to other addresses pass through unchanged.
 *
 * @param fetch The fetch to call; token requests use it too.
 * @param tokens `{ corpId, corpSecret }`, a credential, a token source; an array of sources of
 *   different kinds, of which the request's path selects one; or a function of
 *   `{ url, method, options }` (`options` is fetch's init) that returns a source, or `null` for
 *   "no token". With functions alone, pass `baseUrl` if the API is not at WeCom's own address.
 * @throws `bad_options`. A request rejects with a `QyapiTokenError` only if it never had a token.
 * @example
 * const qyFetch = withToken(fetch, { corpId, corpSecret })
 * await qyFetch('https://qyapi.weixin.qq.com/cgi-bin/user/get?userid=zhangsan')
 */
export function withToken<
  F extends AnyFetch,
  T extends Credential | TokenSource | ManyFetchSources,
>(fetch: F, tokens: T | SelfBuiltOptions, options?: MiddlewareOptions): WithToken<F, T>
export function withToken<F extends AnyFetch>(
  fetch: F,
  tokens: Tokens<SelfBuiltOptions, RequestInit | undefined>,
  options: MiddlewareOptions = {},
): F {
  if (typeof fetch !== 'function') throw badOption('fetch', 'a fetch function', fetch)
  const plainFetch = fetch as unknown as Fetch
  const transport = fetchTransport(plainFetch)
  const middleware = createMiddleware(tokens, options, { credentialOf: selfBuilt, transport })
  const { limits } = middleware
  const views = responseViews(platform.isUndici())
  const notFetch = warnIfNotFetch(middleware, fetch)
  const wrapped = { fetch: plainFetch, views, notFetch, limits }
  const sendWithoutUs = withoutToken(middleware, plainFetch)
  const addressOf = remembered((text) => {
    const url = asUrlReads(text)
    const destination = middleware.judge(url)
    return { url, destination, lacksCgiBin: !destination && lacksCgiBin(url, middleware) }
  })

  const qyFetch: Fetch = (input, init) => {
    const address = tryRead(() => addressOf(textOf(input)))
    // An invalid url or init: fetch itself rejects it.
    if (address?.destination === undefined || !isInit(init))
      return warnIfNotFound(middleware, address, sendWithoutUs(input, init))
    const { url, destination } = address
    if (destination.tokenInUrl === 'value' && middleware.callerToken === 'keep') {
      middleware.reportCallerToken(destination)
      return warnIfRefused(middleware, { destination, input, init }, sendWithoutUs(input, init))
    }
    const tenant = tryRead(() => (init as { tenant?: unknown } | null | undefined)?.tenant)
    const chooser = middleware.chooserFor(destination, tenant)
    const policy = middleware.policies[destination.token]
    if (chooser === undefined && policy === undefined) {
      middleware.reportNoSource(destination)
      return sendWithoutUs(input, init)
    }
    // Before the choice: what the caller changes meanwhile has no effect.
    const snapshot = rejecting(() => snapshotRequest(url, input, init ?? undefined))
    if (snapshot instanceof Promise) return snapshot
    const { outgoing, method, options, signal } = snapshot
    if (chooser === undefined)
      return fetchWithToken({ wrapped, policy: policy as TokenPolicy, destination }, outgoing)
    const request = { url, method, options: options as never }
    const chosen = middleware.choose(chooser, destination, request)
    return chooseAndSend(wrapped, { outgoing, signal, destination, chosen, sendWithoutUs })
  }

  const source = middleware.source && { source: { value: middleware.source, enumerable: true } }
  Object.defineProperties(qyFetch, { ...ownProperties(fetch), ...source })
  return qyFetch as unknown as F
}

async function chooseAndSend(
  wrapped: Wrapped,
  { destination, outgoing, chosen, signal, sendWithoutUs }: PendingRequest,
): Promise<Response> {
  const choosing = waitFor(chosen, signal)
  // Handled below, unless the body breaks first.
  choosing.catch(() => {})
  const request = await outgoing
  const policy = await cancellingBody(request, choosing)
  if (policy === undefined) return sendWithoutUs(request.inputFor(request.url), request.init)
  return fetchWithToken({ wrapped, policy, destination }, request)
}

/** With a memoized token the request is sent in the same turn, as it would be without us. */
function fetchWithToken(
  { wrapped, policy, destination }: RequestTarget,
  outgoing: OutgoingRequest | Promise<OutgoingRequest>,
): Promise<Response> {
  if (outgoing instanceof Promise)
    return outgoing.then((read) => fetchWithToken({ wrapped, policy, destination }, read))
  doNotRedirect(outgoing)
  const { init, requestInit } = outgoing
  const body = init?.body ?? requestInit?.body
  const limited = limitedCall(policy, wrapped.limits, destination.endpoint, body)
  const context = { wrapped, policy, destination, outgoing, limited }
  const token = outgoing.isSentOnce ? undefined : policy.cached()
  return token === undefined ? awaitTokenAndSend(context) : sendAndSpot(context, token)
}

async function awaitTokenAndSend(context: RequestContext): Promise<Response> {
  const { policy, outgoing } = context
  const { signal, isSentOnce: fresh } = outgoing
  // Already aborted: do not fetch.
  const waiting = signal?.aborted
    ? Promise.reject(reasonOf(signal))
    : waitFor((join) => policy.getToken({ fresh, join }), signal)
  return sendAndSpot(context, await cancellingBody(outgoing, waiting))
}

/** With call limits the request takes its place first; if it has to wait, there may be a newer token. */
function sendAndSpot(context: RequestContext, token: Token): Promise<Response> {
  const { limited, outgoing, policy } = context
  const place = limited?.enter((given) => waitFor(given, outgoing.signal))
  if (place === undefined) return sendNowAndSpot(context, token)
  return cancellingBody(outgoing, place).then(() =>
    sendNowAndSpot(context, policy.cached() ?? token),
  )
}

/** Spots a token-invalid errcode before the caller sees the answer. */
function sendNowAndSpot(context: RequestContext, token: Token): Promise<Response> {
  const sentAtMs = context.policy.sendingAt()
  return send(context, token, (answer) =>
    answer.refusedBy === undefined
      ? answer.response
      : clearAndReplayOnce(context, { token, sentAtMs }, answer, answer.refusedBy),
  )
}

/** Sends, and passes the judged answer on in the same turn: each further promise costs every request. */
function send<T>(
  { wrapped, policy, destination, outgoing, limited }: RequestContext,
  token: Token,
  use: (answer: JudgedResponse) => T | Promise<T>,
): Promise<T> {
  const { fetch, views, notFetch } = wrapped
  const { init, signal } = outgoing
  const { parameters } = destination
  const fail = (error: unknown) => {
    limited?.failed()
    throw failureWithoutToken(error, { token, parameters }, init)
  }
  const input = rejecting(() => outgoing.inputFor(targetUrl(outgoing.url, destination, token)))
  if (input instanceof Promise) return input.catch(fail)
  let answering: Promise<Response>
  try {
    answering = fetch(input, init)
  } catch (error) {
    return fail(error)
  }
  return answering.then((answer) => {
    const errcodes = limited === undefined ? policy.errcodes : limited.errcodes
    const judging = { token, parameters, views, notFetch, signal }
    const given = judgeResponse(answer, errcodes, judging)
    const judged = limited === undefined ? given : endPlace(limited, given)
    return judged instanceof Promise ? judged.then(use) : use(judged)
  }, fail)
}

async function clearAndReplayOnce(
  context: RequestContext,
  sent: { readonly token: Token; readonly sentAtMs: number },
  answer: JudgedResponse,
  errcode: number,
): Promise<Response> {
  const { policy, destination, outgoing } = context
  const { endpoint } = destination
  const refused = { ...sent, endpoint, errcode, isBodyGone: outgoing.isSentOnce }
  const replayed = await replayOnce<JudgedResponse>(
    policy,
    { call: refused, answer },
    {
      wait: (replacement) => waitToReplay(replacement, context),
      discard: ({ response }) => discardBody(response.body),
      send: (replacement) => send(context, replacement, (answer) => answer),
      refusedBy: ({ refusedBy }) => refusedBy,
    },
  )
  return replayed.response
}
