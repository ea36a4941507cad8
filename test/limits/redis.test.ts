import { createClient } from '@redis/client'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import type { OwnEvent } from '../../src/core/events.js'
import type { CallPlace } from '../../src/core/limits.js'
import type { Credential } from '../../src/index.js'
import { type CallLimitsOptions, callLimits } from '../../src/limits.js'
import { appOf, isPending } from '../support/limited.js'
import { describeWithRedis, startRedis, useClosing } from '../support/redis.js'
import { refuseUnhandled } from '../support/unhandled.js'

refuseUnhandled()

const ww1 = appOf('ww1')
const TABLE = { corpApi: { minute: 10 } }

describeWithRedis('call limits in Redis', () => {
  const closing = useClosing()

  async function open() {
    const server = await startRedis()
    closing(server, () => server.stop())
    return server
  }

  /** What one process has: limits with a client of its own, and how many of its calls got a place. */
  function processOn(port: number, options: CallLimitsOptions = {}) {
    const redis = new Redis(port, '127.0.0.1', { retryStrategy: () => 50 })
    redis.on('error', () => {})
    closing(redis, () => redis.disconnect())
    const limits = callLimits({ redis, table: TABLE, onLimit: 'fail', ...options })
    const events: OwnEvent[] = []
    const enter = async (endpoint: string, credential: Credential | undefined, url?: string) => {
      const emit = (event: OwnEvent) => void events.push(event)
      const call = { endpoint, credential, emit, ...(url !== undefined && { url }) }
      const entered = limits.enter(call)
      return isPending(entered) ? entered.place : entered
    }
    const sent: CallPlace[] = []
    /** How many of these calls got a place. */
    const calls = async (count: number, endpoint = 'user/get') => {
      const all = await Promise.allSettled(
        Array.from({ length: count }, () => enter(endpoint, ww1)),
      )
      const places = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      for (const place of places) place.end()
      sent.push(...places)
      return places.length
    }
    return { redis, limits, events, enter, calls, sent }
  }

  it('two processes together send no more than the table allows', async () => {
    const { port } = await open()
    const [one, other] = [processOn(port), processOn(port)]
    let sent = 0
    for (let round = 0; round < 10; round += 1)
      sent += (await one.calls(2)) + (await other.calls(2))
    expect(sent).toBe(10)
  })

  it('a process that starts again finds what it has used', async () => {
    const { port } = await open()
    let sent = 0
    for (let start = 0; start < 5; start += 1) sent += await processOn(port).calls(4)
    expect(sent).toBeLessThanOrEqual(10)
    expect(sent).toBeGreaterThanOrEqual(8)
  })

  it('a call takes a place in each of its windows with one command', async () => {
    const { port } = await open()
    const { redis, calls } = processOn(port, {
      table: { corpApi: { minute: 1_000, hour: 2_000 }, ipApi: { minute: 1_000, hour: 2_000 } },
    })
    await redis.ping()
    const before = Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1])
    expect(await calls(100)).toBe(100)
    const keys = await redis.keys('*')
    expect(keys.filter((key) => /:(corpApi|ipApi):[\da-f]{32}$/.test(key))).toHaveLength(2)
    expect(keys.every((key) => key.startsWith('{qyapi-token:limits}:'))).toBe(true)
    expect(before).toBeGreaterThan(0)
  })

  it('an API that answers 45009 in one process is closed in the other', async () => {
    const { port } = await open()
    const [one, other] = [processOn(port), processOn(port)]
    expect(await other.calls(1)).toBe(1)
    const place = await one.enter('user/get', ww1)
    place.end(45009)
    await expect.poll(() => other.calls(1)).toBe(0)
    expect(await other.calls(1, 'user/list')).toBe(1)
  })

  it('while Redis is down each process sends its share, and says so once', async () => {
    const server = await open()
    const { calls, events } = processOn(server.port, { processes: 2 })
    await server.kill()
    expect(await calls(20)).toBe(5)
    expect(await calls(20)).toBe(0)
    expect(events.filter(({ type }) => type === 'store_error')).toMatchObject([
      { reason: 'down', operation: 'count' },
    ])
  })

  it('while Redis is frozen each process sends its share, too', async () => {
    const server = await open()
    const { calls } = processOn(server.port, { processes: 5 })
    expect(await calls(1)).toBe(1)
    server.freeze()
    expect(await calls(20)).toBe(1)
    server.thaw()
    await expect.poll(() => calls(1), { timeout: 50_000 }).toBe(1)
  })

  it('a process does not exceed the table by its own count after Redis was restarted empty', async () => {
    const server = await open()
    const { calls } = processOn(server.port, { processes: 1 })
    expect(await calls(8)).toBe(8)
    await server.restart()
    let sent = 8
    for (let round = 0; round < 20; round += 1) {
      sent += await calls(3)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(sent).toBe(10)
  })

  it('several processes together do not exceed the table after Redis was restarted empty', async () => {
    const server = await open()
    const processes = [1, 2, 3].map(() => processOn(server.port))
    let sent = 0
    const round = async () => {
      for (const { calls } of processes) sent += await calls(1)
    }
    await round()
    await round()
    await server.restart()
    for (let times = 0; times < 20; times += 1) {
      await round()
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(sent).toBeLessThanOrEqual(10)
  })

  it('a process on node-redis and one on ioredis together send no more than the table allows', async () => {
    const { port } = await open()
    const redis = createClient({ socket: { host: '127.0.0.1', port } })
    await redis.connect()
    closing(redis, () => redis.destroy())
    const [one, other] = [processOn(port), processOn(port, { redis })]
    let sent = 0
    for (let round = 0; round < 10; round += 1)
      sent += (await one.calls(2)) + (await other.calls(2))
    expect(sent).toBe(10)
  })

  it('a robot’s key and a secret never get into Redis', async () => {
    const { port } = await open()
    const { redis, enter } = processOn(port, { table: { robotMessages: { minute: 5 } } })
    const url = 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=robot-key-693a91f6'
    await enter('webhook/send', undefined, url)
    const keys = await redis.keys('*')
    expect(keys.some((key) => key.includes('robotMessages'))).toBe(true)
    for (const key of keys) {
      const type = await redis.type(key)
      const value = type === 'hash' ? JSON.stringify(await redis.hgetall(key)) : ''
      expect(key + value).not.toContain('693a91f6')
    }
  })

  it('a prefix keeps environments apart', async () => {
    const { port } = await open()
    expect(await processOn(port, { prefix: 'staging:' }).calls(20)).toBe(10)
    expect(await processOn(port).calls(20)).toBe(10)
  })
})

