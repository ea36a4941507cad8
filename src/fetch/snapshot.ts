/**
 * Copies of what a caller may change later: such a change must not affect a request that waits for
 * its token or is replayed.
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
  // Polyfills' own.
  'agent',
  'compress',
  'follow',
  'size',
  'counter',
  'highWaterMark',
  'insecureHTTPParser',
] as const
const BODY_KEYS = ['body', 'duplex'] as const

/** A copy of the caller's init: its own keys, or the inherited ones if it is a `Request` or similar. */
export function snapshotInit(init: RequestInit | undefined): RequestInit {
  const isPlain = init === undefined || isPlainObject(init)
  const snapshot: RequestInit = isPlain
    ? { ...init }
    : fieldsOf(init as Request, [...REQUEST_KEYS, ...BODY_KEYS])
  replaceOwn(snapshot, 'body', snapshotOf)
  replaceOwn(snapshot, 'headers', copiedHeaders)
  return snapshot
}

/** Replaces own properties only, so that no accessor on Object.prototype is called. */
function replaceOwn<K extends keyof RequestInit>(
  init: RequestInit,
  key: K,
  copied: (value: NonNullable<RequestInit[K]>) => RequestInit[K],
): void {
  if (!Object.hasOwn(init, key)) return
  const value = init[key]
  if (value != null) init[key] = copied(value)
}

/** The fields of a `Request` without its body. */
export function initOf(request: Request): RequestInit {
  const init = fieldsOf(request, REQUEST_KEYS)
  replaceOwn(init, 'headers', copiedHeaders)
  return init
}

function fieldsOf(request: Request, keys: readonly string[]): RequestInit {
  const given = request as unknown as Record<string, unknown>
  const fields = keys.map((key) => [key, given[key]] as const)
  fields.push(['dispatcher', dispatcherOf(request)])
  return Object.fromEntries(fields.filter(([, value]) => value != null))
}

/**
 * A `Request`'s own dispatcher. Undici 6, which is Node 20's fetch, keeps it behind a symbol of its own;
 * in undici 7 it is private and cannot be read: there, pass it in fetch's init.
 */
function dispatcherOf(request: object): unknown {
  const given: unknown = Reflect.get(request, 'dispatcher')
  if (given != null) return given
  const symbols = Object.getOwnPropertySymbols(request)
  const symbol = symbols.find(({ description }) => description === 'dispatcher')
  return symbol && Reflect.get(request, symbol)
}

function copiedHeaders(headers: HeadersInit): HeadersInit {
  // Invalid headers: fetch itself rejects them.
  if (typeof headers !== 'object') return headers
  if ('append' in headers && typeof headers.append === 'function') {
    const SameHeaders = headers.constructor as new (headers: HeadersInit) => Headers
    return new SameHeaders(headers)
  }
  if (!(Symbol.iterator in headers)) return { ...headers }
  const pairs = Array.from(headers, (pair) => (Array.isArray(pair) ? [...pair] : pair))
  return pairs as HeadersInit
}
