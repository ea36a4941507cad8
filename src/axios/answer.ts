import type { IncomingMessage } from 'node:http'
import type { AxiosResponse, AxiosStatic } from 'axios'
import { withoutToken, withoutTokenParameters } from '../core/destination.js'
import {
  isNodeReadable,
  type NodeReadable,
  offItsConnection,
  peekNodeStream,
  peekWebStream,
} from '../core/peek.js'
import { beforeStreamError } from '../core/platform.js'
import { hide, scrubber, scrubInPlace } from '../core/redact.js'
import {
  errcodeOfHeader,
  LONGEST_VERDICT_BYTES,
  mayBeJson,
  type Refusals,
} from '../core/verdict.js'
import { OUR_KEYS, type Sending, takeTokenOut } from './call.js'
import { canceledError } from './patience.js'

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
  lib: AxiosStatic,
): number | undefined | Promise<number | undefined> {
  if (!isObject(response)) return undefined
  const { data, headers } = response
  const errcode = errcodeOfHeader(headers?.['error-code'])
  if (errcode !== undefined) return refusals.has(errcode) ? errcode : undefined
  if (typeof data === 'string') return refusals.inText(data)
  if (data instanceof Uint8Array) return refusals.inBytes(data)
  if (data instanceof ArrayBuffer) return refusals.inBytes(new Uint8Array(data))
  return refusedByReading(response, refusals, lib)
}

/** The kinds of body that have to be read first. */
function refusedByReading(
  response: AxiosResponse,
  refusals: Refusals,
  lib: AxiosStatic,
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
    return mayBeJson(contentType) ? refusedByWebStream(response, refusals, lib) : undefined
  }
  return refusals.inValue(data)
}

async function refusedByWebStream(response: AxiosResponse, refusals: Refusals, lib: AxiosStatic) {
  const signal = response.config?.signal as AbortSignal | undefined
  const canceled = ({ reason }: AbortSignal) => canceledError(lib, reason?.message ?? reason)
  const { bytes, body } = await peekWebStream(response.data, signal, canceled)
  response.data = body instanceof ReadableStream ? body : new Blob([body]).stream()
  return bytes && refusals.inBytes(bytes)
}

/** A refused answer must not keep its connection from the token call that it causes. */
export async function freeConnection(response: AxiosResponse | undefined): Promise<void> {
  if (isNodeReadable(response?.data)) response.data = await offItsConnection(response.data)
}

/** The response as it would be without us: the caller's config, and no token in sight. */
export function asTheCallers(response: AxiosResponse, sending: Sending): AxiosResponse {
  takeTokenOut(sending)
  if (!isOrdinary(response)) {
    cleanseResponse(response, sending)
    return response
  }
  const { request, ...rest } = response
  showNoToken(request)
  cleanseContent(response, sending)
  rest.config = callersConfig(rest.config, sending)
  cleanseUrls(rest, sending)
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
export function failedOutcome(error: unknown, sending: Sending): Outcome {
  takeTokenOut(sending)
  const scrub = scrubber([sending.token.value])
  if (typeof error === 'string') return { error: scrub(error), response: undefined }
  if (!isObject(error)) return { error, response: undefined }
  const figure = callersFigure(sending)
  cleanse(error, sending)
  scrubInPlace(error, (text) => figure(scrub(text)))
  return { error, response: error.response as AxiosResponse | undefined }
}

/** Gives an error and its causes the caller's config; older fetch adapters wrap one AxiosError in another. */
function cleanse(error: unknown, sending: Sending): void {
  let failed: unknown = error
  for (let depth = 0; isObject(failed) && depth < 3; depth += 1) {
    if (isObject(failed.config))
      Reflect.set(failed, 'config', callersConfig(failed.config, sending))
    hideRequest(failed)
    cleanseResponse(failed.response, sending)
    failed = failed.cause
  }
}

/** The same for a response that stays the same object. */
function cleanseResponse(response: unknown, sending: Sending): void {
  if (!isObject(response)) return
  Reflect.set(response, 'config', callersConfig(response.config, sending))
  hideRequest(response)
  cleanseUrls(response, sending)
  cleanseContent(response, sending)
}

/** The caller's own config; of an adapter that works with a copy of what it got, the copy, without us in it. */
function callersConfig(given: unknown, sending: Sending): AxiosResponse['config'] {
  const { call, outgoing } = sending
  if (given === outgoing || !isObject(given)) return call.config
  if (given.fetchOptions === outgoing.fetchOptions || showsToken(given, sending)) {
    for (const key of OUR_KEYS) {
      if (key in call.config) Reflect.set(given, key, call.config[key])
      else Reflect.deleteProperty(given, key)
    }
  }
  return given as unknown as AxiosResponse['config']
}

function showsToken({ url, baseURL, params }: Record<string, unknown>, { token }: Sending) {
  const values = isObject(params) ? Object.values(params) : []
  return [url, baseURL, ...values].some(
    (text) =>
      typeof text === 'string' && (text.includes(token.value) || text.includes(token.encoded)),
  )
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
function callersFigure({ call: { config }, outgoing: { timeout } }: Sending) {
  return (text: string) =>
    text
      .replaceAll(`timeout of ${timeout}ms`, `timeout of ${config.timeout}ms`)
      .replaceAll(`timeout ${timeout} of ms`, `timeout ${config.timeout} of ms`)
}

/** What of an answer's own content may show the url. */
function cleanseContent({ data, status, headers }: Partial<AxiosResponse>, sending: Sending): void {
  const isStream = isNodeReadable(data)
  if (isStream) hideTokenBearers(data, sending)
  if (status === 200) return
  cleanseHeaders(headers, sending)
  if (!isStream) return
  const { headers: parsed, rawHeaders } = data as NodeReadable & Partial<IncomingMessage>
  cleanseHeaders(parsed, sending)
  cleanseHeaders(rawHeaders, sending)
}

/** A streamed answer is Node's own object, which knows its request and with it the url; so may its error. */
function hideTokenBearers(stream: NodeReadable, sending: Sending): void {
  for (const key of ['req', 'socket', 'client', 'responseUrl']) hide(stream, key)
  beforeStreamError(stream, (error) => cleanse(error, sending))
}

/** Some adapters tell where their answer came from. */
function cleanseUrls(response: object, { token }: Sending): void {
  for (const key of ['url', 'responseURL']) {
    const url: unknown = key in response && Reflect.get(response, key)
    if (typeof url === 'string') Reflect.set(response, key, withoutToken(url, token))
  }
}

/** A redirect repeats the query that it was asked with; so may whatever else names an address. */
function cleanseHeaders(headers: unknown, { token }: Sending): void {
  if (!isObject(headers)) return
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') Reflect.set(headers, name, withoutToken(value, token))
  }
}
