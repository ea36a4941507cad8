import { isText } from '../core/check.js'
import { type Clock, elapsedMs, type Instant, instantOf } from '../core/clock.js'
import type { StoredToken } from '../core/store.js'

/** WeCom's values have 512 bytes at the most, and sealing adds a third. */
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

/** One that a newer one can follow for ever. */
export function isGeneration(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < 2 ** 52
}

/** Clocks differ a little: what vanishes just before its end was not lost. */
const CLOCK_SKEW_MS = 10_000

/** What this process stored or saw under one key of the store, and so expects there. */
export class ExpectedToken {
  private token: StoredToken | undefined
  private since: Instant | undefined

  /** It is in the store now. */
  expect(token: StoredToken, clock: Clock): void {
    this.token = token
    this.since = instantOf(clock)
  }

  /** It need not be there any more: this process deleted it, or knows that others will. */
  forget(generation: number): void {
    if (this.token?.generation === generation) this.token = undefined
  }

  /** The store has nothing: gives, once, the token that should still be there, as old as it is now. */
  lost(clock: Clock): StoredToken | undefined {
    const { token, since } = this
    this.token = undefined
    if (token === undefined || since === undefined) return undefined
    const ageMs = token.ageMs + Math.max(0, elapsedMs(since, instantOf(clock)))
    return ageMs + CLOCK_SKEW_MS < token.expiresInMs ? { ...token, ageMs } : undefined
  }
}
