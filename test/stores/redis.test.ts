import { createClient, createClientPool } from '@redis/client'
import { Redis } from 'ioredis'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  createTokenSource,
  selfBuilt,
  suiteApp,
  type TokenEvent,
  type TokenSource,
} from '../../src/index.js'
import { type RedisClient, type RedisCommand, redisStore } from '../../src/stores/redis.js'
import { leaseContract, storeContract } from '../../src/testing.js'
import { APP } from '../support/qyapi.js'
import {
  describeWithRedis,
  hasRedisServer,
  type RedisAddress,
  type RedisServer,
  startAnyRedis,
  startRedis,
  useClosing,
} from '../support/redis.js'
import { numberedTokens, tokenBody } from '../support/source.js'

type Client = RedisClient | RedisCommand
type Closing = ReturnType<typeof useClosing>

function ioredis({ url }: RedisAddress, closing: Closing): Redis {
  const redis = new Redis(url)
  redis.on('error', () => {})
  return closing(redis, () => redis.disconnect())
}

const CLIENTS: Readonly<
  Record<string, (server: RedisAddress, closing: Closing) => Promise<Client>>
> = {
  ioredis: async (server, closing) => ioredis(server, closing),
  '@redis/client': async ({ url }, closing) => {
    const redis = createClient({ url })
    await redis.connect()
    return closing(redis, () => redis.destroy())
  },
  'a pool of @redis/client': async ({ url }, closing) => {
    const pool = createClientPool({ url })
    await pool.connect()
    return closing(pool, () => pool.destroy())
  },
  'a command function': async (server, closing) => {
    const redis = ioredis(server, closing)
    return ([name = '', ...args]) => redis.call(name, ...args)
  },
}

let places = 0
/** A part of Redis that no other test has. */
const ownPlace = () => {
  places += 1
  return { prefix: `test-${places}:` }
}

describe('redisStore on a Redis', () => {
  const closing = useClosing()
  let server: RedisAddress
  beforeAll(async () => {
    server = await startAnyRedis()
    closing(server, () => server.stop())
  })

  describe.each(Object.entries(CLIENTS))('by %s', (_, connect) => {
    let client: Client
    beforeAll(async () => {
      client = await connect(server, closing)
    })
    const open = () => redisStore(client, ownPlace())
    for (const { name, run } of storeContract(open)) it.concurrent(name, run)
    for (const { name, run } of leaseContract(open)) it.concurrent(name, run)
  })
})

it.runIf(process.env.CI === 'true')('a redis-server is on the PATH of CI', () => {
  expect(hasRedisServer).toBe(true)
})

