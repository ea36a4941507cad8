import { bytesOf } from './platform.js'
import { encoded as percentEncoded, type Token } from './token.js'

/** Takes secrets and tokens out of a text; see `scrubber`. */
export type Scrub = (text: string) => string

const HIDDEN = '[hidden]'

/** WeCom's tokens and secrets are far longer. A shorter one, as in tests, may be part of any word. */
const SHORTEST = 7

/**
 * Replaces each value wherever it stands, raw or percent-encoded in any way (URL, URLSearchParams and
 * axios encode differently). Ignores values shorter than WeCom's.
 */
export function scrubber(values: readonly string[]): Scrub {
  const long = values.filter((value) => value.length >= SHORTEST)
  if (long.length === 0) return (text) => text
  // The longest first, so that none is cut by one that is part of it.
  const pattern = new RegExp(anySpelling(long.sort((a, b) => b.length - a.length)), 'gi')
  return (text) => (mayContain(text, long) ? text.replace(pattern, HIDDEN) : text)
}

/**
 * The same for the token of a request. Where it is a parameter of a url, the parameter goes with it,
 * so that the url reads as it would without us.
 */
export function tokenScrubber(value: string, parameters: readonly string[]): Scrub {
  // Inside of a parameter it is encoded once more.
  const values = [value, percentEncoded(value)]
  const names = parameters.map(literal).join('|')
  const end = '(&|(?=[#\\s"\'<>()\\]{},;]|$))'
  let asParameter: RegExp | undefined
  let scrub: Scrub | undefined
  return (text) => {
    if (!mayContain(text, values)) return text
    asParameter ??= new RegExp(`([?&])(?:${names})=(?:${anySpelling(values)})${end}`, 'gi')
    scrub ??= scrubber(values)
    return scrub(text.replace(asParameter, withoutPair))
  }
}

function withoutPair(_pair: string, before: string, after: string): string {
  return after === '' ? '' : before
}

/** Whether a text may contain a value in some spelling: cheap, while a pattern takes milliseconds. */
function mayContain(text: string, values: readonly string[]): boolean {
  return text.includes('%') || values.some((value) => text.includes(value) || value.includes(' '))
}

/** A pattern that matches a value whichever of its characters are percent-encoded, in either case. */
function anySpelling(values: readonly string[]): string {
  const spelled = values.map((value) =>
    Array.from(value, (character) => {
      if (character === ' ') return '(?: |\\+|%20)'
      const bytes = Array.from(
        bytesOf(character),
        (byte) => `%${byte.toString(16).padStart(2, '0')}`,
      )
      return `(?:${literal(character)}|${bytes.join('')})`
    }).join(''),
  )
  return spelled.join('|')
}

/**
 * Whether a text may show a token: asked of each header of each answer, and cheap. No spelling is
 * shorter than the token, and most headers are.
 */
export function mayShow(text: string, { value, encoded }: Pick<Token, 'value' | 'encoded'>) {
  if (text.length < value.length) return false
  return value !== encoded || text.includes(value) || text.includes('%')
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}

/** Of what others say no more is looked at, by any pattern. */
const MOST_CHARACTERS = 20_000
/** No secret is longer in any spelling: WeCom's values have 512 bytes at the most. */
const LONGEST_SPELLING = 3 * 512

/**
 * Foreign text, scrubbed and at most so long. It is cut before it is looked at, and what the
 * cut may have left of a secret goes too.
 */
export function excerpt(text: string, scrub: Scrub, most = 2_000): string {
  if (text.length <= MOST_CHARACTERS) return scrub(text).slice(0, most)
  const clean = scrub(text.slice(0, MOST_CHARACTERS))
  return clean.slice(0, Math.max(0, Math.min(most, clean.length - LONGEST_SPELLING)))
}

const MOST_CAUSES = 3
const LONGEST_STACK = 10_000

/**
 * A copy of an error with its name, message, code and stack scrubbed, and of its causes: never the
 * live object, whose request, config or socket would carry what must not be printed.
 */
export function scrubbedCopy(error: unknown, scrub: Scrub, depth = MOST_CAUSES): unknown {
  if (!(error instanceof Error))
    return typeof error === 'string' ? excerpt(error, scrub) : undefined
  const { name, message, stack, code, cause } = error as Error & { code?: unknown }
  const copy = new Error(excerpt(String(message), scrub))
  copy.name = excerpt(String(name), scrub)
  if (typeof stack === 'string') copy.stack = excerpt(stack, scrub, LONGEST_STACK)
  if (typeof code === 'string') Object.assign(copy, { code: excerpt(code, scrub) })
  if (depth > 0 && cause !== undefined) {
    const value = scrubbedCopy(cause, scrub, depth - 1)
    Object.defineProperty(copy, 'cause', { value, configurable: true, writable: true })
  }
  return copy
}

const HIDDEN_PROPERTY = { enumerable: false }

/** Still there for who asks, no longer there for who prints. */
export function hide(owner: object, key: PropertyKey): void {
  if (Object.prototype.propertyIsEnumerable.call(owner, key)) {
    Reflect.defineProperty(owner, key, HIDDEN_PROPERTY)
  }
}

/** WeCom's errmsg repeats the caller's outgoing IP. */
export function withoutIp(errmsg: string): string {
  return errmsg.replace(/,?\s{0,8}from ip: [^,]*/i, '')
}

/** Where foreign secrets are unknown: urls without users and queries, which carry them. */
export function withoutQueries(text: string): string {
  return text.replace(/\b([a-z][a-z\d+.-]{1,30}:\/\/)([^\s'"]*)/gi, (_url, scheme, rest) => {
    const [authority = ''] = rest.split(/[/?#]/, 1)
    const isCut = !authority.includes('@') && rest.includes('@') && authority.includes(':')
    // A user's password that has a `/`, a `?` or a `#` in it: its end is unknown.
    if (isCut && !/:\d{1,5}$/.test(authority)) return `${scheme}${HIDDEN}`
    const [address] = rest.slice(authority.lastIndexOf('@') + 1).split(/[?#]/, 1)
    return `${scheme}${address}`
  })
}
