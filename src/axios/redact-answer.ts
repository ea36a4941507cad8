import type { IncomingMessage } from 'node:http'
import type { AxiosResponse } from 'axios'
import { isObject } from '../core/check.js'
import { beforeStreamError } from '../core/node-streams.js'
import { hide, mayShow, type Scrub, tokenScrubber } from '../core/redact.js'
import { type Redaction, redacted } from '../core/redact-walk.js'
import { urlWithoutToken } from '../core/url.js'
import { isNodeReadable, type NodeReadable } from '../request/peek-node-stream.js'
import { type Attempt, OUR_KEYS, removeToken } from './request.js'

/** The response as it would be without us: with the caller's config and without the token. */
export function callersResponse(response: AxiosResponse, attempt: Attempt): AxiosResponse {
  removeToken(attempt)
  if (!isOrdinary(response)) return redacted(response, redactionOf(attempt))
  const { request, ...rest } = response
  cleanRequest(request, attempt)
  rest.config = callersConfig(rest.config, attempt)
  rest.headers = cleanHeaders(rest.headers, attempt)
  cleanStream(rest.data, attempt)
  const own = hasExtraFields(rest) ? redacted(rest, redactionOf(attempt)) : rest
  // A copy: making an existing property non-enumerable slows the object down for all later reads.
  const hidden = { value: request, writable: true, configurable: true }
  return Object.defineProperty(own, 'request', hidden) as AxiosResponse
}

/** Whether it has the shape that axios' own adapters make. */
function isOrdinary(response: AxiosResponse): boolean {
  return (
    isObject(response) &&
    isObject(response.request) &&
    Object.getPrototypeOf(response) === Object.prototype
  )
}

/** Other adapters add fields with the url, under names of their own. A set lookup would be slower. */
function hasExtraFields(response: object): boolean {
  for (const key in response) {
    if (key === 'data' || key === 'status' || key === 'statusText') continue
    if (key !== 'headers' && key !== 'config') return true
  }
  return false
}

/** An error without the token: the same object, unless it is frozen. */
export function redactError(error: unknown, attempt: Attempt): { error: unknown } {
  removeToken(attempt)
  const figure = callersFigure(attempt)
  const redaction = redactionOf(attempt)
  const scrub: Scrub = (text) => figure(redaction.scrub(text))
  return { error: redacted(error, { ...redaction, scrub }) }
}

/** How to remove an attempt's token from its response or error. */
function redactionOf(attempt: Attempt): Redaction {
  const { context, token } = attempt
  const { config, destination } = context
  const own = new Set<unknown>([config, ...Object.values(config)])
  return {
    scrub: tokenScrubber(token.value, destination.parameters),
    hiddenKey: 'request',
    isLeftAlone: (value) => own.has(value),
    instead: (value, key) =>
      key === 'config' || isOurConfig(value, attempt) ? callersConfig(value, attempt) : value,
    cleanse: (message) => cleanRequest(message, attempt),
    cleanseBody: (body) => cleanStream(body, attempt),
  }
}

