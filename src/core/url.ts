import { mayShow, tokenScrubber } from './redact.js'
import type { Token } from './token.js'

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

/** The URL that a text spells, if it spells one. */
export function urlOf(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
