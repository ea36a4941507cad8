import { isText } from '../core/check.js'
import type { Credential } from '../core/credential.js'
import { errcodeOf, parsed } from '../core/errcode.js'
import { QyapiTokenError, type QyapiTokenErrorCode } from '../core/errors.js'
import { excerpt, type Scrub, withoutIp } from '../core/redact.js'
import { textByKind } from '../core/text-by-kind.js'
import type { TokenAnswer } from '../core/transport.js'
import { FETCH_ERRCODES } from '../wecom/fetch-errcodes.js'

/** The result of a token request. */
export interface FetchedToken {
  readonly value: string
  readonly expiresInMs: number
}

/** Retries 5xx, "system busy" and unreadable answers, but no other errcode. */
export function shouldRetry(answer: TokenAnswer, credential: Credential): boolean {
  if (isRedirect(answer)) return false
  const json = jsonOf(answer)
  const errcode = errcodeOf(json)
  if (errcode !== undefined && errcode !== 0) return errcode === -1
  return json === undefined || tokenIn(json, credential) === undefined
}

/** Reads the token in an answer, or throws. `scrub` removes secrets from WeCom's error text. */
export function readToken(
  answer: TokenAnswer,
  credential: Credential,
  doing: string,
  scrub: Scrub,
): FetchedToken {
  const json = jsonOf(answer)
  const errcode = errcodeOf(json)
  if (json !== undefined && errcode !== undefined && errcode !== 0) {
    const said = typeof json.errmsg === 'string' ? excerpt(json.errmsg, scrub) : ''
    throw refusedFetch(doing, errcode, said, credential)
  }
  const token = json === undefined ? undefined : tokenIn(json, credential)
  if (token === undefined) throw unreadable(doing, answer, credential)
  return token
}

/** The user's own transport may return anything. */
function isAnswer(given: unknown): given is TokenAnswer {
  const { status, body } = Object(given) as Record<string, unknown>
  return typeof status === 'number' && typeof body === 'string'
}

/** The answer's JSON object, if its status is 2xx and its body is one. */
export function jsonOf(answer: TokenAnswer): Record<string, unknown> | undefined {
  if (!isAnswer(answer)) return undefined
  const { status, body } = answer
  if (status < 200 || status > 299) return undefined
  const json = parsed(body)
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json)
  return isObject ? (json as Record<string, unknown>) : undefined
}

/** The token and its lifetime; `undefined` if either is missing. */
export function tokenIn(
  json: Readonly<Record<string, unknown>>,
  { tokenName }: Credential,
): FetchedToken | undefined {
  const { [tokenName]: value, expires_in: expiresIn } = json
  const seconds =
    typeof expiresIn === 'string' && /^\d+$/.test(expiresIn) ? Number(expiresIn) : expiresIn
  if (!isText(value)) return undefined
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) return undefined
  return { value, expiresInMs: seconds * 1000 }
}

const CODE_OF_CLASS = {
  credential: 'credential_refused',
  ip: 'ip_not_trusted',
  rate: 'rate_limited',
} as const satisfies Record<string, QyapiTokenErrorCode>

/** WeCom returned an errcode instead of a token. */
function refusedFetch(
  doing: string,
  errcode: number,
  errmsg: string,
  credential: Credential,
): QyapiTokenError {
  const known = Object.hasOwn(FETCH_ERRCODES, errcode) ? FETCH_ERRCODES[errcode] : undefined
  // The text may be of any length: only its beginning is read.
  const said = errmsg.slice(0, LONGEST_ERRMSG)
  if (known === undefined) {
    const text = said === '' ? '' : ` ${withoutIp(said).trim().slice(0, 200)}`
    const message = `${doing}: WeCom answered ${errcode}${text}.`
    return new QyapiTokenError('token_fetch_failed', message, { errcode, retryable: true })
  }
  const egressIp = known.class === 'ip' ? egressIpIn(said) : undefined
  const [meaning, advice] = [known.meaning, known.advice].map((text) =>
    textByKind(text, credential),
  )
  const seen = egressIp === undefined ? '' : `: WeCom saw ${egressIp}`
  const message = `${doing}: WeCom answered ${errcode}, ${meaning}${seen}. ${advice}`
  return new QyapiTokenError(CODE_OF_CLASS[known.class], message, {
    errcode,
    retryable: known.class !== 'credential',
    ...(egressIp === undefined ? {} : { egressIp }),
  })
}

const LONGEST_ERRMSG = 1_000

/** The IP that WeCom saw, which a process behind NAT cannot know. Some answers leave it out. */
export function egressIpIn(errmsg: string): string | undefined {
  return /\bfrom ip: ?([\da-f.:]{3,45})(?![\w.:])/i.exec(errmsg)?.[1]
}

function unreadable(doing: string, answer: TokenAnswer, credential: Credential): QyapiTokenError {
  const message = `${doing}: ${credential.request({}).path} ${describeAnswer(answer)}.`
  return new QyapiTokenError('token_fetch_failed', message, { retryable: true })
}

function describeAnswer(answer: TokenAnswer): string {
  if (!isAnswer(answer))
    return 'got no { status, body } from the transport, a number and a string. Check the transport'
  const { status, body } = answer
  if (isRedirect(answer))
    return `was redirected (HTTP ${status}), which a token request never follows. Check baseUrl`
  if ([401, 403, 407].includes(status))
    return `got HTTP ${status}, which WeCom itself never returns. ${GATEWAY_ADVICE}`
  if (status < 200 || status > 299)
    return `got HTTP ${status}. The server or a proxy in between failed, or baseUrl is not WeCom's`
  const advice = isHtml(body) ? `. ${GATEWAY_ADVICE}` : ''
  return `got ${describeBody(body)} instead of a token with a lifetime. Check baseUrl and the proxies in between${advice}`
}

const GATEWAY_ADVICE =
  'If a gateway wants headers or auth of its own, pass them with the option transport: ' +
  'axiosTransport(client, { headers, auth }), or fetchTransport(fetch, { headers })'

/** With `redirect: 'manual'` a browser's fetch reports a redirect as status 0. */
function isRedirect(answer: TokenAnswer): boolean {
  if (!isAnswer(answer)) return false
  const { status } = answer
  return status === 0 || (status >= 300 && status < 400)
}

/** Describes the body without quoting it, since it may contain secrets. */
function describeBody(body: string): string {
  const text = body.trimStart()
  if (text === '') return 'an empty answer'
  if (isHtml(text)) return 'an HTML page'
  return parsed(text) === undefined ? 'text that is not JSON' : 'JSON'
}

function isHtml(body: string): boolean {
  return body.trimStart().startsWith('<')
}
