import type { FakeClock } from '../../src/testing.js'
import { settle } from './qyapi.js'

const TURNS = 10

/**
 * At least so many milliseconds, and thirty turns of the event loop: whatever is in flight inside this
 * process arrives meanwhile, also on a busy machine.
 */
export async function atLeast(ms: number): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1)
    await new Promise((resolve) => setTimeout(resolve, ms / TURNS))
}

/** Advances a fake clock step by step: what each step sets off is done before the next. */
export async function passTime(clock: FakeClock, ms: number, stepMs = 50): Promise<void> {
  await settle()
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.advance(stepMs)
    await settle()
  }
}
