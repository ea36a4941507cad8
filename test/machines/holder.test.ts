import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, it } from 'vitest'
import { hold } from '../support/hold.js'
import { describeWithRedis, useClosing } from '../support/redis.js'
import { callAll, pause, served, sumOf, useMachines } from './support/machines.js'

describeWithRedis('the process that fetches for all', () => {
  const { machines, stored } = useMachines()
  const closing = useClosing()

  /** A server that takes what it is sent and never answers. */
  async function blackhole(): Promise<string> {
    const server = createServer(() => {}).listen(0, '127.0.0.1')
    await once(server, 'listening')
    closing(server, () => server.close())
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  it('rule 17: when the fetching process is killed, the others are served by one more gettoken once its lease expires', async () => {
    const { start, startMany, slow, fetches, wecom } = await machines()
    const [holder, others] = [await start(), await startMany(3)]
    wecom.recover('gettoken')
    const asked = hold(wecom, 'gettoken')
    const lost = holder.call(5).catch(({ message }) => message)
    await asked.arrived()
    const waiting = callAll(others, 25)
    await pause(300)
    slow(100)
    const killedAt = Date.now()
    await holder.kill()
    // Though the dead one's token call is not answered yet.
    expect(sumOf(await waiting)).toEqual(served(75))
    console.log(`take-over ${Date.now() - killedAt} ms after SIGKILL`)
    expect(await lost).toBe('the process ended: SIGKILL')
    // The dead one's arrived at WeCom, too.
    expect(fetches()).toBe(2)
    expect(others.flatMap(({ log }) => log.filter(({ what }) => what === 'asks'))).toHaveLength(1)
    expect((await stored())?.value).toContain(`_${await others[0]?.token()}-`)
  })

  it('rule 15: a fetching process that was frozen past its lease adopts the newer token, and its own is not stored', async () => {
    const { start, startMany, slow, fetches, wecom } = await machines()
    const [holder, others] = [await start(), await startMany(2)]
    wecom.recover('gettoken')
    const asked = hold(wecom, 'gettoken')
    const late = holder.call(10)
    await asked.arrived()
    holder.freeze()
    asked.release()
    slow(100)
    expect(sumOf(await callAll(others, 10))).toEqual(served(20))
    expect(fetches()).toBe(2)
    const newer = await stored()
    expect(newer).toBeDefined()

    holder.thaw()
    expect(sumOf(await late)).toEqual(served(10))
    await expect.poll(() => holder.generation()).toBe(newer?.generation)
    expect(await stored()).toEqual(newer)
    const tokens = await Promise.all([holder, ...others].map((one) => one.token()))
    expect(new Set(tokens).size).toBe(1)
    expect(newer?.value).toContain(`_${tokens[0]}-`)
    expect(fetches()).toBe(2)
  })

  it('rule 17: when the fetching process loses WeCom, the others are served within 4 s, by one more gettoken', async () => {
    const { start, startMany, fetches } = await machines({}, 100)
    const cutOff = await start({ wayToWecom: await blackhole() })
    void cutOff.call(5).catch(() => {})
    await cutOff.until(({ what }) => what === 'asks')
    const others = await startMany(4)
    const begunAt = Date.now()
    expect(sumOf(await callAll(others, 10))).toEqual(served(40))
    const tookMs = Date.now() - begunAt
    console.log(`served ${tookMs} ms after they came`)
    expect(tookMs).toBeLessThan(4_000)
    expect(fetches()).toBe(1)
  })
})