/** Whether it is the config that the adapter got, or a copy that it made. */
function isOurConfig(value: object, { context, outgoing }: Attempt): boolean {
  if (value === outgoing) return true
  const { fetchOptions, headers } = value as Partial<typeof outgoing>
  if (value === context.config) return false
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

/** The caller's own config; if the adapter made a copy, that copy with the caller's values restored. */
function callersConfig(given: unknown, attempt: Attempt): AxiosResponse['config'] {
  const { context, outgoing } = attempt
  if (given === outgoing || !isObject(given)) return context.config
  if ('data' in given && given.data === context.body.data)
    Reflect.set(given, 'data', context.config.data)
  if (isOurConfig(given, attempt) || showsToken(given, attempt)) {
    for (const key of OUR_KEYS) {
      if (key in context.config) Reflect.set(given, key, context.config[key])
      else Reflect.deleteProperty(given, key)
    }
  }
  return given as unknown as AxiosResponse['config']
}

/** A request that waited for its token was sent with a shorter timeout: messages name the caller's. */
function callersFigure({ context: { config }, outgoing: { timeout } }: Attempt) {
  return (text: string) =>
    text.replaceAll(`timeout of ${timeout}ms`, `timeout of ${config.timeout}ms`)
}

/** A streamed answer is Node's own object, which links to its request and url; so may its error. */
function cleanStream(data: unknown, attempt: Attempt): void {
  if (!isNodeReadable(data)) return
  const { headers, rawHeaders } = data as NodeReadable & Partial<IncomingMessage>
  cleanHeaders(headers, attempt)
  cleanHeaders(rawHeaders, attempt)
  cleanRequest({ res: data }, attempt)
  for (const key of ['req', 'socket', 'client']) hide(data, key)
  beforeStreamError(data, (error) => redactError(error, attempt))
}

/** A server may repeat the request's url: `location`, `link`, `x-request-url`, … */
function cleanHeaders<H>(headers: H, { context, token }: Attempt): H {
  if (!isObject(headers)) return headers
  for (const name of Object.keys(headers)) {
    if (!headerMayShow(headers[name], token)) continue
    return redacted(headers, { scrub: tokenScrubber(token.value, context.destination.parameters) })
  }
  return headers
}

function headerMayShow(value: unknown, token: Attempt['token']): boolean {
  if (typeof value === 'string') return mayShow(value, token)
  return Array.isArray(value) && value.some((one) => headerMayShow(one, token))
}

/** Each field may be `null` or missing. */
interface NodeRequest {
  readonly res?: object | null
  readonly _redirectable?: Redirectable
}

interface Redirectable {
  readonly _options?: object
  readonly _currentRequest?: object
}

// Where the urls are: in Node's own request, that of the package follow-redirects around it, a fetch
// `Request` and an XMLHttpRequest.
const REQUEST_KEYS = ['url', 'responseURL', 'path']
const RESPONSE_KEYS = ['responseUrl']
const REDIRECTABLE_KEYS = ['_currentUrl']
const OPTION_KEYS = ['path', 'search', 'query', 'href']

/**
 * The request stays readable, and so do its url and its response's, where users look up the target of
 * redirects.
 */
function cleanRequest(request: object | undefined, { context, token }: Attempt): void {
  if (typeof request !== 'object' || request === null) return
  const { parameters } = context.destination
  const without = (url: string) => urlWithoutToken(url, token, parameters)
  const { res, _redirectable = request } = request as NodeRequest
  const { _options, _currentRequest } = _redirectable as Redirectable
  cleanUrls(request, REQUEST_KEYS, without)
  cleanHead(request, without)
  if (res) cleanUrls(res, RESPONSE_KEYS, without)
  if (_options === undefined) return
  cleanUrls(_redirectable, REDIRECTABLE_KEYS, without)
  cleanUrls(_options, OPTION_KEYS, without)
  if (_currentRequest === undefined || _currentRequest === request) return
  cleanUrls(_currentRequest, REQUEST_KEYS, without)
  cleanHead(_currentRequest, without)
}

function cleanUrls(owner: object, keys: readonly string[], without: (url: string) => string): void {
  for (const key of keys) {
    const url: unknown = Reflect.get(owner, key)
    const value = typeof url === 'string' ? without(url) : url
    if (value !== url && !Reflect.set(owner, key, value))
      Reflect.defineProperty(owner, key, { value, ...CHANGEABLE })
  }
}

const CHANGEABLE = { writable: true, configurable: true, enumerable: true }

/** The head that Node sent starts with the method and the url. */
function cleanHead(request: { _header?: unknown }, without: (url: string) => string): void {
  const { _header: head } = request
  if (typeof head !== 'string') return
  const end = head.indexOf(' HTTP/')
  request._header = without(head.slice(0, end)) + head.slice(end)
}
