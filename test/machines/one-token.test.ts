import { expect, it } from 'vitest'
import { describeWithRedis } from '../support/redis.js'
import { callAll, served, sumOf, useMachines } from './support/machines.js'

describeWithRedis('processes over one Redis', () => {
  const { machines, stored } = useMachines()

  it.each([4, 8])(
    'rule 1: %i processes over one Redis with 25 cold calls each cause one gettoken, and all are served',
    async (count) => {
      const { startMany, fetches } = await machines()
      const processes = await startMany(count)
      expect(sumOf(await callAll(processes, 25))).toEqual(served(count * 25))
      expect(fetches()).toBe(1)
    },
  )

  it.each([
    ['new strings', 'new', 4],
    ['new strings', 'new', 8],
    ['the same string', 'same', 4],
    ['the same string', 'same', 8],
  ] as const)(
    'rule 5: a storm of refusals with a server that gives %s (%s) costs %i processes over one Redis one more gettoken',
    async (_, tokens, count) => {
      const { startMany, fetches, wecom } = await machines({ tokens })
      const processes = await startMany(count)
      await callAll(processes, 1)
      expect(fetches()).toBe(1)
      wecom.revoke()
      expect(sumOf(await callAll(processes, 25))).toEqual(served(count * 25))
      expect(fetches()).toBe(2)
      expect(sumOf(await callAll(processes, 5))).toEqual(served(count * 5))
      expect(fetches()).toBe(2)
    },
  )

  it('rule 5: processes over one Redis cause one gettoken for each storm of refusals', async () => {
    const { startMany, fetches, wecom } = await machines({}, 50)
    const processes = await startMany(4)
    await callAll(processes, 1)
    for (let storm = 1; storm <= 5; storm += 1) {
      wecom.revoke()
      expect(sumOf(await callAll(processes, 25))).toEqual(served(100))
      expect(fetches()).toBe(1 + storm)
    }
  })

  it('rule 14: processes with different prefixes share no token', async () => {
    const { start, fetches } = await machines()
    const here = await start({ storeOptions: { prefix: 'staging:' } })
    const there = await start({ storeOptions: { prefix: 'production:' } })
    const [one, other] = await Promise.all([here.token(), there.token()])
    expect(one).not.toBe(other)
    expect(fetches()).toBe(2)
    const late = await start({ storeOptions: { prefix: 'staging:' } })
    expect(await late.token()).toBe(one)
    expect(fetches()).toBe(2)
  })

  it('rule 14: processes with different secrets share no token', async () => {
    const { start, fetches, wecom } = await machines()
    wecom.addApp({ corpId: 'ww-fake', corpSecret: 'other-secret' })
    const one = await start()
    const other = await start({ corpSecret: 'other-secret' })
    const [ours, theirs] = await Promise.all([one.token(), other.token()])
    expect(ours).not.toBe(theirs)
    expect(sumOf(await callAll([one, other], 5))).toEqual(served(10))
    wecom.revoke({ corpSecret: 'other-secret' })
    expect(sumOf(await callAll([one, other], 5))).toEqual(served(10))
    expect(await one.token()).toBe(ours)
    expect(fetches()).toBe(3)
  })

  it('rule 20: two processes of which only one has an encryptionKey go on with a token each', async () => {
    const { start, fetches, wecom } = await machines()
    const sealing = await start({ storeOptions: { encryptionKey: '5a'.repeat(32) } })
    const plain = await start()
    for (let round = 1; round <= 3; round += 1) {
      const before = fetches()
      expect(sumOf(await callAll([sealing, plain], 10))).toEqual(served(20))
      expect(fetches() - before).toBeLessThanOrEqual(4)
      wecom.revoke()
    }
    expect(sumOf(await callAll([sealing], 1))).toEqual(served(1))
    expect(sumOf(await callAll([plain], 1))).toEqual(served(1))
    expect(await sealing.token()).not.toBe(await plain.token())
  })

  it('rule 16: a token hit makes no round trip to Redis', async () => {
    const { start } = await machines()
    const one = await start()
    await one.call(1)
    const before = await one.commands()
    expect(sumOf(await one.call(100))).toEqual(served(100))
    expect((await one.commands()) - before).toBe(0)
  })

  it('rule 16: a cold start with a cold store makes two round trips and one gettoken', async () => {
    const { start, fetches } = await machines()
    const one = await start()
    expect(sumOf(await one.call(25))).toEqual(served(25))
    expect(await one.commands()).toBe(2)
    expect(fetches()).toBe(1)
  })

  it('rule 16: a cold start with a warm store makes one round trip and no gettoken', async () => {
    const { start, fetches } = await machines()
    const first = await start()
    await first.call(1)
    await expect.poll(stored).toBeDefined()
    const second = await start()
    expect(sumOf(await second.call(25))).toEqual(served(25))
    expect(await second.commands()).toBe(1)
    expect(fetches()).toBe(1)
  })
})
