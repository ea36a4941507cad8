/**
 * Next.js patches the global fetch: it caches answers on disk by url, for as long as the page says,
 * and deduplicates equal GETs of one render. Elsewhere these functions do nothing.
 */
import type { Token } from './token.js'

/** Next.js marks its patched fetch in every version from 13 on. */
function isNextFetch(): boolean {
  return typeof fetch === 'function' && Reflect.get(fetch, '__nextPatched') === true
}

/**
 * Keeps a token request out of Next.js' data cache: a page's `fetchCache = 'force-cache'` overrides
 * `no-store`, and `no-store` would end static generation.
 */
export function outsideDataCache(): { next?: { internal: true } } {
  return isNextFetch() ? { next: { internal: true } } : {}
}

/**
 * After gettoken returned the same string again, its url would still hit the cached refused
 * answers. A fragment, which is never sent, changes the cache key.
 */
export function pastRefusedAnswers(url: string, { reconfirmedAt }: Token): string {
  if (reconfirmedAt === undefined || !isNextFetch()) return url
  return `${url}${url.includes('#') ? '-' : '#'}${reconfirmedAt.wall}`
}
