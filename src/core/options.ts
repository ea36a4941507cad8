import { type EndpointRule, TOKEN_KINDS } from '../wecom/endpoints.js'
import {
  type Check,
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
import { debugListener } from './debug.js'
import type { OnEvent } from './events.js'
import type { Platform } from './platform.js'
import type { TokenStore } from './store.js'
import type { Transport } from './transport.js'
import { urlOf } from './url.js'

/** Options of a token source. */
export interface SourceOptions {
  /**
   * Where WeCom's API is: scheme, host, port and path prefix (a reverse proxy), without `/cgi-bin`.
   * @default 'https://qyapi.weixin.qq.com'
   */
  readonly baseUrl?: string
  /**
   * For how long a token is handed out at the most, in milliseconds. Shorter lives are scaled.
   * @default 7_000_000
   */
  readonly maxAgeMs?: number
  /**
   * In that last part of a token's life one refresh runs behind the callers, in milliseconds; 0: none.
   * @default 300_000
   */
  readonly refreshAheadMs?: number
  /**
   * Where tokens are kept beyond this source, for other sources and processes.
   * @default none
   */
  readonly store?: TokenStore
  /**
   * How token calls are sent.
   * @default global fetch; in the axios door the client's own road
   */
  readonly transport?: Transport
  /**
   * For how long a token call may take in all, its quick tries included, in milliseconds;
   * at most 2_147_483_647, the longest timer.
   * @default 10_000
   */
  readonly tokenTimeoutMs?: number
  /**
   * More errcodes that mean "token refused".
   * @default []
   */
  readonly tokenInvalidErrcodes?: readonly number[]
  /**
   * How many refreshes refusals may force within a minute.
   * @default 20
   */
  readonly refreshBudget?: number
  /**
   * For how long an endpoint whose replay was refused too forces no refresh, in milliseconds.
   * @default 30_000
   */
  readonly endpointCooldownMs?: number
  /**
   * Told what happens. No event carries a token or a secret.
   * @default none
   */
  readonly onEvent?: OnEvent
  /**
   * Receives the promise of each token fetch and of each write of a fetched token to the store; it
   * never rejects. For runtimes that cut off what a request began when that request ends: in a
   * Cloudflare Worker pass `waitUntil` of `cloudflare:workers`.
   * @default none
   */
  readonly waitUntil?: (promise: Promise<void>) => void
  /**
   * Where time comes from.
   * @default the system's wall clock and monotonic clock
   */
  readonly clock?: Clock
}

/** Options of a door: those of the source that it makes, and its own. */
export interface MiddlewareOptions extends SourceOptions {
  /**
   * More origins that may receive the token, e.g. `['https://wecom-proxy.example.com']`.
   * @default []
   */
  readonly trustedOrigins?: readonly string[]
  /**
   * What to do with a token that the call brought itself, in its params or url: `'keep'` it and
   * leave the call alone, or `'replace'` it by ours, which heals SDKs that manage their own.
   * @default 'keep'
   */
  readonly callerToken?: 'keep' | 'replace'
  /**
   * More paths below `/cgi-bin/` with the kind of token that they take, or other kinds for known
   * ones: `[{ path: 'license/', token: 'app' }]`. The longest match wins.
   * @default []
   */
  readonly endpoints?: readonly EndpointRule[]
}

/** Every default there is, but for what the platform gives. */
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

const SOURCE_CHECKS: Readonly<Record<keyof SourceOptions, Check>> = {
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
  onEvent: [isFunction, 'a function'],
  waitUntil: [isFunction, 'a function (promise) => void'],
  clock: [
    hasMethods('wall', 'monotonic', 'after'),
    'an object with wall(), monotonic() and after()',
  ],
}

const DOOR_CHECKS: Readonly<Record<string, Check>> = {
  trustedOrigins: [isListOf(isOrigin), "an array of origins, e.g. ['https://proxy.example.com']"],
  callerToken: [(value) => value === 'keep' || value === 'replace', "'keep' or 'replace'"],
  endpoints: [
    isListOf(isEndpointRule),
    `an array of { path, token }, path without '/cgi-bin/', token one of ${TOKEN_KINDS.join(', ')}`,
  ],
}

/** Checks the options of a source by name. Throws `bad_options`. */
function checkSourceOptions(options: unknown, where = 'options'): void {
  check(options, SOURCE_CHECKS, where, (key) =>
    key in DOOR_CHECKS ? `it belongs to attachToken or withToken` : undefined,
  )
}

/** Checks the options of a door that is to make a source, or that was given one. Throws `bad_options`. */
export function checkMiddlewareOptions(
  options: unknown,
  {
    makesSource,
    choosesBaseUrl = false,
    more = {},
  }: {
    makesSource: boolean
    /** Its sources are chosen call by call, so that none of them can say where they may go. */
    choosesBaseUrl?: boolean
    more?: Readonly<Record<string, Check>>
  },
): void {
  const { baseUrl, onEvent } = SOURCE_CHECKS
  const ofDoor = { onEvent, ...DOOR_CHECKS, ...more, ...(choosesBaseUrl && { baseUrl }) }
  check(options, makesSource ? { ...SOURCE_CHECKS, ...ofDoor } : ofDoor, 'options', (key) =>
    key in SOURCE_CHECKS ? 'it belongs to the source: pass it to createTokenSource' : undefined,
  )
}

/** Whether a key of an option object is one of `SourceOptions` or `MiddlewareOptions`. */
export function isOptionName(key: string): boolean {
  return Object.hasOwn(SOURCE_CHECKS, key) || Object.hasOwn(DOOR_CHECKS, key)
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

/** What a source goes by: its options, the defaults, and the machine that it runs on. */
export type SourceSettings = Readonly<
  Required<Omit<SourceOptions, 'store' | 'onEvent' | 'waitUntil'>> &
    Pick<SourceOptions, 'store' | 'onEvent' | 'waitUntil'> &
    Pick<Platform, 'hash' | 'random' | 'nonce' | 'hourlyCalls' | 'processName'> & {
      /** Prints each event, where `DEBUG` or `NODE_DEBUG` asks for that. */
      debug: OnEvent | undefined
    }
>

/** Checks the options of a source and fills in what is missing. Throws `bad_options`. */
export function sourceSettings(options: SourceOptions, machine: Platform): SourceSettings {
  checkSourceOptions(options)
  const { hash, random, nonce, hourlyCalls, processName } = machine
  return {
    baseUrl: options.baseUrl ?? DEFAULTS.baseUrl,
    maxAgeMs: options.maxAgeMs ?? DEFAULTS.maxAgeMs,
    refreshAheadMs: options.refreshAheadMs ?? DEFAULTS.refreshAheadMs,
    store: options.store,
    transport: options.transport ?? machine.transport,
    tokenTimeoutMs: options.tokenTimeoutMs ?? DEFAULTS.tokenTimeoutMs,
    tokenInvalidErrcodes: options.tokenInvalidErrcodes ?? DEFAULTS.tokenInvalidErrcodes,
    refreshBudget: options.refreshBudget ?? DEFAULTS.refreshBudget,
    endpointCooldownMs: options.endpointCooldownMs ?? DEFAULTS.endpointCooldownMs,
    onEvent: options.onEvent,
    waitUntil: options.waitUntil,
    clock: options.clock ?? machine.clock,
    hash,
    random,
    nonce,
    hourlyCalls,
    processName,
    debug: debugListener(machine),
  }
}
