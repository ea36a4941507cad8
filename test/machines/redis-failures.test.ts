import type { RedisOptions } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithRedis, type RedisSentinel, startSentinel } from '../support/redis.js'
import {
  callAll,
  costsOfRefusals,
  endLoad,
  type Machines,
  pause,
  served,
  sumOf,
  useMachines,
} from './support/machines.js'

const PROCESSES = 4
/** A store that failed once is asked again after 1 s; a lost connection comes back in between. */
const RECOVERY_MS = 3_000

interface Failure {
  begin(): unknown
  end(): unknown
}

/** A failure during load, with all tokens refused in the midst of it; and what comes after. */
async function survive(
  { startMany, wecom, fetches }: Machines,
  failure: Failure,
  more: { redis?: RedisOptions; client?: '@redis/client' } = {},
) {
  const processes = await startMany(PROCESSES, more)
  await callAll(processes, 1)
  expect(fetches()).toBe(1)
  await Promise.all(processes.map((one) => one.load(20)))
  await pause(300)
  await failure.begin()
  await pause(200)
  wecom.revoke()
  await pause(1_500)
  await failure.end()
  await pause(RECOVERY_MS)
  const endedAt = Date.now()
  const whileFailing = fetches() - 1
  const costs = await costsOfRefusals({ wecom, fetches })
  const { unsettled, calls: all } = await endLoad(processes)
  // Refusals one after the other may meet a call twice, which is then the caller's answer.
  const calls = all.filter(({ startedAt, tookMs }) => startedAt + tookMs < endedAt)
  const longestMs = Math.max(...calls.map(({ tookMs }) => tookMs))
  console.log(`${calls.length} calls, ${whileFailing} gettoken, the longest call ${longestMs} ms`)
  expect(sumOf(calls)).toEqual(served(calls.length))
  expect(unsettled).toBe(0)
  expect(whileFailing).toBeGreaterThanOrEqual(1)
  expect(whileFailing).toBeLessThanOrEqual(PROCESSES)
  expect(costs.at(-1), `after it refusals cost ${costs.join(', ')}`).toBe(1)
  expect(new Set(await Promise.all(processes.map((one) => one.token()))).size).toBe(1)
}

const RULE = 'every call is served, one gettoken for each process at most, then they share again'

describeWithRedis('Redis during load', () => {
  const { machines, redis } = useMachines()
  const failures: Readonly<Record<string, Failure>> = {
    'is killed, and started again empty': {
      begin: () => redis().kill(),
      end: () => redis().restart(),
    },
    'is frozen for a while': { begin: () => redis().freeze(), end: () => redis().thaw() },
    'is restarted empty': { begin: () => redis().restart(), end: () => {} },
  }
  for (const [what, failure] of Object.entries(failures))
    for (const client of [undefined, '@redis/client'] as const)
      it(`rule 20: Redis ${what} during load (${client ?? 'ioredis'}): ${RULE}`, async () => {
        await survive(await machines({}, 100), failure, client && { client })
      })

  it('rule 20: processes that start without their Redis have a token each', async () => {
    const { startMany, fetches } = await machines({}, 100)
    const processes = await startMany(PROCESSES)
    await redis().kill()
    expect(sumOf(await callAll(processes, 25))).toEqual(served(25 * PROCESSES))
    expect(fetches()).toBe(PROCESSES)
    await redis().restart()
  })
})

describeWithRedis('Redis with a sentinel during load', () => {
  const { machines } = useMachines()
  let pair: RedisSentinel
  beforeAll(async () => {
    pair = await startSentinel()
  })
  afterAll(() => pair.stop())

  it(`rule 20: Redis with a sentinel fails over during load: ${RULE}`, async () => {
    const { name, sentinel } = pair
    const redis = { name, sentinels: [{ host: '127.0.0.1', port: sentinel.port }] }
    let over: Promise<void> | undefined
    const begin = () => {
      over = pair.failOver()
    }
    await survive(await machines({}, 100), { begin, end: () => over }, { redis })
  })
})
