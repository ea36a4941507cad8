import fc from 'fast-check'
import { expect } from 'vitest'
import { watchUnhandled } from '../support/unhandled.js'

const runs = Number(process.env.RUNS) || 10_000
/** The same histories for everyone; SEED=random looks for others. */
const seed = process.env.SEED === 'random' ? Date.now() % 2 ** 31 : Number(process.env.SEED) || 77

/** How many histories a test tries, and by which seed: for its name. */
export const HISTORIES = `${runs.toLocaleString('en')} random histories (seed ${seed})`

/** Tries that many random histories. `play` gives what went wrong in one, which must be nothing. */
export async function expectToHold<Step>(
  history: fc.Arbitrary<Step[]>,
  play: (steps: readonly Step[]) => Promise<readonly string[]>,
): Promise<void> {
  console.log(`${HISTORIES}; again with SEED=${seed}`)
  const unhandled = watchUnhandled()
  const property = fc.asyncProperty(history, async (steps) => {
    expect(await play(steps)).toEqual([])
  })
  await fc.assert(property, { seed, numRuns: runs })
  expect(await unhandled.stop()).toEqual([])
}
