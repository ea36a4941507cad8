import { pastRefusedAnswers } from '../core/nextjs.js'
import type { Token } from '../core/token.js'
import { withoutTokenParameters, withParameter } from '../core/url.js'
import { waitFor } from '../core/wait.js'
import { canBeSentTwice } from '../request/body.js'
import type { Destination } from '../request/destination.js'
import { isNodeReadable } from '../request/peek-node-stream.js'
import { isWebStream, resumedStream } from '../request/peek-web-stream.js'
import { initOf, snapshotInit } from './snapshot.js'

type FetchInput = string | URL | Request
type Init = RequestInit & { duplex?: 'half' }

/** A call as it leaves, fixed at once: its address still without our token. */
export interface OutgoingRequest {
  readonly url: string
  /** Of the kind that the caller passed, and so will fetch get it. */
  readonly inputFor: (url: string) => FetchInput
  readonly init: RequestInit | undefined
  /** What stands in the caller's `Request`, if it passed one. */
  readonly requestInit?: RequestInit
  readonly signal: AbortSignal | null | undefined
  /** Its body is a stream, gone with the first sending. */
  readonly isSentOnce: boolean
}

/** A `Request`'s body is kept for a replay up to this size. */
const LONGEST_KEPT_BODY_BYTES = 1_000_000

/** Any implementation's `Request`: undici's own and polyfills' are no instances of the global one. */
function isRequest(input: unknown): input is Request {
  return typeof input === 'object' && input !== null && 'url' in input && 'headers' in input
}

function signalOf(
  input: FetchInput,
  init: RequestInit | undefined,
): AbortSignal | null | undefined {
  if (init?.signal !== undefined) return init.signal
  return isRequest(input) ? input.signal : undefined
}

/** A call as it is now: what the caller does to its objects later has no effect on it. */
function outgoingRequest(
  url: string,
  input: FetchInput,
  init: RequestInit | undefined,
): OutgoingRequest | Promise<OutgoingRequest> {
  if (isRequest(input)) return outgoingOf(input, url, init)
  const fixed = snapshotInit(init)
  const inputFor = typeof input === 'string' ? asText : asUrl
  const isSentOnce = !canBeSentTwice(fixed.body)
  return { url, inputFor, init: fixed, signal: fixed.signal, isSentOnce }
}

/** Read once: a `URL` that is changed later must not lead a waiting call elsewhere. */
export function textOf(input: FetchInput): string {
  return isRequest(input) ? input.url : String(input)
}

export function isInit(init: unknown): init is RequestInit | null | undefined {
  return init === undefined || typeof init === 'object' || typeof init === 'function'
}

/** A call as it is now. Throws if the caller's objects do. */
export function callAsItIs(url: string, input: FetchInput, options: RequestInit | undefined) {
  const outgoing = outgoingRequest(url, input, options)
  const method = options?.method ?? (isRequest(input) ? input.method : 'GET')
  return { outgoing, method, options, signal: signalOf(input, options) }
}

/** Fetch never throws; what is wrong with a call is a rejection. */
export function rejecting<T>(make: () => T): T | Promise<never> {
  try {
    return make()
  } catch (error) {
    return Promise.reject(error)
  }
}

const asText = (url: string) => url
const asUrl = (url: string) => new URL(url)

const OWN = { writable: true, enumerable: true, configurable: true }

/**
 * A call that carries our token is not redirected: WeCom never does so over https. Who wants an
 * error instead gets it, also for a word that fetch does not know.
 */
export function doNotRedirect({ init, requestInit }: OutgoingRequest): void {
  const asked = init?.redirect ?? requestInit?.redirect
  const redirect = asked == null || asked === 'follow' ? 'manual' : asked
  for (const given of [init, requestInit]) {
    // By definition, not assignment: somebody may have put an accessor on Object.prototype.
    if (given !== undefined) Object.defineProperty(given, 'redirect', { value: redirect, ...OWN })
  }
}

/** A call that is never sent cancels its body, as fetch does. */
export async function cancellingBody<T>(
  outgoing: OutgoingRequest,
  waiting: Promise<T>,
): Promise<T> {
  try {
    return await waiting
  } catch (error) {
    cancelBody(outgoing, error)
    throw error
  }
}

