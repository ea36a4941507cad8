import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect } from 'vitest'

/** Gathers the rejections that nobody handles, until it is stopped. */
export function watchUnhandled() {
  const seen: unknown[] = []
  const note = (reason: unknown) => void seen.push(reason)
  process.on('unhandledRejection', note)
  return {
    /** Waits for what is on its way, and tells. */
    async stop(): Promise<unknown[]> {
      await setImmediate()
      process.off('unhandledRejection', note)
      return seen
    },
  }
}

/** No test of the file may leave a rejection that nobody handles. Call once in each file. */
export function refuseUnhandled(): void {
  let watch: ReturnType<typeof watchUnhandled>
  beforeEach(() => {
    watch = watchUnhandled()
  })
  afterEach(async () => expect(await watch.stop()).toEqual([]))
}
