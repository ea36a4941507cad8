import type { Clock } from '../core/clock.js'
import { fifo } from './fifo.js'

/** How many leases one process requests or holds at a time. */
const MAX_LEASES = 50
/** The maximum grows by this factor with each second without progress. */
const GROWTH = 4
/** A turn that takes longer than 4 steps frees its place. */
const STEP_MS = 250
const STEPS = 4

export type LeaseTurns = ReturnType<typeof leaseTurns>

/**
 * Limits the leases that a process takes at once. A token request that waits behind thousands of
 * others would outlive its lease, and another process would repeat it. A turn longer than 1 s frees
 * its own place. If no turn made progress during that second, token requests hang, and the limit
 * grows.
 */
export function leaseTurns(clock: Clock) {
  const waiting = fifo<() => void>()
  let taken = 0
  let most = MAX_LEASES
  /** Counts the turns that made progress. */
  let moves = 0

  const leave = () => {
    taken -= 1
    while (taken < most) {
      const next = waiting.shift()
      if (next === undefined) return
      taken += 1
      next()
    }
  }

  /** Waits in steps: a process that was blocked has not waited as long as its clock says. */
  const afterLongestTurn = (callback: () => void) => {
    let cancel = () => {}
    const wait = (steps: number) => {
      cancel = clock.after(STEP_MS, () => (steps > 1 ? wait(steps - 1) : callback()))
    }
    wait(STEPS)
    return () => cancel()
  }

  return {
    /** Waits for a turn. Call the result to end it: `hasMoved` says whether it got an answer. */
    async take(): Promise<(hasMoved: boolean) => void> {
      if (taken < most) taken += 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
      const before = { moves, most }
      let hasEnded = false
      const end = () => {
        if (!hasEnded) leave()
        hasEnded = true
      }
      const cancel = afterLongestTurn(() => {
        if (moves === before.moves && most === before.most) most *= GROWTH
        end()
      })
      return (hasMoved) => {
        cancel()
        if (hasMoved) {
          moves += 1
          most = MAX_LEASES
        }
        end()
      }
    },
  }
}
