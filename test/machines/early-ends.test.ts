import { expect, it } from 'vitest'
import { describeWithRedis } from '../support/redis.js'
import { endLoad, pause, useMachines } from './support/machines.js'

/** The worker's load calls it in its turn. */
const BAD_PATH = 'agent/get'
const EARLY_ENDS = 12

describeWithRedis('rules 7 and 9: four processes over one Redis, under load', () => {
  const { machines } = useMachines()

  it('rules 7 and 9: with four processes over one Redis, tokens that end early and one endpoint that refuses everything cost no good call', async () => {
    const { wecom, startMany, start, fetches } = await machines({}, 50)
    wecom.failNext(BAD_PATH, { errcode: 40014 }, 1_000_000)
    const busy = await startMany(3, { endpointCooldownMs: 5_000 })
    // It calls seldom, and is generations behind then.
    const idle = await start({ endpointCooldownMs: 5_000 })
    for (const one of busy) await one.load(10)
    await idle.load(700)
    const endedAt: number[] = []
    for (let end = 0; end < EARLY_ENDS; end += 1) {
      await pause(end % 3 === 0 ? 300 : 900)
      endedAt.push(Date.now())
      wecom[end % 2 === 0 ? 'revoke' : 'expire']()
    }
    await pause(500)
    const { calls, unsettled } = await endLoad([...busy, idle])
    const good = calls.filter(({ path }) => path !== BAD_PATH)
    expect(unsettled).toBe(0)
    expect(good.length).toBeGreaterThan(500)
    // On a busy machine a call may last through two ends: the token of its replay has died, too (rule 9).
    // What was in flight when it started is as late as the call itself.
    const isThroughTwo = ({ startedAt, at }: { startedAt: number; at: number }) => {
      const lateMs = Math.max(100, at - startedAt)
      return endedAt.filter((end) => end >= startedAt - lateMs && end <= at).length > 1
    }
    const lost = good.filter(({ errcode }) => errcode !== 0)
    expect(lost.filter((call) => !isThroughTwo(call))).toEqual([])
    expect(calls.some(({ path, errcode }) => path === BAD_PATH && errcode === 40014)).toBe(true)
    // An early end costs one, or two where a process had adopted what died; the bad endpoint one of
    // each process every 5 s.
    expect(fetches()).toBeLessThan(1 + 2 * EARLY_ENDS + 4 * 4)
  })
})
