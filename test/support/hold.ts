import { expect } from 'vitest'
import type { FakeQyapi, NextAnswer } from '../../src/testing.js'
import { deferred } from './source.js'

/** A request that the fake does not answer until its test says so, however fast the machine is. */
export interface Held {
  /** Resolves when so many requests to the path have arrived since. */
  arrived(count?: number): Promise<void>
  /** Answers the requests, by the state at that time. */
  release(): void
}

/** Holds the next requests to a path. */
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
