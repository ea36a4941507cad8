import { FETCH_ERRCODES } from '../wecom/errcodes.js'
import { TRIES } from './backoff.js'
import type { Clock } from './clock.js'
import type { Brought, Credential, CredentialRequest } from './credential.js'
import { withinDeadline } from './deadline.js'
import { apiRoot } from './destination.js'
import { isQyapiTokenError, QyapiTokenError, type QyapiTokenErrorCode } from './errors.js'
import { type Scrub, scrubbedCopy, scrubber, withoutIp, withoutQueries } from './redact.js'
import type { Tickets } from './tickets.js'
import type { TokenAnswer, TokenRequest, Transport } from './transport.js'
import { errcodeOf, parsed } from './verdict.js'

/** What a token call brought. */
export interface FetchedToken {
  readonly value: string
  readonly expiresInMs: number
}

/** Everything that one token call needs. */
export interface FetchTokenContext {
  readonly credential: Credential
  readonly baseUrl: string
  readonly transport: Transport
  readonly fetchTimeoutMs: number
  readonly clock: Clock
  /** Where the credential needs one. */
  readonly tickets?: Tickets | undefined
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
  closed.throwIfAborted()
  const { credential, tickets } = context
  const doing = `Could not get the ${credential.tokenName} of ${credential.kind} ${credential.subject}`
  if (credential.bring !== undefined) return brought(doing, credential.bring, context, closed)
  for (let tries = 1; ; tries += 1) {
    const ticket = tickets && (await tickets.newest(doing))
    const answer = await answerTo(doing, context, closed, ticket)
    const isStale = credential.ticket?.staleErrcodes.includes(errcodeOf(jsonOf(answer)) ?? 0)
    if (ticket !== undefined && isStale) tickets?.refuse(ticket)
    if (!isStale || tries === TRIES) return read(answer, credential, doing)
  }
}

/** Sends the token call; with the token of another source, where it carries one. */
async function answerTo(
  doing: string,
  context: FetchTokenContext,
  closed: AbortSignal,
  ticket: string | undefined,
): Promise<TokenAnswer> {
  const { credential, baseUrl } = context
  const given = ticket === undefined ? {} : { ticket }
  const sent = async (token?: string): Promise<{ answer: TokenAnswer } | { failure: unknown }> => {
    const inputs = token === undefined ? given : { ...given, token }
    const request = tokenRequest(credential.request(inputs), baseUrl)
    try {
      return { answer: await send(request, context, closed) }
    } catch (error) {
      if (closed.aborted || isQyapiTokenError(error)) return { failure: error }
      const scrub = scrubber([credential.secret(), ...Object.values(inputs)])
      return { failure: networkFailure(doing, error, scrub) }
    }
  }
  const outcome = await (credential.carries === undefined
    ? sent()
    : credential.carries
        .run(sent, {
          endpoint: credential.request(given).path,
          signal: closed,
          errcodeOf: (outcome) => {
            const { answer } = outcome as { answer?: TokenAnswer }
            return answer && errcodeOf(jsonOf(answer))
          },
        })
        .catch((error) => {
          throw isQyapiTokenError(error) ? inConsequence(doing, error) : error
        }))
  if ('failure' in outcome) throw outcome.failure
  return outcome.answer
}

function tokenRequest({ method, path, query, body }: CredentialRequest, baseUrl: string) {
  const { origin, root } = apiRoot(baseUrl)
  const search = query === undefined ? '' : `?${new URLSearchParams(query)}`
  const url = `${origin}${root}${path}${search}`
  return { method, url, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
}

/** Sends until there is an answer, the deadline is over, or the source is closed. */
function send(
  request: TokenRequest,
  { credential, transport, fetchTimeoutMs, clock }: FetchTokenContext,
  closed: AbortSignal,
): Promise<TokenAnswer> {
  const sent = (signal: AbortSignal) =>
    transport(request, {
      signal,
      shouldTryAgain: (given) => isWorthAnotherTry(given, credential),
      wait: (delayMs) => new Promise((resolve) => clock.after(delayMs, resolve)),
    })
  return withinDeadline(sent, { clock, timeoutMs: fetchTimeoutMs }, closed)
}

/** A token that no token call of ours brings: one try, since its service has its own. */
async function brought(
  doing: string,
  bring: (signal: AbortSignal) => Promise<Brought>,
  { credential, clock, fetchTimeoutMs }: FetchTokenContext,
  closed: AbortSignal,
): Promise<FetchedToken> {
  const timeoutMs = fetchTimeoutMs
  const answer = await withinDeadline(bring, { clock, timeoutMs }, closed).catch((error) => {
    if (closed.aborted) throw error
    throw isQyapiTokenError(error)
      ? inConsequence(doing, error)
      : networkFailure(doing, error, withoutQueries)
  })
  const { token: value, expiresInSeconds: expires_in } = answer
  const token = tokenIn({ [credential.tokenName]: value, expires_in }, credential)
  if (token !== undefined) return token
  const message = `${doing}: get() gave no { token, expiresInSeconds } with a token and a life.`
  throw new QyapiTokenError('token_fetch_failed', message, { retryable: true })
}

/** 5xx, "system busy", and answers that make no sense. An errcode is an answer that does. */
function isWorthAnotherTry(answer: TokenAnswer, credential: Credential): boolean {
  if (isRedirect(answer)) return false
  const json = jsonOf(answer)
  const errcode = errcodeOf(json)
  if (errcode !== undefined && errcode !== 0) return errcode === -1
  return json === undefined || tokenIn(json, credential) === undefined
}

function read(answer: TokenAnswer, credential: Credential, doing: string): FetchedToken {
  const json = jsonOf(answer)
  const errcode = errcodeOf(json)
  if (json !== undefined && errcode !== undefined && errcode !== 0) {
    throw refusedFetch(doing, errcode, json.errmsg)
  }
  const token = json === undefined ? undefined : tokenIn(json, credential)
  if (token === undefined) throw unreadable(doing, answer, credential)
  return token
}

/** The answer's JSON object, if it came with a 2xx and is one. */
function jsonOf({ status, body }: TokenAnswer): Record<string, unknown> | undefined {
  if (status < 200 || status > 299) return undefined
  const json = parsed(body.replace(/^\uFEFF/, ''))
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json)
  return isObject ? (json as Record<string, unknown>) : undefined
}

