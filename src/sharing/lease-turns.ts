import type { Clock } from '../core/clock.js'
import { fifo } from './fifo.js'

/** As many leases one process asks for and holds at a time. */
const MAX_LEASES = 50
/** After so many times more of them in each second in which nothing came, no queue is long. */
const GROWTH = 4
/** A turn that takes longer than 4 steps does not delay the others. */
const STEP_MS = 250
const STEPS = 4

export type LeaseTurns = ReturnType<typeof leaseTurns>

/**
 * A process that wants thousands of tokens at once takes no more leases than it can fetch for: a token
 * request that waits behind thousands of others would outlive its lease, and another process would
 * make it too. A turn longer than 1 s frees its own place only: a queue that moves is not down. Where
 * no turn brought anything during that second, token requests hang, and the queue stops waiting.
 */
export function leaseTurns(clock: Clock) {
  const waiting = fifo<() => void>()
  let taken = 0
  let most = MAX_LEASES
  /** Counts up with each turn that brought something. */
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

  /** In steps: a process that was too busy to look has not waited as long as its clock says. */
  const afterLongestTurn = (callback: () => void) => {
    let cancel = () => {}
    const wait = (steps: number) => {
      cancel = clock.after(STEP_MS, () => (steps > 1 ? wait(steps - 1) : callback()))
    }
    wait(STEPS)
    return () => cancel()
  }

  return {
    /** Waits for a turn, and resolves with what ends it: whether it brought a token, or WeCom's answer. */
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