describeWithRedis('a token source over redis-server', () => {
  const closing = useClosing()
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
    closing(server, () => server.stop())
  })

  /** As many processes as are asked for: each a source with a connection of its own. */
  function machines() {
    const { transport, requests } = numberedTokens()
    const start = () => {
      const redis = ioredis(server, closing)
      const events: TokenEvent[] = []
      const onEvent = (event: TokenEvent) => events.push(event)
      const options = { store: redisStore(redis), onEvent, transport }
      const source = createTokenSource(selfBuilt(APP), options)
      return { source, redis, types: () => events.map(({ type }) => type) }
    }
    return { start, fetches: requests }
  }

  it('rule 20: a token source over Redis is served even if its Redis is a read-only replica', async () => {
    const replica = await startRedis()
    closing(replica, () => replica.stop())
    const admin = ioredis(replica, closing)
    await admin.replicaof('127.0.0.1', server.port)
    const events: string[] = []
    const onEvent = (event: TokenEvent) =>
      events.push('operation' in event ? `${event.operation}: ${event.message}` : event.type)
    const transport = async () => ({ status: 200, body: tokenBody('token') })
    const source = createTokenSource(selfBuilt({ ...APP, corpSecret: 'of-a-replica' }), {
      store: redisStore(admin),
      onEvent,
      transport,
    })
    expect(await source.get()).toBe('token')
    expect(events.join()).toMatch(/acquire: .*(READONLY|read only|MASTERDOWN|LOADING)/)
    expect(events).toContain('fetched')
  })

  it('rule 20: a token source over Redis is served, and shares again, after its keys were lost', async () => {
    const { start, fetches } = machines()
    const [one, other] = [start(), start()]
    expect(await one.source.get()).toBe(await other.source.get())
    await one.redis.flushall()
    await one.source.invalidate(await one.source.get())
    expect(await one.source.get()).toBe('token-2')
    await other.source.run(async (token) => ({ errcode: token === 'token-1' ? 40014 : 0 }))
    expect(await other.source.get()).toBe('token-2')
    expect(fetches()).toBe(2)
  })

  const untilStored = (redis: Redis) => expect.poll(() => redis.keys('*:token')).toHaveLength(1)
  /** A source leaves a store that failed alone, the longer the more often it failed: then it shares again. */
  const untilShared = async ({ source, redis }: { source: TokenSource; redis: Redis }) => {
    let token = await source.get()
    const isShared = async () => {
      if ((await redis.keys('*:token')).length === 1) return true
      await source.invalidate(token)
      token = await source.get()
      return false
    }
    await expect.poll(isShared, { interval: 1_000, timeout: 60_000 }).toBe(true)
    return token
  }

  it('rule 1: a token source over Redis fetches once for two processes, and adopts by the age from Redis', async () => {
    await server.restart()
    const { start, fetches } = machines()
    const one = start()
    expect(await one.source.get()).toBe('token-1')
    await untilStored(one.redis)
    const two = start()
    expect(await two.source.get()).toBe('token-1')
    expect(two.types()).toEqual(['adopted'])
    expect(fetches()).toBe(1)
  })

  it('rule 1: a token source over Redis fetches once for ten processes that start at the same moment', async () => {
    await server.restart()
    const { start, fetches } = machines()
    const ten = Array.from({ length: 10 }, start)
    const tokens = await Promise.all(ten.map(({ source }) => source.get()))
    expect(new Set(tokens)).toEqual(new Set(['token-1']))
    expect(fetches()).toBe(1)
  })

  it('rule 20: a token source over Redis fails no caller while Redis is dead, and shares again when it is back', async () => {
    await server.restart()
    const { start, fetches } = machines()
    const one = start()
    await one.source.get()
    await untilStored(one.redis)
    await server.kill()
    const two = start()
    expect(await two.source.get()).toBe('token-2')
    expect(new Set(two.types())).toEqual(new Set(['store_error', 'fetched']))
    expect(await one.source.get()).toBe('token-1')

    await server.restart()
    await expect.poll(() => two.redis.status).toBe('ready')
    const token = await untilShared(two)
    const fetched = fetches()
    expect(await start().source.get()).toBe(token)
    expect(fetches()).toBe(fetched)
  })

  it('rule 20: a token source over Redis fails no caller while Redis is frozen, and shares again afterwards', async () => {
    await server.restart()
    const { start, fetches } = machines()
    const one = start()
    await one.redis.ping()
    server.freeze()
    // While it is frozen still.
    expect(await one.source.get()).toBe('token-1')
    server.thaw()

    const token = await untilShared(one)
    const fetched = fetches()
    expect(await start().source.get()).toBe(token)
    expect(fetches()).toBe(fetched)
  })

  it('a token source over Redis overwrites a value that is not a token', async () => {
    await server.restart()
    const { start, fetches } = machines()
    const one = start()
    await one.source.get()
    await untilStored(one.redis)
    const [key = ''] = await one.redis.keys('*:token')
    await one.redis.set(key, 'garbage')
    const two = start()
    expect(await two.source.get()).toBe('token-2')
    await expect.poll(() => one.redis.get(key)).toContain('token-2')
    expect(await start().source.get()).toBe('token-2')
    expect(fetches()).toBe(2)
  })

  const request = { holder: 'a', forMs: 60_000, takeOverMs: 60_000 }
  const stored = (generation: number) => ({
    value: `token-${generation}`,
    generation,
    ageMs: 0,
    expiresInMs: 60_000,
  })

  it('rule 15: a token source over Redis repeats no number after a failover to a replica that lagged', async () => {
    const primary = await startRedis()
    const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', `${primary.port}`] })
    closing(primary, () => primary.stop())
    closing(replica, () => replica.stop())
    const [before, after] = [ioredis(primary, closing), ioredis(replica, closing)]
    const numberOn = async (redis: Redis, above: number) => {
      const { lease } = redisStore(redis)
      const { number = 0 } = (await lease?.acquire('key', { ...request, above })) ?? {}
      await lease?.publish('key', stored(number), { number })
      return number
    }
    const known = await numberOn(before, 0)
    await expect.poll(() => after.exists('{key}:token'), { timeout: 20_000 }).toBe(1)
    await after.replicaof('NO', 'ONE')
    const lost = await numberOn(before, known)
    await primary.kill()
    const next = await numberOn(after, known)
    expect(lost).toBeGreaterThan(known)
    expect(next).toBeGreaterThan(lost)
    // What belongs to the lost life deletes nothing of this one.
    expect(await redisStore(after).delete('key', next, `token-${lost}`)).toBe(false)
  })

  it('rule 17: a token source over Redis releases a lease at once that Redis gives after it was frozen', async () => {
    await server.restart()
    const { start, fetches } = machines()
    const one = start()
    await one.redis.ping()
    const admin = ioredis(server, closing)
    await admin.call('CLIENT', 'PAUSE', '900', 'WRITE')
    expect(await one.source.get()).toBe('token-1')
    const keys = (what: string) => admin.keys(`*:${what}`)
    await expect.poll(() => keys('fence'), { timeout: 10_000 }).toHaveLength(1)
    // Long before it ends by itself.
    await expect.poll(() => keys('lease'), { timeout: 1_500 }).toHaveLength(0)
    expect(fetches()).toBe(1)
  })

  it('rule 18: a token source over Redis stores a ticket again that was lost with all data of Redis', async () => {
    const suite = suiteApp({ suiteId: 'ww-lost', suiteSecret: 'secret' })
    const redis = ioredis(server, closing)
    const sent: unknown[] = []
    const transport = async ({ body = '' }) => {
      sent.push(JSON.parse(body).suite_ticket)
      return { status: 200, body: '{"suite_access_token":"token","expires_in":7200}' }
    }
    const [one, other] = [1, 2].map(() =>
      createTokenSource(suite, { store: redisStore(redis), transport }),
    )
    await one?.pushTicket('ticket')
    await redis.flushall()
    await one?.get()
    await expect.poll(() => redis.keys('*suite_ticket*:token')).toHaveLength(1)
    await other?.invalidate((await other?.get()) ?? '')
    await other?.get()
    expect(sent.at(-1)).toBe('ticket')
    for (const source of [one, other]) source?.close()
  })
})
