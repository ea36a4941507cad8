import type { Clock } from './clock.js'
import { fifo } from './fifo.js'

/** As many leases one process asks for and holds at a time. */
const MAX_LEASES = 50
/** A token request that takes longer holds no other one up. */
const LONGEST_TURN_MS = 1_000

export type LeaseTurns = ReturnType<typeof leaseTurns>

/**
 * A process that wants thousands of tokens at once takes no more leases than it can fetch for: a token
 * request that waits behind thousands of others would outlive its lease, and another process would
 * make it too. Where token requests hang, no one waits for a turn.
 */
export function leaseTurns(clock: Clock) {
  const waiting = fifo<() => void>()
  let taken = 0
  let isSlow = false

  const leave = () => {
    taken -= 1
    while (taken < MAX_LEASES || isSlow) {
      const next = waiting.shift()
      if (next === undefined) return
      taken += 1
      next()
    }
  }

  return {
    /** Waits for a turn, and resolves with what ends it: whether a token request was made in it. */
    async take(): Promise<(hasFetched: boolean) => void> {
      if (taken < MAX_LEASES || isSlow) taken += 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
      let isOver = false
      const end = (isLate: boolean | undefined) => {
        if (isOver) return
        isOver = true
        isSlow = isLate ?? isSlow
        leave()
      }
      const cancel = clock.after(LONGEST_TURN_MS, () => end(true))
      return (hasFetched) => {
        cancel()
        end(hasFetched ? false : undefined)
      }
    },
  }
}
