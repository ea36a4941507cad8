import pMemoize from 'p-memoize'
import type { Clock } from './clock.js'
import { ageMs, isUsable, type Token } from './token.js'

/** The memo of one credential: fetched once for everyone who asks, kept for 7000 s. */
export interface MemoizedToken {
  /** The newest token, usable or not. */
  readonly latest: Token | undefined
  /** The token of this generation: memoized, being fetched, or fetched now. */
  get(): Promise<Token>
  /** Makes a token the memoized one; one of an older generation changes nothing. */
  set(token: Token): void
  /** Asks `get` for the generation after the newest. What a hit may be reading stays where it is. */
  clear(): void
}

/**
 * The generation is p-memoize's cache key. To clear is to ask for the next generation, never to
 * delete: so a hit that races a throw-away cannot read `undefined`.
 */
export function memoizeToken(
  fetchToken: () => Promise<Token>,
  { maxAgeMs = 7_000_000, clock }: { maxAgeMs?: number; clock: Clock },
): MemoizedToken {
  let generation = 1
  const cache = expiring(maxAgeMs, clock)
  const memoized = pMemoize(fetchToken, { cacheKey: () => generation, cache })

  return {
    get latest() {
      return cache.latest
    },
    get: memoized,
    set(token) {
      cache.set(token.generation, token)
      generation = Math.max(generation, token.generation)
    },
    clear() {
      generation = (cache.latest?.generation ?? 0) + 1
    },
  }
}

/** Holds the newest token, and has it only while it is usable and not older than `maxAgeMs`. */
function expiring(maxAgeMs: number, clock: Clock) {
  return {
    latest: undefined as Token | undefined,
    has(generation: number) {
      const { latest } = this
      if (latest?.generation !== generation) return false
      const age = ageMs(latest, clock)
      return isUsable(latest, age) && age - (latest.reconfirmedAtMs ?? 0) < maxAgeMs
    },
    get(_generation: number) {
      return this.latest
    },
    /** Intentionally nothing: see above. */
    delete() {},
    set(_generation: number, token: Token) {
      if (token.generation > (this.latest?.generation ?? 0)) this.latest = token
    },
  }
}
