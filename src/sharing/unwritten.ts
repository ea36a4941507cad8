import { type Clock, elapsedMs, instantOf } from '../core/clock.js'
import type { StoredToken } from '../core/store.js'

const RETRY_MS = 1_000

/** The last write that a store did not answer. */
export interface Unwritten {
  /** Tried again until the store has answered, something newer is written, or its life is over. */
  later(token: StoredToken): void
  /** It need not be written any more: that one, or whatever there is. */
  forget(generation?: number): void
}

/**
 * What a store in trouble was to keep is written as soon as it answers again. The store itself sees to
 * it that nothing newer is overwritten. Keeps no process alive.
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
      // Spread, so that many sources do not write in the same moment.
      const wait = () => {
        cancel = clock.after(RETRY_MS * (1 + random()), retry, { isBackground: true })
      }
      wait()
    },
  }
}
