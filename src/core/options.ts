import { type EndpointRule, TOKEN_KINDS } from '../wecom/endpoints.js'
import {
  type Check,
  CLOCK,
  check,
  hasMethods,
  isFunction,
  isListOf,
  isNumber,
  isPlainObject,
  isText,
  TIMER_MS,
} from './check.js'
import type { Clock } from './clock.js'
import { processChannel } from './debug.js'
import type { EventChannel, OnEvent } from './events.js'
import type { CallLimits } from './limits.js'
import type { Platform } from './platform.js'
import type { TokenStore } from './store.js'
import type { Transport } from './transport.js'
import { urlOf } from './url.js'

/** Options of a token source. */
export interface SourceOptions {
  /**
   * WeCom's API: scheme, host, port and path prefix (of a reverse proxy), without `/cgi-bin`.
   * @default 'https://qyapi.weixin.qq.com'
   */
  readonly baseUrl?: string
  /**
   * For how long a token is handed out, in milliseconds. Shorter lifetimes are scaled.
   * @default 7_000_000
   */
  readonly maxAgeMs?: number
  /**
   * How long before its end a token is refreshed behind the callers, in milliseconds; 0: never.
   * @default 300_000
   */
  readonly refreshAheadMs?: number
  /**
   * Shares tokens with other sources and processes.
   * @default none
   */
  readonly store?: TokenStore
  /**
   * Sends the token requests.
   * @default global fetch; with axios the client's own network settings
   */
  readonly transport?: Transport
  /**
   * The deadline of a token request with its retries, in milliseconds; at most 2_147_483_647.
   * @default 10_000
   */
  readonly tokenTimeoutMs?: number
  /**
   * More errcodes that mean "this token is invalid".
   * @default []
   */
  readonly tokenInvalidErrcodes?: readonly number[]
  /**
   * How many refreshes can be forced by refusals within a minute.
   * @default 20
   */
  readonly refreshBudget?: number
  /**
   * For how long an endpoint whose replay was refused forces no refresh, in milliseconds.
   * @default 30_000
   */
  readonly endpointCooldownMs?: number
  /**
   * Keeps calls within WeCom's call limits: `callLimits()` of `qyapi-token/limits`.
   * @default none
   */
  readonly limits?: CallLimits
  /**
   * Called with each event. No event contains a token or a secret.
   * @default none
   */
  readonly onEvent?: OnEvent
  /**
   * Receives the promise of each token fetch and store write; it never rejects. For runtimes that
   * stop pending work with the request: Cloudflare Workers' `waitUntil` of `cloudflare:workers`.
   * @default none
   */
  readonly waitUntil?: (promise: Promise<void>) => void
  /**
   * The time source.
   * @default the system's wall clock and monotonic clock
   */
  readonly clock?: Clock
}

/** Options of a middleware: its own, and those of the source that it creates. */
export interface MiddlewareOptions extends SourceOptions {
  /**
   * More origins to which the token may be sent, e.g. `['https://wecom-proxy.example.com']`.
   * @default []
   */
  readonly trustedOrigins?: readonly string[]
  /**
   * What to do with a call that has a token already, in its params or url: `'keep'` leaves the call
   * alone, `'replace'` replaces the token, e.g. of an SDK that manages its own.
   * @default 'keep'
   */
  readonly callerToken?: 'keep' | 'replace'
  /**
   * Adds or overrides which kind of token a path below `/cgi-bin/` takes:
   * `[{ path: 'license/', token: 'app' }]`. The longest match wins.
   * @default []
   */
  readonly endpoints?: readonly EndpointRule[]
}

/** All defaults except those of the platform. */
export const DEFAULTS = {
  baseUrl: 'https://qyapi.weixin.qq.com',
  maxAgeMs: 7_000_000,
  refreshAheadMs: 300_000,
  tokenTimeoutMs: 10_000,
  tokenInvalidErrcodes: [] as readonly number[],
  refreshBudget: 20,
  endpointCooldownMs: 30_000,
  trustedOrigins: [] as readonly string[],
  callerToken: 'keep' as const,
}

const POSITIVE: Check = [
  (value) => isNumber(value) && value > 0,
  'a number of milliseconds above 0',
]
const NOT_NEGATIVE: Check = [(value) => isNumber(value) && value >= 0, 'a number from 0 up']

export const SOURCE_CHECKS: Readonly<Record<keyof SourceOptions, Check>> = {
  baseUrl: [
    isBaseUrl,
    "an absolute http(s) URL without user, query or hash, e.g. 'https://qyapi.weixin.qq.com'",
  ],
  maxAgeMs: POSITIVE,
  refreshAheadMs: NOT_NEGATIVE,
  store: [hasMethods('get', 'set', 'delete'), 'a token store'],
  transport: [isFunction, 'a transport, e.g. fetchTransport(fetch)'],
  tokenTimeoutMs: TIMER_MS,
  tokenInvalidErrcodes: [isListOf(Number.isInteger), 'an array of errcodes'],
  refreshBudget: NOT_NEGATIVE,
  endpointCooldownMs: NOT_NEGATIVE,
  limits: [hasMethods('enter'), 'what callLimits() of qyapi-token/limits returns'],
  onEvent: [isFunction, 'a function'],
  waitUntil: [isFunction, 'a function (promise) => void'],
  clock: CLOCK,
}

