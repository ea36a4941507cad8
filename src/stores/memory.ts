import { CLOCK, check } from '../core/check.js'
import type { Clock } from '../core/clock.js'
import { systemClock } from '../core/platform.js'
import type { StoredFailure, StoredToken, TokenStore } from '../core/store.js'

/** What is kept under one key. */
interface Entry {
  token?: StoredToken
  storedAt: number
  failure?: StoredFailure & { readonly keptAt: number }
  /** A token with an older number is refused (rule 15). */
  floor: number
  flooredAt: number
  lease?: Lease
}

interface Lease {
  readonly number: number
  readonly holder: string
  readonly since: number
  until: number
}

/** No fetch takes this long, so that no token with an older number arrives later. */
const FENCE_LIFE_MS = 600_000

const SWEEP_EVERY_MS = 60_000

/** A store in this process. */
export interface MemoryStore extends TokenStore {
  /**
   * The number of keys. Expired ones are included until a write removes them, at most once a
   * minute.
   */
  readonly size: number
}

/**
 * Keeps tokens in this process, so that several sources of one app share them. Later writes remove
 * expired entries, so that removed tenants take no memory.
 *
 * @throws `bad_options` if an option is wrong.
 * @example
 * const store = memoryStore()
 * attachToken(contacts, { corpId, corpSecret }, { store })
 * attachToken(messages, { corpId, corpSecret }, { store })
 */
export function memoryStore(options: { clock?: Clock } = {}): MemoryStore {
  check(options, { clock: CLOCK }, 'options of memoryStore')
  const { clock = systemClock } = options
  const entries = new Map<string, Entry>()
  const now = () => clock.monotonic()
  /** The last number of all keys, so that a number never repeats. */
  let lastNumber = 0

  let sweptAt = now()

  /** Sweeps before a write instead of with a timer, which would keep an unused store alive. */
  const entryOf = (key: string): Entry => {
    sweep()
    const entry = entries.get(key) ?? { storedAt: 0, floor: 0, flooredAt: 0 }
    entries.set(key, entry)
    return entry
  }

  const sweep = () => {
    if (now() - sweptAt < SWEEP_EVERY_MS) return
    sweptAt = now()
    for (const [key, entry] of entries) {
      const { lease, floor, flooredAt } = entry
      const isLeased = lease !== undefined && now() < lease.until
      const isFenced = floor > 0 && now() - flooredAt < FENCE_LIFE_MS
      if (!isLeased && !isFenced && !tokenOf(entry) && !failureOf(entry)) entries.delete(key)
    }
  }

  const tokenOf = ({ token, storedAt }: Entry): StoredToken | undefined => {
    if (token === undefined) return undefined
    const ageMs = token.ageMs + now() - storedAt
    return ageMs < token.expiresInMs ? { ...token, ageMs } : undefined
  }

  const failureOf = ({ failure }: Entry): StoredFailure | undefined => {
    if (failure === undefined) return undefined
    const leftMs = failure.leftMs - (now() - failure.keptAt)
    return leftMs > 0 ? { value: failure.value, leftMs } : undefined
  }

  const read = (key: string): StoredToken | undefined => {
    const entry = entries.get(key)
    return entry && tokenOf(entry)
  }

  const keep = (key: string, token: StoredToken): boolean => {
    const entry = entryOf(key)
    const { generation: newest = 0 } = read(key) ?? {}
    if (token.generation <= newest || token.generation < entry.floor) return false
    Object.assign(entry, { token, storedAt: now() })
    return true
  }

  /** The entry and its lease, if the lease still has this number. */
  const leased = (key: string, number: number) => {
    const entry = entries.get(key)
    const { lease } = entry ?? {}
    const isThatOne = lease?.number === number && now() < lease.until
    return entry !== undefined && isThatOne ? { entry, lease } : undefined
  }

  return {
    get size() {
      return entries.size
    },
    async get(key) {
      return read(key)
    },
    async set(key, token) {
      return keep(key, token)
    },
    async delete(key, generation, value) {
      const entry = entries.get(key)
      if (entry?.token?.generation !== generation) return false
      if (value !== undefined && entry.token.value !== value) return false
      delete entry.token
      return true
    },
    async now() {
      return clock.wall()
    },
    lease: {
      async acquire(key, { holder, forMs, takeOverMs, above }) {
        const token = read(key)
        if (token !== undefined && token.generation > above) return { token }
        const entry = entryOf(key)
        const failure = failureOf(entry)
        if (failure !== undefined) return { failure }
        const isFree = entry.lease === undefined || now() >= entry.lease.until
        const held = isFree || entry.lease?.holder === holder ? undefined : entry.lease
        if (held !== undefined && now() - held.since < takeOverMs)
          return { heldBy: held.number, holder: held.holder }
        const number = Math.max(lastNumber, above) + 1
        lastNumber = number
        entry.lease = { number, holder, since: now(), until: now() + forMs }
        // After a takeover the previous holder may still publish first.
        if (held === undefined) Object.assign(entry, { floor: number, flooredAt: now() })
        return held === undefined ? { number } : { number, holder: held.holder }
      },
      async renew(key, { number, forMs }) {
        const held = leased(key, number)
        if (held === undefined) return false
        held.lease.until = now() + forMs
        return true
      },
      async publish(key, token, { number }) {
        const isKept = keep(key, token)
        const entry = entryOf(key)
        if (isKept) delete entry.failure
        if (leased(key, number)) delete entry.lease
        return isKept
      },
      async release(key, { number, failure }) {
        const held = leased(key, number)
        if (held === undefined) return false
        if (failure !== undefined) held.entry.failure = { ...failure, keptAt: now() }
        delete held.entry.lease
        return true
      },
    },
  }
}
