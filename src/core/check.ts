import { badOption, QyapiTokenError, shownKey } from './errors.js'

/** Whether a value is right, and what it should be. */
export type Check = readonly [isRight: (value: unknown) => boolean, expected: string]

export const isFunction = (value: unknown) => typeof value === 'function'
export const isNumber = (value: unknown): value is number => Number.isFinite(value)
export const hasMethods =
  (...names: string[]) =>
  (value: unknown) =>
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => isFunction((value as Record<string, unknown>)[name]))
export const isListOf = (isRight: (item: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(isRight)

/** The longest delay of a timer: a longer one fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1

export const TIMER_MS: Check = [
  (value) => isNumber(value) && value > 0 && value <= LONGEST_TIMER_MS,
  `a number of milliseconds above 0, at most ${LONGEST_TIMER_MS} (the longest timer)`,
]

export const CLOCK: Check = [
  hasMethods('wall', 'monotonic', 'after'),
  'an object with wall(), monotonic() and after()',
]

/** Not empty, and valid UTF-16: a lone surrogate cannot be encoded as UTF-8. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && !LONE_SURROGATE.test(value)
}

const LONE_SURROGATE = /\p{Surrogate}/u

/** Accepts promises of any realm or library. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return hasMethods('then')(value)
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Like `check`, for a required object. */
export function checkGiven(
  value: unknown,
  checks: Readonly<Record<string, Check>>,
  where: string,
): void {
  if (value === undefined) throw badOption(where, 'an object', value)
  check(value, checks, where)
}

/** Checks each key of an object, and rejects unknown ones. */
export function check(
  value: unknown,
  checks: Readonly<Record<string, Check>>,
  where: string,
  whereItBelongs: (key: string) => string | undefined = () => undefined,
): void {
  if (value === undefined) return
  if (!isPlainObject(value)) throw badOption(where, 'an object', value)
  for (const [key, given] of Object.entries(value)) {
    const known = Object.hasOwn(checks, key) ? checks[key] : undefined
    if (known === undefined) {
      const hint = whereItBelongs(key) ?? `known are ${Object.keys(checks).join(', ')}`
      throw new QyapiTokenError('bad_options', `Unknown key ${shownKey(key)} in ${where}: ${hint}.`)
    }
    const [isRight, expected] = known
    if (given !== undefined && !isRight(given)) throw badOption(key, expected, given)
  }
}

const HEADERS_EXPECTED = "an object of header names and texts, e.g. { 'x-api-key': key }"

/**
 * The headers of token requests, by names in lower case. Their values may be secrets, and are not
 * shown.
 */
export function checkTokenHeaders(options: unknown): Readonly<Record<string, string>> {
  check(options, { headers: [() => true, HEADERS_EXPECTED] }, 'options')
  const { headers = {} } = (options ?? {}) as { headers?: unknown }
  const isRight = isPlainObject(headers) && Object.values(headers).every(isText)
  if (!isRight) throw badOption('headers', HEADERS_EXPECTED, headers, true)
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  )
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
