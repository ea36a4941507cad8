import { nextToken, type Token } from '../../src/core/token.js'

/** A token with this value, as a source returns it. */
export function tokenOf(value: string): Token {
  const askedAt = { wall: 0, monotonic: 0 }
  const policy = { maxAgeMs: 7_000_000, refreshAheadMs: 0, jitter: 0 }
  return nextToken(undefined, { value, expiresInMs: 7_200_000, askedAt }, 1, policy)
}
