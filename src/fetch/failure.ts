import { everythingBehind, hide, scrubber, scrubInPlace } from '../core/redact.js'
import type { Token } from '../core/token.js'
import { showWithoutToken } from './shown.js'

/** What a fetch failed with, as the caller may have it: the same object, with no token in sight. */
export function failureWithoutToken(error: unknown, token: Token): unknown {
  const scrub = scrubber([token.value])
  if (typeof error === 'string') return scrub(error)
  scrubInPlace(error, scrub)
  for (const one of everythingBehind(error)) {
    hideBearer(one, 'request', token)
    hideBearer(one, 'response', token)
  }
  return error
}

/** Errors like ky's have the request and the response: still there for who asks. */
function hideBearer(error: object, key: 'request' | 'response', token: Token): void {
  const bearer: unknown = Reflect.get(error, key)
  if (typeof bearer !== 'object' || bearer === null) return
  const { url } = bearer as { url?: unknown }
  if (typeof url !== 'string' || !url.includes(token.encoded)) return
  hide(error, key)
  showWithoutToken(bearer, token)
}
