import { isPlainObject } from './check.js'
import { encoded as percentEncoded } from './token.js'

/** Takes secrets and tokens out of a text; see `scrubber`. */
export type Scrub = (text: string) => string

const HIDDEN = '[hidden]'

/**
 * Takes each value out wherever it stands, raw or percent-encoded (as URL, URLSearchParams or axios
 * write it). One that is as short as those of tests may be part of any word: it is taken out where it
 * stands by itself behind a `=`, a `:` or a quote, each of them raw or percent-encoded.
 */
export function scrubber(values: readonly string[]): Scrub {
  const forms = new Set(values.filter((value) => value !== '').flatMap(spellings))
  const longestFirst = [...forms].sort((a, b) => b.length - a.length)
  const patterns = longestFirst.map((form) => (form.length < SHORT ? byItself(form) : form))
  return (text) => patterns.reduce<string>((rest, form) => rest.replaceAll(form, HIDDEN), text)
}

/** No token and no secret of WeCom's is shorter. */
const SHORT = 8

function byItself(form: string): RegExp {
  const literal = form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
  return new RegExp(`(?<=(?:[=:"']|%3[AaDd]|%2[27]) ?)${literal}(?![\\w-])`, 'g')
}

function spellings(value: string): string[] {
  const encoded = encodeURIComponent(value)
  return [
    value,
    encoded,
    encoded.replace(/%[0-9A-F]{2}/g, (sequence) => sequence.toLowerCase()),
    new URLSearchParams({ '': value }).toString().slice(1),
    percentEncoded(value),
    encodeURI(value),
    encodeURI(value).replace(/'/g, '%27'),
    encoded.replace(/%3A/g, ':').replace(/%24/g, '$').replace(/%2C/g, ',').replace(/%20/g, '+'),
  ]
}

/**
 * A copy of an error with its name, message, code and stack scrubbed, and of its causes: never the
 * live object, whose request, config or socket would carry what must not be printed.
 */
export function scrubbedCopy(error: unknown, scrub: Scrub, depth = 3): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? scrub(error) : undefined
  const copy = new Error(scrub(error.message))
  copy.name = error.name
  if (typeof error.stack === 'string') copy.stack = scrub(error.stack)
  const { code, cause } = error as Error & { code?: unknown }
  if (typeof code === 'string') Object.assign(copy, { code })
  if (depth > 0 && cause !== undefined) {
    const value = scrubbedCopy(cause, scrub, depth - 1)
    Object.defineProperty(copy, 'cause', { value, configurable: true, writable: true })
  }
  return copy
}

/**
 * Takes secrets out of an error in place, so that it stays the caller's own object; out of its causes
 * too, of the errors that it gathers, and of the plain objects in which it tells more.
 */
export function scrubInPlace(error: unknown, scrub: Scrub): void {
  for (const one of everythingBehind(error)) scrubTexts(one, scrub)
}

/** What shows no more than it did, or is looked after elsewhere. */
const LEFT_ALONE = ['config', 'request', 'response', 'data']

/** An error, its causes and what it gathers, three deep. Some throw plain objects. */
export function* everythingBehind(error: unknown, depth = 3): Generator<object> {
  if (typeof error !== 'object' || error === null) return
  yield error
  if (depth === 0) return
  const { cause, errors } = error as { cause?: unknown; errors?: unknown }
  yield* everythingBehind(cause, depth - 1)
  for (const one of Array.isArray(errors) ? errors : []) yield* everythingBehind(one, depth - 1)
  for (const [key, more] of Object.entries(error)) {
    if (isPlainObject(more) && !LEFT_ALONE.includes(key)) yield* everythingBehind(more, depth - 1)
  }
}

function scrubTexts(error: object, scrub: Scrub): void {
  for (const key of new Set(['message', 'stack', 'cause', ...Object.keys(error)])) {
    const text: unknown = Reflect.get(error, key)
    if (typeof text !== 'string') continue
    const clean = scrub(text)
    if (clean !== text) replaceText(error, key, clean)
  }
}

function replaceText(error: object, key: string, value: string): void {
  const own = Object.getOwnPropertyDescriptor(error, key)
  if (own?.configurable === false) return
  Reflect.defineProperty(error, key, {
    value,
    writable: true,
    configurable: true,
    enumerable: own?.enumerable ?? false,
  })
}

const HIDDEN_PROPERTY = { enumerable: false }

/** Still there for who asks, no longer there for who prints. */
export function hide(owner: object, key: string): void {
  if (Object.prototype.propertyIsEnumerable.call(owner, key)) {
    Reflect.defineProperty(owner, key, HIDDEN_PROPERTY)
  }
}

/** WeCom's errmsg repeats the caller's outgoing IP. */
export function withoutIp(errmsg: string): string {
  return errmsg.replace(/,?\s*from ip: [^,]*/i, '')
}

/** Where somebody else's secrets are unknown: urls without users and queries, which carry them. */
export function withoutQueries(text: string): string {
  return text.replace(/\b([a-z]{2,20}:\/\/)(?:[^\s/?#@]*@)?([^\s?#'"]*)(?:[?#][^\s'"]*)?/gi, '$1$2')
}
