/**
 * The fetch door: the token goes into the url just before the call leaves, the answer is judged
 * before the caller sees it, and a refused call is sent once more with a new token.
 */
import type { Credential } from './core/credential.js'
import { tryRead } from './core/errcode.js'
import { badOption } from './core/errors.js'
import type { MiddlewareOptions } from './core/options.js'
import type { Token } from './core/token.js'
import { fetchTransport } from './core/transport.js'
import { asUrlReads } from './core/url.js'
import { reasonOf, waitFor } from './core/wait.js'
import { type SelfBuiltOptions, selfBuilt } from './credentials/self-built.js'
import { failureWithoutToken } from './fetch/redact-response.js'
import { type JudgedResponse, judgeResponse } from './fetch/refusal.js'
import {
  callAsItIs,
  cancellingBody,
  doNotRedirect,
  isInit,
  type OutgoingRequest,
  rejecting,
  targetUrl,
  textOf,
} from './fetch/request.js'
import { noticingNoFetch, noticingNotFound, noticingRefusal } from './fetch/warnings.js'
import { type Destination, remembered } from './request/destination.js'
import { createMiddleware, type ManySources, type Tokens } from './request/middleware.js'
import { discardBody } from './request/peek-node-stream.js'
import { lacksCgiBin } from './request/warnings.js'
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

/** A fetch that carries the token, and its source. */
export type FetchWithToken<F extends AnyFetch> = F & { readonly source: TokenSource }

/** Sources among which the path or a function chooses, for fetch. */
export type ManyFetchSources = ManySources<RequestInit | undefined>

/** What wrapping gives: one source is named, of many there is none to name. */
export type WithToken<F extends AnyFetch, Tokens> = [Tokens] extends [ManyFetchSources]
  ? F
  : FetchWithToken<F>

/**
 * Gives a fetch that adds the token to WeCom calls and replaces a refused one once. Calls to
 * anywhere else pass through untouched.
 *
 * @param fetch The fetch to call; token calls go through it too.
 * @param tokens `{ corpId, corpSecret }`, a credential, a token source; an array of sources of
 *   different kinds, among which the path chooses; or a function of `{ url, method, options }`,
 *   options being fetch's init, that gives a source, or `null` for "no token". Functions
 *   alone cannot say where their tokens may go: pass `baseUrl` if it is not WeCom's own.
 * @throws `bad_options`. A call rejects with a `QyapiTokenError` only if it never had a token.
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
  const door = createMiddleware(tokens, options, { credentialOf: selfBuilt, transport })
  const wrapped = { fetch: plainFetch, notFetch: noticingNoFetch(door, fetch) }
  const addressOf = remembered((text) => {
    const url = asUrlReads(text)
    const destination = door.judge(url)
    return { url, destination, lacksCgiBin: !destination && lacksCgiBin(url, door) }
  })

  const qyFetch: Fetch = (input, init) => {
    const address = tryRead(() => addressOf(textOf(input)))
    // What is no url, or no init, is fetch's own to refuse.
    if (address?.destination === undefined || !isInit(init))
      return noticingNotFound(door, address, plainFetch(input, init))
    const { url, destination } = address
    if (destination.tokenInUrl === 'value' && door.callerToken === 'keep') {
      door.standAside(destination)
      return noticingRefusal(door, { destination, input, init }, plainFetch(input, init))
    }
    const tenant = tryRead(() => (init as { tenant?: unknown } | null | undefined)?.tenant)
    const chooser = door.chooserFor(destination, tenant)
    const policy = door.policies[destination.token]
    if (chooser === undefined && policy === undefined) {
      door.skip(destination)
      return plainFetch(input, init)
    }
    // Before the choice: what the caller changes meanwhile has no effect.
    const call = rejecting(() => callAsItIs(url, input, init ?? undefined))
    if (call instanceof Promise) return call
    const { outgoing, method, options, signal } = call
    if (chooser === undefined)
      return fetchWithToken({ wrapped, policy: policy as TokenPolicy, destination }, outgoing)
    const chosen = door.choose(chooser, destination, { url, method, options: options as never })
    return sendWhenChosen(wrapped, { outgoing, signal, destination, chosen })
  }

  const source = door.source && { source: { value: door.source, enumerable: true } }
  Object.defineProperties(qyFetch, { ...ownProperties(fetch), ...source })
  return qyFetch as unknown as F
}

/** Name and length, and what else people put on a fetch, but for what every function has. */
function ownProperties(fetch: object): PropertyDescriptorMap {
  const {
    prototype,
    arguments: _arguments,
    caller,
    ...own
  } = Object.getOwnPropertyDescriptors(fetch as Record<string, unknown>)
  return own
}

