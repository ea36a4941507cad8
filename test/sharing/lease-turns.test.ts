import { describe, expect, it } from 'vitest'
import { leaseTurns } from '../../src/sharing/lease-turns.js'
import { fakeClock } from '../../src/testing.js'
import { settle } from '../support/qyapi.js'

function taking(count: number) {
  const clock = fakeClock()
  const turns = leaseTurns(clock)
  const taken: ((hasMoved: boolean) => void)[] = []
  const take = async () => {
    void turns.take().then((end) => taken.push(end))
    await settle()
    return taken.length
  }
  for (let at = 0; at < count; at += 1) void take()
  /** Time as a program sees it that is not busy: in small steps. */
  const pass = async (ms: number) => {
    await settle()
    for (let passedMs = 0; passedMs < ms; passedMs += 50) {
      clock.advance(50)
      await settle()
    }
  }
  return { clock, taken, take, pass }
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

  it('rule 16: a turn longer than 1 s frees its own place only: a queue that moves is not down', async () => {
    const { taken, pass } = taking(200)
    await pass(500)
    taken[0]?.(true)
    await pass(450)
    expect(taken).toHaveLength(51)
    await pass(50)
    // 49 turns are slow, and one more has ended.
    expect(taken).toHaveLength(100)
    // The slow ones end, too: their places are taken already.
    for (let at = 1; at < 50; at += 1) taken[at]?.(true)
    await settle()
    expect(taken).toHaveLength(100)
  })

  it('rule 16: a late answer shows that token requests do not hang: leases are bounded again', async () => {
    const { taken, pass } = taking(1_000)
    await pass(1_000)
    expect(taken).toHaveLength(250)
    taken[0]?.(true)
    await pass(950)
    expect(taken).toHaveLength(250)
    await pass(50)
    // The other 200 are slow, too.
    expect(taken).toHaveLength(300)
  })

  it('rule 16: a process that stood still for 10 s has not waited for so long, and asks for no more leases', async () => {
    const { clock, taken } = taking(200)
    await settle()
    clock.advance(10_000)
    await settle()
    expect(taken).toHaveLength(50)
  })

  it('rule 17: wait for no token request that hangs: after 1 s no caller waits for a turn', async () => {
    const { taken, take, pass } = taking(200)
    await pass(950)
    expect(taken).toHaveLength(50)
    await pass(50)
    expect(taken).toHaveLength(200)
    expect(await take()).toBe(201)
  })

  it('rule 17: where token requests hang, 10,000 leases are asked for within 4 s', async () => {
    const { taken, pass } = taking(10_000)
    await pass(4_000)
    expect(taken).toHaveLength(10_000)
  })

  it('are bounded again when a token request is answered, and not by a lease that another has', async () => {
    const { taken, take, pass } = taking(200)
    await pass(1_000)
    taken[60]?.(false)
    expect(await take()).toBe(201)
    taken[61]?.(true)
    expect(await take()).toBe(201)
  })
})
