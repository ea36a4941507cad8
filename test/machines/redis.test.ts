import { createCluster, createSentinel } from '@redis/client'
import { Cluster, Redis } from 'ioredis'
import { beforeAll, describe, expect, it } from 'vitest'
import type { TokenStore } from '../../src/index.js'
import { type RedisClient, redisStore } from '../../src/stores/redis.js'
import { leaseContract, storeContract } from '../../src/testing.js'
import {
  describeWithRedis,
  type RedisCluster,
  type RedisSentinel,
  startCluster,
  startSentinel,
  useClosing,
} from '../support/redis.js'

let places = 0
const ownPlace = () => {
  places += 1
  return { prefix: `test-${places}:` }
}

function keepsTheContract(client: () => RedisClient): void {
  const open = () => redisStore(client(), ownPlace())
  for (const { name, run } of [...storeContract(open), ...leaseContract(open)])
    it.concurrent(name, run)
}

const stored = (generation: number) => ({
  value: `token-${generation}`,
  generation,
  ageMs: 0,
  expiresInMs: 60_000,
})

describeWithRedis('redisStore on a cluster of three', () => {
  const closing = useClosing()
  let cluster: RedisCluster
  let ioredis: Cluster
  const nodeRedis = () =>
    createCluster({ rootNodes: cluster.nodes.map(({ url }) => ({ url })) }).on('error', () => {})
  let ofNodeRedis: ReturnType<typeof nodeRedis>

  beforeAll(async () => {
    cluster = await startCluster()
    closing(cluster, () => cluster.stop())
    // The default, but tsc would take a second to infer it.
    ioredis = new Cluster<'legacy'>(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })))
    ioredis.on('error', () => {})
    closing(ioredis, () => ioredis.disconnect())
    ofNodeRedis = nodeRedis()
    await ofNodeRedis.connect()
    closing(ofNodeRedis, () => ofNodeRedis.destroy())
  })

  describe('by ioredis', () => keepsTheContract(() => ioredis))
  describe('by @redis/client', () => keepsTheContract(() => ofNodeRedis))

  it('rule 15: redisStore on a cluster of three has all keys of one credential in one slot, and credentials in many', async () => {
    const store = redisStore(ioredis)
    const keys = Array.from({ length: 30 }, (_, n) => `slots:${'}'.repeat(n % 3)}${n}`)
    for (const key of [...keys, '}', '{', '{}', 'a}{b}']) {
      const { number = 0 } = (await store.lease?.acquire(key, lease)) ?? {}
      expect(await store.lease?.publish(key, stored(number), { number })).toBe(true)
      expect(await store.get(key)).toMatchObject({ generation: number })
    }
    const nodes = ioredis.nodes('master')
    const held = await Promise.all(nodes.map((node) => node.keys('{slots:*:token')))
    expect(held.map(({ length }) => length > 0)).toEqual([true, true, true])
    expect(held.flat()).toHaveLength(30)
  })
})

const lease = { holder: 'a', forMs: 60_000, takeOverMs: 60_000, above: 0 }

describeWithRedis('redisStore behind a sentinel', () => {
  const closing = useClosing()
  let watched: RedisSentinel
  const stores: TokenStore[] = []

  beforeAll(async () => {
    watched = await startSentinel()
    closing(watched, () => watched.stop())
    const { name, sentinel } = watched
    const at = { host: '127.0.0.1', port: sentinel.port }
    const ioredis = new Redis({ name, sentinels: [at] })
    ioredis.on('error', () => {})
    closing(ioredis, () => ioredis.disconnect())
    const nodeRedis = createSentinel({ name, sentinelRootNodes: [at] })
    nodeRedis.on('error', () => {})
    await nodeRedis.connect()
    closing(nodeRedis, () => nodeRedis.destroy())
    stores.push(redisStore(ioredis), redisStore(nodeRedis))
  })

  it('rule 15: redisStore behind a sentinel keeps token, age and fencing number through a failover', async () => {
    const [ioredis, nodeRedis] = stores as [TokenStore, TokenStore]
    const { number: first = 0 } = (await ioredis.lease?.acquire('key', lease)) ?? {}
    expect(await nodeRedis.set('key', stored(first))).toBe(true)
    await expect.poll(() => watched.isInSync()).toBe(true)
    await watched.failOver()
    const known = { value: `token-${first}`, generation: first }
    for (const store of [ioredis, nodeRedis]) {
      const get = () => store.get('key').catch(() => undefined)
      await expect.poll(get, { timeout: 60_000 }).toMatchObject(known)
      expect(await store.set('key', stored(first - 1))).toBe(false)
      expect((await store.get('key'))?.ageMs).toBeLessThan(60_000)
    }
    const { number: second = 0 } =
      (await nodeRedis.lease?.acquire('key', { ...lease, above: first })) ?? {}
    expect(second).toBeGreaterThan(first)
    expect(await ioredis.lease?.publish('key', stored(second), { number: second })).toBe(true)
  })
})
