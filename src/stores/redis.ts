import { type Check, check, isNumber } from '../core/check.js'
import { platform } from '../core/platform.js'
import { type EncryptionKey, sealedStore } from '../core/sealed-store.js'
import type { StoreLease, TokenStore } from '../core/store.js'
import { driverErrors } from './driver-errors.js'
import { commandOf, type RedisClient, type RedisCommand } from './redis/command.js'
import { recordOf, tokenIn } from './redis/record.js'
import {
  ACQUIRE,
  DELETE,
  GET,
  RELEASE,
  RENEW,
  type RunScript,
  SET,
  scriptRunner,
} from './redis/scripts.js'

export type { EncryptionKey, RedisClient, RedisCommand }

/** Options of `redisStore`. */
export interface RedisStoreOptions {
  /**
   * Stands before every key, e.g. `staging:`, so that environments that share a Redis do not share
   * tokens. Keys go on with `{qyapi-token:`, so one is seldom needed. No braces.
   * @default ''
   */
  readonly prefix?: string
  /**
   * Seals the tokens: 32 bytes as base64, hex or Uint8Array; a list to rotate.
   * A key that is there and `undefined`, such as a variable that is not set, is `bad_options`.
   * @default none: whoever can read Redis can read the tokens
   */
  readonly encryptionKey?: EncryptionKey | readonly EncryptionKey[] | undefined
  /**
   * For how long Redis may think about a command, in milliseconds; then it is rejected. A token source
   * has a deadline of its own (400 ms), so this is for those who use the store by hand.
   * @default none
   */
  readonly deadlineMs?: number
}

const OPTIONS: Readonly<Record<string, Check>> = {
  prefix: [(value) => typeof value === 'string' && !/[{}]/.test(value), 'a text without braces'],
  // sealedStore looks at it, and shows none of it.
  encryptionKey: [() => true, ''],
  deadlineMs: [(value) => isNumber(value) && value > 0, 'milliseconds above 0'],
}

/** After so long without a fetch the fencing numbers may begin again; no token lives that long. */
const FENCE_LIFE_MS = 30 * 24 * 3_600_000

/**
 * Keeps tokens in Redis (5 or newer) or Valkey, so that all processes share one, and one at a time
 * fetches. Each operation is one script, and one round trip. How old a token is comes from Redis'
 * own clock. The store does not connect and does not close: the client is yours.
 *
 * Trouble is a rejection, which a token source takes for an empty store: Redis may go away, and no
 * call fails. What is under a token's key and is no token of ours (another type, another text, without
 * an end of its life) counts as absent and is overwritten; what a newer version of this package wrote
 * counts as absent and is left alone, so that `set` and `delete` say `false`.
 *
 * @param client A connected client, or a function that sends a command, e.g. for Bun
 *   `([name, ...args]) => redis.send(name, args)`.
 * @throws `bad_options` if it is no client that we know, or an option is wrong.
 * @example
 * import { Redis } from 'ioredis'
 * const store = redisStore(new Redis('redis://127.0.0.1:6379'))
 * attachToken(client, { corpId, corpSecret }, { store })
 * @example
 * import { createClient } from '@redis/client'
 * const redis = createClient({ url: 'redis://127.0.0.1:6379', disableOfflineQueue: true })
 * await redis.connect()
 * const store = redisStore(redis, { prefix: 'staging:' })
 */
export function redisStore(
  client: RedisClient | RedisCommand,
  options: RedisStoreOptions = {},
): TokenStore {
  check(options, OPTIONS, 'redisStore options')
  const { prefix = '', deadlineMs } = options
  const run = scriptRunner(within(deadlineMs, commandOf(client)))
  const store = { ...storeBy(run, (key) => keysUnder(prefix, key)), ...driverErrors(client) }
  return 'encryptionKey' in options ? sealedStore(store, options.encryptionKey) : store
}

function storeBy(run: RunScript, keysOf: (key: string) => Keys): TokenStore {
  return {
    async get(key) {
      const reply = await run(GET, [keysOf(key).token])
      return Array.isArray(reply) ? tokenIn(reply[0], Number(reply[1])) : undefined
    },
    async set(key, token) {
      const { generation, ageMs, expiresInMs } = token
      const leftMs = Math.floor(expiresInMs) - Math.ceil(ageMs)
      if (!(leftMs > 0)) return false
      const keys = keysOf(key)
      return isDone(run(SET, [keys.token, keys.fence], [generation, recordOf(token), leftMs]))
    },
    async delete(key, generation) {
      return isDone(run(DELETE, [keysOf(key).token], [generation]))
    },
    lease: leaseBy(run, keysOf),
  }
}

function leaseBy(run: RunScript, keysOf: (key: string) => Keys): StoreLease {
  return {
    async acquire(key, { holder, forMs, above }) {
      const { lease, fence } = keysOf(key)
      const args = [holder, wholeMs(forMs), above, FENCE_LIFE_MS]
      const number = await run(ACQUIRE, [lease, fence], args)
      return number === null || number === undefined ? undefined : Number(number)
    },
    async renew(key, { holder, forMs }) {
      return isDone(run(RENEW, [keysOf(key).lease], [holder, wholeMs(forMs)]))
    },
    async release(key, { holder }) {
      return isDone(run(RELEASE, [keysOf(key).lease], [holder]))
    },
  }
}

interface Keys {
  readonly token: string
  readonly lease: string
  readonly fence: string
}

/**
 * All of one credential's keys under one hash tag, so that they are in one slot of a cluster. A tag
 * that is empty is none, and it ends at the first `}`: so no key begins with one.
 */
function keysUnder(prefix: string, key: string): Keys {
  const tagged = `${prefix}{${key.replace(/^[%}]/, encodeURIComponent)}}`
  return { token: `${tagged}:token`, lease: `${tagged}:lease`, fence: `${tagged}:fence` }
}

/** Redis wants whole milliseconds, and at least one. */
function wholeMs(ms: number): number {
  return Math.max(1, Math.ceil(ms))
}

async function isDone(reply: Promise<unknown>): Promise<boolean> {
  return Number(await reply) === 1
}

function within(deadlineMs: number | undefined, command: RedisCommand): RedisCommand {
  if (deadlineMs === undefined) return command
  return (args) =>
    new Promise((resolve, reject) => {
      const late = () => reject(new Error(`no answer within ${deadlineMs} ms`))
      const callOff = platform.clock.after(deadlineMs, late)
      command(args).then(resolve, reject).finally(callOff)
    })
}
