const BRAND = Symbol.for('qyapi-token.error')

/** The kinds of failure, described at `QyapiTokenError.code`. */
export type QyapiTokenErrorCode =
  | 'bad_options'
  | 'token_fetch_failed'
  | 'credential_refused'
  | 'ip_not_trusted'
  | 'rate_limited'
  | 'call_limited'
  | 'refresh_budget_spent'
  | 'closed'

/** Optional fields of a `QyapiTokenError`. */
export interface QyapiTokenErrorDetails {
  /** WeCom's errcode, if it returned one. */
  readonly errcode?: number
  /** The IP that WeCom saw, if it is not trusted. Not a secret. */
  readonly egressIp?: string
  /** The underlying error: a copy without secrets, never a live AxiosError. */
  readonly cause?: unknown
  /** For this many milliseconds every call fails at once with this same error. */
  readonly retryAfterMs?: number
  /** Whether the same call may succeed later with nothing changed. */
  readonly retryable?: boolean
}

/**
 * Every error that this package throws. A business errcode is the caller's answer, not an error.
 */
export class QyapiTokenError extends Error {
  static override readonly name = 'QyapiTokenError'
  override readonly name = 'QyapiTokenError'
  /**
   * A stable code:
   * - `bad_options`: an argument is wrong; the message names it.
   * - `token_fetch_failed`: no token could be fetched (network, server, or an unreadable answer).
   * - `credential_refused`: WeCom refused the id or the secret, or the app lacks the permission.
   * - `ip_not_trusted`: WeCom does not accept token requests from this IP, see `egressIp`.
   * - `rate_limited`: WeCom's call limit is exceeded.
   * - `call_limited`: with `limits`: the call was not sent, because it would exceed a call limit.
   * - `refresh_budget_spent`: too many forced refreshes within a minute.
   * - `closed`: the source was closed.
   */
  readonly code: QyapiTokenErrorCode
  /** WeCom's errcode, if it returned one. */
  declare readonly errcode?: number
  /** With `ip_not_trusted`: the IP that WeCom saw; add it to the list that the message names. */
  declare readonly egressIp?: string
  /** For this many milliseconds every call fails at once with this same error. */
  declare readonly retryAfterMs?: number
  /** Whether the same call may succeed later with nothing changed. */
  readonly retryable: boolean

  constructor(code: QyapiTokenErrorCode, message: string, details: QyapiTokenErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.retryable = details.retryable ?? false
    if (details.errcode !== undefined) this.errcode = details.errcode
    if (details.egressIp !== undefined) this.egressIp = details.egressIp
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** What `JSON.stringify` shows: with the message, without the cause. */
  toJSON(): object {
    const { name, code, message, errcode, egressIp, retryAfterMs, retryable } = this
    return { name, code, message, errcode, egressIp, retryAfterMs, retryable }
  }

  /**
   * Each entry of the CommonJS build has a copy of this class; `instanceof` accepts all of them.
   */
  static override [Symbol.hasInstance](this: unknown, value: unknown): boolean {
    if (this === QyapiTokenError) return isQyapiTokenError(value)
    return Function.prototype[Symbol.hasInstance].call(this, value)
  }
}

/** Also `true` for an error of another copy of this package. */
export function isQyapiTokenError(error: unknown): error is QyapiTokenError {
  return typeof error === 'object' && error !== null && BRAND in error
}

/** The same failure for one more caller, with its own stack and the same cause. */
export function repeated(failure: QyapiTokenError, retryAfterMs?: number): QyapiTokenError {
  return new QyapiTokenError(failure.code, failure.message, {
    ...(failure.errcode === undefined ? {} : { errcode: failure.errcode }),
    ...(failure.egressIp === undefined ? {} : { egressIp: failure.egressIp }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    retryable: failure.retryable,
    cause: failure.cause,
  })
}

export function sourceClosed({ kind, subject }: { kind: string; subject: string }) {
  const message = `The token source of ${kind} ${subject} was closed. Make a new one, or close it later.`
  return new QyapiTokenError('closed', message)
}

/**
 * `name`: the option; `expected`: what it should be. The value of a string is never shown, since
 * people pass secrets, tokens or urls with a password in the wrong place. `isSecret`: numbers are
 * hidden too.
 */
export function badOption(name: string, expected: string, got: unknown, isSecret = false) {
  const message = `${name} must be ${expected}, got ${described(got, isSecret)}.`
  return new QyapiTokenError('bad_options', message)
}

/** The same for a string that cannot contain a secret, and is shown. */
export function mustBe(name: string, expected: string, got: string) {
  return new QyapiTokenError('bad_options', `${name} must be ${expected}, got '${got}'.`)
}

function described(value: unknown, isSecret: boolean): string {
  if (value === undefined || value === null) return `${value}`
  if (value === '') return "''"
  if (isSecret) return `something of type ${typeof value} (not shown)`
  if (typeof value === 'string')
    return `a string of ${value.length} character${value.length === 1 ? '' : 's'}`
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object'
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  return String(value)
}

/** A key for a message: one that is not a word may be a secret or a token. */
export function shownKey(key: string): string {
  return /^[\w-]{1,30}$/.test(key) ? `'${key}'` : `of ${key.length} characters`
}

/** The parent's token, which this token request needs, could not be fetched. */
export function causedByParent(doing: string, error: QyapiTokenError): QyapiTokenError {
  const { code, errcode, egressIp, retryAfterMs, retryable } = error
  return new QyapiTokenError(code, `${doing}: ${error.message}`, {
    cause: error,
    retryable,
    ...(errcode === undefined ? {} : { errcode }),
    ...(egressIp === undefined ? {} : { egressIp }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** Whether it is a parent's failure: remembered and shared there, and only there (rule 19). */
export function isCausedByParent(error: QyapiTokenError): boolean {
  return isQyapiTokenError(error.cause)
}
