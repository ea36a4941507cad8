/**
 * What a framework throws through us to reach itself, as Next.js does during a build to say that a page
 * is dynamic: it has a `digest`. It is no failure of a token request: never wrapped, never remembered, and
 * only for the call in which it was thrown. Some wrap it: so causes are looked at too.
 */
export function frameworkError(error: unknown): object | undefined {
  let one = error
  for (let depth = 0; depth < 4; depth += 1) {
    if (typeof one !== 'object' || one === null) return undefined
    const { cause, digest } = one as { cause?: unknown; digest?: unknown }
    // A wrapper may have copied the digest from its cause.
    if (typeof digest === 'string') return (cause && frameworkError(cause)) || one
    one = cause
  }
  return undefined
}
