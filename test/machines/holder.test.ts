import { expect, it } from 'vitest'
import { describeWithRedis } from '../support/redis.js'
import { callAll, pause, served, sumOf, useMachines } from './support/machines.js'

const LEASE_MS = 2_000
describeWithRedis('the process that fetches for all', () => {
  const { machines, stored } = useMachines()

  it('is killed in mid-fetch: one more gettoken, everyone else served within 3 s', async () => {
    const { start, startMany, slow, fetches } = await machines({}, 2_500)
    const [holder, others] = [await start(), await startMany(3)]
    const lost = holder.call(5).catch(({ message }) => message)
    await holder.until(({ what }) => what === 'asks')
    const waiting = callAll(others, 25)
    await pause(300)
    slow(100)
    const killedAt = Date.now()
    await holder.kill()
    expect(sumOf(await waiting)).toEqual(served(75))
    const tookMs = Date.now() - killedAt
    console.log(`take-over ${tookMs} ms after SIGKILL`)
    expect(tookMs).toBeLessThan(LEASE_MS + 1_000)
    expect(await lost).toBe('the process ended: SIGKILL')
    // The dead one's arrived at WeCom, too.
    await expect.poll(fetches, { timeout: 5_000 }).toBe(2)
    expect(others.flatMap(({ log }) => log.filter(({ what }) => what === 'asks'))).toHaveLength(1)
    expect(await stored()).toMatchObject({ generation: 2 })
  })

  it('is frozen past its lease and goes on: what it brings is refused, and it takes the newer one', async () => {
    const { start, startMany, slow, fetches } = await machines({}, 700)
    const [holder, others] = [await start(), await startMany(2)]
    const late = holder.call(10)
    await holder.until(({ what }) => what === 'asks')
    await pause(200)
    holder.freeze()
    slow(100)
    expect(sumOf(await callAll(others, 10))).toEqual(served(20))
    expect(fetches()).toBe(2)
    const newer = await stored()
    expect(newer).toMatchObject({ generation: 2 })

    holder.thaw()
    expect(sumOf(await late)).toEqual(served(10))
    await pause(300)
    expect(await stored()).toEqual(newer)
    expect(await holder.generation()).toBe(2)
    const tokens = await Promise.all([holder, ...others].map((one) => one.token()))
    expect(new Set(tokens).size).toBe(1)
    expect(newer?.value).toContain(`_${tokens[0]}-`)
    expect(fetches()).toBe(2)
  })
})
