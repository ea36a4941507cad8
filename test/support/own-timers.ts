import { AsyncLocalStorage } from 'node:async_hooks'
import { aroundEach, vi } from 'vitest'
import { systemClock } from '../../src/core/platform.js'
import { fakeClock } from '../../src/testing.js'

/**
 * Timers that fire when the test says, instead of those that our code has taken from Node: vi's
 * fake timers do not reach them, as no user's test may. Only for what the test itself starts: what an
 * earlier one has left behind keeps Node's. Call once in each `describe` that needs it.
 */
export function useOwnTimers() {
  let clock = fakeClock()
  let waiting = new Set<object>()
  const ofTheTest = new AsyncLocalStorage<Set<object>>()

  aroundEach((runTest) => {
    clock = fakeClock()
    waiting = new Set()
    const mine = waiting
    const isMine = () => ofTheTest.getStore() === mine
    const { now } = performance
    const { after } = systemClock
    vi.spyOn(performance, 'now').mockImplementation(() =>
      isMine() ? clock.monotonic() : now.call(performance),
    )
    vi.spyOn(systemClock, 'after').mockImplementation((delayMs, callback, options) => {
      if (!isMine()) return after(delayMs, callback, options)
      const timer = {}
      mine.add(timer)
      const cancel = clock.after(delayMs, () => {
        mine.delete(timer)
        callback()
      })
      return () => {
        mine.delete(timer)
        cancel()
      }
    })
    return ofTheTest.run(mine, runTest).finally(() => vi.restoreAllMocks())
  })

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
