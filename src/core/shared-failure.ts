import { QyapiTokenError } from './errors.js'
import type { StoredToken } from './store.js'
import { parsed } from './verdict.js'

/** What is wrong for one process is wrong for all; a network or an IP is each machine's own. */
const COUNT_FOR_ALL: readonly unknown[] = ['credential_refused', 'rate_limited']

export function countsForAll(error: unknown): error is QyapiTokenError {
  return error instanceof QyapiTokenError && COUNT_FOR_ALL.includes(error.code)
}

/** A failure as a store keeps it while it rests; the number is that of the lease it came under. */
export function storedFailure(failure: QyapiTokenError, generation: number): StoredToken {
  const { code, errcode, message, retryable, retryAfterMs = 0 } = failure
  const value = JSON.stringify({ code, errcode, message, retryable })
  return { value, generation, ageMs: 0, expiresInMs: Math.max(1, retryAfterMs) }
}

/** The failure that another process has put into the store, and how long it rests still. */
export function failureIn({
  value,
  ageMs,
  expiresInMs,
}: StoredToken): { failure: QyapiTokenError; restMs: number } | undefined {
  const { code, errcode, message, retryable } = Object(parsed(value)) as Record<string, unknown>
  if (!COUNT_FOR_ALL.includes(code) || typeof message !== 'string') return undefined
  const failure = new QyapiTokenError(code as QyapiTokenError['code'], message, {
    ...(typeof errcode === 'number' && { errcode }),
    retryable: retryable === true,
  })
  return { failure, restMs: Math.max(0, expiresInMs - ageMs) }
}
