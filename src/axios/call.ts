import type { AxiosAdapter, AxiosStatic, InternalAxiosRequestConfig } from 'axios'
import { canBeSentTwice } from '../core/body.js'
import {
  type Destination,
  remembered,
  TOKEN_PARAMETER_NAMES,
  withoutTokenParameters,
  withParameter,
} from '../core/destination.js'
import type { Door } from '../core/door.js'
import type { Lender } from '../core/lender.js'
import type { Token } from '../core/token.js'
import { asBytes, isFormDataPackage } from './form-data.js'

type Config = InternalAxiosRequestConfig

/** One request that takes a token, on its way through this door. */
export interface Call {
  /** The caller's config as the interceptors left it. The token never enters it. */
  readonly config: Config
  /** The caller's own adapter. */
  readonly adapter: AxiosAdapter
  readonly lib: AxiosStatic
  readonly lender: Lender
  readonly destination: Destination
  /** Monotonic milliseconds; known if the call has a timeout. */
  readonly startedAt: number
  /** Its body is a stream, gone with the first sending. */
  readonly isSentOnce: boolean
  /** The params as text, where the caller serializes them in another way than axios does. */
  readonly query: string | undefined
  /** What is sent instead of a form-data body, whose own parts are gone after one sending. */
  readonly keptBody: Uint8Array | undefined
}

/** Tells where a request leads, as axios itself combines `baseURL` and `url`. */
export function destinationsOf({ judge }: Door): (config: Config) => Destination | undefined {
  const below = remembered((baseUrl: string) =>
    remembered((url: string) => judge(fullPath(baseUrl, url))),
  )
  return ({ baseURL = '', url = '', allowAbsoluteUrls }) =>
    allowAbsoluteUrls === false && isAbsolute(url) ? undefined : below(baseURL)(url)
}

/** A `URL` object may be changed while the call waits: what counts is what it says now. */
export function withUrlText(config: Config): Config {
  if (config.url === undefined || typeof config.url === 'string') return config
  const copy = copied(config)
  copy.url = String(config.url)
  return copy
}

function fullPath(baseUrl: string, url: string): string {
  if (isAbsolute(url)) return url
  return url === '' ? baseUrl : `${baseUrl.replace(/\/+$/, '')}/${url.replace(/^\//, '')}`
}

function isAbsolute(url: string): boolean {
  return /^([a-z][a-z\d+\-.]*:)?\/\//i.test(url)
}

/** Whether the call brings a token of its own, in its url or its params. */
export function bringsToken({ params }: Config, { tokenInUrl }: Destination): boolean {
  if (tokenInUrl === 'value') return true
  if (params == null) return false
  const isQuery = params instanceof URLSearchParams
  return TOKEN_PARAMETER_NAMES.some((name) => {
    const value: unknown = isQuery ? params.get(name) : params[name]
    return value !== undefined && value !== null && value !== ''
  })
}

export function newCall(
  config: Config,
  adapter: AxiosAdapter,
  lib: AxiosStatic,
  lender: Lender,
  destination: Destination,
  startedAt = config.timeout ? performance.now() : 0,
): Call {
  const { data } = config
  const keptBody = isFormDataPackage(data) ? asBytes(data) : undefined
  const isSentOnce = keptBody === undefined && !canBeSentTwice(data)
  const query = queryOf(config)
  return { config, adapter, lib, lender, destination, startedAt, isSentOnce, query, keptBody }
}

/** A call on its way with a token, the first time or as a replay. */
export interface Sending {
  readonly call: Call
  readonly token: Token
  /** What the adapter gets: a copy of the caller's config with the token in it. */
  readonly outgoing: Config
}

/** A call that somebody waits for, whether or not it has a token to come. */
export type WaitedFor = Pick<Call, 'config' | 'lib' | 'startedAt'>

/** Milliseconds that the caller's timeout leaves; `undefined` if there is none. */
export function remainingMs({ config: { timeout }, startedAt }: WaitedFor): number | undefined {
  return timeout ? timeout - (performance.now() - startedAt) : undefined
}

/** A call that leaves at once. WeCom never redirects over https. */
export function sendingOf(call: Call, token: Token): Sending {
  const { config, destination, query } = call
  const outgoing = copied(config)
  addToken(outgoing, destination, token, query)
  outgoing.maxRedirects = 0
  outgoing.fetchOptions = { ...outgoing.fetchOptions, redirect: 'manual' }
  return { call, token, outgoing }
}

/** A call that was kept waiting: its timeout goes on, under the figure that the caller knows. */
export function lateSendingOf(call: Call, token: Token): Sending {
  const sending = sendingOf(call, token)
  const left = remainingMs(call)
  if (left === undefined) return sending
  const { outgoing } = sending
  outgoing.timeout = Math.max(1, Math.ceil(left))
  outgoing.timeoutErrorMessage ??= `timeout of ${call.config.timeout}ms exceeded`
  return sending
}

/** Streams report their errors with this config long after the answer: the token must be gone by then. */
export function takeTokenOut({ outgoing, call: { config } }: Sending): void {
  outgoing.url = config.url as string
  outgoing.baseURL = config.baseURL as string
  outgoing.params = config.params
}

/** A key loop costs a quarter of what a spread does on these objects. */
function copied(config: Config): Config {
  const copy: Record<PropertyKey, unknown> = {}
  for (const key of Object.keys(config)) copy[key] = config[key as keyof Config]
  for (const key of Object.getOwnPropertySymbols(config)) copy[key] = Reflect.get(config, key)
  return copy as unknown as Config
}

/**
 * Into `params` where they are an object, so that mock adapters which match by url still match;
 * into the url where the caller serializes the params in another way.
 */
function addToken(
  config: Config,
  destination: Destination,
  token: Token,
  query: string | undefined,
): void {
  const { parameter, tokenInUrl } = destination
  if (tokenInUrl !== undefined) {
    config.url = withoutTokenParameters(config.url ?? '')
    config.baseURL = withoutTokenParameters(config.baseURL ?? '')
  }
  if (query === undefined) {
    config.params = withTokenParam(config.params, parameter, token.value)
    return
  }
  const url = withQuery(fullPath(config.baseURL ?? '', config.url ?? ''), query)
  config.url = withParameter(url, parameter, token.encoded)
  config.baseURL = undefined as unknown as string
  config.params = undefined
}

/** Params that are no plain object, as text and at once; `undefined`: axios serializes them itself. */
function queryOf({ params, paramsSerializer: given }: Config): string | undefined {
  // Axios takes both forms; the function stands here only if an interceptor has set it.
  const serialize = (typeof given === 'function' ? given : given?.serialize) as
    | Serialize
    | undefined
  if (serialize) return params == null ? '' : (serialize(params, given) ?? '')
  return params instanceof URLSearchParams ? String(params) : undefined
}

type Serialize = (params: object, options: Config['paramsSerializer']) => string

function withTokenParam(params: object | undefined, parameter: string, value: string) {
  const copy: Record<string, unknown> = {}
  for (const [key, given] of Object.entries(params ?? {})) {
    if (!TOKEN_PARAMETER_NAMES.includes(key)) copy[key] = given
  }
  copy[parameter] = value
  return copy
}

/** As axios does it: the params replace the hash. */
function withQuery(url: string, query: string): string {
  if (query === '') return url
  const [address = ''] = url.split('#', 1)
  const clean = withoutTokenParameters(`?${query}`).slice(1)
  return `${address}${address.includes('?') ? '&' : '?'}${clean}`
}
