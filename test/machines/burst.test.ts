import { expect, it } from 'vitest'
import { describeWithRedis } from '../support/redis.js'
import { useMachines } from './support/machines.js'

const CORPS = 1_000
const APPS = Array.from({ length: CORPS }, (_, at) => ({
  corpId: `ww-corp-${at}`,
  corpSecret: 'fake-secret',
}))

describeWithRedis('many cold corps at once in four processes', () => {
  const { machines } = useMachines()

  it('rule 16: 1,000 cold corps in four processes cost 1,000 token requests, also where one of them takes 1.5 s', async () => {
    const { startMany, fetches, wecom } = await machines({ apps: APPS })
    wecom.recover('gettoken')
    wecom.failNext('gettoken', { delayMs: 1_500 })
    wecom.failNext('gettoken', { delayMs: 150 }, 5 * CORPS)
    const processes = await startMany(4)
    const begunAt = Date.now()
    const served = await Promise.all(processes.map((one) => one.burst(CORPS)))
    console.log(`${fetches()} token requests, served in ${Date.now() - begunAt} ms`)
    expect(served).toEqual([CORPS, CORPS, CORPS, CORPS])
    // Not one more on a machine with room. Where event loops stand still for seconds, leases run out.
    expect(fetches()).toBeLessThanOrEqual(1.5 * CORPS)
  })
})
