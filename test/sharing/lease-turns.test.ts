import { expect, it } from 'vitest'
import { leaseTurns } from '../../src/sharing/lease-turns.js'
import { fakeClock } from '../../src/testing.js'
import { settle } from '../support/qyapi.js'
import { passTime } from '../support/turns.js'

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
  const pass = (ms: number) => passTime(clock, ms)
  return { clock, taken, take, pass }
}

it('rule 16: the leases that one process requests are at most 50 at a time; a released one makes room for the next', async () => {
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

it('rule 16: the leases that one process requests are not blocked by a turn longer than 1 s, which frees only its own place', async () => {
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

it('rule 16: the leases that one process requests are bounded again after a late answer, which shows that token requests do not hang', async () => {
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

it('rule 16: the leases that one process requests do not increase after the process was blocked for 10 s: it has not waited that long', async () => {
  const { clock, taken } = taking(200)
  await settle()
  clock.advance(10_000)
  await settle()
  expect(taken).toHaveLength(50)
})

it('rule 17: the leases that one process requests do not wait for a token request that hangs: after 1 s no caller waits for a turn', async () => {
  const { taken, take, pass } = taking(200)
  await pass(950)
  expect(taken).toHaveLength(50)
  await pass(50)
  expect(taken).toHaveLength(200)
  expect(await take()).toBe(201)
})

it('rule 17: the leases that one process requests are all requested within 4 s for 10,000 tokens if token requests hang', async () => {
  const { taken, pass } = taking(10_000)
  await pass(4_000)
  expect(taken).toHaveLength(10_000)
})

it('rule 16: the leases that one process requests are bounded again when a token request is answered, but not by another process’s lease', async () => {
  const { taken, take, pass } = taking(200)
  await pass(1_000)
  taken[60]?.(false)
  expect(await take()).toBe(201)
  taken[61]?.(true)
  expect(await take()).toBe(201)
})
