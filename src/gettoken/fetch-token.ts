import type { Clock } from '../core/clock.js'
import type { Credential, CredentialRequest, ProvidedToken } from '../core/credential.js'
import { errcodeOf } from '../core/errcode.js'
import { causedByParent, isQyapiTokenError, QyapiTokenError } from '../core/errors.js'
import type { Emitter } from '../core/events.js'
import { frameworkError } from '../core/framework-error.js'
import type { CallLimits } from '../core/limits.js'
import { type Scrub, scrubber, withoutQueries } from '../core/redact.js'
import { redacted } from '../core/redact-walk.js'
import type { TokenAnswer, TokenRequest, Transport } from '../core/transport.js'
import { TRIES } from '../core/transport.js'
import { apiRoot } from '../core/url.js'
import { sharedDeadline, throwIfAborted, type WithinDeadline } from '../core/wait.js'
import { countedTransport } from './counted-transport.js'
import { functionFailed, networkFailure } from './fetch-failure.js'
import type { PushedTickets } from './pushed-tickets.js'
import { type FetchedToken, jsonOf, readToken, shouldRetry, tokenIn } from './token-answer.js'

/** Everything that one token request needs. */
export interface FetchTokenContext {
  readonly credential: Credential
  readonly baseUrl: string
  readonly transport: Transport
  readonly tokenTimeoutMs: number
  readonly clock: Clock
  readonly limits?: CallLimits | undefined
  readonly source: Pick<Emitter, 'emit'>
  /** Only if the credential needs one. */
  readonly tickets?: PushedTickets | undefined
}

/** One token request in flight. */
interface TokenCall extends FetchTokenContext {
  /** The beginning of each error message. */
  readonly doing: string
  readonly closed: AbortSignal
  /** `tokenTimeoutMs`, for all tries together. */
  readonly within: WithinDeadline
}

/**
 * Makes one token request, with its retries and deadline, and reads the answer. It goes through the
 * transport alone: it is never itself intercepted, replayed or redirected (rule 12).
 * Throws a `QyapiTokenError`, or the reason of `closed`.
 */
export async function fetchToken(
  context: FetchTokenContext,
  closed: AbortSignal,
): Promise<FetchedToken> {
  throwIfAborted(closed)
  const { credential, clock, tokenTimeoutMs: timeoutMs } = context
  const doing = `Could not get the ${credential.tokenName} of ${credential.kind} ${credential.subject}`
  const within = sharedDeadline({ clock, timeoutMs }, closed)
  const call = { ...context, doing, closed, within }
  try {
    return await (credential.provide === undefined
      ? requestToken(call)
      : provideToken(call, credential.provide))
  } catch (error) {
    if (closed.aborted) throw closed.reason
    const frameworks = frameworkError(error)
    if (frameworks !== undefined) throw frameworks
    // Whatever the user's function throws is remembered like any other failure (rule 10).
    throw isQyapiTokenError(error) ? error : networkFailure(doing, error, withoutQueries)
  }
}

/** A token from WeCom. If WeCom calls the ticket stale, the next try sends a newer one. */
async function requestToken(call: TokenCall): Promise<FetchedToken> {
  const { credential, tickets, doing, within } = call
  const secret = readSecret(call)
  for (let tries = 1; ; tries += 1) {
    const ticket =
      tickets && (await within(() => tickets.newest(doing), `${credential.ticket?.name}`))
    const { answer, scrub } = await answerTo(call, secret, ticket)
    const errcode = errcodeOf(jsonOf(answer)) ?? 0
    const isStale = credential.ticket?.staleErrcodes.includes(errcode)
    if (ticket !== undefined && isStale) tickets?.refuse(ticket, errcode)
    if (!isStale || tries === TRIES) return readToken(answer, credential, doing, scrub)
  }
}

/** An answer, and a scrubber for the secrets in its request. */
interface ScrubbableAnswer {
  readonly answer: TokenAnswer
  readonly scrub: Scrub
}

