/**
 * Copies of what a caller may change after the call: it must not reach a call that waits for a
 * token or is sent again.
 */

import { isPlainObject } from '../core/check.js'
import { snapshotOf } from '../request/body.js'

type HeadersInit = NonNullable<RequestInit['headers']>

const REQUEST_KEYS = [
  'method',
  'headers',
  'signal',
  'credentials',
  'cache',
  'mode',
  'redirect',
  'integrity',
  'keepalive',
  'referrer',
  'referrerPolicy',
  // What polyfills put on theirs.
  'agent',
  'compress',
  'follow',
  'size',
  'counter',
  'highWaterMark',
  'insecureHTTPParser',
] as const
const BODY_KEYS = ['body', 'duplex'] as const

/** The caller's init: its own keys, or those that it inherits if it is a `Request` or alike. */
export function snapshotInit(init: RequestInit | undefined): RequestInit {
  const isPlain = init === undefined || isPlainObject(init)
  const fixed: RequestInit = isPlain
    ? { ...init }
    : saidBy(init as Request, [...REQUEST_KEYS, ...BODY_KEYS])
  fix(fixed, 'body', snapshotOf)
  fix(fixed, 'headers', fixedHeaders)
  return fixed
}

/** In the place of the init's own, so that no accessor on Object.prototype is asked. */
function fix<K extends keyof RequestInit>(
  init: RequestInit,
  key: K,
  copied: (value: NonNullable<RequestInit[K]>) => RequestInit[K],
): void {
  if (!Object.hasOwn(init, key)) return
  const value = init[key]
  if (value != null) init[key] = copied(value)
}

/** What a `Request` says of itself, but for its body. */
export function initOf(request: Request): RequestInit {
  const init = saidBy(request, REQUEST_KEYS)
  fix(init, 'headers', fixedHeaders)
  return init
}

function saidBy(request: Request, keys: readonly string[]): RequestInit {
  const given = request as unknown as Record<string, unknown>
  const said = keys.map((key) => [key, given[key]] as const)
  said.push(['dispatcher', dispatcherOf(request)])
  return Object.fromEntries(said.filter(([, value]) => value != null))
}

/**
 * A `Request`'s own road. Undici 6, which is Node 20's fetch, keeps it behind a symbol of its own;
 * in undici 7 it is private and cannot be read: there it has to stand in fetch's init.
 */
function dispatcherOf(request: object): unknown {
  const given: unknown = Reflect.get(request, 'dispatcher')
  if (given != null) return given
  const symbols = Object.getOwnPropertySymbols(request)
  const symbol = symbols.find(({ description }) => description === 'dispatcher')
  return symbol && Reflect.get(request, symbol)
}

function fixedHeaders(headers: HeadersInit): HeadersInit {
  // No headers at all: fetch itself says so.
  if (typeof headers !== 'object') return headers
  if ('append' in headers && typeof headers.append === 'function') {
    const SameHeaders = headers.constructor as new (headers: HeadersInit) => Headers
    return new SameHeaders(headers)
  }
  if (!(Symbol.iterator in headers)) return { ...headers }
  const pairs = Array.from(headers, (pair) => (Array.isArray(pair) ? [...pair] : pair))
  return pairs as HeadersInit
}