/** What nobody will read: fetch cancels a body, polyfills destroy a stream, an iterator is closed. */
function cancelBody({ init, requestInit, isSentOnce }: OutgoingRequest, reason: unknown) {
  const body: unknown = init?.body ?? requestInit?.body
  if (!isSentOnce) return
  if (isNodeReadable(body)) body.destroy()
  else if (isWebStream(body)) body.cancel(reason).catch(() => {})
  else closeIterator(body as Partial<AsyncIterable<unknown>>)
}

function closeIterator(body: Partial<AsyncIterable<unknown>>): void {
  const closing = async () => body[Symbol.asyncIterator]?.().return?.()
  closing().catch(() => {})
}

/**
 * A `Request` with a body is never rebuilt from itself, since its body would become a chunked stream:
 * the body is read, and sent as bytes.
 */
function outgoingOf(
  request: Request,
  url: string,
  init: RequestInit | undefined,
): OutgoingRequest | Promise<OutgoingRequest> {
  const own = init && snapshotInit(init)
  const said = initOf(request)
  const outgoing = (body?: Init) => requestTo(request, url, own, { ...said, ...body })
  if (own?.body != null) return { ...outgoing(), isSentOnce: !canBeSentTwice(own.body) }
  if (isUsed(request)) {
    const message = 'Cannot send a Request whose body has been read, or is being read.'
    return Promise.reject(new TypeError(message))
  }
  if (!hasBody(request)) return outgoing()
  return bodyOf(request, signalOf(request, init)).then((body) => ({
    ...outgoing(body),
    isSentOnce: body.duplex !== undefined,
  }))
}

function requestTo(
  request: Request,
  url: string,
  init: RequestInit | undefined,
  requestInit: RequestInit,
): OutgoingRequest {
  const signal = signalOf(request, init)
  const SameRequest = classOf(request)
  if (SameRequest === undefined) {
    // A mock: all that it says stands in the init.
    const all = { ...requestInit, ...init }
    return { url, inputFor: asText, init: all, signal, isSentOnce: false }
  }
  const inputFor = (target: string) => new SameRequest(target, requestInit)
  return { url, inputFor, init, requestInit, signal, isSentOnce: false }
}

/** The nearest class that makes requests of a url and an init, as the global one does. */
function classOf(request: Request): typeof Request | undefined {
  let some: unknown = request.constructor
  while (typeof some === 'function' && !makesRequests(some)) some = Object.getPrototypeOf(some)
  return typeof some === 'function' ? (some as typeof Request) : undefined
}

function makesRequests(SomeRequest: unknown): boolean {
  if (SomeRequest === Request) return true
  try {
    const url = 'https://probe.invalid/path'
    const init = { method: 'POST', headers: { probe: '1' } }
    const made = new (SomeRequest as typeof Request)(url, init)
    return made.url === url && made.method === 'POST' && made.headers.get('probe') === '1'
  } catch {
    return false
  }
}

function isUsed({ bodyUsed, body }: Request): boolean {
  return bodyUsed || body?.locked === true
}

/** A polyfill's `Request` may have a body without showing one. */
function hasBody(request: Request): boolean {
  if ('body' in request) return request.body != null
  return !['GET', 'HEAD'].includes((request as Request).method.toUpperCase())
}

async function bodyOf(request: Request, signal: AbortSignal | null | undefined): Promise<Init> {
  const { body } = request
  if (body == null || typeof body.getReader !== 'function')
    return { body: await request.arrayBuffer() }
  const reader = body.getReader()
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  while (length <= LONGEST_KEPT_BODY_BYTES) {
    const { done, value } = await waitFor(reader.read(), signal).catch((error) => {
      reader.cancel(error).catch(() => {})
      throw error
    })
    if (done) return { body: await new Blob(chunks).arrayBuffer() }
    chunks.push(value)
    length += value.length
  }
  // fetch refuses a stream that is to be kept alive.
  return { body: resumedStream(chunks, reader), duplex: 'half', keepalive: false }
}

/** The caller's url with our token in it. */
export function targetUrl(
  url: string,
  { parameter, parameters, tokenInUrl }: Destination,
  token: Token,
): string {
  const text = tokenInUrl === undefined ? url : withoutTokenParameters(url, parameters)
  return pastRefusedAnswers(withParameter(text, parameter, token.encoded), token)
}