/** Sends the token request, with the token of its parent source if it has one. */
async function answerTo(
  call: TokenCall,
  secret: string,
  ticket: string | undefined,
): Promise<ScrubbableAnswer> {
  const { credential, baseUrl, doing, closed } = call
  const given = ticket === undefined ? {} : { ticket }
  const sent = async (token?: string): Promise<ScrubbableAnswer | { failure: unknown }> => {
    const inputs = token === undefined ? given : { ...given, token }
    const request = tokenRequest(credential.request(inputs), baseUrl)
    const scrub = scrubber([secret, ...Object.values(inputs)].flatMap(inBody))
    try {
      return { answer: await send(request, call), scrub }
    } catch (error) {
      if (closed.aborted || isQyapiTokenError(error)) return { failure: error }
      const frameworks = frameworkError(error)
      if (frameworks !== undefined) {
        // Next.js' error shows the url. Scrubbed in place: the framework recognizes the object.
        redacted(frameworks, { scrub })
        return { failure: frameworks }
      }
      return { failure: networkFailure(doing, error, scrub) }
    }
  }
  const outcome = await (credential.parent === undefined
    ? sent()
    : credential.parent
        .run(sent, {
          endpoint: credential.request(given).path,
          // Intentionally not the deadline: the parent has its own, with a more precise error.
          signal: closed,
          errcodeOf: (outcome) => {
            const { answer } = outcome as Partial<ScrubbableAnswer>
            return answer && errcodeOf(jsonOf(answer))
          },
        })
        .catch((error) => {
          throw isQyapiTokenError(error) ? causedByParent(doing, error) : error
        }))
  if ('failure' in outcome) throw outcome.failure
  return outcome
}

/** Answers and errors may repeat the body, where a quote or a backslash is escaped. */
function inBody(value: string): string | string[] {
  const escaped = JSON.stringify(value).slice(1, -1)
  return escaped === value ? value : [value, escaped]
}

function tokenRequest({ method, path, query, body }: CredentialRequest, baseUrl: string) {
  const { origin, root } = apiRoot(baseUrl)
  const search = query === undefined ? '' : `?${new URLSearchParams(query)}`
  const url = `${origin}${root}${path}${search}`
  return { method, url, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
}

function send(request: TokenRequest, call: TokenCall): Promise<TokenAnswer> {
  const { credential, clock, within } = call
  const transport = transportOf(call)
  return within((signal) =>
    transport(request, {
      signal,
      shouldTryAgain: (given) => shouldRetry(given, credential),
      wait: (delayMs) => new Promise((resolve) => clock.after(delayMs, resolve)),
    }),
  )
}

/** A token request with its parent's token is counted by the parent's source. */
function transportOf(call: TokenCall): Transport {
  const { credential, transport, limits } = call
  if (limits === undefined || credential.parent !== undefined) return transport
  const endpoint = credential.request({}).path
  return countedTransport(transport, limits, { ...call, endpoint })
}

/** A token from the user's own service: one try, since that service has its own retries. */
async function provideToken(
  { doing, credential, within }: TokenCall,
  provide: (signal: AbortSignal) => Promise<ProvidedToken>,
): Promise<FetchedToken> {
  const answer = await within(provide).catch((error) => {
    throw isQyapiTokenError(error) ? causedByParent(doing, error) : error
  })
  const { token: value, expiresInSeconds: expires_in } = answer
  const token = tokenIn({ [credential.tokenName]: value, expires_in }, credential)
  if (token !== undefined) return token
  const message = `${doing}: get() returned no { token, expiresInSeconds } with a token and a lifetime.`
  throw new QyapiTokenError('token_fetch_failed', message, { retryable: true })
}

/** The current secret. It may come from the user's function, which may fail. */
function readSecret({ credential, doing }: TokenCall): string {
  try {
    return credential.secret()
  } catch (error) {
    throw isQyapiTokenError(error) ? error : functionFailed(doing, 'secret', error)
  }
}
