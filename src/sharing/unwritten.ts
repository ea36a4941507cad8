import { type Clock, elapsedMs, instantOf } from '../core/clock.js'
import type { StoredToken } from '../core/store.js'

const RETRY_MS = 1_000

/** The last write that a store did not answer. */
export interface Unwritten {
  /** Retries until the store has answered, something newer is written, or the token has expired. */
  later(token: StoredToken): void
  /** Drops the pending write; with `generation` only if it is of that generation. */
  forget(generation?: number): void
}

/**
 * Repeats a write that failed as soon as the store answers again (rule 18). The store itself never
 * overwrites a newer token. The timer does not keep the process alive.
 */
export function unwritten(
  { clock, random }: { clock: Clock; random(): number },
  store: { canWrite(): boolean; write(token: StoredToken): void },
): Unwritten {
  let pending: StoredToken | undefined
  let cancel = () => {}
  const forget = (generation = pending?.generation) => {
    if (pending?.generation !== generation) return
    cancel()
    pending = undefined
  }
  return {
    forget,
    later(token) {
      forget()
      pending = token
      const since = instantOf(clock)
      const retry = () => {
        const ageMs = token.ageMs + Math.max(0, elapsedMs(since, instantOf(clock)))
        if (ageMs >= token.expiresInMs) pending = undefined
        else if (store.canWrite()) store.write({ ...token, ageMs })
        else wait()
      }
      // With jitter, so that many sources do not write at the same moment.
      const wait = () => {
        cancel = clock.after(RETRY_MS * (1 + random()), retry, { isBackground: true })
      }
      wait()
    },
  }
}