/** The token and its life. A token without a life, or a life without a token, is neither. */
function tokenIn(
  json: Readonly<Record<string, unknown>>,
  { tokenName }: Credential,
): FetchedToken | undefined {
  const { [tokenName]: value, expires_in: expiresIn } = json
  const seconds =
    typeof expiresIn === 'string' && /^\d+$/.test(expiresIn) ? Number(expiresIn) : expiresIn
  if (typeof value !== 'string' || value.trim() === '') return undefined
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) return undefined
  return { value, expiresInMs: seconds * 1000 }
}

const CODE_OF_CLASS = {
  credential: 'credential_refused',
  ip: 'ip_not_trusted',
  rate: 'rate_limited',
} as const satisfies Record<string, QyapiTokenErrorCode>

/** WeCom gave an errcode instead of a token. */
function refusedFetch(doing: string, errcode: number, errmsg: unknown): QyapiTokenError {
  const known = Object.hasOwn(FETCH_ERRCODES, errcode) ? FETCH_ERRCODES[errcode] : undefined
  const said = typeof errmsg === 'string' ? ` ${withoutIp(errmsg).trim().slice(0, 200)}` : ''
  const message = known
    ? `${doing}: WeCom answered ${errcode}, ${known.meaning}. ${known.advice}`
    : `${doing}: WeCom answered ${errcode}${said}.`
  const code = known ? CODE_OF_CLASS[known.class] : 'token_fetch_failed'
  const retryable = known?.class !== 'credential'
  return new QyapiTokenError(code, message, { errcode, retryable })
}

function unreadable(doing: string, answer: TokenAnswer, credential: Credential): QyapiTokenError {
  const { status } = answer
  const what = isRedirect(answer)
    ? `was redirected (HTTP ${status}), which a token call never follows. Check baseUrl`
    : status < 200 || status > 299
      ? `got HTTP ${status}. The server or a proxy in between has trouble, or baseUrl is not WeCom's`
      : `got ${nature(answer.body)} instead of a token with a life. Check baseUrl and the proxies in between`
  const message = `${doing}: ${credential.request({}).path} ${what}.`
  return new QyapiTokenError('token_fetch_failed', message, { retryable: true })
}

/** Status 0 is what a browser's fetch makes of a redirect that it was told not to follow. */
function isRedirect({ status }: TokenAnswer): boolean {
  return status === 0 || (status >= 300 && status < 400)
}

/** What an answer looks like, in words: its text may hold anything. */
function nature(body: string): string {
  const text = body.trim()
  if (text === '') return 'an empty answer'
  if (text.startsWith('<')) return 'an HTML page'
  return parsed(text) === undefined ? 'a text that is no JSON' : 'JSON'
}

function networkFailure(doing: string, error: unknown, scrub: Scrub): QyapiTokenError {
  const cause = scrubbedCopy(error, scrub)
  const said = cause instanceof Error ? innermostMessage(cause) : 'the transport failed'
  const message = `${doing}: ${said}. The network, a proxy or the server is in trouble; later calls try again.`
  return new QyapiTokenError('token_fetch_failed', message, { cause, retryable: true })
}

/** The token that this call would have carried could not be had. */
function inConsequence(doing: string, error: QyapiTokenError): QyapiTokenError {
  const { code, errcode, retryAfterMs, retryable } = error
  return new QyapiTokenError(code, `${doing}: ${error.message}`, {
    cause: error,
    retryable,
    ...(errcode === undefined ? {} : { errcode }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** fetch says "fetch failed" and keeps what really happened in the cause. */
function innermostMessage(error: Error): string {
  const { cause } = error
  return cause instanceof Error && cause.message !== '' ? innermostMessage(cause) : error.message
}
