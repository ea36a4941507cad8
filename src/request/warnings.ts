import { errcodeOfHeader, type TokenErrcodes, tokenErrcodes, tryRead } from '../core/errcode.js'
import { platform } from '../core/platform.js'
import { excerpt, withoutQueries } from '../core/redact.js'
import { apiRoot, urlOf } from '../core/url.js'
import {
  REFUSED_ACCESS_TOKEN,
  REFUSED_DEVICE_TOKEN,
  REFUSED_MODEL_TOKEN,
  REFUSED_PROVIDER_TOKEN,
  REFUSED_SUITE_TOKEN,
} from '../wecom/errcodes.js'
import { isArrayBuffer } from './body.js'
import type { Destination } from './destination.js'

/** Mistakes of a migration whose only symptom is failing requests. */
export type WarningCode =
  | 'QYAPI_TOKEN_CALLER_TOKEN'
  | 'QYAPI_TOKEN_BASE_URL'
  | 'QYAPI_TOKEN_SECOND_ATTACH'
  | 'QYAPI_TOKEN_NOT_FETCH'

/** Emits each warning once per object. */
export interface Warnings {
  has(code: WarningCode): boolean
  say(code: WarningCode, message: string): void
  /** The errcodes that refuse a token of any kind. */
  errcodes(): TokenErrcodes
}

export function warningsOnce(emitWarning = platform.emitWarning): Warnings {
  const said = new Set<WarningCode>()
  let errcodes: TokenErrcodes | undefined
  return {
    has: (code) => said.has(code),
    say(code, message) {
      if (said.has(code)) return
      said.add(code)
      emitWarning(message, code)
    },
    errcodes: () => {
      errcodes ??= tokenErrcodes([
        ...REFUSED_ACCESS_TOKEN,
        ...REFUSED_SUITE_TOKEN,
        ...REFUSED_PROVIDER_TOKEN,
        ...REFUSED_MODEL_TOKEN,
        ...REFUSED_DEVICE_TOKEN,
      ])
      return errcodes
    },
  }
}

/** Observes a promise without changing what its caller gets. */
export function observe(
  sent: unknown,
  onSettled: (answer: unknown, error?: unknown) => void,
): void {
  if (!(sent instanceof Promise)) return
  sent.then(
    (answer) => tryRead(() => onSettled(answer)),
    (error) => tryRead(() => onSettled(undefined, error)),
  )
}

/** The errcode by which an answer refuses a token of any kind, without reading a stream. */
export function refusalOfAnyToken(
  warnings: Warnings,
  header: unknown,
  data: unknown,
): number | undefined {
  return errcodeIn(warnings.errcodes(), header, data)
}

/** The errcode of an answer that is to be found, without reading a stream. */
export function errcodeIn(
  { finds, inBytes, inText, inValue }: TokenErrcodes,
  header: unknown,
  data: unknown,
): number | undefined {
  const errcode = errcodeOfHeader(header)
  if (errcode !== undefined) return finds(errcode) ? errcode : undefined
  if (typeof data === 'string') return inText(data)
  if (ArrayBuffer.isView(data)) return inBytes(data as Uint8Array)
  if (typeof data !== 'object' || data === null) return undefined
  return isArrayBuffer(data) ? inBytes(new Uint8Array(data)) : inValue(data)
}

export function warnOfCallerToken(
  warnings: Warnings,
  { endpoint }: Destination,
  errcode: number,
): void {
  const message =
    `A call of ${endpoint} has a token of its own, which WeCom refused (${errcode}). Such calls pass through unchanged: ` +
    "remove the old interceptor, or pass { callerToken: 'replace' }."
  warnings.say('QYAPI_TOKEN_CALLER_TOKEN', message)
}

/** Where requests may carry a token. */
interface Places {
  readonly baseUrl: string
  readonly trustedOrigins: readonly string[]
}

/** Whether a url has the API's origin but is not below `/cgi-bin/`. */
export function lacksCgiBin(url: string, { baseUrl, trustedOrigins }: Places): boolean {
  const { origin, root } = apiRoot(baseUrl)
  const given = urlOf(url)
  if (given === undefined || given.pathname.startsWith(root)) return false
  // Never log a password; and such a url is not this mistake.
  if (given.username !== '' || given.password !== '') return false
  return [origin, ...trustedOrigins.map((one) => new URL(one).origin)].includes(given.origin)
}

export function warnOfBaseUrl(warnings: Warnings, url: string, { baseUrl }: Places): void {
  const { origin, root } = apiRoot(baseUrl)
  const [address] = excerpt(url, withoutQueries, 200).split(/[?#]/, 1)
  const message = `${address} was not found (404), and gets no token: use the baseURL '${origin}${root.slice(0, -1)}'.`
  warnings.say('QYAPI_TOKEN_BASE_URL', message)
}

export function warnOfSecondAttach(warnings: Warnings): void {
  const message =
    'attachToken was called again on the same client: the first attach handles its calls, and the tokens and options ' +
    'of the second are not used. Attach once, or call detach() first.'
  warnings.say('QYAPI_TOKEN_SECOND_ATTACH', message)
}

export function warnOfNoFetch(warnings: Warnings, what: string): void {
  const message =
    `withToken got ${what}: it cannot detect refused tokens there. Pass a fetch, or use attachToken of ` +
    'qyapi-token/axios.'
  warnings.say('QYAPI_TOKEN_NOT_FETCH', message)
}
