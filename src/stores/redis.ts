import { type Check, check } from '../core/check.js'
import type { LeaseAnswer, StoredToken, StoreLease, TokenStore } from '../core/store.js'
import { driverErrors } from '../sharing/driver-errors.js'
import { type EncryptionKey, encryptedStore } from '../sharing/encrypted-store.js'
import { commandOf, type RedisClient, type RedisCommand } from '../sharing/redis-command.js'
import { type RunScript, scriptRunner } from '../sharing/redis-script.js'
import { recordOf, textOf, tokenIn } from './redis/record.js'
import { ACQUIRE, DELETE, GET, NOW, PUBLISH, RELEASE, RENEW, SET } from './redis/scripts.js'

export type { EncryptionKey, RedisClient, RedisCommand }

/** Options of `redisStore`. */
export interface RedisStoreOptions {
  /**
   * The prefix of every key, e.g. `staging:`, so that environments that share a Redis do not share
   * tokens. Keys continue with `{qyapi-token:`, so it is seldom needed. No braces.
   * @default ''
   */
  readonly prefix?: string
  /**
   * Encrypts the tokens: 32 bytes as base64, hex or Uint8Array; a list to rotate.
   * If the option is present but `undefined`, such as an unset variable, that is `bad_options`.
   * @default none: everyone with access to Redis can read the tokens
   */
  readonly encryptionKey?: EncryptionKey | readonly EncryptionKey[] | undefined
}

const OPTIONS: Readonly<Record<string, Check>> = {
  prefix: [(value) => typeof value === 'string' && !/[{}]/.test(value), 'a string without braces'],
  // encryptedStore checks it, without showing it.
  encryptionKey: [() => true, ''],
}

/**
 * No fetch takes this long, and no token lives this long: then Redis' clock alone numbers leases.
 */
const FENCE_LIFE_MS = 24 * 3_600_000

/**
 * Keeps tokens in Redis (5 or newer) or Valkey, so that all processes share one, and one process at
 * a time fetches. Each operation is one script and one round trip. Ages are counted by Redis' own
 * clock. The store neither connects nor closes the client.
 *
 * Errors reject, which a token source treats like an empty store: Redis may be down, and no call
 * fails. A value under a token's key that is not a token (another type, other text, without expiry)
 * counts as absent and is overwritten; a value of a newer version of this package counts as absent
 * and is kept, so that `set` and `delete` resolve with `false`.
 *
 * @param client A connected client, or a function that sends a command, e.g. for Bun
 *   `([name, ...args]) => redis.send(name, args)`.
 * @throws `bad_options` if the client is unknown, or an option is wrong.
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
  const { prefix = '' } = options
  const listeners = new Set<() => void>()
  const run = scriptRunner(commandOf(client), () => {
    for (const listener of listeners) listener()
  })
  const store = {
    ...storeBy(run, (key) => keysUnder(prefix, key)),
    ...driverErrors(client),
    onAnswer: (listener: () => void) => void listeners.add(listener),
  }
  return 'encryptionKey' in options ? encryptedStore(store, options.encryptionKey) : store
}

function storeBy(run: RunScript, keysOf: (key: string) => Keys): TokenStore {
  return {
    async get(key) {
      const reply = await run(GET, [keysOf(key).token])
      return Array.isArray(reply) ? tokenIn(reply[0], Number(reply[1])) : undefined
    },
    async set(key, token) {
      const { token: at, lease, fence } = keysOf(key)
      const written = writing(token)
      return written !== undefined && isDone(run(SET, [at, lease, fence], written))
    },
    async delete(key, generation, value) {
      const args = value === undefined ? [generation] : [generation, value]
      return isDone(run(DELETE, [keysOf(key).token], args))
    },
    async now(key) {
      return Number(textOf(await run(NOW, [keysOf(key).token])))
    },
    lease: leaseBy(run, keysOf),
  }
}

/** Generation, record and remaining lifetime; `undefined` if the token has expired. */
function writing(token: StoredToken): (string | number)[] | undefined {
  const leftMs = Math.floor(token.expiresInMs) - Math.ceil(token.ageMs)
  return leftMs > 0 ? [token.generation, recordOf(token), leftMs] : undefined
}

function leaseBy(run: RunScript, keysOf: (key: string) => Keys): StoreLease {
  const release: StoreLease['release'] = async (key, { number, failure }) => {
    const { lease, failure: at } = keysOf(key)
    const kept = failure === undefined ? [] : [failure.value, wholeMs(failure.leftMs)]
    return isDone(run(RELEASE, [lease, at], [number, ...kept]))
  }
  return {
    async acquire(key, { holder, forMs, takeOverMs, above }) {
      const { token, lease, fence, failure } = keysOf(key)
      const args = [holder, wholeMs(forMs), takeOverMs, above, FENCE_LIFE_MS]
      return answerIn(await run(ACQUIRE, [token, lease, fence, failure], args))
    },
    async renew(key, { number, forMs }) {
      return isDone(run(RENEW, [keysOf(key).lease], [number, wholeMs(forMs)]))
    },
    async publish(key, token, { number }) {
      const { token: at, lease, fence, failure } = keysOf(key)
      const written = writing(token)
      if (written === undefined) {
        await release(key, { number })
        return false
      }
      return isDone(run(PUBLISH, [at, lease, fence, failure], [...written, number]))
    },
    release,
  }
}

/** Reads the script's reply: `['token', text, milliseconds left]`, `['held', number, holder]`, … */
function answerIn(reply: unknown): LeaseAnswer {
  const [what, found, more] = Array.isArray(reply) ? reply : []
  const leftMs = Number(textOf(more))
  const holder = more == null ? {} : { holder: textOf(more) }
  switch (textOf(what)) {
    case 'lease':
      return { number: Number(textOf(found)), ...holder }
    case 'held':
      return { heldBy: Number(textOf(found)), ...holder }
    case 'failure':
      return { failure: { value: textOf(found), leftMs } }
    case 'token': {
      const token = tokenIn(found, leftMs)
      return token === undefined ? {} : { token }
    }
    default:
      throw new Error('Redis gave no reply')
  }
}

interface Keys {
  readonly token: string
  readonly lease: string
  readonly fence: string
  readonly failure: string
}

/**
 * One credential's keys, with one hash tag, so that they are in one slot of a cluster. A tag ends
 * at the first `}` and must not be empty, so that no tag may begin with one.
 */
function keysUnder(prefix: string, key: string): Keys {
  const tagged = `${prefix}{${key.replace(/^[%}]/, encodeURIComponent)}}`
  return {
    token: `${tagged}:token`,
    lease: `${tagged}:lease`,
    fence: `${tagged}:fence`,
    failure: `${tagged}:failure`,
  }
}

/** Redis accepts whole milliseconds only, and at least one. */
function wholeMs(ms: number): number {
  return Math.max(1, Math.ceil(ms))
}

async function isDone(reply: Promise<unknown>): Promise<boolean> {
  return Number(await reply) === 1
}
