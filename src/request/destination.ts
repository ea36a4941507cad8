import { urlOf } from '../core/check.js'
import { mayShow, tokenScrubber } from '../core/redact.js'
import type { Token } from '../core/token.js'
import {
  ENDPOINT_RULES,
  type EndpointRule,
  TOKEN_PARAMETERS,
  type TokenKind,
} from '../wecom/endpoints.js'

/** Where a call goes, if it is one that takes a token. */
export interface Destination {
  /** The path below `/cgi-bin/`. */
  readonly endpoint: string
  /** Which kind of token. */
  readonly token: Exclude<TokenKind, 'none'>
  /** The exact name of its query parameter. */
  readonly parameter: string
  /**
   * Every name under which a token can ride, `endpoints`' own names too: one list for whoever looks
   * for a token, hides it or replaces it. A second one on a call breaks it.
   */
  readonly parameters: readonly string[]
  /** The url already carries a token parameter: with a value, or an empty one. */
  readonly tokenInUrl: 'value' | 'empty' | undefined
}

/** Tells the destination of a final, absolute url; `undefined`: no token may go there. */
export type JudgeDestination = (finalUrl: string) => Destination | undefined

/**
 * Only an origin that is `baseUrl`'s or trusted may receive a token, and only below
 * `<baseUrl's path>/cgi-bin/`. Judged on the parsed url, so that no prefix, user or dot segment
 * (`https://qyapi.weixin.qq.com@evil.example/`) deceives it.
 */
export function judgeDestinations(
  baseUrl: string,
  trustedOrigins: readonly string[],
  moreRules: readonly EndpointRule[] = [],
): JudgeDestination {
  const rules = [...moreRules, ...ENDPOINT_RULES]
  const parameters = parametersOf(rules)
  const { origin, root } = apiRoot(baseUrl)
  const origins = new Set([origin, ...trustedOrigins.map((trusted) => new URL(trusted).origin)])

  return (finalUrl) => {
    const url = urlOf(finalUrl)
    if (url === undefined || !origins.has(url.origin)) return undefined
    if (url.username !== '' || url.password !== '') return undefined
    if (!url.pathname.startsWith(root) || climbs(finalUrl)) return undefined
    const endpoint = readably(url.pathname.slice(root.length))
    const { token, parameter } = ruleFor(endpoint, rules)
    if (token === 'none') return undefined
    return {
      endpoint,
      token,
      parameter: parameter ?? TOKEN_PARAMETERS[token],
      parameters,
      tokenInUrl: tokenIn(url.searchParams, parameters),
    }
  }
}

function parametersOf(rules: readonly EndpointRule[]): readonly string[] {
  const own = rules.map(({ parameter }) => parameter).filter((name) => name !== undefined)
  return [...new Set([...Object.values(TOKEN_PARAMETERS), ...own])]
}

/** A server that decodes more often than this would be the first. */
const MOST_DECODINGS = 4

/**
 * Whether a segment of the path is `..` to some server behind this one: as written, percent-encoded
 * once or more, with `\\` for `/`, or with a path parameter (`..;x`). `new URL` resolves only some of
 * these, and below `/cgi-bin/` no path of WeCom's has any.
 */
