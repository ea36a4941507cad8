import { mayShow, tokenScrubber } from '../core/redact.js'
import { redacted } from '../core/redact-walk.js'
import type { Token } from '../core/token.js'
import { urlWithoutToken } from '../core/url.js'

/** The fields of a response, besides its body. */
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

/** The token that a request carried, and all parameter names that may hold one. */
export interface Carried {
  readonly token: Token
  readonly parameters: readonly string[]
}

/** A response, or the request of an error. */
interface ResponseLike extends ResponseFields {
  clone?(): unknown
}

/** Removes the token from the url and headers of a response and its clones. It stays the same object. */
export function redactResponse<T>(shown: T, carried: Carried): T {
  if (typeof shown !== 'object' || shown === null) return shown
  const { url, headers } = shown as ResponseLike
  const cleanUrl = redactUrl(url, carried)
  const cleanHeaders = redactHeaders(headers, carried)
  if (cleanHeaders !== headers)
    override(shown, { url: cleanUrl, headers: cleanHeaders } as ResponseFields)
  else if (cleanUrl !== url) override(shown, { url: cleanUrl } as ResponseFields)
  return shown
}

/** A mock's url may be anything. */
export function redactUrl<U>(url: U, { token, parameters }: Carried): U | string {
  return typeof url === 'string' ? urlWithoutToken(url, token, parameters) : url
}

/** Overrides fields of a response, of its clones, and of theirs. */
export function override(shown: ResponseLike, values: ResponseFields): void {
  let isChanged = false
  for (const key in values) {
    const value = values[key as keyof ResponseFields]
    Reflect.defineProperty(shown, key, { value, configurable: true })
    isChanged = true
  }
  if (isChanged && typeof shown.clone === 'function') overrideClones(shown, shown.clone)
}

const REDACTED_CLONE = { value: redactedClone, configurable: true, writable: true }

function overrideClones(shown: ResponseLike, clone: () => unknown): void {
  if (clone === redactedClone) return
  const isOwn = Object.hasOwn(shown, 'clone')
  const descriptor = isOwn ? { ...REDACTED_CLONE, value: cloningBy(clone) } : REDACTED_CLONE
  Reflect.defineProperty(shown, 'clone', descriptor)
}

/** One function for all responses: the values to override are on the response that is cloned. */
function redactedClone(this: ResponseLike): unknown {
  return copyOverrides(this, Object.getPrototypeOf(this).clone.call(this))
}

function cloningBy(clone: () => unknown) {
  return function (this: ResponseLike) {
    return copyOverrides(this, clone.call(this) as ResponseLike)
  }
}

function copyOverrides(original: ResponseLike, clone: ResponseLike): ResponseLike {
  const own = RESPONSE_KEYS.filter((key) => Object.hasOwn(original, key))
  const values = own.map((key) => [
    key,
    key === 'headers' ? madeLike(original[key] as Headers) : original[key],
  ])
  override(clone, Object.fromEntries(values))
  return clone
}

/**
 * `location` repeats the query, and so may other headers with an address, e.g. `link`. Returns the same
 * object if there is nothing to redact.
 */
export function redactHeaders<H extends Headers | undefined>(
  headers: H,
  { token, parameters }: Carried,
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

/** A new object of the same class, since the headers of a response are immutable. */
function madeLike<H extends Headers>(headers: H, content: H | [string, string][] = headers): H {
  const SameHeaders = headers.constructor as new (content: H | [string, string][]) => H
  return new SameHeaders(content)
}

/**
 * The error of a fetch without the token: the same object, unless it is frozen. The caller's own
 * objects in `init` hold no token and are not touched.
 */
export function failureWithoutToken(
  error: unknown,
  carried: Carried,
  init: object | undefined,
): unknown {
  const { token, parameters } = carried
  const own = new Set<unknown>(Object.values(init ?? {}))
  return redacted(error, {
    scrub: tokenScrubber(token.value, parameters),
    isLeftAlone: (value) => own.has(value),
    cleanse: (message) => redactResponse(message, carried),
  })
}
