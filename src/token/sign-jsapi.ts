import { checkGiven, isText } from '../core/check.js'
import { badOption } from '../core/errors.js'
import { platform } from '../core/platform.js'

/** Options of `signJsapi`. */
export interface SignJsapiOptions {
  /** A jsapi ticket for `wx.config`, an agent ticket for `wx.agentConfig`. */
  readonly ticket: string
  /** The page's address as the browser shows it; the part from `#` on is ignored. */
  readonly url: string
  /**
   * Any text.
   * @default 32 random characters
   */
  readonly nonce?: string
  /**
   * In seconds.
   * @default now
   */
  readonly timestamp?: number
}

/** The signature; spread it into `wx.config` or `wx.agentConfig`. */
export interface JsapiSignature {
  readonly timestamp: number
  readonly nonceStr: string
  /** SHA-1, in hex. */
  readonly signature: string
}

/**
 * Signs a page for the JS-SDK. Source: document/path/90506.
 *
 * @throws `bad_options` if the ticket or the url is missing.
 * @example
 * const signed = await signJsapi({ ticket: await tickets.get(), url })
 * // in the page: wx.config({ ...signed, appId: corpId, jsApiList })
 */
export async function signJsapi(options: SignJsapiOptions): Promise<JsapiSignature> {
  checkGiven(options, CHECKS, 'signJsapi')
  const { ticket, url, nonce = platform.nonce(), timestamp = now() } = options
  if (!isText(ticket)) throw badOption('ticket', 'a ticket, a non-empty string', ticket, true)
  if (!isText(url)) throw badOption('url', "the page's address", url)
  const [page] = url.split('#', 1)
  const text = `jsapi_ticket=${ticket}&noncestr=${nonce}&timestamp=${timestamp}&url=${page}`
  return { timestamp, nonceStr: nonce, signature: await platform.sha1(text) }
}

const CHECKS = {
  ticket: [() => true, ''],
  url: [() => true, ''],
  nonce: [isText, 'a non-empty string'],
  timestamp: [(value: unknown) => Number.isSafeInteger(value), 'whole seconds'],
} as const

function now(): number {
  return Math.floor(platform.clock.wall() / 1000)
}
