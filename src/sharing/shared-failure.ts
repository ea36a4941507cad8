import { parsed } from '../core/errcode.js'
import { isQyapiTokenError, QyapiTokenError } from '../core/errors.js'
import type { StoredFailure } from '../core/store.js'
import { isInConsequence } from '../gettoken/fetch-failure.js'

/**
 * What is wrong for one process is wrong for all; a network or an IP is each machine's own. A
 * failure in consequence is shared by the source whose own it is.
 */
const COUNT_FOR_ALL: readonly unknown[] = ['credential_refused', 'rate_limited']

export function countsForAll(error: unknown): error is QyapiTokenError {
  if (!isQyapiTokenError(error) || isInConsequence(error)) return false
  return COUNT_FOR_ALL.includes(error.code)
}

/** No failure rests longer, whatever a store's clock says. */
const LONGEST_REST_MS = 600_000

/** A failure as a store keeps it while it rests. */
export function storedFailure(failure: QyapiTokenError): StoredFailure {
  const { code, errcode, message, retryable, retryAfterMs = 0 } = failure
  const value = JSON.stringify({ code, errcode, message, retryable })
  return { value, leftMs: Math.max(1, retryAfterMs) }
}

/** The failure that another process has put into the store, and how long it rests still. */
export function failureIn({
  value,
  leftMs,
}: StoredFailure): { failure: QyapiTokenError; cooldownMs: number } | undefined {
  const { code, errcode, message, retryable } = Object(parsed(value)) as Record<string, unknown>
  if (!COUNT_FOR_ALL.includes(code) || typeof message !== 'string') return undefined
  const failure = new QyapiTokenError(code as QyapiTokenError['code'], message, {
    ...(typeof errcode === 'number' && { errcode }),
    retryable: retryable === true,
  })
  return leftMs > 0 ? { failure, cooldownMs: Math.min(leftMs, LONGEST_REST_MS) } : undefined
}
