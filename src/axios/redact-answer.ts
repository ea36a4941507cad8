import type { IncomingMessage } from 'node:http'
import type { AxiosResponse } from 'axios'
import { beforeStreamError } from '../core/node-streams.js'
import { hide, mayShow, type Scrub, tokenScrubber } from '../core/redact.js'
import { isObject } from '../core/redact-slots.js'
import { type Redaction, redacted } from '../core/redact-walk.js'
import { isNodeReadable, type NodeReadable } from '../request/peek-node-stream.js'
import { cleanRequest } from './redact-request.js'
import type { Outcome } from './refusal.js'
import { type Attempt, OUR_KEYS, takeTokenOut } from './request.js'

/** The response as it would be without us: the caller's config, and no token in sight. */
export function callersResponse(response: AxiosResponse, sending: Attempt): AxiosResponse {
  takeTokenOut(sending)
  if (!isOrdinary(response)) return redacted(response, redactionOf(sending))
  const { request, ...rest } = response
  cleanRequest(request, sending)
  rest.config = callersConfig(rest.config, sending)
  rest.headers = cleanHeaders(rest.headers, sending)
  cleanStream(rest.data, sending)
  const own = tellsMore(rest) ? redacted(rest, redactionOf(sending)) : rest
  // A copy, because hiding a property that is there makes an object slow for everyone after us.
  const hidden = { value: request, writable: true, configurable: true }
  return Object.defineProperty(own, 'request', hidden) as AxiosResponse
}

/** As axios' own adapters make them. */
function isOrdinary(response: AxiosResponse): boolean {
  return (
    isObject(response) &&
    isObject(response.request) &&
    Object.getPrototypeOf(response) === Object.prototype
  )
}

/** Other adapters say where an answer came from, each under its own name. A set would cost more. */
function tellsMore(response: object): boolean {
  for (const key in response) {
    if (key === 'data' || key === 'status' || key === 'statusText') continue
    if (key !== 'headers' && key !== 'config') return true
  }
  return false
}

/** The same for an error, which stays the same object unless it is frozen. */
export function failed(error: unknown, sending: Attempt): Outcome {
  takeTokenOut(sending)
  const figure = callersFigure(sending)
  const redaction = redactionOf(sending)
  const scrub: Scrub = (text) => figure(redaction.scrub(text))
  const clean: unknown = redacted(error, { ...redaction, scrub })
  if (!isObject(clean)) return { error: clean, response: undefined }
  return { error: clean, response: clean.response as AxiosResponse | undefined }
}

/** Takes the token of a sending out of whatever came of it. */
function redactionOf(sending: Attempt): Redaction {
  const { call, token } = sending
  const { config, destination } = call
  const own = new Set<unknown>([config, ...Object.values(config)])
  return {
    scrub: tokenScrubber(token.value, destination.parameters),
    hiddenKey: 'request',
    isLeftAlone: (value) => own.has(value),
    instead: (value, key) =>
      key === 'config' || isOurConfig(value, sending) ? callersConfig(value, sending) : value,
    cleanse: (message) => cleanRequest(message, sending),
    cleanseBody: (body) => cleanStream(body, sending),
  }
}

/** What the adapter got, or a copy that it made. */
function isOurConfig(value: object, { call, outgoing }: Attempt): boolean {
  if (value === outgoing) return true
  const { fetchOptions, headers } = value as Partial<typeof outgoing>
  if (value === call.config) return false
  const isCopy = fetchOptions !== undefined && fetchOptions === outgoing.fetchOptions
  return isCopy || (isObject(headers) && headers === outgoing.headers)
}

function showsToken(config: Record<string, unknown>, { token }: Attempt): boolean {
  const { url, baseURL, params } = config
  const values = isObject(params) ? Object.values(params) : []
  return [url, baseURL, ...values].some(
    (text) =>
      typeof text === 'string' && (text.includes(token.value) || text.includes(token.encoded)),
  )
}

/** The caller's own config; of an adapter that works with a copy of what it got, the copy, without us in it. */
function callersConfig(given: unknown, sending: Attempt): AxiosResponse['config'] {
  const { call, outgoing } = sending
  if (given === outgoing || !isObject(given)) return call.config
  if ('data' in given && given.data === call.body.data) Reflect.set(given, 'data', call.config.data)
  if (isOurConfig(given, sending) || showsToken(given, sending)) {
    for (const key of OUR_KEYS) {
      if (key in call.config) Reflect.set(given, key, call.config[key])
      else Reflect.deleteProperty(given, key)
    }
  }
  return given as unknown as AxiosResponse['config']
}

/** A call that was kept waiting had less time left to send, but its timeout is the caller's. */
function callersFigure({ call: { config }, outgoing: { timeout } }: Attempt) {
  return (text: string) =>
    text
      .replaceAll(`timeout of ${timeout}ms`, `timeout of ${config.timeout}ms`)
      .replaceAll(`timeout ${timeout} of ms`, `timeout ${config.timeout} of ms`)
}

/** A streamed answer is Node's own object, which knows its request and with it the url; so may its error. */
function cleanStream(data: unknown, sending: Attempt): void {
  if (!isNodeReadable(data)) return
  const { headers, rawHeaders } = data as NodeReadable & Partial<IncomingMessage>
  cleanHeaders(headers, sending)
  cleanHeaders(rawHeaders, sending)
  cleanRequest({ res: data }, sending)
  for (const key of ['req', 'socket', 'client']) hide(data, key)
  beforeStreamError(data, (error) => failed(error, sending))
}

/** A server may repeat the url that it was asked by: `location`, `link`, `x-request-url`, … */
function cleanHeaders<H>(headers: H, { call, token }: Attempt): H {
  if (!isObject(headers)) return headers
  for (const name of Object.keys(headers)) {
    if (!headerMayShow(headers[name], token)) continue
    return redacted(headers, { scrub: tokenScrubber(token.value, call.destination.parameters) })
  }
  return headers
}

function headerMayShow(value: unknown, token: Attempt['token']): boolean {
  if (typeof value === 'string') return mayShow(value, token)
  return Array.isArray(value) && value.some((one) => headerMayShow(one, token))
}
