import { isQyapiTokenError } from './errors.js'

const POSTPONE = Symbol.for('react.postpone')
/** The code of Next.js' error for a page that must stay static: the only one without a digest. */
const BAILOUT = 'NEXT_STATIC_GEN_BAILOUT'

/**
 * Finds an error with which a framework signals to itself, as Next.js does during a build for a
 * dynamic page: it has a `digest`, or is React's postpone. It is not a failure of a token request:
 * it is never wrapped or remembered, and only the call that threw it gets it. Causes are checked
 * too, since some transports wrap it.
 */
export function frameworkError(error: unknown): object | undefined {
  let one = error
  for (let depth = 0; depth < 4; depth += 1) {
    if (typeof one !== 'object' || one === null || isQyapiTokenError(one)) return undefined
    const { cause } = one as { cause?: unknown }
    // A wrapper may have copied the digest from its cause.
    if (isSignal(one)) return (cause && frameworkError(cause)) || one
    one = cause
  }
  return undefined
}

/**
 * Next.js gives ordinary errors a numeric digest, `597247821` or `597247821@E1`: that is no signal.
 */
function isSignal(error: object): boolean {
  const { digest, code, $$typeof } = error as Record<string, unknown>
  if ($$typeof === POSTPONE || code === BAILOUT) return true
  return typeof digest === 'string' && !/^\d+(@|$)/.test(digest)
}
