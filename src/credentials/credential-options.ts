import { checkGiven, isText } from '../core/check.js'
import { badOption, mustBe, QyapiTokenError } from '../core/errors.js'
import { isTokenSource, policyOf, type TokenSource } from '../token/token-source.js'

/**
 * An id, typed like `process.env`. `undefined` throws `bad_options` when the credential is created.
 */
export type Id = string | undefined

/**
 * A secret, typed like `process.env`, or a function that returns the current one. `undefined` is
 * `bad_options`.
 */
export type Secret = Id | (() => Id)

const ANYTHING = [() => true, ''] as const

/** Throws `bad_options` for unknown keys. */
export function checkKeys(options: object, where: string, keys: readonly string[]): void {
  checkGiven(options, Object.fromEntries(keys.map((key) => [key, ANYTHING])), where)
}

/** Throws `bad_options` unless `value` is an id. `what`: e.g. "the corp's id". */
export function checkId(name: string, value: unknown, what: string): asserts value is string {
  if (!isText(value)) throw badOption(name, `${what}, a non-empty string`, value)
}

/** Returns a function that reads and checks the secret. Throws `bad_options` for a wrong one. */
export function secretReader(name: string, secret: Secret, what: string): () => string {
  return typeof secret === 'function'
    ? () => checkedSecret(name, secret(), what)
    : constant(checkedSecret(name, secret, what))
}

/** Characters that no secret of WeCom contains, but that are often copied with one. */
const COPIED_ALONG = [
  [/[\r\n\u2028\u2029]/, 'a line break'],
  [/["'`\u2018-\u201f\u300c\u300d]/, 'a quote'],
  [/[\s\u200b-\u200f\u2060\ufeff\p{Cc}]/u, 'a blank or an invisible character'],
] as const

/** The first kind of such a character in a text. */
export function copiedAlong(value: string): string | undefined {
  return COPIED_ALONG.find(([pattern]) => pattern.test(value))?.[1]
}

function checkedSecret(name: string, value: unknown, what: string): string {
  if (isText(value)) {
    const found = copiedAlong(value)
    if (found === undefined) return value
    const message = `${name} must be ${what} as it was issued, but has ${found} in it (not shown). Copy it again.`
    throw new QyapiTokenError('bad_options', message)
  }
  throw badOption(name, `${what}, a non-empty string or a function that returns it`, value, true)
}

/** A closure over the value only: there may be 100,000 of them. */
function constant<T>(value: T): () => T {
  return () => value
}

/** Throws `bad_options` unless `source` is a token source of this kind. */
export function checkSource(
  name: string,
  source: TokenSource,
  tokenKind: 'app' | 'suite' | 'model',
  what: string,
): void {
  if (!isTokenSource(source)) throw badOption(name, `${what}, a token source`, source)
  const { credential } = policyOf(source)
  if (credential.tokenKind !== tokenKind)
    throw mustBe(name, what, `${credential.kind} ${credential.subject}`)
}
