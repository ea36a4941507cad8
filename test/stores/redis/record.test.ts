import { Redis } from 'ioredis'
import { beforeAll, describe, expect, it } from 'vitest'
import type { StoredToken, TokenStore } from '../../../src/index.js'
import { redisStore } from '../../../src/stores/redis.js'
import { skipsWithoutRedis, startJsRedis, startRedis, useClosing } from '../../support/redis.js'

const KEY = 'qyapi-token:https%3A%2F%2Fqyapi.weixin.qq.com:self-built:ww1:0a1b'
const TOKEN = `{${KEY}}:token`
const LEASE = `{${KEY}}:lease`
const FENCE = `{${KEY}}:fence`
const LONG = { holder: 'a', forMs: 60_000, above: 0 }
const within = (least: number, most: number) => (ms: number) => least < ms && ms <= most
const stored = (generation: number, more: Partial<StoredToken> = {}): StoredToken => ({
  value: `token-${generation}`,
  generation,
  ageMs: 0,
  expiresInMs: 60_000,
  ...more,
})

describe.each([
  ['a Redis in JavaScript', startJsRedis, false],
  ['redis-server', startRedis, skipsWithoutRedis],
] as const)('what is in %s', (_, start, isSkipped) => {
  const closing = useClosing()
  let redis: Redis
  let store: TokenStore & Required<Pick<TokenStore, 'lease'>>

  beforeAll(async () => {
    if (isSkipped) return
    const server = await start()
    closing(server, () => server.stop())
    // The default, but tsc would take a second to infer it.
    redis = new Redis<'legacy'>(server.url)
    closing(redis, () => redis.disconnect())
    const { lease, ...made } = redisStore(redis)
    if (lease === undefined) throw new Error('no lease')
    store = { ...made, lease }
  })

  const test = (name: string, run: () => Promise<void>) =>
    it.skipIf(isSkipped)(name, async () => {
      await redis.flushall()
      await run()
    })

  test('survives that the server forgets the scripts', async () => {
    await store.set(KEY, stored(1))
    await redis.script('FLUSH')
    expect(await store.get(KEY)).toMatchObject({ value: 'token-1' })
    expect(await store.set(KEY, stored(2))).toBe(true)
  })

  test('is one text, one lease and one number, all with an end', async () => {
    expect(await store.lease.acquire(KEY, { ...LONG, above: 3 })).toBe(4)
    await store.set(KEY, stored(4, { ageMs: 10_000.4, reconfirmedAtMs: 5_000 }))
    expect((await redis.keys('*')).sort()).toEqual([FENCE, LEASE, TOKEN])
    expect(await redis.get(TOKEN)).toBe(
      '{"v":1,"generation":4,"expiresInMs":60000,"value":"token-4","reconfirmedAtMs":5000}',
    )
    expect([await redis.get(LEASE), await redis.get(FENCE)]).toEqual(['a', '4'])
    const lives = [TOKEN, LEASE, FENCE].map((key) => redis.pttl(key))
    const [token = 0, lease = 0, fence = 0] = await Promise.all(lives)
    // As long as was said, less what this test has taken.
    expect(token).toSatisfy(within(20_000, 50_000))
    expect(lease).toSatisfy(within(30_000, 60_000))
    expect(Math.abs(fence / 86_400_000 - 30)).toBeLessThan(0.001)
  })

  test('holds no token in clear with an encryptionKey', async () => {
    const sealed = redisStore(redis, { encryptionKey: new Uint8Array(32) })
    expect(await sealed.set(KEY, stored(1))).toBe(true)
    expect(await redis.get(TOKEN)).not.toContain('token-1')
    expect(await sealed.get(KEY)).toMatchObject({ value: 'token-1' })
    expect(await store.get(KEY)).toMatchObject({ value: expect.stringMatching(/^sealed:1:/) })
  })

  test('is read also by a client that gives bytes, and numbers as texts', async () => {
    const bytes = (reply: unknown) =>
      Buffer.from(typeof reply === 'number' ? `${reply}` : (reply as string))
    const ofBytes = redisStore(async ([name = '', ...args]) => {
      const reply = await redis.call(name, ...args)
      return Array.isArray(reply) ? reply.map(bytes) : String(reply)
    })
    expect(await ofBytes.lease?.acquire(KEY, LONG)).toBe(1)
    expect(await ofBytes.set(KEY, stored(1, { value: '文' }))).toBe(true)
    expect(await ofBytes.get(KEY)).toMatchObject({ value: '文', generation: 1 })
    expect(await ofBytes.delete(KEY, 1)).toBe(true)
  })

  test('is another one’s under another prefix', async () => {
    const staging = redisStore(redis, { prefix: 'staging:' })
    await store.set(KEY, stored(5))
    expect(await staging.get(KEY)).toBeUndefined()
    expect(await staging.set(KEY, stored(1))).toBe(true)
    expect((await redis.keys('*')).sort()).toEqual([`staging:${TOKEN}`, TOKEN])
  })

  test('a token whose life is over is not stored', async () => {
    expect(await store.set(KEY, stored(1, { ageMs: 60_000 }))).toBe(false)
    expect(await store.set(KEY, stored(1, { ageMs: Number.NaN }))).toBe(false)
    expect(await redis.keys('*')).toEqual([])
  })

  test('keys that look like an empty tag are kept apart', async () => {
    const keys = ['}', '%7D', '%257D', '}a', '%7Da', 'a}', '{}', '{']
    for (const [index, key] of keys.entries()) await store.set(key, stored(index + 1))
    const values = await Promise.all(keys.map((key) => store.get(key)))
    expect(values.map((token) => token?.generation)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  const whole = { v: 1, generation: 5, expiresInMs: 60_000, value: 'x' }
  // Not for the one in JavaScript, which has too small a stack for it.
  const nested = '['.repeat(start === startRedis ? 5_000 : 5)
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
    'a reconfirmation in words': [JSON.stringify({ ...whole, reconfirmedAtMs: 'now' }), 60_000],
    'a token that never ends': [JSON.stringify(whole), -1],
    'a token that ends later than it says': [JSON.stringify(whole), 90_000],
    'a newer version that never ends': [JSON.stringify({ ...whole, v: 2 }), -1],
  }
  for (const [what, [text, leftMs]] of Object.entries(garbage)) {
    test(`${what} is no token: get finds nothing, set overwrites it, delete leaves it`, async () => {
      await redis.set(TOKEN, text)
      if (leftMs > 0) await redis.pexpire(TOKEN, leftMs)
      expect(await store.get(KEY)).toBeUndefined()
      expect(await store.delete(KEY, 5)).toBe(false)
      expect(await store.set(KEY, stored(1))).toBe(true)
      expect(await store.get(KEY)).toMatchObject({ value: 'token-1' })
    })
  }

  test('another type is no token: get finds nothing, set overwrites it, delete leaves it', async () => {
    await redis.hset(TOKEN, 'value', 'x')
    expect(await store.get(KEY)).toBeUndefined()
    expect(await store.delete(KEY, 5)).toBe(false)
    expect(await store.set(KEY, stored(1))).toBe(true)
    expect(await store.get(KEY)).toMatchObject({ value: 'token-1' })
  })

  it.skipIf(isSkipped || start !== startRedis)('what Redis forbids is a rejection', async () => {
    await redis.call('ACL', 'SETUSER', 'app', 'on', '>pass', '~*', '+@all', '-get', '-set')
    const { host = '', port = 0 } = redis.options
    const app = new Redis(port, host, { username: 'app', password: 'pass' })
    closing(app, () => app.disconnect())
    for (const operation of [redisStore(app).get(KEY), redisStore(app).set(KEY, stored(1))])
      await expect(operation).rejects.toThrow(/can't run this command/)
  })

  test('a newer version is left alone: get finds nothing, set and delete do nothing', async () => {
    const text = JSON.stringify({ v: 2, sealed: [1, 2, 3] })
    await redis.set(TOKEN, text, 'PX', 60_000)
    expect(await store.get(KEY)).toBeUndefined()
    expect(await store.set(KEY, stored(9))).toBe(false)
    expect(await store.delete(KEY, 9)).toBe(false)
    expect(await redis.get(TOKEN)).toBe(text)
  })

  test('a token that lies about its age is as old as Redis says', async () => {
    await redis.set(TOKEN, JSON.stringify({ ...whole, ageMs: 5 }), 'PX', 20_000)
    const token = await store.get(KEY)
    expect(Object.keys(token ?? {}).sort()).toEqual(['ageMs', 'expiresInMs', 'generation', 'value'])
    expect(token?.ageMs).toBeGreaterThanOrEqual(40_000)
  })

  test('a fencing number that is none counts as 0', async () => {
    for (const garbage of ['garbage', '-5', '1.5', '1e300', 'nan', '']) {
      await redis.set(FENCE, garbage)
      expect(await store.set(KEY, stored(1))).toBe(true)
      expect(await store.lease.acquire(KEY, { ...LONG, above: 7 })).toBe(8)
      await redis.del(TOKEN)
    }
    await redis.del(FENCE)
    await redis.lpush(FENCE, 'x')
    expect(await store.lease.acquire(KEY, LONG)).toBe(1)
  })

  test('a lease that is none, or would never end, is nobody’s', async () => {
    await redis.lpush(LEASE, 'x')
    expect(await store.lease.renew(KEY, LONG)).toBe(false)
    expect(await store.lease.release(KEY, LONG)).toBe(false)
    expect(await store.lease.acquire(KEY, LONG)).toBe(1)
    await redis.set(LEASE, 'somebody')
    expect(await store.lease.acquire(KEY, LONG)).toBe(2)
    expect(await redis.pttl(LEASE)).toBeGreaterThan(0)
  })

  test('a lease may be for less than a millisecond, and be taken again by its holder', async () => {
    expect(await store.lease.acquire(KEY, { ...LONG, forMs: 0.5 })).toBe(1)
    expect(await store.lease.acquire(KEY, LONG)).toBe(2)
    expect(await store.lease.acquire(KEY, LONG)).toBe(3)
    expect(await store.lease.renew(KEY, { ...LONG, forMs: 1_000.5 })).toBe(true)
  })
})
