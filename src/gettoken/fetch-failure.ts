import { QyapiTokenError } from '../core/errors.js'
import { frameworkError } from '../core/framework-error.js'
import { type Scrub, scrubbedCopy, withoutQueries } from '../core/redact.js'

/** A function of the user's, which gives what a token call is made of, threw: also to steer a framework. */
export function functionFailed(doing: string, gives: string, error: unknown): unknown {
  const frameworks = frameworkError(error)
  if (frameworks !== undefined) return frameworks
  const cause = scrubbedCopy(error, withoutQueries)
  const said = cause instanceof Error ? `: ${cause.message}` : ''
  const message = `${doing}: the function that gives the ${gives} failed${said}`
  return new QyapiTokenError('token_fetch_failed', message, { cause, retryable: true })
}

/** The transport threw, or was too late. */
export function networkFailure(doing: string, error: unknown, scrub: Scrub): QyapiTokenError {
  const cause = scrubbedCopy(error, scrub)
  const said = cause instanceof Error ? innermostMessage(cause) : 'the transport failed'
  const message = `${doing}: ${said}. The network, a proxy or the server is in trouble; later calls try again.`
  return new QyapiTokenError('token_fetch_failed', message, { cause, retryable: true })
}

/** fetch says "fetch failed" and keeps what really happened in the cause. */
function innermostMessage(error: Error): string {
  const { cause } = error
  return cause instanceof Error && cause.message !== '' ? innermostMessage(cause) : error.message
}
