import { check, hasMethods } from '../core/check.js'
import type { Clock } from '../core/clock.js'
import { parsed } from '../core/errcode.js'
import { badOption } from '../core/errors.js'
import { platform, systemClock } from '../core/platform.js'
import { scrubbedCopy, scrubber } from '../core/redact.js'
import type { StoredToken, TokenStore } from '../core/store.js'
import { type EncryptionKey, encryptedStore } from '../sharing/encrypted-store.js'
import { driverErrors } from './driver-errors.js'

/** What the store needs of a Keyv, or of a cache like it. */
export interface KeyvLike {
  get(key: string): Promise<unknown>
  set(key: string, value: string, ttlMs: number): Promise<unknown>
  delete(key: string): Promise<unknown>
}

export interface KeyvStoreOptions {
  /**
   * What every key starts with, besides the Keyv's own namespace. A SHA-256 follows, so that keys
   * are as short and plain as any backend wants them.
   * @default 'qyapi-token:'
   */
  readonly prefix?: string
  /**
   * Seals the tokens: 32 bytes as base64, hex or Uint8Array; a list to rotate.
   * A key that is there and `undefined`, such as a variable that is not set, is `bad_options`.
   * @default none: whoever can read the backend can read the tokens
   */
  readonly encryptionKey?: EncryptionKey | readonly EncryptionKey[] | undefined
  /**
   * Where time comes from.
   * @default the system's wall clock
   */
  readonly clock?: Clock
}

/** A token, and when it was stored by the wall clock of the machine that did. */
interface Entry extends StoredToken {
  /** Of the format. */
  readonly v: number
  readonly storedAtMs: number
}

const VERSION = 1

/** What hangs holds nobody up for longer than this: the next one in the queue then begins. */
const PATIENCE_MS = 1_000

/**
 * Keeps tokens wherever Keyv reaches: Postgres, MySQL, SQLite, Memcache, etcd, …
 *
 * Keyv can neither compare and set, nor lock, nor tell how old a value is. Hence, honestly:
 * - Within a process it is as good as any store. Two processes that need a token at the same moment
 *   each fetch one, and in the moment between reading and writing a newer token may be overwritten
 *   by an older one: it costs one gettoken more. Where that matters, take `stores/redis`.
 * - Ages are counted by the wall clocks of the machines, as Keyv's own expiry is: let them run NTP.
 *   A token never seems younger than when it was stored. A clock that is wrong costs a gettoken, or
 *   has a dead token found by its refusal.
 *
 * Its `error` events become events of the source, and end no process. A pool that `@keyv/postgres` keeps
 * to itself has no listener for a connection that breaks while it is idle: give it `maxUses: 1`, so that
 * none is ever idle.
 *
 * @throws `bad_options` if it is no Keyv, an option is wrong, or a key is not 32 bytes.
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
  const inTurn = queues(clock)
  const nameOf = async (key: string) => prefix + (await platform.hash(key))

  const living = (raw: unknown): Entry | undefined => {
    const entry = entryIn(raw)
    return entry && ageOf(entry, clock.wall()) < entry.expiresInMs ? entry : undefined
  }

  const write = async (name: string, token: StoredToken): Promise<boolean> => {
    // Read before: what is there may be newer. Read after: what stands may be another process's.
    const before = await keyv.get(name)
    const { generation: newest = 0 } = living(before) ?? {}
    if (isOfNewerVersion(before) || token.generation <= newest) return false
    const entry = { v: VERSION, ...token, storedAtMs: clock.wall() } satisfies Entry
    const text = JSON.stringify(entry)
    const ttlMs = Math.max(1, Math.ceil(token.expiresInMs - token.ageMs))
    try {
      await keyv.set(name, text, ttlMs)
    } catch (error) {
      // A database may show what it was given.
      throw scrubbedCopy(error, scrubber([token.value]))
    }
    return (await keyv.get(name)) === text
  }

  const store: TokenStore = {
    ...driverErrors(keyv),
    async get(key) {
      const entry = living(await keyv.get(await nameOf(key)))
      if (entry === undefined) return undefined
      const { v: _v, storedAtMs: _storedAtMs, ...token } = entry
      return { ...token, ageMs: ageOf(entry, clock.wall()) }
    },
    async set(key, token) {
      const name = await nameOf(key)
      return inTurn(name, () => write(name, token))
    },
    async delete(key, generation, value) {
      const name = await nameOf(key)
      return inTurn(name, async () => {
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
  // Looked at by encryptedStore, which does not show it.
  encryptionKey: [() => true, ''],
  clock: [hasMethods('wall', 'monotonic', 'after'), 'an object with wall(), monotonic(), after()'],
} as const

/** Never younger than when it was stored, whatever the clocks say. */
function ageOf({ ageMs, storedAtMs }: Entry, wallMs: number): number {
  return ageMs + Math.max(0, wallMs - storedAtMs)
}

/** What is no token of ours is nothing. */
function entryIn(raw: unknown): Entry | undefined {
  if (typeof raw !== 'string') return undefined
  const entry = parsed(raw) as Partial<Entry> | null | undefined
  const { v, value, generation, ageMs, expiresInMs, storedAtMs } = entry ?? {}
  const isToken = v === VERSION && typeof value === 'string' && Number.isSafeInteger(generation)
  const hasAge = [ageMs, expiresInMs, storedAtMs].every(Number.isFinite)
  return isToken && hasAge ? (entry as Entry) : undefined
}

/** A newer version of this package put it there: it is left alone. */
function isOfNewerVersion(raw: unknown): boolean {
  const entry = typeof raw === 'string' ? (parsed(raw) as Partial<Entry> | null) : undefined
  return typeof entry?.v === 'number' && entry.v > VERSION
}

/** One after the other under each name, so that reading and writing is one step within this process. */
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
  const patience = new Promise<void>((resolve) => {
    cancel = clock.after(PATIENCE_MS, resolve)
  })
  await Promise.race([before, patience])
  cancel()
}
