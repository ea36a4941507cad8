import type { Clock } from '../core/clock.js'
import { systemClock } from '../core/platform.js'
import type { StoredToken, TokenStore } from '../core/store.js'

/**
 * Keeps tokens in this process, so that several sources of one app share them.
 *
 * @example
 * const store = memoryStore()
 * attachToken(contacts, { corpId, corpSecret }, { store })
 * attachToken(messages, { corpId, corpSecret }, { store })
 */
export function memoryStore({ clock = systemClock }: { clock?: Clock } = {}): TokenStore {
  const tokens = new Map<string, { token: StoredToken; storedAt: number }>()

  const read = (key: string): StoredToken | undefined => {
    const entry = tokens.get(key)
    if (entry === undefined) return undefined
    const ageMs = entry.token.ageMs + clock.monotonic() - entry.storedAt
    return ageMs < entry.token.expiresInMs ? { ...entry.token, ageMs } : undefined
  }

  return {
    async get(key) {
      return read(key)
    },
    async set(key, token) {
      const present = read(key)
      if (present !== undefined && present.generation >= token.generation) return false
      tokens.set(key, { token, storedAt: clock.monotonic() })
      return true
    },
    async delete(key, generation) {
      if (tokens.get(key)?.token.generation !== generation) return false
      return tokens.delete(key)
    },
  }
}
