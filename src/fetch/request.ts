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

/** A snapshot of a request, with the url still without our token. */
export interface OutgoingRequest {
  readonly url: string
  /** Makes an input of the kind that the caller passed: string, `URL` or `Request`. */
  readonly inputFor: (url: string) => FetchInput
  readonly init: RequestInit | undefined
  /** The fields of the caller's `Request`, if it passed one. */
  readonly requestInit?: RequestInit
  readonly signal: AbortSignal | null | undefined
  /** Its body is a stream, which can be sent once. */
  readonly isSentOnce: boolean
}

/** Request rule 5: a `Request`'s body is buffered for a replay up to this size. */
const LONGEST_KEPT_BODY_BYTES = 1_000_000

/** Any implementation's `Request`: undici's own and polyfills' are not instances of the global one. */
function isRequest(input: unknown): input is Request {
  return typeof input === 'object' && input !== null && 'url' in input && 'headers' in input
}

export function signalOf(
  input: FetchInput,
  init: RequestInit | undefined,
): AbortSignal | null | undefined {
  if (init?.signal !== undefined) return init.signal
  return isRequest(input) ? input.signal : undefined
}

/** A snapshot: what the caller does to its objects later has no effect. */
function outgoingRequest(
  url: string,
  input: FetchInput,
  init: RequestInit | undefined,
): OutgoingRequest | Promise<OutgoingRequest> {
  if (isRequest(input)) return outgoingOf(input, url, init)
  const snapshot = snapshotInit(init)
  const inputFor = typeof input === 'string' ? asText : asUrl
  const isSentOnce = !canBeSentTwice(snapshot.body)
  return { url, inputFor, init: snapshot, signal: snapshot.signal, isSentOnce }
}

/** Read once: changing a `URL` later must not redirect a waiting request. */
export function textOf(input: FetchInput): string {
  return isRequest(input) ? input.url : String(input)
}

export function isInit(init: unknown): init is RequestInit | null | undefined {
  return init === undefined || typeof init === 'object' || typeof init === 'function'
}

/** Takes the snapshot. Throws if the caller's objects do. */
export function snapshotRequest(url: string, input: FetchInput, options: RequestInit | undefined) {
  const outgoing = outgoingRequest(url, input, options)
  const method = options?.method ?? (isRequest(input) ? input.method : 'GET')
  return { outgoing, method, options, signal: signalOf(input, options) }
}

/** fetch never throws: it rejects. */
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
const NOT_FOLLOWED = { value: 'manual', ...OWN }

/**
 * Request rule 7: a request with our token is not redirected; WeCom never does so over https. `'error'`
 * stays, and so does an invalid value, which fetch rejects.
 */
export function doNotRedirect({ init, requestInit }: OutgoingRequest): void {
  const requested = init?.redirect ?? requestInit?.redirect
  const redirect =
    requested == null || requested === 'follow' ? NOT_FOLLOWED : { value: requested, ...OWN }
  // By definition, not assignment: Object.prototype may have an accessor.
  if (init !== undefined) Object.defineProperty(init, 'redirect', redirect)
  if (requestInit !== undefined) Object.defineProperty(requestInit, 'redirect', redirect)
}

/** Cancels the body of a request that is never sent, as fetch does. */
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

/** As implementations do: fetch cancels a stream, polyfills destroy one, an iterator is closed. */
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
 * A `Request` with a body is never passed to `new Request`, since its body would become a chunked
 * stream: the body is read, and sent as bytes.
 */
function outgoingOf(
  request: Request,
  url: string,
  init: RequestInit | undefined,
): OutgoingRequest | Promise<OutgoingRequest> {
  const own = init && snapshotInit(init)
  const fields = initOf(request)
  const outgoing = (body?: Init) => requestTo(request, url, own, { ...fields, ...body })
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
    // A mock: pass its fields in the init.
    const all = { ...requestInit, ...init }
    return { url, inputFor: asText, init: all, signal, isSentOnce: false }
  }
  const inputFor = (target: string) => new SameRequest(target, requestInit)
  return { url, inputFor, init, requestInit, signal, isSentOnce: false }
}

/** The nearest class that constructs requests from a url and an init, as the global one does. */
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

/** A polyfill's `Request` may have a body but no `body` property. */
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
  // fetch rejects a stream together with `keepalive`.
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
