import { expect } from 'vitest'
import type { FakeQyapi, NextAnswer } from '../../src/testing.js'
import { deferred } from './source.js'

/** A call that the fake does not answer until its test says so, however fast the machine is. */
export interface Held {
  /** Resolves when so many calls to the path have come since. */
  arrived(count?: number): Promise<void>
  /** The calls are answered, as things stand then. */
  release(): void
}

/** Holds the next calls to a path. */
export function hold(wecom: FakeQyapi, path: string, answer: NextAnswer = {}, times = 1): Held {
  const { promise, resolve } = deferred<void>()
  const before = wecom.count(path)
  wecom.failNext(path, { ...answer, until: promise }, times)
  return {
    arrived: (count = 1) =>
      expect.poll(() => wecom.count(path) - before, { interval: 2 }).toBeGreaterThanOrEqual(count),
    release: resolve,
  }
}
