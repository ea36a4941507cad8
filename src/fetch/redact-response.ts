import { mayShow, tokenScrubber } from '../core/redact.js'
import { redacted } from '../core/redact-walk.js'
import type { Token } from '../core/token.js'
import { urlWithoutToken } from '../core/url.js'

/** What a response says of itself beside its body. */
export const RESPONSE_KEYS = [
  'status',
  'statusText',
  'ok',
  'url',
  'redirected',
  'type',
  'headers',
] as const
export type ResponseFields = Partial<Pick<Response, (typeof RESPONSE_KEYS)[number]>>

/** A response, or a request of an error's, as far as it matters here. */
interface Shown extends ResponseFields {
  clone?(): unknown
}

/** Shows no token in a response's url and headers, nor in its clones'. It stays the same object. */
export function redactResponse<T>(shown: T, token: Token, parameters: readonly string[]): T {
  if (typeof shown !== 'object' || shown === null) return shown
  const { url, headers } = shown as Shown
  const cleanUrl = typeof url === 'string' ? urlWithoutToken(url, token, parameters) : url
  const cleanHeaders = redactHeaders(headers, token, parameters)
  if (cleanHeaders !== headers)
    override(shown, { url: cleanUrl, headers: cleanHeaders } as ResponseFields)
  else if (cleanUrl !== url) override(shown, { url: cleanUrl } as ResponseFields)
  return shown
}

/** Puts values in the place of its own: on a response, on its clones, and on theirs. */
export function override(shown: Shown, values: ResponseFields): void {
  let isChanged = false
  for (const key in values) {
    const value = values[key as keyof ResponseFields]
    Reflect.defineProperty(shown, key, { value, configurable: true })
    isChanged = true
  }
  if (isChanged && typeof shown.clone === 'function') showOnClones(shown, shown.clone)
}

const CLONE_AS_SHOWN = { value: cloneAsShown, configurable: true, writable: true }

function showOnClones(shown: Shown, clone: () => unknown): void {
  if (clone === cloneAsShown) return
  const isOwn = Object.hasOwn(shown, 'clone')
  const descriptor = isOwn ? { ...CLONE_AS_SHOWN, value: cloningBy(clone) } : CLONE_AS_SHOWN
  Reflect.defineProperty(shown, 'clone', descriptor)
}

/** One function for all: what a clone must show stands on the one that is cloned. */
function cloneAsShown(this: Shown): unknown {
  return showAlike(this, Object.getPrototypeOf(this).clone.call(this))
}

function cloningBy(clone: () => unknown) {
  return function (this: Shown) {
    return showAlike(this, clone.call(this) as Shown)
  }
}

function showAlike(original: Shown, clone: Shown): Shown {
  const own = RESPONSE_KEYS.filter((key) => Object.hasOwn(original, key))
  const values = own.map((key) => [
    key,
    key === 'headers' ? madeLike(original[key] as Headers) : original[key],
  ])
  override(clone, Object.fromEntries(values))
  return clone
}

/**
 * A redirect repeats the query, and so may whatever else names an address, as `link` does. The same
 * object if there is nothing to hide.
 */
export function redactHeaders<H extends Headers | undefined>(
  headers: H,
  token: Token,
  parameters: readonly string[],
): H {
  if (typeof headers?.forEach !== 'function') return headers
  let mayHaveToken = false
  headers.forEach((value) => {
    mayHaveToken ||= mayShow(value, token)
  })
  if (!mayHaveToken) return headers
  const scrub = tokenScrubber(token.value, parameters)
  const shown: [string, string][] = []
  let hasToken = false
  headers.forEach((value, name) => {
    const clean = scrub(value)
    hasToken ||= clean !== value
    shown.push([name, clean])
  })
  return hasToken ? madeLike(headers, shown) : headers
}

/** Of the same class: what came over the network cannot be changed. */
function madeLike<H extends Headers>(headers: H, content: H | [string, string][] = headers): H {
  const SameHeaders = headers.constructor as new (content: H | [string, string][]) => H
  return new SameHeaders(content)
}

/**
 * What a fetch failed with, as the caller may have it: the same object, unless it is frozen, with no
 * token in sight. `own`: what the caller gave, which holds none.
 */
export function failureWithoutToken(
  error: unknown,
  token: Token,
  parameters: readonly string[],
  own: object | undefined,
): unknown {
  const left = new Set<unknown>(Object.values(own ?? {}))
  return redacted(error, {
    scrub: tokenScrubber(token.value, parameters),
    isLeftAlone: (value) => left.has(value),
    cleanse: (message) => redactResponse(message, token, parameters),
  })
}
