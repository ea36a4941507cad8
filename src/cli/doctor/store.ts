import { type StoredToken, sealingKeyOf } from '../../core/store.js'
import type { RedisCommand } from '../../sharing/redis-command.js'
import { textOf } from '../../stores/redis/record.js'
import { redisStore } from '../../stores/redis.js'
import { type Failure, failureOf, inTime, type Line, type Say } from './line.js'
import { type ConnectedRedis, findDriver } from './redis-client.js'
import type { Settings } from './settings.js'
import {
  connectLine,
  evictionLine,
  keysLines,
  noDriverLine,
  type StoredKey,
  scriptsLine,
} from './store-lines.js'

/** The lines of the store that REDIS_URL names; none without it. */
export async function storeLines(settings: Settings, cwd: string, say: Say): Promise<Line[]> {
  const { redisUrl } = settings
  if (redisUrl === undefined) return []
  const driver = findDriver(cwd)
  if (driver === undefined) return [noDriverLine(say)]
  const startedAt = performance.now()
  const tried = await attempt(driver.connect(redisUrl))
  if (tried.failure !== undefined) return [connectLine(driver.name, redisUrl, tried.failure, say)]
  const redis = tried.result
  try {
    const connectMs = performance.now() - startedAt
    return [
      connectLine(driver.name, redisUrl, { connectMs, pingMs: await pingMs(redis) }, say),
      ...(await linesOf(redis, settings, say)),
    ]
  } finally {
    redis.close()
  }
}

type Attempt<T> = { readonly result: T; failure?: never } | { readonly failure: Failure }

async function attempt<T>(work: Promise<T>): Promise<Attempt<T>> {
  return inTime(work).then(
    (result) => ({ result }),
    (error) => ({ failure: failureOf(error) }),
  )
}

async function linesOf(redis: ConnectedRedis, settings: Settings, say: Say): Promise<Line[]> {
  const { command } = redis
  const written = await attempt(writeAndRead(command, settings))
  const info = await attempt(command(['INFO', 'memory']))
  const lines = [
    scriptsLine(written.failure, say),
    evictionLine(info.failure ?? { info: textOf(info.result) }, say),
  ]
  // The tokens are read by a script, too.
  if (written.failure !== undefined) return lines
  const keys = await attempt(storedKeys(command, settings))
  const hasKey = settings.encryptionKeys !== undefined
  return [...lines, ...keysLines(keys.failure ?? { keys: keys.result, hasKey }, say)]
}

/** The quickest of five: the others waited for this process. */
async function pingMs({ command }: ConnectedRedis): Promise<number> {
  const times: number[] = []
  for (let count = 0; count < 5; count += 1) {
    const startedAt = performance.now()
    await attempt(command(['PING']))
    times.push(performance.now() - startedAt)
  }
  return Math.min(...times)
}

/** The store's own scripts, on a key that nothing else uses and that expires by itself. */
async function writeAndRead(command: RedisCommand, { prefix }: Settings): Promise<void> {
  const store = redisStore(command, { prefix })
  const key = `qyapi-token:doctor:${process.pid}`
  const token: StoredToken = { value: 'doctor', generation: 1, ageMs: 0, expiresInMs: 10_000 }
  await store.set(key, token)
  await store.get(key)
  await store.delete(key, 1)
}

/** No longer than a few seconds, also in a Redis with millions of keys. */
const MOST_SCANS = 500
const MOST_KEYS = 1_000

/** The tokens and tickets that lie there, each with its age. */
async function storedKeys(command: RedisCommand, settings: Settings): Promise<StoredKey[]> {
  const { prefix, encryptionKeys } = settings
  const plain = redisStore(command, { prefix })
  const decrypting =
    encryptionKeys === undefined
      ? undefined
      : redisStore(command, { prefix, encryptionKey: encryptionKeys })
  const found: StoredKey[] = []
  for (const key of await namesOf(command, prefix)) {
    const stored = await plain.get(key)
    if (stored === undefined) continue
    const isReadable = decrypting === undefined || (await decrypting.get(key)) !== undefined
    const sealedBy = sealingKeyOf(stored.value)
    found.push({ key, ageMs: stored.ageMs, sealedBy, isReadable })
  }
  return found
}

async function namesOf(command: RedisCommand, prefix: string): Promise<string[]> {
  const pattern = `${prefix.replace(/[\\*?[\]]/g, '\\$&')}{qyapi-token:*}:token`
  const names = new Set<string>()
  let cursor = '0'
  for (let count = 0; count < MOST_SCANS && names.size < MOST_KEYS; count += 1) {
    const reply = await command(['SCAN', cursor, 'MATCH', pattern, 'COUNT', '1000'])
    const [next, page] = reply as [unknown, unknown[]]
    for (const name of page.map(textOf)) names.add(name.slice(prefix.length + 1, -'}:token'.length))
    cursor = textOf(next)
    if (cursor === '0') break
  }
  return [...names].sort()
}
