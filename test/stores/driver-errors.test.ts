import { EventEmitter, getEventListeners } from 'node:events'
import { createClient } from '@redis/client'
import Keyv from 'keyv'
import { describe, expect, it } from 'vitest'
import { createTokenSource, selfBuilt, type TokenEvent, type TokenStore } from '../../src/index.js'
import { keyvStore } from '../../src/stores/keyv.js'
import { redisStore } from '../../src/stores/redis.js'
import { APP, settle } from '../support/qyapi.js'
import { describeWithRedis, startRedis, useClosing } from '../support/redis.js'
import { tokenBody } from '../support/source.js'

const encryptionKey = 'k'.repeat(42).concat('w=')

/** A driver that emits as Node's do: an `error` without a listener is thrown. */
class Driver extends EventEmitter {
  readonly #kept = new Map<string, string>()
  async get(key: string) {
    return this.#kept.get(key)
  }
  async set(key: string, value: string) {
    this.#kept.set(key, value)
  }
  async delete(key: string) {
    return this.#kept.delete(key)
  }
  async clear() {}
  async call() {
    throw new Error('ERR this one runs no scripts')
  }
}

function sourceOver(store: TokenStore) {
  const events: TokenEvent[] = []
  const transport = async () => ({ status: 200, body: tokenBody('fetched') })
  const onEvent = (event: TokenEvent) => void events.push(event)
  const source = createTokenSource(selfBuilt(APP), { store, transport, onEvent })
  const problems = () => events.filter(({ type }) => type === 'store_error')
  return { source, problems }
}

describe('an error that a driver emits (rule 20)', () => {
  const stores: Record<string, (driver: Driver) => TokenStore> = {
    keyvStore: (driver) => keyvStore(driver),
    'keyvStore with an encryptionKey': (driver) => keyvStore(driver, { encryptionKey }),
    redisStore: (driver) => redisStore(driver),
    'keyvStore over a Keyv over it': (driver) =>
      keyvStore(new Keyv({ store: driver as never, throwOnErrors: true })),
  }
  for (const [name, storeOf] of Object.entries(stores)) {
    it(`rule 20: an error that a driver emits ${name}: ends no process, is an event of the source, and the tokens go on`, async () => {
      const driver = new Driver()
      const { source, problems } = sourceOver(storeOf(driver))
      driver.emit('error', new Error('emitted before the store was used'))
      expect(await source.get()).toBe('fetched')
      await settle()
      const before = problems().length
      driver.emit('error', new Error('idle connection closed, at db://user:planted@db/wecom'))
      expect(problems().slice(before)).toEqual([
        {
          kind: 'self-built',
          subject: 'app of corp ww-fake',
          type: 'store_error',
          reason: 'down',
          operation: 'connection',
          message: 'idle connection closed, at db://db/wecom',
        },
      ])
      await source.invalidate('fetched')
      expect(await source.get()).toBe('fetched')
    })
  }

  it('rule 20: an error that a driver emits that is not an Error is reported with a message', async () => {
    const driver = new Driver()
    const { source, problems } = sourceOver(keyvStore(driver))
    await source.get()
    driver.emit('error', { planted: 'token' })
    expect(problems()).toMatchObject([{ message: 'the driver emitted an error' }])
  })

  it('rule 20: an error that a driver emits adds one listener for each store, and raises the limit', () => {
    const driver = new Driver()
    for (let count = 0; count < 30; count += 1) redisStore(driver, { prefix: `app-${count}:` })
    expect(getEventListeners(driver, 'error')).toHaveLength(30)
    expect(driver.getMaxListeners()).toBe(EventEmitter.defaultMaxListeners + 30)
  })

  it('rule 20: an error that a driver emits needs no emitter: a driver without events is accepted', async () => {
    const { source } = sourceOver(redisStore(new Driver().call))
    expect(await source.get()).toBe('fetched')
  })
})

describeWithRedis('a connection of node-redis without a listener of the user', () => {
  const closing = useClosing()

  it('rule 20: a connection of node-redis without a listener of the user breaks a connection, and the process continues with an event', async () => {
    const server = await startRedis()
    closing(server, () => server.stop())
    const redis = createClient({ url: server.url, disableOfflineQueue: true })
    closing(redis, () => redis.destroy())
    const { source, problems } = sourceOver(redisStore(redis))
    await redis.connect()
    expect(await source.get()).toBe('fetched')
    await server.kill()
    await expect.poll(problems).toMatchObject([{ reason: 'down', operation: 'connection' }])
    await source.invalidate('fetched')
    expect(await source.get()).toBe('fetched')
  })
})
