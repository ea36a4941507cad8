import { describe, expect, it } from 'vitest'
import { leaseTurns } from '../../src/core/lease-turns.js'
import { fakeClock } from '../../src/testing.js'
import { settle } from '../support/qyapi.js'

function taking(count: number) {
  const clock = fakeClock()
  const turns = leaseTurns(clock)
  const taken: ((hasFetched: boolean) => void)[] = []
  for (let at = 0; at < count; at += 1) void turns.take().then((end) => taken.push(end))
  return { clock, turns, taken }
}

describe('the leases that one process asks for', () => {
  it('rule 16: are 50 at a time, the next one as soon as one is given back', async () => {
    const { taken } = taking(200)
    await settle()
    expect(taken).toHaveLength(50)
    taken[0]?.(true)
    taken[0]?.(true)
    await settle()
    expect(taken).toHaveLength(51)
    for (let at = 1; at < 200; at += 1) {
      taken[at]?.(true)
      await settle()
    }
    expect(taken).toHaveLength(200)
  })

  it('rule 17: wait for no token request that hangs: after 1 s nobody waits for a turn', async () => {
    const { clock, turns, taken } = taking(200)
    await settle()
    clock.advance(1_000)
    await settle()
    expect(taken).toHaveLength(200)
    void turns.take().then((end) => taken.push(end))
    await settle()
    expect(taken).toHaveLength(201)
  })

  it('are bounded again when a token request is answered in time, and not by a lease that another has', async () => {
    const { clock, turns, taken } = taking(200)
    await settle()
    clock.advance(1_000)
    await settle()
    const again: unknown[] = []
    const takeOne = async () => {
      void turns.take().then((end) => again.push(end))
      await settle()
      return again.length
    }
    taken[60]?.(false)
    expect(await takeOne()).toBe(1)
    taken[61]?.(true)
    expect(await takeOne()).toBe(1)
  })
})
