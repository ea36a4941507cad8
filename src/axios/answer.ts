import type { AxiosResponse } from 'axios'
import { withoutTokenParameters } from '../core/destination.js'
import { isNodeReadable, peekNodeStream, peekWebStream } from '../core/peek.js'
import { beforeStreamError } from '../core/platform.js'
import { hide, scrubber, scrubInPlace } from '../core/redact.js'
import type { Token } from '../core/token.js'
import {
  errcodeOfHeader,
  LONGEST_VERDICT_BYTES,
  mayBeJson,
  type Refusals,
} from '../core/verdict.js'
import { type Call, takeTokenOut } from './call.js'

/** How one sending ended: with a response, or an error that may have one. */
export type Outcome =
  | { readonly response: AxiosResponse }
  | { readonly error: unknown; readonly response: AxiosResponse | undefined }

/** What the caller gets of it. */
export function settled(outcome: Outcome): AxiosResponse {
  if ('error' in outcome) throw outcome.error
  return outcome.response
}

/**
 * The errcode by which an answer refuses the token. Judged by the `error-code` header if there is
 * one, else by the body as it came: text, bytes, Blob, stream, or an object from a mock adapter.
 */
export function refusedBy(
  response: AxiosResponse | undefined,
  refusals: Refusals,
): number | undefined | Promise<number | undefined> {
  if (!isObject(response)) return undefined
  const { data, headers } = response
  const errcode = errcodeOfHeader(headers?.['error-code'])
  if (errcode !== undefined) return refusals.has(errcode) ? errcode : undefined
  if (typeof data === 'string') return refusals.inText(data)
  if (data instanceof Uint8Array) return refusals.inBytes(data)
  if (data instanceof ArrayBuffer) return refusals.inBytes(new Uint8Array(data))
  return refusedByReading(response, refusals)
}

/** The kinds of body that have to be read first. */
function refusedByReading(
  response: AxiosResponse,
  refusals: Refusals,
): number | undefined | Promise<number | undefined> {
  const { data, headers } = response
  const contentType = headers?.['content-type']
  if (data instanceof Blob) {
    const isWorthReading = data.size <= LONGEST_VERDICT_BYTES && mayBeJson(contentType ?? data.type)
    return isWorthReading ? data.text().then(refusals.inText) : undefined
  }
  if (isNodeReadable(data)) {
    if (!mayBeJson(contentType)) return undefined
    const giveInstead = (stream: unknown) => {
      response.data = stream
    }
    return peekNodeStream(data, giveInstead).then((bytes) => bytes && refusals.inBytes(bytes))
  }
  if (data instanceof ReadableStream) {
    return mayBeJson(contentType) ? refusedByWebStream(response, refusals) : undefined
  }
  return refusals.inValue(data)
}

async function refusedByWebStream(response: AxiosResponse, refusals: Refusals) {
  const signal = response.config?.signal as AbortSignal | undefined
  const { bytes, body } = await peekWebStream(response.data, signal)
  response.data = body instanceof ReadableStream ? body : new Blob([body]).stream()
  return bytes && refusals.inBytes(bytes)
}

/** The response as it would be without us: the caller's config, and no token in sight. */
export function asTheCallers(
  response: AxiosResponse,
  call: Call,
  outgoing: Call['config'],
): AxiosResponse {
  takeTokenOut(outgoing, call)
  if (!isOrdinary(response)) {
    cleanseResponse(response, call, outgoing)
    return response
  }
  const { request, ...rest } = response
  showNoToken(request)
  hideTokenBearers(response.data, call, outgoing)
  rest.config = call.config
  // A copy, because hiding a property that is there makes an object slow for everyone after us.
  const hidden = { value: request, writable: true, configurable: true }
  return Object.defineProperty(rest, 'request', hidden) as AxiosResponse
}

/** As axios' own adapters make them. */
function isOrdinary(response: AxiosResponse): boolean {
  return (
    isObject(response) &&
    isObject(response.request) &&
    Object.getPrototypeOf(response) === Object.prototype
  )
}

/** The same for an error, which stays the same object. */
export function failedOutcome(
  error: unknown,
  call: Call,
  outgoing: Call['config'],
  token: Token,
): Outcome {
  takeTokenOut(outgoing, call)
  const scrub = scrubber([token.value])
  if (typeof error === 'string') return { error: scrub(error), response: undefined }
  if (!isObject(error)) return { error, response: undefined }
  const figure = callersFigure(call, outgoing)
  cleanse(error, call, outgoing)
  scrubInPlace(error, (text) => figure(scrub(text)))
  return { error, response: error.response as AxiosResponse | undefined }
}

/** Gives an error and its causes the caller's config; older fetch adapters wrap one AxiosError in another. */
function cleanse(error: unknown, call: Call, outgoing: Call['config']): void {
  let failed: unknown = error
  for (let depth = 0; isObject(failed) && depth < 3; depth += 1) {
    if (failed.config === outgoing) Reflect.set(failed, 'config', call.config)
    hideRequest(failed)
    cleanseResponse(failed.response, call, outgoing)
    failed = failed.cause
  }
}

/** The same for a response that stays the same object. */
function cleanseResponse(response: unknown, call: Call, outgoing: Call['config']): void {
  if (!isObject(response)) return
  Reflect.set(response, 'config', call.config)
  hideRequest(response)
  hideTokenBearers(response.data, call, outgoing)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** The request stays reachable. */
function hideRequest(owner: { request?: unknown }): void {
  if (!isObject(owner.request)) return
  hide(owner, 'request')
  showNoToken(owner.request)
}

/** A fetch `Request` shows its url. */
function showNoToken(request: { url?: unknown }): void {
  const { url } = request
  if (typeof url !== 'string') return
  Reflect.defineProperty(request, 'url', { value: withoutTokenParameters(url), configurable: true })
}

/** A call that was kept waiting had less time left to send, but its timeout is the caller's. */
function callersFigure({ config }: Call, { timeout }: Call['config']) {
  return (text: string) =>
    text
      .replaceAll(`timeout of ${timeout}ms`, `timeout of ${config.timeout}ms`)
      .replaceAll(`timeout ${timeout} of ms`, `timeout ${config.timeout} of ms`)
}

/** A streamed answer is Node's own object, which knows its request and with it the url; so may its error. */
function hideTokenBearers(data: unknown, call: Call, outgoing: Call['config']): void {
  if (!isNodeReadable(data)) return
  for (const key of ['req', 'socket', 'client', 'responseUrl']) hide(data, key)
  beforeStreamError(data, (error) => cleanse(error, call, outgoing))
}
