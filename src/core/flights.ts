import type { Credential } from './credential.js'
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

const NONE: readonly AbortController[] = []

/** The fetches of one source that are on their way. */
export class Flights {
  private underWay = NONE

  /** A store that hangs must not keep waiters from hearing that the source was closed. */
  async run<T>(fly: (closed: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController()
    const { signal } = controller
    this.underWay = [...this.underWay, controller]
    try {
      return await waitFor(fly(signal), signal)
    } finally {
      const others = this.underWay.filter((other) => other !== controller)
      this.underWay = others.length === 0 ? NONE : others
    }
  }

  close(reason: unknown): void {
    for (const controller of this.underWay) controller.abort(reason)
  }
}
