import { apiRoot, asUrlReads, urlOf } from '../core/url.js'
import {
  ENDPOINT_RULES,
  type EndpointRule,
  TOKEN_PARAMETERS,
  type TokenKind,
} from '../wecom/endpoints.js'

/** The target of a request that takes a token. */
export interface Destination {
  /** The path below `/cgi-bin/`. */
  readonly endpoint: string
  /** Which kind of token. */
  readonly token: Exclude<TokenKind, 'none'>
  /** The exact name of its query parameter. */
  readonly parameter: string
  /**
   * Every parameter name that may hold a token, those of the option `endpoints` too: one list for
   * finding, redacting and replacing a token. WeCom rejects a request with two of them.
   */
  readonly parameters: readonly string[]
  /** The url already carries a token parameter: with a value, or an empty one. */
  readonly tokenInUrl: 'value' | 'empty' | undefined
}

/** Finds the destination of a final, absolute url; `undefined`: no token may go there. */
export type JudgeDestination = (finalUrl: string) => Destination | undefined

/**
 * Request rule 1: only the origin of `baseUrl` or a trusted one may receive a token, and only below
 * `<baseUrl's path>/cgi-bin/`. Judged by the parsed url, so that no prefix, user or dot segment
 * (`https://qyapi.weixin.qq.com@evil.example/`) passes.
 */
export function judgeDestinations(
  baseUrl: string,
  trustedOrigins: readonly string[],
  moreRules: readonly EndpointRule[] = [],
): JudgeDestination {
  const rules = [...moreRules, ...ENDPOINT_RULES]
  const parameters = parametersOf(rules)
  const endpointOf = endpointsBelow(baseUrl, trustedOrigins)

  return (finalUrl) => {
    const url = urlOf(finalUrl)
    const endpoint = url && endpointOf(finalUrl, url)
    if (url === undefined || endpoint === undefined) return undefined
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

/** Finds the path below `/cgi-bin/` of a url that requests of the API have, with a token or without. */
export function endpointsBelow(baseUrl: string, trustedOrigins: readonly string[]) {
  const { origin, root } = apiRoot(baseUrl)
  const origins = new Set([origin, ...trustedOrigins.map((trusted) => new URL(trusted).origin)])
  return (finalUrl: string, url = urlOf(finalUrl)): string | undefined => {
    if (url === undefined || !origins.has(url.origin)) return undefined
    if (url.username !== '' || url.password !== '') return undefined
    if (!url.pathname.startsWith(root) || hasParentSegment(finalUrl)) return undefined
    return normalized(url.pathname.slice(root.length))
  }
}

function parametersOf(rules: readonly EndpointRule[]): readonly string[] {
  const own = rules.map(({ parameter }) => parameter).filter((name) => name !== undefined)
  return [...new Set([...Object.values(TOKEN_PARAMETERS), ...own])]
}

/** No known server decodes a path more often. */
const MOST_DECODINGS = 4

/**
 * Whether some server may read a segment of the path as `..`: as written, percent-encoded once or
 * more, with `\\` for `/`, or with a path parameter (`..;x`). `new URL` resolves only some of these,
 * and no path of WeCom's below `/cgi-bin/` has one.
 */
function hasParentSegment(url: string): boolean {
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

/** As a server reads it: `//webhook/send` and `/%77ebhook/send` are `webhook/send`, which takes no token. */
function normalized(path: string): string {
  try {
    return decodeURIComponent(path)
      .replace(/\/{2,}/g, '/')
      .replace(/^\//, '')
  } catch {
    return path
  }
}

/** Whether a request of a client with this `baseURL` can take a token. */
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

/**
 * The longest rule for the path itself or a folder above it; of two equal ones, like `license` and
 * `license/`, the first.
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

/** Caches a function's results for the last few hundred strings. */
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
