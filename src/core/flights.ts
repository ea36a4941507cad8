import type { Clock } from './clock.js'
import type { Credential } from './credential.js'
import { QyapiTokenError } from './errors.js'
import type { SourceSettings } from './options.js'
import type { Token } from './token.js'
import type { RequestOutcome } from './token-requests.js'
import { waitFor } from './wait.js'

/** One fetch of the next token: for everyone who asks meanwhile. */
export interface Flight {
  /** Aborted when the source is closed. */
  readonly closed: AbortSignal
  /** How things stood when it made its latest token request. */
  credential: Credential
  lastThrownAway: number
  /** Its outcome may still be on its way to the store. */
  isKnown: boolean
}

/**
 * A request that began before a throw-away cannot bring the thrown-away string back, and one that a
 * replaced credential began tells nothing: both are overtaken, and made again.
 */
export function isOvertaken(
  outcome: RequestOutcome,
  flight: Flight,
  now: Pick<Flight, 'credential' | 'lastThrownAway'> & {
    readonly memoized: { readonly latest: Token | undefined }
  },
): boolean {
  if (now.credential !== flight.credential) return true
  if (now.lastThrownAway <= flight.lastThrownAway || !('fetched' in outcome)) return false
  return outcome.fetched.value === now.memoized.latest?.value
}

interface UnderWay {
  readonly controller: AbortController
  readonly beganAtMs: number
}

const NONE: readonly UnderWay[] = []

/** No fetch takes so many times `fetchTimeoutMs`, be it one that waits for a suite's and for other processes. */
const STALLED_AFTER_TIMEOUTS = 6

/** The fetches of one source that are on their way. */
export class Flights {
  private underWay = NONE

  /** A store that hangs must not keep waiters from hearing that the source was closed. */
  async run<T>(fly: (closed: AbortSignal) => Promise<T>, clock: Clock): Promise<T> {
    const flight = { controller: new AbortController(), beganAtMs: clock.monotonic() }
    const { signal } = flight.controller
    this.underWay = [...this.underWay, flight]
    try {
      return await waitFor(fly(signal), signal)
    } finally {
      this.remove(flight)
    }
  }

  /**
   * Ends those that would never end: workerd cuts a fetch off, timers included, when the request that
   * began it is over, and then nothing of it settles. Returns whether there was one.
   */
  endStalled({ clock, fetchTimeoutMs }: Pick<SourceSettings, 'clock' | 'fetchTimeoutMs'>): boolean {
    if (this.underWay === NONE) return false
    const latestMs = clock.monotonic() - STALLED_AFTER_TIMEOUTS * fetchTimeoutMs
    const stalled = this.underWay.filter(({ beganAtMs }) => beganAtMs <= latestMs)
    for (const flight of stalled) {
      this.remove(flight)
      abort(flight, cutOff())
    }
    return stalled.length > 0
  }

  close(reason: unknown): void {
    for (const flight of this.underWay) abort(flight, reason)
  }

  private remove(flight: UnderWay): void {
    const others = this.underWay.filter((other) => other !== flight)
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
