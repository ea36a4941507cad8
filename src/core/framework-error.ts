import { isQyapiTokenError } from './errors.js'

const POSTPONE = Symbol.for('react.postpone')
/** A page that may not become dynamic: the one error of Next.js' kind without a digest. */
const BAILOUT = 'NEXT_STATIC_GEN_BAILOUT'

/**
 * What a framework throws through us to reach itself, as Next.js does during a build to say that a page
 * is dynamic: it has a `digest`, or is React's postpone. It is no failure of a token request: never
 * wrapped, never remembered, and only for the call in which it was thrown. Some wrap it: so causes are
 * looked at too.
 */
export function frameworkError(error: unknown): object | undefined {
  let one = error
  for (let depth = 0; depth < 4; depth += 1) {
    if (typeof one !== 'object' || one === null || isQyapiTokenError(one)) return undefined
    const { cause } = one as { cause?: unknown }
    // A wrapper may have copied the digest from its cause.
    if (steers(one)) return (cause && frameworkError(cause)) || one
    one = cause
  }
  return undefined
}

/** Next.js numbers every error that reaches it, `597247821` or `597247821@E1`: that is no word to it. */
function steers(error: object): boolean {
  const { digest, code, $$typeof } = error as Record<string, unknown>
  if ($$typeof === POSTPONE || code === BAILOUT) return true
  return typeof digest === 'string' && !/^\d+(@|$)/.test(digest)
}
