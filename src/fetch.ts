/**
 * The fetch door: the token goes into the url just before the call leaves, the answer is judged
 * before the caller sees it, and a refused call is sent once more with a new token.
 */
import type { ChooseSource, SourceList } from './core/choice.js'
import type { Credential } from './core/credential.js'
import {
  type Destination,
  remembered,
  withoutTokenParameters,
  withParameter,
} from './core/destination.js'
import { openDoor, type Tokens } from './core/door.js'
import { badOption } from './core/errors.js'
import type { Lender } from './core/lender.js'
import type { DoorOptions } from './core/options.js'
import { letGo } from './core/peek.js'
import { scrubber, scrubInPlace } from './core/redact.js'
import { replayOnce } from './core/replay.js'
import type { Token } from './core/token.js'
import type { TokenSource } from './core/token-source.js'
import { fetchTransport } from './core/transport.js'
import { waitFor } from './core/wait.js'
import { type SelfBuiltOptions, selfBuilt } from './credentials/self-built.js'
import { isRequest, type OutgoingRequest, outgoingRequest } from './fetch/request.js'
import { type JudgedResponse, judgeResponse } from './fetch/response.js'

export type { CallToChooseFor, ChooseSource, SourceList } from './core/choice.js'
export type { DoorOptions } from './core/options.js'
export { fetchTransport } from './core/transport.js'

type Fetch = typeof globalThis.fetch
type FetchInput = Parameters<Fetch>[0]
/** Any fetch: the global one, undici's, a polyfill's. */
type AnyFetch = (input: never, init?: never) => Promise<unknown>

/** A fetch that carries the token, and its source. */
export type FetchWithToken<F extends AnyFetch> = F & { readonly source: TokenSource }

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
export function withToken<F extends AnyFetch>(
  fetch: F,
  tokens: SelfBuiltOptions | Credential | TokenSource,
  options?: DoorOptions,
): FetchWithToken<F>
export function withToken<F extends AnyFetch>(
  fetch: F,
  tokens: SourceList<RequestInit | undefined> | ChooseSource<RequestInit | undefined>,
  options?: DoorOptions,
): F
export function withToken<F extends AnyFetch>(
  fetch: F,
  tokens: Tokens<SelfBuiltOptions, RequestInit | undefined>,
  options: DoorOptions = {},
): F {
  if (typeof fetch !== 'function') throw badOption('fetch', 'a fetch function', fetch)
  const plainFetch = fetch as unknown as Fetch
  const transport = fetchTransport(plainFetch)
  const door = openDoor(tokens, options, { credentialOf: selfBuilt, transport })
  const judge = remembered(door.judge)

  const qyFetch: Fetch = (input, init) => {
    const url = urlTextOf(input)
    const destination = judge(url)
    if (destination === undefined) return plainFetch(input, init)
    if (destination.tokenInUrl === 'value' && door.callerToken === 'keep') {
      door.standAside(destination)
      return plainFetch(input, init)
    }
    const send = (lender: Lender | undefined) =>
      lender === undefined
        ? plainFetch(input, init)
        : fetchWithToken(
            { fetch: plainFetch, lender, destination },
            outgoingRequest(url, input, init),
          )
    const chooser = door.chooserFor(destination)
    if (chooser === undefined) return send(door.lenders[destination.token])
    const method = init?.method ?? (isRequest(input) ? input.method : 'GET')
    const chosen = door.choose(chooser, destination, { url, method, options: init as never })
    return waitFor(chosen, signalOf(input, init)).then(send)
  }

  Object.defineProperties(qyFetch, {
    name: { value: fetch.name, configurable: true },
    length: { value: fetch.length, configurable: true },
    ...(door.source && { source: { value: door.source, enumerable: true } }),
  })
  return qyFetch as unknown as F
}

function signalOf(
  input: FetchInput,
  init: RequestInit | undefined,
): AbortSignal | null | undefined {
  return init?.signal ?? (isRequest(input) ? input.signal : undefined)
}

/** Read once: a `URL` that is changed later must not lead a waiting call elsewhere. */
function urlTextOf(input: FetchInput): string {
  if (typeof input === 'string') return input.trim()
  return isRequest(input) ? input.url : String(input)
}

/** One call that takes a token, on its way through this door. */
interface Call {
  readonly fetch: Fetch
  readonly lender: Lender
  readonly destination: Destination
  readonly outgoing: OutgoingRequest
}

/** With a token in hand the call leaves at once, as it would without us. */
function fetchWithToken(
  place: Omit<Call, 'outgoing'>,
  outgoing: OutgoingRequest | Promise<OutgoingRequest>,
): Promise<Response> {
  if (outgoing instanceof Promise) {
    return outgoing.then((read) => sendWhenThereIsAToken({ ...place, outgoing: read }))
  }
  const { fetch, lender, destination } = place
  const call = { fetch, lender, destination, outgoing }
  const token = outgoing.isSentOnce ? undefined : lender.hit()
  return token === undefined ? sendWhenThereIsAToken(call) : sendAndSpot(call, token)
}

async function sendWhenThereIsAToken(call: Call): Promise<Response> {
  const { lender, outgoing } = call
  const fresh = outgoing.isSentOnce
  return sendAndSpot(call, await waitFor(lender.lend({ fresh }), outgoing.init.signal))
}

/** Spots a refusal before the caller sees the answer. */
function sendAndSpot(call: Call, token: Token): Promise<Response> {
  return send(call, token).then((answer) =>
    answer.refusedBy === undefined
      ? answer.response
      : clearAndReplayOnce(call, token, answer, answer.refusedBy),
  )
}

function send(
  { fetch, lender, destination, outgoing }: Call,
  token: Token,
): Promise<JudgedResponse> {
  const tokenInUrl = `${destination.parameter}=${token.encoded}`
  return fetch(targetUrl(outgoing, destination, token), outgoing.init).then(
    (answer) => judgeResponse(answer, lender.refusals, tokenInUrl, outgoing.init.signal),
    (error) => {
      scrubInPlace(error, scrubber([token.value]))
      throw error
    },
  )
}

async function clearAndReplayOnce(
  call: Call,
  token: Token,
  refusedAnswer: JudgedResponse,
  errcode: number,
): Promise<Response> {
  const { lender, destination, outgoing } = call
  const { endpoint } = destination
  const refused = { token, endpoint, errcode, isBodyGone: outgoing.isSentOnce }
  const replay = await replayOnce<JudgedResponse>(lender, refused, {
    wait: (replacement) => waitFor(replacement, outgoing.init.signal),
    discard: () => letGo(refusedAnswer.response.body),
    send: (replacement) => send(call, replacement),
    refusedBy: (answer) => answer.refusedBy,
  })
  return (replay?.answer ?? refusedAnswer).response
}

/** The caller's url with our token in it; of the kind that the caller passed. */
function targetUrl(
  { url, isUrlObject }: OutgoingRequest,
  { parameter, tokenInUrl }: Destination,
  token: Token,
): string | URL {
  const text = tokenInUrl === undefined ? url : withoutTokenParameters(url)
  const target = withParameter(text, parameter, token.encoded)
  return isUrlObject ? new URL(target) : target
}
