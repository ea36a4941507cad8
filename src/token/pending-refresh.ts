import type { Clock } from '../core/clock.js'
import type { Credential } from '../core/credential.js'
import { QyapiTokenError } from '../core/errors.js'
import type { SourceSettings } from '../core/options.js'
import { waitFor } from '../core/wait.js'
import type { RequestOutcome } from '../gettoken/token-requests.js'
import type { MemoizedToken } from './memoized-token.js'

/** One fetch of the next token: for everyone who asks meanwhile. */
export interface PendingRefresh {
  /** Aborted when the source is closed. */
  readonly closed: AbortSignal
  /** How things stood when it made its latest token request. */
  credential: Credential
  clearedUpTo: number
  /** Its outcome may still be on its way to the store. */
  isKnown: boolean
}

/**
 * A request that began before a throw-away cannot bring the thrown-away string back, and one that a
 * replaced credential began tells nothing: both are overtaken, and made again.
 */
export function isStale(
  outcome: RequestOutcome,
  pending: PendingRefresh,
  now: { readonly credential: Credential; readonly memoized: MemoizedToken },
): boolean {
  if (now.credential !== pending.credential) return true
  if (now.memoized.clearedUpTo <= pending.clearedUpTo || !('fetched' in outcome)) return false
  return outcome.fetched.value === now.memoized.latest?.value
}

interface UnderWay {
  readonly controller: AbortController
  readonly beganAtMs: number
}

const NONE: readonly UnderWay[] = []

/** No fetch takes so many times `tokenTimeoutMs`, be it one that waits for a suite's and for other processes. */
const STALLED_AFTER_TIMEOUTS = 6

/** The fetches of one source that are on their way. */
export class PendingRefreshes {
  private underWay = NONE

  /** A store that hangs must not keep waiters from hearing that the source was closed. */
  async run<T>(fly: (closed: AbortSignal) => Promise<T>, clock: Clock): Promise<T> {
    const pending = { controller: new AbortController(), beganAtMs: clock.monotonic() }
    const { signal } = pending.controller
    this.underWay = [...this.underWay, pending]
    try {
      return await waitFor(fly(signal), signal)
    } finally {
      this.remove(pending)
    }
  }

  /**
   * Ends those that would never end: workerd cuts a fetch off, timers included, when the request that
   * began it is over, and then nothing of it settles. Returns whether there was one.
   */
  endStalled({ clock, tokenTimeoutMs }: Pick<SourceSettings, 'clock' | 'tokenTimeoutMs'>): boolean {
    if (this.underWay === NONE) return false
    const latestMs = clock.monotonic() - STALLED_AFTER_TIMEOUTS * tokenTimeoutMs
    const stalled = this.underWay.filter(({ beganAtMs }) => beganAtMs <= latestMs)
    for (const pending of stalled) {
      this.remove(pending)
      abort(pending, cutOff())
    }
    return stalled.length > 0
  }

  close(reason: unknown): void {
    for (const pending of this.underWay) abort(pending, reason)
  }

  private remove(pending: UnderWay): void {
    const others = this.underWay.filter((other) => other !== pending)
    this.underWay = others.length === 0 ? NONE : others
  }
}

function abort({ controller }: UnderWay, reason: unknown): void {
  try {
    controller.abort(reason)
  } catch {
    // Intentionally: workerd does not let one request abort what another began.
  }
}

function cutOff(): QyapiTokenError {
  const message =
    'The token request was cut off, e.g. with the request that began it: pass `waitUntil`.'
  return new QyapiTokenError('token_fetch_failed', message, { retryable: true })
}
