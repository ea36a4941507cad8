/**
 * Next.js changes the global fetch: it keeps answers on disk with their urls, for as long as the page
 * says, and answers equal GETs of one render by the first. Elsewhere nothing of this counts.
 */
import type { Token } from './token.js'

/** Whether the global fetch is Next.js' own, which says so in every version from 13 on. */
function isNextFetch(): boolean {
  return typeof fetch === 'function' && Reflect.get(fetch, '__nextPatched') === true
}

/**
 * What keeps a token request out of Next.js' data cache whatever the page says: `fetchCache =
 * 'force-cache'` overrules `no-store`, and where a page is generated `no-store` ends that.
 */
export function outsideDataCache(): { next?: { internal: true } } {
  return isNextFetch() ? { next: { internal: true } } : {}
}

/**
 * A string that gettoken brought once more gets other answers than before it was refused. In its url
 * they would be found where the refused ones were kept; a fragment, which is never sent, leads past.
 */
export function pastRefusedAnswers(url: string, { reconfirmedAt }: Token): string {
  if (reconfirmedAt === undefined || !isNextFetch()) return url
  return `${url}${url.includes('#') ? '-' : '#'}${reconfirmedAt.wall}`
}
