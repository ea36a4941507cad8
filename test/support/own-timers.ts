import { afterEach, beforeEach, vi } from 'vitest'
import { systemClock } from '../../src/core/platform.js'
import { fakeClock } from '../../src/testing.js'

/**
 * Timers that fire when the test says, instead of those that our code has taken from Node: vi's
 * fake timers do not reach them, as no user's test may. Call once in each `describe` that needs it.
 */
export function useOwnTimers() {
  let clock = fakeClock()
  const waiting = new Set<object>()

  beforeEach(() => {
    clock = fakeClock()
    waiting.clear()
    vi.spyOn(performance, 'now').mockImplementation(() => clock.monotonic())
    vi.spyOn(systemClock, 'after').mockImplementation((delayMs, callback) => {
      const timer = {}
      waiting.add(timer)
      const cancel = clock.after(delayMs, () => {
        waiting.delete(timer)
        callback()
      })
      return () => {
        waiting.delete(timer)
        cancel()
      }
    })
  })
  afterEach(() => void vi.restoreAllMocks())

  return {
    /** Advances by that many milliseconds, and runs everything that follows. */
    async advance(ms: number): Promise<void> {
      await settled()
      clock.advance(ms)
      await settled()
    },
    /** How many have neither fired nor been cancelled. */
    count: () => waiting.size,
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