it.each<[string, object, RegExp]>([
  ['something that is no client', { redis: {} }, /^redis must be a client of ioredis/],
  ['an unset client', { redis: undefined }, /^redis must be a client of ioredis/],
  ['a prefix with braces', { prefix: '{x}' }, /^prefix must be a string without braces/],
  ['a part of a process', { processes: 0.5 }, /^processes must be a whole number from 1 up/],
  ['an unknown option', { table2: {} }, /^Unknown key 'table2' in options of callLimits/],
  ['no accounts', { accounts: 0 }, /^accounts must be a whole number from 1 up, got 0/],
  ['another way to wait', { onLimit: 'queue' }, /^onLimit must be 'wait' or 'fail'/],
  ['an endless wait', { maxWaitMs: Number.POSITIVE_INFINITY }, /^maxWaitMs must be a number/],
  ['a negative queue', { maxQueue: -1 }, /^maxQueue must be a whole number from 0 up, got -1/],
  [
    'a name of no limit',
    { table: { corpAPI: {} } },
    /^Unknown limit 'corpAPI' in table: known are corpApi/,
  ],
  ['a row that is no object', { table: { corpApi: 5 } }, /^table.corpApi must be \{ minute/],
  [
    'a negative limit',
    { table: { corpApi: { minute: -1 } } },
    /^table.corpApi.minute must be a number above 0, got -1/,
  ],
  [
    'a limit that is no number',
    { table: { corpApi: { hour: Number.NaN } } },
    /^table.corpApi.hour must be a number above 0, got NaN/,
  ],
  [
    'an unknown window',
    { table: { corpApi: { week: 5 } } },
    /^Unknown key 'week' in table.corpApi/,
  ],
  [
    'a window without length',
    { table: { corpApi: { windows: [{ most: 5 }] } } },
    /^table.corpApi.windows must be an array of \{ ms, most \}/,
  ],
  [
    'paths in except that are no array, which would fail with each call',
    { table: { corpApi: { minute: 1, except: 'message/send' } } },
    /^table.corpApi.except must be an array of paths/,
  ],
  [
    'a row for each account without accounts',
    { table: { messagesOfApp: { day: 100 } } },
    /^accounts must be a whole number from 1 up, since messagesOfApp/,
  ],
])('callLimits refuses %s with bad_options', (_name, options, message) => {
  expect(() => callLimits(options)).toThrow(
    expect.objectContaining({ code: 'bad_options', message: expect.stringMatching(message) }),
  )
})
