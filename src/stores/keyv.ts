import { check, hasMethods } from '../core/check.js'
import type { Clock } from '../core/clock.js'
import { parsed } from '../core/errcode.js'
import { badOption } from '../core/errors.js'
import { platform, systemClock } from '../core/platform.js'
import { scrubbedCopy, scrubber } from '../core/redact.js'
import type { StoredToken, TokenStore } from '../core/store.js'
import { driverErrors } from '../sharing/driver-errors.js'
import { type EncryptionKey, encryptedStore } from '../sharing/encrypted-store.js'

/** The part of Keyv, or of a similar cache, that the store uses. */
export interface KeyvLike {
  get(key: string): Promise<unknown>
  set(key: string, value: string, ttlMs: number): Promise<unknown>
  delete(key: string): Promise<unknown>
}

/** Options of `keyvStore`. */
export interface KeyvStoreOptions {
  /**
   * The prefix of every key, after Keyv's own namespace. A SHA-256 follows, so that keys are short
   * enough for any backend.
   * @default 'qyapi-token:'
   */
  readonly prefix?: string
  /**
   * Encrypts the tokens: 32 bytes as base64, hex or Uint8Array; a list to rotate.
   * If the option is present but `undefined`, such as an unset variable, that is `bad_options`.
   * @default none: everyone with access to the backend can read the tokens
   */
  readonly encryptionKey?: EncryptionKey | readonly EncryptionKey[] | undefined
  /**
   * The time source.
   * @default the system's wall clock
   */
  readonly clock?: Clock
}

/** A token, and when it was stored by the wall clock of the machine that stored it. */
interface Entry extends StoredToken {
  /** The version of the format. */
  readonly v: number
  readonly storedAtMs: number
}

const VERSION = 1

/** After this time the next operation in the queue starts, even if the previous one hangs. */
const LONGEST_WAIT_MS = 1_000

/**
 * Keeps tokens in any backend of Keyv: Postgres, MySQL, SQLite, Memcache, etcd, …
 *
 * Keyv has neither compare-and-set, nor locks, nor the age of a value. Therefore:
 * - Within one process it is as good as any store. Two processes that need a token at the same
 *   moment each fetch one, and between a read and a write a newer token may be overwritten by an
 *   older one, which costs one more gettoken. If that matters, use `stores/redis`.
 * - Ages are counted by the wall clocks of the machines, like Keyv's own expiry: run NTP. A token
 *   never seems younger than when it was stored. A wrong clock costs a gettoken, or an expired
 *   token is found by its refusal.
 *
 * Its `error` events become events of the source, and do not end the process. The internal pool of
 * `@keyv/postgres` has no listener for an idle connection that breaks: pass `maxUses: 1`, so that
 * no connection is ever idle.
 *
 * @throws `bad_options` if it is not a Keyv, an option is wrong, or a key is not 32 bytes.
 * @example
 * const postgres = new KeyvPostgres({ uri, maxUses: 1 })
 * const store = keyvStore(new Keyv(postgres, { throwOnErrors: true }), { encryptionKey })
 * const source = createTokenSource(selfBuilt({ corpId, corpSecret }), { store })
 */
export function keyvStore(keyv: KeyvLike, options: KeyvStoreOptions = {}): TokenStore {
  if (!hasMethods('get', 'set', 'delete')(keyv))
    throw badOption('keyv', 'a Keyv, e.g. new Keyv()', keyv)
  check(options, CHECKS, 'options of keyvStore')
  const { prefix = 'qyapi-token:', clock = systemClock } = options
  const queued = queues(clock)
  const nameOf = async (key: string) => prefix + (await platform.hash(key))

  const usableEntry = (raw: unknown): Entry | undefined => {
    const entry = entryIn(raw)
    return entry && ageOf(entry, clock.wall()) < entry.expiresInMs ? entry : undefined
  }

  const write = async (name: string, token: StoredToken): Promise<boolean> => {
    // Read before the write: there may be a newer token. Read after: another process may have
    // written.
    const before = await keyv.get(name)
    const { generation: newest = 0 } = usableEntry(before) ?? {}
    if (isOfNewerVersion(before) || token.generation <= newest) return false
    const entry = { v: VERSION, ...token, storedAtMs: clock.wall() } satisfies Entry
    const text = JSON.stringify(entry)
    const ttlMs = Math.max(1, Math.ceil(token.expiresInMs - token.ageMs))
    try {
      await keyv.set(name, text, ttlMs)
    } catch (error) {
      // A database's error may contain the value.
      throw scrubbedCopy(error, scrubber([token.value]))
    }
    return (await keyv.get(name)) === text
  }

  const store: TokenStore = {
    ...driverErrors(keyv),
    async get(key) {
      const entry = usableEntry(await keyv.get(await nameOf(key)))
      if (entry === undefined) return undefined
      const { v: _v, storedAtMs: _storedAtMs, ...token } = entry
      return { ...token, ageMs: ageOf(entry, clock.wall()) }
    },
    async set(key, token) {
      const name = await nameOf(key)
      return queued(name, () => write(name, token))
    },
    async delete(key, generation, value) {
      const name = await nameOf(key)
      return queued(name, async () => {
        const entry = entryIn(await keyv.get(name))
        const isThatOne = entry?.generation === generation && entry.value === (value ?? entry.value)
        return isThatOne && (await keyv.delete(name)) !== false
      })
    },
  }
  return 'encryptionKey' in options ? encryptedStore(store, options.encryptionKey) : store
}

const CHECKS = {
  prefix: [(value: unknown) => typeof value === 'string', 'a string'],
  // encryptedStore checks it, without showing it.
  encryptionKey: [() => true, ''],
  clock: [hasMethods('wall', 'monotonic', 'after'), 'an object with wall(), monotonic(), after()'],
} as const

/** At least the age at which it was stored, whatever the clocks say. */
function ageOf({ ageMs, storedAtMs }: Entry, wallMs: number): number {
  return ageMs + Math.max(0, wallMs - storedAtMs)
}

/** The entry; `undefined` if the value is not one. */
function entryIn(raw: unknown): Entry | undefined {
  if (typeof raw !== 'string') return undefined
  const entry = parsed(raw) as Partial<Entry> | null | undefined
  const { v, value, generation, ageMs, expiresInMs, storedAtMs } = entry ?? {}
  const isToken = v === VERSION && typeof value === 'string' && Number.isSafeInteger(generation)
  const hasAge = [ageMs, expiresInMs, storedAtMs].every(Number.isFinite)
  return isToken && hasAge ? (entry as Entry) : undefined
}

/** Whether a newer version of this package wrote the value: it is not overwritten. */
function isOfNewerVersion(raw: unknown): boolean {
  const entry = typeof raw === 'string' ? (parsed(raw) as Partial<Entry> | null) : undefined
  return typeof entry?.v === 'number' && entry.v > VERSION
}

/**
 * Runs the operations of one name in sequence, so that read and write are atomic in this process.
 */
function queues(clock: Clock) {
  const last = new Map<string, Promise<unknown>>()
  return async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    const before = last.get(name)
    const result = before === undefined ? run() : endOf(before, clock).then(run)
    const done = result.catch(() => {})
    last.set(name, done)
    void done.then(() => {
      if (last.get(name) === done) last.delete(name)
    })
    return result
  }
}

async function endOf(before: Promise<unknown>, clock: Clock): Promise<void> {
  let cancel = () => {}
  const timeout = new Promise<void>((resolve) => {
    cancel = clock.after(LONGEST_WAIT_MS, resolve)
  })
  await Promise.race([before, timeout])
  cancel()
}
