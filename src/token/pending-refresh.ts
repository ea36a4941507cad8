import type { Clock } from '../core/clock.js'
import type { Credential } from '../core/credential.js'
import { QyapiTokenError } from '../core/errors.js'
import type { SourceSettings } from '../core/options.js'
import { waitFor } from '../core/wait.js'
import type { RequestOutcome } from '../gettoken/token-requests.js'
import type { MemoizedToken } from './memoized-token.js'

/** One refresh in flight, shared by all callers that wait for the next token. */
export interface PendingRefresh {
  /** Aborted when the source is closed. */
  readonly closed: AbortSignal
  /** The credential and `clearedUpTo` at its latest token request. */
  credential: Credential
  clearedUpTo: number
  /** The outcome is known; it may not be stored yet. */
  isKnown: boolean
}

/**
 * A request that began before a clear must not bring the cleared string back (rule 6), and one that
 * used a replaced credential proves nothing: both are stale, and made again.
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

interface InFlight {
  readonly controller: AbortController
  readonly beganAtMs: number
}

const NONE: readonly InFlight[] = []

/**
 * No refresh takes longer than this many `tokenTimeoutMs`, parent tokens and other processes
 * included.
 */
const STALLED_AFTER_TIMEOUTS = 6

/** The refreshes of one source that are in flight. */
export class PendingRefreshes {
  private inFlight = NONE
  private closing: AbortController | undefined

  /** Aborted when the source is closed, for callers that wait for something other than a token. */
  get closed(): AbortSignal {
    this.closing ??= new AbortController()
    return this.closing.signal
  }

  /** Rejects as soon as the source is closed, also while a store hangs. */
  async run<T>(refresh: (closed: AbortSignal) => Promise<T>, clock: Clock): Promise<T> {
    const pending = { controller: new AbortController(), beganAtMs: clock.monotonic() }
    const { signal } = pending.controller
    this.inFlight = [...this.inFlight, pending]
    try {
      return await waitFor(refresh(signal), signal)
    } finally {
      this.remove(pending)
    }
  }

  /**
   * Ends refreshes that would never settle: workerd drops a fetch and its timers when the request
   * that started it ends. Returns whether there was one.
   */
  endStalled({ clock, tokenTimeoutMs }: Pick<SourceSettings, 'clock' | 'tokenTimeoutMs'>): boolean {
    if (this.inFlight === NONE) return false
    const latestMs = clock.monotonic() - STALLED_AFTER_TIMEOUTS * tokenTimeoutMs
    const stalled = this.inFlight.filter(({ beganAtMs }) => beganAtMs <= latestMs)
    for (const pending of stalled) {
      this.remove(pending)
      abort(pending, neverSettled())
    }
    return stalled.length > 0
  }

  close(reason: unknown): void {
    for (const pending of this.inFlight) abort(pending, reason)
    if (this.closing !== undefined) abort({ controller: this.closing }, reason)
  }

  private remove(pending: InFlight): void {
    const others = this.inFlight.filter((other) => other !== pending)
    this.inFlight = others.length === 0 ? NONE : others
  }
}

function abort({ controller }: Pick<InFlight, 'controller'>, reason: unknown): void {
  try {
    controller.abort(reason)
  } catch {
    // Intentionally ignored: in workerd one request cannot abort what another one started.
  }
}

function neverSettled(): QyapiTokenError {
  const message =
    'The token request never settled: it may have ended with the request that started it. Pass `waitUntil`.'
  return new QyapiTokenError('token_fetch_failed', message, { retryable: true })
}
