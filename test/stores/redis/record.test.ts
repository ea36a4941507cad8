import { Redis } from 'ioredis'
import { beforeAll, describe, expect, it } from 'vitest'
import type { LeaseRequest, StoredToken, TokenStore } from '../../../src/index.js'
import { redisStore } from '../../../src/stores/redis.js'
import { skipsWithoutRedis, startAnyRedis, useClosing } from '../../support/redis.js'

const KEY = 'qyapi-token:https%3A%2F%2Fqyapi.weixin.qq.com:self-built:ww1:0a1b'
const TOKEN = `{${KEY}}:token`
const LEASE = `{${KEY}}:lease`
const FENCE = `{${KEY}}:fence`
const within = (least: number, most: number) => (ms: number) => least < ms && ms <= most
const FAILURE = `{${KEY}}:failure`
const LONG = { holder: 'a', forMs: 60_000, takeOverMs: 60_000, above: 0 }
/** Above what Redis' clock gives. */
const HIGH = 3_000_000_000_000
const stored = (generation: number, more: Partial<StoredToken> = {}): StoredToken => ({
  value: `token-${generation}`,
  generation,
  ageMs: 0,
  expiresInMs: 60_000,
  ...more,
})

describe('what is in Redis', () => {
  const closing = useClosing()
  let redis: Redis
  let store: TokenStore & Required<Pick<TokenStore, 'lease'>>

  beforeAll(async () => {
    const server = await startAnyRedis()
    closing(server, () => server.stop())
    // The default, but tsc would take a second to infer it.
    redis = new Redis<'legacy'>(server.url)
    closing(redis, () => redis.disconnect())
    const { lease, ...made } = redisStore(redis)
    if (lease === undefined) throw new Error('no lease')
    store = { ...made, lease }
  })

  const test = (name: string, run: () => Promise<void>) =>
    it(name, async () => {
      await redis.flushall()
      await run()
    })

  test('rule 20: redisStore works on after the server has forgotten the scripts', async () => {
    await store.set(KEY, stored(1))
    await redis.script('FLUSH')
    expect(await store.get(KEY)).toMatchObject({ value: 'token-1' })
    expect(await store.set(KEY, stored(2))).toBe(true)
  })

  /** The number of the lease that is given. */
  const leased = async (more: Partial<LeaseRequest> = {}): Promise<number> =>
    (await store.lease.acquire(KEY, { ...LONG, ...more })).number ?? expect.fail('no lease')
  /** Redis' clock, in milliseconds. */
  const redisNow = async () => Math.floor(Number((await redis.time())[0]) * 1000)

  test('redisStore keeps one text, one lease and one number for a token, all with an expiry', async () => {
    const number = await leased({ above: HIGH })
    expect(number).toBe(HIGH + 1)
    await store.set(KEY, stored(number, { ageMs: 10_000.4, reconfirmedAtMs: 5_000 }))
    expect((await redis.keys('*')).sort()).toEqual([FENCE, LEASE, TOKEN])
    expect(await redis.get(TOKEN)).toBe(
      `{"v":1,"generation":${number},"expiresInMs":60000,"value":"token-${number}","reconfirmedAtMs":5000}`,
    )
    expect(await redis.get(FENCE)).toBe(`${number}`)
    const lease = JSON.parse((await redis.get(LEASE)) ?? '')
    expect(lease).toEqual({ number, floor: number, since: lease.since, forMs: 60_000, holder: 'a' })
    const lives = [TOKEN, LEASE, FENCE].map((key) => redis.pttl(key))
    const [token = 0, left = 0, fence = 0] = await Promise.all(lives)
    // As long as was said, less what this test has taken.
    expect(token).toSatisfy(within(20_000, 50_000))
    expect(left).toSatisfy(within(30_000, 60_000))
    expect(Math.abs(fence / 86_400_000 - 1)).toBeLessThan(0.01)
  })

  test('rule 15: the numbers of leases come from Redis’ clock, and go on above the last one and what is known', async () => {
    const before = await redisNow()
    const first = await leased()
    expect(first).toBeGreaterThanOrEqual(before)
    expect(first).toBeLessThan(before + 60_000)
    await store.lease.release(KEY, { number: first })
    await redis.set(FENCE, `${HIGH}`)
    const second = await leased()
    expect(second).toBe(HIGH + 1)
    await store.lease.release(KEY, { number: second })
    expect(await leased({ above: HIGH + 7 })).toBe(HIGH + 8)
  })

  test('rule 15: no number of a lease comes again after the store was emptied', async () => {
    const numbers: number[] = []
    for (let life = 0; life < 5; life += 1) {
      numbers.push(await leased({ holder: `life-${life}` }))
      await redis.flushall()
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(new Set(numbers).size).toBe(5)
    expect([...numbers].sort((one, other) => one - other)).toEqual(numbers)
  })

  test('rule 15: only the very token that was meant is deleted, not another life’s of the same number', async () => {
    await store.set(KEY, stored(1, { value: 'of this life' }))
    expect(await store.delete(KEY, 1, 'of another life')).toBe(false)
    expect(await store.get(KEY)).toMatchObject({ value: 'of this life' })
    expect(await store.delete(KEY, 1, 'of this life')).toBe(true)
  })

  test('rule 17: a lease with more life than was asked for belongs to no process', async () => {
    const number = await leased({ holder: 'b', forMs: 2_000 })
    // What Redis makes of it when its clock is set back an hour.
    await redis.pexpire(LEASE, 3_602_000)
    expect(await store.lease.renew(KEY, { number, forMs: 2_000 })).toBe(false)
    expect(await leased()).toBeGreaterThan(number)
  })

  test('rule 17: a lease from a time that is still to come is taken over', async () => {
    const number = await leased({ holder: 'b', forMs: 60_000 })
    const lease = JSON.parse((await redis.get(LEASE)) ?? '')
    await redis.set(
      LEASE,
      JSON.stringify({ ...lease, since: lease.since + 3_600_000 }),
      'PX',
      50_000,
    )
    expect(await leased({ takeOverMs: 3_000 })).toBeGreaterThan(number)
  })

  test('a read-only user of Redis needs no right to write to read the token', async () => {
    await store.set(KEY, stored(5))
    const { token } = await store.lease.acquire(KEY, LONG)
    expect(token).toMatchObject({ value: 'token-5' })
    expect(await redis.keys('*')).toEqual([TOKEN])
  })

  test('redisStore holds no token in clear with an encryptionKey', async () => {
    const sealed = redisStore(redis, { encryptionKey: new Uint8Array(32) })
    expect(await sealed.set(KEY, stored(1))).toBe(true)
    expect(await redis.get(TOKEN)).not.toContain('token-1')
    expect(await sealed.get(KEY)).toMatchObject({ value: 'token-1' })
    expect(await store.get(KEY)).toMatchObject({ value: expect.stringMatching(/^sealed:1:/) })
  })

  test('redisStore works also with a client that gives bytes, and numbers as texts', async () => {
    const bytes = (reply: unknown) =>
      Buffer.from(typeof reply === 'number' ? `${reply}` : (reply as string))
    const ofBytes = redisStore(async ([name = '', ...args]) => {
      const reply = await redis.call(name, ...args)
      return Array.isArray(reply) ? reply.map(bytes) : String(reply)
    })
    const { number = 0 } = (await ofBytes.lease?.acquire(KEY, { ...LONG, above: HIGH })) ?? {}
    expect(number).toBe(HIGH + 1)
    const other = { ...LONG, holder: 'b' }
    expect(await ofBytes.lease?.acquire(KEY, other)).toEqual({
      heldBy: number,
      holder: LONG.holder,
    })
    expect(await ofBytes.lease?.publish(KEY, stored(number, { value: '文' }), { number })).toBe(
      true,
    )
    expect(await ofBytes.get(KEY)).toMatchObject({ value: '文', generation: number })
    expect(await ofBytes.lease?.acquire(KEY, other)).toMatchObject({ token: { value: '文' } })
    expect(await ofBytes.delete(KEY, number, '文')).toBe(true)
  })

  test('rule 14: redisStore shares nothing between two prefixes', async () => {
    const staging = redisStore(redis, { prefix: 'staging:' })
    await store.set(KEY, stored(5))
    expect(await staging.get(KEY)).toBeUndefined()
    expect(await staging.set(KEY, stored(1))).toBe(true)
    expect((await redis.keys('*')).sort()).toEqual([`staging:${TOKEN}`, TOKEN])
  })

  test('redisStore does not store a token that has expired', async () => {
    expect(await store.set(KEY, stored(1, { ageMs: 60_000 }))).toBe(false)
    expect(await store.set(KEY, stored(1, { ageMs: Number.NaN }))).toBe(false)
    expect(await redis.keys('*')).toEqual([])
  })

  test('redisStore keeps keys apart that look like an empty hash tag', async () => {
    const keys = ['}', '%7D', '%257D', '}a', '%7Da', 'a}', '{}', '{']
    for (const [index, key] of keys.entries()) await store.set(key, stored(index + 1))
    const values = await Promise.all(keys.map((key) => store.get(key)))
    expect(values.map((token) => token?.generation)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  const whole = { v: 1, generation: 5, expiresInMs: 60_000, value: 'x' }
  // Not for the one in JavaScript, which has too small a stack for it.
  const nested = '['.repeat(skipsWithoutRedis ? 5 : 5_000)
  const garbage: Readonly<Record<string, readonly [text: string, leftMs: number]>> = {
    'a text': ['garbage', 60_000],
    'an empty text': ['', 60_000],
    'JSON that is no record': ['[1]', 60_000],
    'JSON without a bottom': [nested, 60_000],
    'half a record': [JSON.stringify(whole).slice(0, -4), 60_000],
    'a record without a value': [JSON.stringify({ ...whole, value: '' }), 60_000],
    'a record of version 0': [JSON.stringify({ ...whole, v: 0 }), 60_000],
    'a generation in words': [JSON.stringify({ ...whole, generation: 'five' }), 60_000],
    'a generation beyond all numbers': [JSON.stringify({ ...whole, generation: 1e17 }), 60_000],
    'a generation that none can follow': [
      JSON.stringify({ ...whole, generation: 2 ** 52 }),
      60_000,
    ],
    'a reconfirmation in words': [JSON.stringify({ ...whole, reconfirmedAtMs: 'now' }), 60_000],
    'a token that never ends': [JSON.stringify(whole), -1],
    'a token that ends later than it says': [JSON.stringify(whole), 90_000],
    'a newer version that never ends': [JSON.stringify({ ...whole, v: 2 }), -1],
  }
  for (const [what, [text, leftMs]] of Object.entries(garbage)) {
    test(`redisStore treats ${what} as no token: get finds nothing, set overwrites it, delete leaves it`, async () => {
      await redis.set(TOKEN, text)
      if (leftMs > 0) await redis.pexpire(TOKEN, leftMs)
      expect(await store.get(KEY)).toBeUndefined()
      expect(await store.delete(KEY, 5)).toBe(false)
      expect(await store.set(KEY, stored(1))).toBe(true)
      expect(await store.get(KEY)).toMatchObject({ value: 'token-1' })
    })
  }

  test('redisStore treats a value of another type as no token: get finds nothing, set overwrites it, delete leaves it', async () => {
    await redis.hset(TOKEN, 'value', 'x')
    expect(await store.get(KEY)).toBeUndefined()
    expect(await store.delete(KEY, 5)).toBe(false)
    expect(await store.set(KEY, stored(1))).toBe(true)
    expect(await store.get(KEY)).toMatchObject({ value: 'token-1' })
  })

  it.skipIf(skipsWithoutRedis)('rule 20: redisStore rejects with what Redis forbids', async () => {
    await redis.call('ACL', 'SETUSER', 'app', 'on', '>pass', '~*', '+@all', '-get', '-set')
    const { host = '', port = 0 } = redis.options
    const app = new Redis(port, host, { username: 'app', password: 'pass' })
    closing(app, () => app.disconnect())
    for (const operation of [redisStore(app).get(KEY), redisStore(app).set(KEY, stored(1))])
      await expect(operation).rejects.toThrow(/can't run this command/)
  })

  test('redisStore leaves a value of a newer version alone: get finds nothing, set and delete do nothing', async () => {
    const text = JSON.stringify({ v: 2, sealed: [1, 2, 3] })
    await redis.set(TOKEN, text, 'PX', 60_000)
    expect(await store.get(KEY)).toBeUndefined()
    expect(await store.set(KEY, stored(9))).toBe(false)
    expect(await store.delete(KEY, 9)).toBe(false)
    expect(await redis.get(TOKEN)).toBe(text)
  })

  test('rule 17: a token with a false age is as old as Redis says', async () => {
    await redis.set(TOKEN, JSON.stringify({ ...whole, ageMs: 5 }), 'PX', 20_000)
    const token = await store.get(KEY)
    expect(Object.keys(token ?? {}).sort()).toEqual(['ageMs', 'expiresInMs', 'generation', 'value'])
    expect(token?.ageMs).toBeGreaterThanOrEqual(40_000)
  })

  test('rule 15: a fencing number that is unreadable counts as 0', async () => {
    for (const garbage of ['garbage', '-5', '1.5', '1e300', 'nan', '', `${2 ** 52}`]) {
      await redis.set(FENCE, garbage)
      expect(await store.set(KEY, stored(1))).toBe(true)
      const number = await leased({ above: HIGH })
      expect(number).toBe(HIGH + 1)
      await store.lease.release(KEY, { number })
      await redis.del(TOKEN)
    }
    await redis.del(FENCE)
    await redis.lpush(FENCE, 'x')
    expect(await leased({ above: HIGH })).toBe(HIGH + 1)
  })

  test('rule 17: a lease that is unreadable or would never end belongs to no process', async () => {
    await redis.lpush(LEASE, 'x')
    expect(await store.lease.renew(KEY, { number: 1, forMs: 1_000 })).toBe(false)
    expect(await store.lease.release(KEY, { number: 1 })).toBe(false)
    await leased()
    for (const garbage of ['not json', '{"number":1}', '[]', 'null']) {
      await redis.set(LEASE, garbage, 'PX', 60_000)
      await leased({ holder: garbage })
    }
    const text = (await redis.get(LEASE)) ?? ''
    await redis.set(LEASE, text)
    await leased({ holder: 'after one without an end' })
    expect(await redis.pttl(LEASE)).toBeGreaterThan(0)
  })

  test('a lease of redisStore may be for less than a millisecond, and be taken again by its holder', async () => {
    const first = await leased({ forMs: 0.5 })
    const second = await leased()
    const third = await leased()
    expect(second).toBeGreaterThan(first)
    expect(third).toBeGreaterThan(second)
    expect(await store.lease.renew(KEY, { number: second, forMs: 1_000 })).toBe(false)
    expect(await store.lease.renew(KEY, { number: third, forMs: 1_000.5 })).toBe(true)
  })

  test('rule 17: redisStore ignores a failure that never ends, or is of another type', async () => {
    await redis.set(FAILURE, 'for ever')
    await leased()
    await redis.del(FAILURE)
    await redis.lpush(FAILURE, 'x')
    await leased()
  })

  test('rule 17: redisStore does not publish a token that has expired, but releases the lease', async () => {
    const number = await leased()
    const dead = stored(number, { ageMs: 60_000 })
    expect(await store.lease.publish(KEY, dead, { number })).toBe(false)
    expect(await redis.exists(LEASE)).toBe(0)
  })
})
