import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect } from 'vitest'

/** Collects unhandled rejections until it is stopped. */
export function watchUnhandled() {
  const seen: unknown[] = []
  const note = (reason: unknown) => void seen.push(reason)
  process.on('unhandledRejection', note)
  return {
    /** Waits for what is in flight, and returns them. */
    async stop(): Promise<unknown[]> {
      await setImmediate()
      process.off('unhandledRejection', note)
      return seen
    },
  }
}

/** No test of the file may leave an unhandled rejection. Call once in each file. */
export function refuseUnhandled(): void {
  let watch: ReturnType<typeof watchUnhandled>
  beforeEach(() => {
    watch = watchUnhandled()
  })
  afterEach(async () => expect(await watch.stop()).toEqual([]))
}