export const OWN_CHECKS: Readonly<Record<'trustedOrigins' | 'callerToken' | 'endpoints', Check>> = {
  trustedOrigins: [isListOf(isOrigin), "an array of origins, e.g. ['https://proxy.example.com']"],
  callerToken: [(value) => value === 'keep' || value === 'replace', "'keep' or 'replace'"],
  endpoints: [
    isListOf(isEndpointRule),
    `an array of { path, token }, path without '/cgi-bin/', token one of ${TOKEN_KINDS.join(', ')}`,
  ],
}

function checkSourceOptions(options: unknown, where = 'options'): void {
  check(options, SOURCE_CHECKS, where, (key) =>
    key in OWN_CHECKS ? `it belongs to attachToken or withToken` : undefined,
  )
}

/** Checks a middleware's options, with or without those of a source. Throws `bad_options`. */
export function checkMiddlewareOptions(
  options: unknown,
  {
    makesSource,
    choosesBaseUrl = false,
    more = {},
  }: {
    makesSource: boolean
    /** Its sources are chosen for each call, so `baseUrl` is an option of the middleware. */
    choosesBaseUrl?: boolean
    more?: Readonly<Record<string, Check>>
  },
): void {
  const { baseUrl, limits, onEvent } = SOURCE_CHECKS
  const own = { limits, onEvent, ...OWN_CHECKS, ...more, ...(choosesBaseUrl && { baseUrl }) }
  check(options, makesSource ? { ...SOURCE_CHECKS, ...own } : own, 'options', (key) =>
    key in SOURCE_CHECKS ? 'it belongs to the source: pass it to createTokenSource' : undefined,
  )
}

/** Whether a key of an option object is one of `SourceOptions` or `MiddlewareOptions`. */
export function isOptionName(key: string): boolean {
  return Object.hasOwn(SOURCE_CHECKS, key) || Object.hasOwn(OWN_CHECKS, key)
}

function isEndpointRule(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  const { path, token, parameter, ...others } = value
  const isPath = isText(path) && !path.startsWith('/')
  const isParameter = parameter === undefined || isText(parameter)
  const isKind = (TOKEN_KINDS as readonly unknown[]).includes(token)
  return isPath && isKind && isParameter && Object.keys(others).length === 0
}

function isBaseUrl(value: unknown): boolean {
  const url = typeof value === 'string' ? urlOf(value) : undefined
  if (!url) return false
  return (
    /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash
  )
}

function isOrigin(value: unknown): boolean {
  const url = typeof value === 'string' ? urlOf(value) : undefined
  return url !== undefined && url.origin !== 'null' && url.href === `${url.origin}/`
}

/** The settings of a source: its options, the defaults, and the platform. */
export type SourceSettings = Readonly<
  Required<Omit<SourceOptions, 'store' | 'limits' | 'onEvent' | 'waitUntil'>> &
    Pick<SourceOptions, 'store' | 'limits' | 'onEvent' | 'waitUntil'> &
    Pick<Platform, 'hash' | 'random' | 'nonce' | 'hourlyCalls' | 'processName'> & {
      /** Where each event goes beside `onEvent`. */
      channel: EventChannel | undefined
    }
>

/** Checks the options of a source and fills in what is missing. Throws `bad_options`. */
export function sourceSettings(options: SourceOptions, platform: Platform): SourceSettings {
  checkSourceOptions(options)
  const { hash, random, nonce, hourlyCalls, processName } = platform
  return {
    baseUrl: options.baseUrl ?? DEFAULTS.baseUrl,
    maxAgeMs: options.maxAgeMs ?? DEFAULTS.maxAgeMs,
    refreshAheadMs: options.refreshAheadMs ?? DEFAULTS.refreshAheadMs,
    store: options.store,
    transport: options.transport ?? platform.transport,
    tokenTimeoutMs: options.tokenTimeoutMs ?? DEFAULTS.tokenTimeoutMs,
    tokenInvalidErrcodes: options.tokenInvalidErrcodes ?? DEFAULTS.tokenInvalidErrcodes,
    refreshBudget: options.refreshBudget ?? DEFAULTS.refreshBudget,
    endpointCooldownMs: options.endpointCooldownMs ?? DEFAULTS.endpointCooldownMs,
    limits: options.limits,
    onEvent: options.onEvent,
    waitUntil: options.waitUntil,
    clock: options.clock ?? platform.clock,
    hash,
    random,
    nonce,
    hourlyCalls,
    processName,
    channel: processChannel(platform),
  }
}