interface Wrapped {
  readonly fetch: Fetch
  /** Called when it answers with something that is no response. */
  readonly notFetch: () => void
}

/** Where a call goes, and whose token it takes. */
interface Place {
  readonly wrapped: Wrapped
  readonly policy: TokenPolicy
  readonly destination: Destination
}

/** One call that takes a token, on its way through this door. */
interface Call extends Place {
  readonly outgoing: OutgoingRequest
}

/** A call whose source is still being chosen. */
interface UnchosenCall extends Pick<ReturnType<typeof callAsItIs>, 'outgoing' | 'signal'> {
  readonly destination: Destination
  readonly chosen: Promise<TokenPolicy | undefined>
}

async function sendWhenChosen(
  wrapped: Wrapped,
  { destination, outgoing, chosen, signal }: UnchosenCall,
): Promise<Response> {
  const choosing = waitFor(chosen, signal)
  // Heard below, unless the body breaks first.
  choosing.catch(() => {})
  const call = await outgoing
  const policy = await cancellingBody(call, choosing)
  const { fetch } = wrapped
  if (policy === undefined) return fetch(call.inputFor(call.url), call.init)
  return fetchWithToken({ wrapped, policy, destination }, call)
}

/** With a token in hand the call leaves at once, as it would without us. */
function fetchWithToken(
  { wrapped, policy, destination }: Place,
  outgoing: OutgoingRequest | Promise<OutgoingRequest>,
): Promise<Response> {
  if (outgoing instanceof Promise)
    return outgoing.then((read) => fetchWithToken({ wrapped, policy, destination }, read))
  doNotRedirect(outgoing)
  const call = { wrapped, policy, destination, outgoing }
  const token = outgoing.isSentOnce ? undefined : policy.cached()
  return token === undefined ? sendWhenThereIsAToken(call) : sendAndSpot(call, token)
}

async function sendWhenThereIsAToken(call: Call): Promise<Response> {
  const { policy, outgoing } = call
  const { signal, isSentOnce: fresh } = outgoing
  // Already aborted: do not fetch.
  const waiting = signal?.aborted
    ? Promise.reject(reasonOf(signal))
    : waitFor((join) => policy.getToken({ fresh, join }), signal)
  return sendAndSpot(call, await cancellingBody(outgoing, waiting))
}

/** Spots a refusal before the caller sees the answer. */
function sendAndSpot(call: Call, token: Token): Promise<Response> {
  const sentAtMs = call.policy.sendingAt()
  return send(call, token, (answer) =>
    answer.refusedBy === undefined
      ? answer.response
      : clearAndReplayOnce(call, { token, sentAtMs }, answer, answer.refusedBy),
  )
}

/** Sends, and gives the judged answer on in the same turn: each further promise is paid by every call. */
function send<T>(
  { wrapped, policy, destination, outgoing }: Call,
  token: Token,
  use: (answer: JudgedResponse) => T | Promise<T>,
): Promise<T> {
  const { fetch, notFetch } = wrapped
  const { init, signal } = outgoing
  const { parameters } = destination
  const fail = (error: unknown) => {
    throw failureWithoutToken(error, token, parameters, init)
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
    const judged = judgeResponse(answer, policy.errcodes, { token, parameters, notFetch }, signal)
    return judged instanceof Promise ? judged.then(use) : use(judged)
  }, fail)
}

async function clearAndReplayOnce(
  call: Call,
  sent: { readonly token: Token; readonly sentAtMs: number },
  answer: JudgedResponse,
  errcode: number,
): Promise<Response> {
  const { policy, destination, outgoing } = call
  const { endpoint } = destination
  const refused = { ...sent, endpoint, errcode, isBodyGone: outgoing.isSentOnce }
  const replayed = await replayOnce<JudgedResponse>(
    policy,
    { call: refused, answer },
    {
      wait: (replacement) => waitFor(replacement, outgoing.signal),
      discard: ({ response }) => discardBody(response.body),
      send: (replacement) => send(call, replacement, (answer) => answer),
      refusedBy: ({ refusedBy }) => refusedBy,
    },
  )
  return replayed.response
}
