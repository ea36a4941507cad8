import { check, hasMethods } from '../core/check.js'
import type { Clock } from '../core/clock.js'
import { systemClock } from '../core/platform.js'
import type { StoredToken, TokenStore } from '../core/store.js'

/** What is kept under one key. */
interface Entry {
  token?: StoredToken
  storedAt: number
  /** The newest fencing number. */
  fence: number
  holder?: string
  leasedUntil: number
}

const CHECKS = {
  clock: [hasMethods('wall', 'monotonic', 'after'), 'an object with wall(), monotonic(), after()'],
} as const

/**
 * Keeps tokens in this process, so that several sources of one app share them.
 *
 * @throws `bad_options` if an option is wrong.
 * @example
 * const store = memoryStore()
 * attachToken(contacts, { corpId, corpSecret }, { store })
 * attachToken(messages, { corpId, corpSecret }, { store })
 */
export function memoryStore(options: { clock?: Clock } = {}): TokenStore {
  check(options, CHECKS, 'options of memoryStore')
  const { clock = systemClock } = options
  const entries = new Map<string, Entry>()

  const entryOf = (key: string): Entry => {
    const entry = entries.get(key) ?? { storedAt: 0, fence: 0, leasedUntil: 0 }
    entries.set(key, entry)
    return entry
  }

  const read = (key: string): StoredToken | undefined => {
    const { token, storedAt = 0 } = entries.get(key) ?? {}
    if (token === undefined) return undefined
    const ageMs = token.ageMs + clock.monotonic() - storedAt
    return ageMs < token.expiresInMs ? { ...token, ageMs } : undefined
  }

  /** The entry, if `holder` has its lease still. */
  const heldBy = (key: string, holder: string): Entry | undefined => {
    const entry = entries.get(key)
    return entry?.holder === holder && clock.monotonic() < entry.leasedUntil ? entry : undefined
  }

  return {
    async get(key) {
      return read(key)
    },
    async set(key, token) {
      const entry = entryOf(key)
      const { generation: newest = 0 } = read(key) ?? {}
      if (token.generation <= newest || token.generation < entry.fence) return false
      Object.assign(entry, { token, storedAt: clock.monotonic() })
      return true
    },
    async delete(key, generation) {
      const entry = entries.get(key)
      if (entry?.token?.generation !== generation) return false
      delete entry.token
      return true
    },
    lease: {
      async acquire(key, { holder, forMs, above }) {
        const entry = entryOf(key)
        const now = clock.monotonic()
        if (entry.holder !== undefined && entry.holder !== holder && now < entry.leasedUntil)
          return undefined
        const fence = Math.max(entry.fence, above) + 1
        Object.assign(entry, { holder, fence, leasedUntil: now + forMs })
        return fence
      },
      async renew(key, { holder, forMs }) {
        const entry = heldBy(key, holder)
        if (entry === undefined) return false
        entry.leasedUntil = clock.monotonic() + forMs
        return true
      },
      async release(key, { holder }) {
        const entry = heldBy(key, holder)
        if (entry === undefined) return false
        delete entry.holder
        return true
      },
    },
  }
}