function climbs(url: string): boolean {
  const [path = ''] = asUrlReads(url).split(/[?#]/, 1)
  let decoded = path
  for (let times = 0; times < MOST_DECODINGS; times += 1) {
    if (decoded.split(/[/\\]/).some((segment) => /^\.\.(;|$)/.test(segment))) return true
    const before = decoded
    decoded = before.replace(ENCODED_ASCII, (_, hex) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    if (decoded === before) return false
  }
  return true
}

const ENCODED_ASCII = /%([0-7][\da-f])/gi

/** As a server reads it: `//webhook/send` and `/%77ebhook/send` are the path that takes no token. */
function readably(path: string): string {
  try {
    return decodeURIComponent(path)
      .replace(/\/{2,}/g, '/')
      .replace(/^\//, '')
  } catch {
    return path
  }
}

/** Whether some call of a client with this `baseURL` could be one that takes a token. */
export function coversClient(
  clientBaseUrl: string,
  baseUrl: string,
  trustedOrigins: readonly string[],
): boolean {
  const url = urlOf(clientBaseUrl)
  if (url === undefined || url.username !== '' || url.password !== '') return false
  const { origin, root } = apiRoot(baseUrl)
  const isTrusted = [origin, ...trustedOrigins.map((trusted) => new URL(trusted).origin)]
  const path = url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`
  return isTrusted.includes(url.origin) && (path.startsWith(root) || root.startsWith(path))
}

/** Not by a pattern: each of many slashes inside would be one to begin at. */
export function withoutEndSlashes(path: string): string {
  let end = path.length
  while (path.charAt(end - 1) === '/') end -= 1
  return path.slice(0, end)
}

/** `https://host/prefix`, with or without a final `/cgi-bin`, as origin and path up to `/cgi-bin/`. */
export function apiRoot(baseUrl: string): { origin: string; root: string } {
  const { origin, pathname } = new URL(baseUrl)
  const prefix = withoutEndSlashes(pathname).replace(/\/cgi-bin$/, '')
  return { origin, root: `${prefix}/cgi-bin/` }
}

/**
 * The longest rule that names the path itself or a folder above it; the first of two alike, as
 * `license` and `license/` are.
 */
function ruleFor(endpoint: string, rules: readonly EndpointRule[]): EndpointRule {
  let best: EndpointRule = { path: '', token: 'app' }
  let longest = 0
  for (const rule of rules) {
    const folder = rule.path.endsWith('/') ? rule.path : `${rule.path}/`
    const isMatch = endpoint === rule.path || endpoint.startsWith(folder)
    if (!isMatch || folder.length <= longest) continue
    best = rule
    longest = folder.length
  }
  return best
}

function tokenIn(query: URLSearchParams, parameters: readonly string[]): Destination['tokenInUrl'] {
  const given = parameters.flatMap((name) => query.getAll(name))
  if (given.length === 0) return undefined
  return given.some((value) => value !== '') ? 'value' : 'empty'
}

/** Adds a query parameter to a url, relative or not, leaving every other character as it is. */
export function withParameter(url: string, name: string, encoded: string): string {
  const hashAt = url.indexOf('#')
  const address = hashAt === -1 ? url : url.slice(0, hashAt)
  const hash = hashAt === -1 ? '' : url.slice(hashAt)
  const separator = !address.includes('?') ? '?' : /[?&]$/.test(address) ? '' : '&'
  return `${address}${separator}${name}=${encoded}${hash}`
}

/** Takes every token parameter out of a url, leaving every other character as it is. */
export function withoutTokenParameters(url: string, parameters: readonly string[]): string {
  return withoutParameters(url, (name) => parameters.includes(name))
}

/**
 * A url that somebody made of ours, as it would be without our token. That came last in the query:
 * with it goes the `?` or `&` before its name. To look for one so long anywhere else takes a
 * microsecond.
 */
export function urlWithoutToken(
  url: string,
  token: Pick<Token, 'value' | 'encoded'>,
  parameters: readonly string[],
): string {
  if (!mayShow(url, token)) return url
  const { value, encoded } = token
  if (url.endsWith(encoded)) {
    const nameEnd = url.length - encoded.length
    const start = Math.max(url.lastIndexOf('?', nameEnd), url.lastIndexOf('&', nameEnd))
    if (parameters.includes(url.slice(start + 1, nameEnd - 1))) return url.slice(0, start)
  }
  return tokenScrubber(value, parameters)(url)
}

function withoutParameters(
  url: string,
  isUnwanted: (name: string, value: string) => boolean,
): string {
  const [, path = '', query, hash = ''] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(url) ?? []
  if (query === undefined) return url
  const kept = query.split('&').filter((pair) => {
    const [parameter] = new URLSearchParams(pair)
    return parameter === undefined || !isUnwanted(...parameter)
  })
  return `${path}${kept.length > 0 ? `?${kept.join('&')}` : ''}${hash}`
}

/**
 * A url as `new URL` reads it: line breaks and tabs do not count, nor do spaces and control
 * characters around it. What is appended to the text itself would follow them.
 */
export function asUrlReads(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && text.charAt(start) <= ' ') start += 1
  while (end > start && text.charAt(end - 1) <= ' ') end -= 1
  return text.slice(start, end).replace(/[\t\n\r]/g, '')
}

/** Remembers what a function said of the last few hundred strings. */
export function remembered<T>(judge: (text: string) => T): (text: string) => T {
  const most = 500
  const known = new Map<string, T>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined || known.has(text)) return before as T
    if (known.size >= most) known.clear()
    const now = judge(text)
    known.set(text, now)
    return now
  }
}
