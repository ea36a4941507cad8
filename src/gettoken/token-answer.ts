import { isText } from '../core/check.js'
import type { Credential } from '../core/credential.js'
import { errcodeOf, parsed } from '../core/errcode.js'
import { QyapiTokenError, type QyapiTokenErrorCode } from '../core/errors.js'
import { excerpt, type Scrub, withoutIp } from '../core/redact.js'
import type { TokenAnswer } from '../core/transport.js'
import { FETCH_ERRCODES, type TextByKind } from '../wecom/errcodes.js'

/** What a token call brought. */
export interface FetchedToken {
  readonly value: string
  readonly expiresInMs: number
}

/** 5xx, "system busy", and answers that make no sense. An errcode is an answer that does. */
export function isWorthAnotherTry(answer: TokenAnswer, credential: Credential): boolean {
  if (isRedirect(answer)) return false
  const json = jsonOf(answer)
  const errcode = errcodeOf(json)
  if (errcode !== undefined && errcode !== 0) return errcode === -1
  return json === undefined || tokenIn(json, credential) === undefined
}

/** The token that an answer brings. `scrub` takes secrets out of what it says instead. */
export function read(
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

/** A transport of somebody's own may give anything. */
function isAnswer(given: unknown): given is TokenAnswer {
  const { status, body } = Object(given) as Record<string, unknown>
  return typeof status === 'number' && typeof body === 'string'
}

/** The answer's JSON object, if it came with a 2xx and is one. */
export function jsonOf(answer: TokenAnswer): Record<string, unknown> | undefined {
  if (!isAnswer(answer)) return undefined
  const { status, body } = answer
  if (status < 200 || status > 299) return undefined
  const json = parsed(body.replace(/^\uFEFF/, ''))
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json)
  return isObject ? (json as Record<string, unknown>) : undefined
}

/** The token and its life. A token without a life, or a life without a token, is neither. */
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

/** WeCom gave an errcode instead of a token. */
function refusedFetch(
  doing: string,
  errcode: number,
  errmsg: string,
  credential: Credential,
): QyapiTokenError {
  const known = Object.hasOwn(FETCH_ERRCODES, errcode) ? FETCH_ERRCODES[errcode] : undefined
  // A server may say anything: nothing but its beginning is looked at.
  const said = errmsg.slice(0, LONGEST_ERRMSG)
  if (known === undefined) {
    const text = said === '' ? '' : ` ${withoutIp(said).trim().slice(0, 200)}`
    const message = `${doing}: WeCom answered ${errcode}${text}.`
    return new QyapiTokenError('token_fetch_failed', message, { errcode, retryable: true })
  }
  const egressIp = known.class === 'ip' ? egressIpIn(said) : undefined
  const [meaning, advice] = [known.meaning, known.advice].map((text) => textFor(credential, text))
  const seen = egressIp === undefined ? '' : `: WeCom saw ${egressIp}`
  const message = `${doing}: WeCom answered ${errcode}, ${meaning}${seen}. ${advice}`
  return new QyapiTokenError(CODE_OF_CLASS[known.class], message, {
    errcode,
    retryable: known.class !== 'credential',
    ...(egressIp === undefined ? {} : { egressIp }),
  })
}

const LONGEST_ERRMSG = 1_000

function textFor({ kind, holderKind = kind }: Credential, text: TextByKind): string {
  return typeof text === 'string' ? text : (text[kind] ?? text[holderKind] ?? text.others)
}

/** The IP that WeCom saw, which nobody behind NAT can know; it is told after `from ip:`, or left out. */
function egressIpIn(errmsg: string): string | undefined {
  return /\bfrom ip: ?([\da-f.:]{3,45})(?![\w.:])/i.exec(errmsg)?.[1]
}

function unreadable(doing: string, answer: TokenAnswer, credential: Credential): QyapiTokenError {
  const message = `${doing}: ${credential.request({}).path} ${whatCame(answer)}.`
  return new QyapiTokenError('token_fetch_failed', message, { retryable: true })
}

function whatCame(answer: TokenAnswer): string {
  if (!isAnswer(answer))
    return 'got something else from the transport than { status, body }, a number and a text. Check the transport'
  const { status, body } = answer
  if (isRedirect(answer))
    return `was redirected (HTTP ${status}), which a token call never follows. Check baseUrl`
  if ([401, 403, 407].includes(status))
    return `got HTTP ${status}, which WeCom itself does not answer. ${GATEWAY_ADVICE}`
  if (status < 200 || status > 299)
    return `got HTTP ${status}. The server or a proxy in between has trouble, or baseUrl is not WeCom's`
  const advice = isHtml(body) ? `. ${GATEWAY_ADVICE}` : ''
  return `got ${nature(body)} instead of a token with a life. Check baseUrl and the proxies in between${advice}`
}

const GATEWAY_ADVICE =
  'If a gateway wants headers or auth of its own, pass them with the option transport: ' +
  'axiosTransport(client, { headers, auth }), or fetchTransport(fetch, { headers })'

/** Status 0 is what a browser's fetch makes of a redirect that it was told not to follow. */
function isRedirect(answer: TokenAnswer): boolean {
  if (!isAnswer(answer)) return false
  const { status } = answer
  return status === 0 || (status >= 300 && status < 400)
}

/** What an answer looks like, in words: its text may hold anything. */
function nature(body: string): string {
  const text = body.trimStart()
  if (text === '') return 'an empty answer'
  if (isHtml(text)) return 'an HTML page'
  return parsed(text) === undefined ? 'a text that is no JSON' : 'JSON'
}

function isHtml(body: string): boolean {
  return body.trimStart().startsWith('<')
}
