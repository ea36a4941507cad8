import { isNumber } from '../core/check.js'
import type { Clock } from '../core/clock.js'
import { badOption } from '../core/errors.js'

/** A clock that only moves when a test advances it. */
export interface FakeClock extends Clock {
  /** Advances both clocks by that many milliseconds, and runs the callbacks that fall due. */
  advance(ms: number): void
  /** Moves the wall clock alone by that many milliseconds, forward or back. */
  setWallBy(ms: number): void
}

/**
 * A clock for tests: pass it as the option `clock`.
 *
 * @example
 * const clock = fakeClock()
 * const source = createTokenSource(credential, { clock })
 * clock.advance(7_000_000)
 */
export function fakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  checkMs('startMs', startMs)
  let wall = startMs
  let monotonic = 0
  let timers: { at: number; callback: () => void }[] = []

  return {
    wall: () => wall,
    monotonic: () => monotonic,
    after(delayMs, callback) {
      const timer = { at: monotonic + delayMs, callback }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    advance(ms) {
      checkMs('ms', ms, 0)
      wall += ms
      monotonic += ms
      const due = timers.filter(({ at }) => at <= monotonic).sort((a, b) => a.at - b.at)
      timers = timers.filter(({ at }) => at > monotonic)
      for (const { callback } of due) callback()
    },
    setWallBy(ms) {
      checkMs('ms', ms)
      wall += ms
    },
  }
}

function checkMs(name: string, ms: unknown, least = Number.NEGATIVE_INFINITY): void {
  if (isNumber(ms) && ms >= least) return
  throw badOption(name, `a number of milliseconds${least === 0 ? ' from 0 up' : ''}`, ms)
}
