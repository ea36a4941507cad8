import { QyapiTokenError } from '../core/errors.js'
import { frameworkError } from '../core/framework-error.js'
import { type Scrub, scrubbedCopy, withoutQueries } from '../core/redact.js'

/**
 * The user's function that gives the secret or ticket threw; it may also throw to control a
 * framework.
 */
export function functionFailed(doing: string, gives: string, error: unknown): unknown {
  const frameworks = frameworkError(error)
  if (frameworks !== undefined) return frameworks
  const cause = scrubbedCopy(error, withoutQueries)
  const said = cause instanceof Error ? `: ${cause.message}` : ''
  const message = `${doing}: the function that gives the ${gives} failed${said}`
  return new QyapiTokenError('token_fetch_failed', message, { cause, retryable: true })
}

/** The transport threw, or its deadline passed. */
export function networkFailure(doing: string, error: unknown, scrub: Scrub): QyapiTokenError {
  const cause = scrubbedCopy(error, scrub)
  const said = cause instanceof Error ? innermostMessage(cause) : 'the transport failed'
  const message = `${doing}: ${said}. The network, a proxy or the server failed; later calls try again.`
  return new QyapiTokenError('token_fetch_failed', message, { cause, retryable: true })
}

/** fetch says "fetch failed" and keeps the actual error in the cause. */
function innermostMessage(error: Error): string {
  const { cause } = error
  return cause instanceof Error && cause.message !== '' ? innermostMessage(cause) : error.message
}
