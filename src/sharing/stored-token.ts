import { isText } from '../core/check.js'
import { type Clock, elapsedMs, type Instant, instantOf } from '../core/clock.js'
import type { StoredToken } from '../core/store.js'

/** WeCom's values have at most 512 bytes, and encryption adds a third. */
const LONGEST_VALUE = 4096

export function isStoredToken({
  value,
  generation,
  ageMs: age,
  expiresInMs,
}: StoredToken): boolean {
  const isValue = isText(value) && value.length <= LONGEST_VALUE
  return isValue && isGeneration(generation) && age >= 0 && Number.isFinite(expiresInMs)
}

/** Leaves room for newer generations: far below the largest safe integer. */
export function isGeneration(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < 2 ** 52
}

/** Clocks differ a little: a token that vanishes just before it expires was not evicted. */
const CLOCK_SKEW_MS = 10_000

/** The token that this process stored or read under one key, and so expects there. */
export class ExpectedToken {
  private token: StoredToken | undefined
  private since: Instant | undefined

  expect(token: StoredToken, clock: Clock): void {
    this.token = token
    this.since = instantOf(clock)
  }

  /** This process deleted the token, or another one will. */
  forget(generation: number): void {
    if (this.token?.generation === generation) this.token = undefined
  }

  /** The store has no token: returns, once, the expected one with its current age. */
  lost(clock: Clock): StoredToken | undefined {
    const { token, since } = this
    this.token = undefined
    if (token === undefined || since === undefined) return undefined
    const ageMs = token.ageMs + Math.max(0, elapsedMs(since, instantOf(clock)))
    return ageMs + CLOCK_SKEW_MS < token.expiresInMs ? { ...token, ageMs } : undefined
  }
}
