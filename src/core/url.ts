import { mayShow, tokenScrubber } from './redact.js'
import type { Token } from './token.js'

/** Without a pattern: it would be quadratic in the number of slashes. */
export function withoutEndSlashes(path: string): string {
  let end = path.length
  while (path.charAt(end - 1) === '/') end -= 1
  return path.slice(0, end)
}

/**
 * `https://host/prefix`, with or without a final `/cgi-bin`, as origin and path up to `/cgi-bin/`.
 */
export function apiRoot(baseUrl: string): { origin: string; root: string } {
  const { origin, pathname } = new URL(baseUrl)
  const prefix = withoutEndSlashes(pathname).replace(/\/cgi-bin$/, '')
  return { origin, root: `${prefix}/cgi-bin/` }
}

/** Adds a query parameter to a url, relative or not, without changing any other character. */
export function withParameter(url: string, name: string, encoded: string): string {
  const hashAt = url.indexOf('#')
  const address = hashAt === -1 ? url : url.slice(0, hashAt)
  const hash = hashAt === -1 ? '' : url.slice(hashAt)
  const separator = !address.includes('?') ? '?' : /[?&]$/.test(address) ? '' : '&'
  return `${address}${separator}${name}=${encoded}${hash}`
}

/** Removes every token parameter from a url, without changing any other character. */
export function withoutTokenParameters(url: string, parameters: readonly string[]): string {
  return withoutParameters(url, (name) => parameters.includes(name))
}

/**
 * A url derived from the request's url, without our token. The token was appended to the query, so
 * that its `?` or `&` is removed too. Searching for it anywhere else would take a microsecond.
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
 * Cleans a url like `new URL`: removes line breaks and tabs, and spaces and control characters
 * around it, so that a parameter can be appended to the text.
 */
export function asUrlReads(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && text.charAt(start) <= ' ') start += 1
  while (end > start && text.charAt(end - 1) <= ' ') end -= 1
  return text.slice(start, end).replace(/[\t\n\r]/g, '')
}

/** The parsed URL; `undefined` if the text is not a url. */
export function urlOf(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
