import type { Clock } from '../core/clock.js'
import type { Credential, CredentialRequest, ProvidedToken } from '../core/credential.js'
import { errcodeOf } from '../core/errcode.js'
import { inConsequence, isQyapiTokenError, QyapiTokenError } from '../core/errors.js'
import { frameworkError } from '../core/framework-error.js'
import { type Scrub, scrubber, withoutQueries } from '../core/redact.js'
import { redacted } from '../core/redact-walk.js'
import type { TokenAnswer, TokenRequest, Transport } from '../core/transport.js'
import { TRIES } from '../core/transport.js'
import { apiRoot } from '../core/url.js'
import { sharedDeadline, throwIfAborted, type WithinDeadline } from '../core/wait.js'
import { functionFailed, networkFailure } from './fetch-failure.js'
import type { PushedTickets } from './pushed-tickets.js'
import { type FetchedToken, isWorthAnotherTry, jsonOf, read, tokenIn } from './token-answer.js'

/** Everything that one token call needs. */
export interface FetchTokenContext {
  readonly credential: Credential
  readonly baseUrl: string
  readonly transport: Transport
  readonly tokenTimeoutMs: number
  readonly clock: Clock
  /** Where the credential needs one. */
  readonly tickets?: PushedTickets | undefined
}

/** One token call on its way. */
interface TokenCall extends FetchTokenContext {
  /** What was being done, in words: how each message begins. */
  readonly doing: string
  readonly closed: AbortSignal
  /** `tokenTimeoutMs`, all tries together. */
  readonly within: WithinDeadline
}

/**
 * Makes one token call: quick tries, deadline and the reading of the answer included. The call
 * leaves by the transport alone: it is never itself intercepted, replayed or redirected.
 * Throws a `QyapiTokenError`, or whatever `closed` was aborted with.
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
      ? asked(call)
      : brought(call, credential.provide))
  } catch (error) {
    if (closed.aborted) throw closed.reason
    const frameworks = frameworkError(error)
    if (frameworks !== undefined) throw frameworks
    // Whatever somebody's function throws is a failure like another: remembered, never a storm.
    throw isQyapiTokenError(error) ? error : networkFailure(doing, error, withoutQueries)
  }
}

/** A token that WeCom gives. A ticket that it calls stale is followed by a newer one. */
async function asked(call: TokenCall): Promise<FetchedToken> {
  const { credential, tickets, doing, within } = call
  const secret = readSecret(call)
  for (let tries = 1; ; tries += 1) {
    const ticket =
      tickets && (await within(() => tickets.newest(doing), `${credential.ticket?.name}`))
    const { answer, scrub } = await answerTo(call, secret, ticket)
    const errcode = errcodeOf(jsonOf(answer)) ?? 0
    const isStale = credential.ticket?.staleErrcodes.includes(errcode)
    if (ticket !== undefined && isStale) tickets?.refuse(ticket, errcode)
    if (!isStale || tries === TRIES) return read(answer, credential, doing, scrub)
  }
}

/** An answer, and what takes out of its words the secrets that it was asked with. */
interface Answered {
  readonly answer: TokenAnswer
  readonly scrub: Scrub
}

/** Sends the token call; with the token of another source, where it carries one. */
async function answerTo(
  call: TokenCall,
  secret: string,
  ticket: string | undefined,
): Promise<Answered> {
  const { credential, baseUrl, doing, closed } = call
  const given = ticket === undefined ? {} : { ticket }
  const sent = async (token?: string): Promise<Answered | { failure: unknown }> => {
    const inputs = token === undefined ? given : { ...given, token }
    const request = tokenRequest(credential.request(inputs), baseUrl)
    const scrub = scrubber([secret, ...Object.values(inputs)])
    try {
      return { answer: await send(request, call), scrub }
    } catch (error) {
      if (closed.aborted || isQyapiTokenError(error)) return { failure: error }
      const frameworks = frameworkError(error)
      if (frameworks !== undefined) {
        // Next.js' shows the url. The same object, or it would mean nothing to the framework.
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
          // Intentionally not the deadline: the other source has its own, and tells what is wrong.
          signal: closed,
          errcodeOf: (outcome) => {
            const { answer } = outcome as Partial<Answered>
            return answer && errcodeOf(jsonOf(answer))
          },
        })
        .catch((error) => {
          throw isQyapiTokenError(error) ? inConsequence(doing, error) : error
        }))
  if ('failure' in outcome) throw outcome.failure
  return outcome
}

function tokenRequest({ method, path, query, body }: CredentialRequest, baseUrl: string) {
  const { origin, root } = apiRoot(baseUrl)
  const search = query === undefined ? '' : `?${new URLSearchParams(query)}`
  const url = `${origin}${root}${path}${search}`
  return { method, url, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
}

/** Sends until there is an answer. */
function send(
  request: TokenRequest,
  { credential, transport, clock, within }: TokenCall,
): Promise<TokenAnswer> {
  return within((signal) =>
    transport(request, {
      signal,
      shouldTryAgain: (given) => isWorthAnotherTry(given, credential),
      wait: (delayMs) => new Promise((resolve) => clock.after(delayMs, resolve)),
    }),
  )
}

/** A token that no token call of ours brings: one try, since its service has its own. */
async function brought(
  { doing, credential, within }: TokenCall,
  bring: (signal: AbortSignal) => Promise<ProvidedToken>,
): Promise<FetchedToken> {
  const answer = await within(bring).catch((error) => {
    throw isQyapiTokenError(error) ? inConsequence(doing, error) : error
  })
  const { token: value, expiresInSeconds: expires_in } = answer
  const token = tokenIn({ [credential.tokenName]: value, expires_in }, credential)
  if (token !== undefined) return token
  const message = `${doing}: get() gave no { token, expiresInSeconds } with a token and a life.`
  throw new QyapiTokenError('token_fetch_failed', message, { retryable: true })
}

/** The secret that counts now. It may come from somebody's function, which may fail. */
function readSecret({ credential, doing }: TokenCall): string {
  try {
    return credential.secret()
  } catch (error) {
    throw isQyapiTokenError(error) ? error : functionFailed(doing, 'secret', error)
  }
}
