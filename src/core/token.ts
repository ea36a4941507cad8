import type { Clock, Instant } from './clock.js'
import type { StoredToken } from './store.js'

/**
 * A token as it was handed out, with the life that it has.
 * All durations count from `firstSeenAt`, which is taken before the request that brought it.
 */
export interface Token {
  readonly value: string
  /** The value as it stands in a url. */
  readonly encoded: string
  /** Counts up with every fetch, also when the same string came back. */
  readonly generation: number
  readonly firstSeenAt: Instant
  /** The end of the 7000 s memo of this string. */
  readonly memoMs: number
  /** From here on one refresh runs behind the callers. */
  readonly refreshAfterMs: number
  /** From here on callers wait for a new token. */
  readonly usableForMs: number
  /** Through an outage it is handed out until here. */
  readonly keptForMs: number
  /** The age at which gettoken brought this very string once more. */
  readonly reconfirmedAtMs?: number
}

/** How a life is cut out of an `expires_in`. `jitter` is a number from 0 to 1, drawn for each token. */
export interface LifePolicy {
  readonly maxAgeMs: number
  readonly refreshAheadMs: number
  readonly jitter: number
}

/** WeCom says 7200 s and the memo lasts 7000 s; other lives are scaled alike. */
const MEMO_SHARE = 7000 / 7200
const FULL_MEMO_MS = 7_000_000

/** A token as it stands in a url, also after `URL` has written it anew. Most need no other spelling. */
export function encoded(value: string): string {
  const text = encodeURIComponent(value).replace(/'/g, '%27')
  return text === value ? value : text
}

/** A token is as old as the clock says that has gone further: either may stand still or be set back. */
export function ageMs(token: Token, clock: Clock): number {
  return older(token, clock.wall(), clock.monotonic())
}

export function ageAt(token: Token, { wall, monotonic }: Instant): number {
  return older(token, wall, monotonic)
}

function older({ firstSeenAt }: Token, wall: number, monotonic: number): number {
  return Math.max(wall - firstSeenAt.wall, monotonic - firstSeenAt.monotonic)
}

export function isUsable(token: Token, age: number): boolean {
  return age < token.usableForMs
}

export function shouldRefresh(token: Token, age: number): boolean {
  return age >= token.refreshAfterMs
}

export function isKeptThroughOutage(token: Token, age: number): boolean {
  return age < token.keptForMs
}

/** The life of a string that was never seen before. */
export function firstLife(expiresInMs: number, policy: LifePolicy) {
  const memoMs = Math.min(policy.maxAgeMs, expiresInMs * MEMO_SHARE)
  return {
    memoMs,
    refreshAfterMs: memoMs - refreshAheadOf(memoMs, policy),
    usableForMs: memoMs,
    keptForMs: Math.max(expiresInMs, memoMs),
  }
}

/**
 * The life of a string that gettoken brought again at `age`. It does not start anew: the first memo
 * stands, and from its end on the string is usable for 200 s at a time (scaled), the next look
 * running behind the callers.
 */
export function reconfirmedLife(memoMs: number, age: number, expiresInMs: number) {
  const slotMs = expiresInMs * (1 - MEMO_SHARE)
  const usableForMs = Math.max(memoMs, age) + slotMs
  return {
    memoMs,
    refreshAfterMs: Math.max(memoMs, age + slotMs / 2),
    usableForMs,
    keptForMs: Math.max(expiresInMs, usableForMs),
    reconfirmedAtMs: age,
  }
}

/** A token as a store keeps it. */
export function storedToken(token: Token, age: number): StoredToken {
  const { value, generation, keptForMs, reconfirmedAtMs } = token
  const known = { value, generation, ageMs: age, expiresInMs: keptForMs }
  return reconfirmedAtMs === undefined ? known : { ...known, reconfirmedAtMs }
}

/** A token as another process has put it into the store. Nobody can have confirmed it after now. */
export function tokenOf(stored: StoredToken, now: Instant, policy: LifePolicy): Token {
  const { value, generation, ageMs: age, expiresInMs, reconfirmedAtMs } = stored
  const firstSeenAt = { wall: now.wall - age, monotonic: now.monotonic - age }
  const first = firstLife(expiresInMs, policy)
  const life =
    reconfirmedAtMs === undefined
      ? first
      : reconfirmedLife(first.memoMs, Math.min(reconfirmedAtMs, age), expiresInMs)
  return newToken(value, generation, firstSeenAt, life)
}

/** A token with its value as urls spell it. */
function newToken(
  value: string,
  generation: number,
  firstSeenAt: Instant,
  life: Omit<Token, 'value' | 'encoded' | 'generation' | 'firstSeenAt'>,
): Token {
  return { value, encoded: encoded(value), generation, firstSeenAt, ...life }
}

/** What a fetch brought after `before`. The same string is a new generation, but no new life. */
export function nextToken(
  before: Token | undefined,
  { value, expiresInMs, askedAt }: { value: string; expiresInMs: number; askedAt: Instant },
  generation: number,
  policy: LifePolicy,
): Token {
  if (before?.value !== value)
    return newToken(value, generation, askedAt, firstLife(expiresInMs, policy))
  const { firstSeenAt, memoMs } = before
  const life = reconfirmedLife(memoMs, ageAt(before, askedAt), expiresInMs)
  return newToken(value, generation, firstSeenAt, life)
}

/** Scaled with shorter lives, never more than half of one, and spread so that processes do not meet. */
function refreshAheadOf(memoMs: number, { refreshAheadMs, jitter }: LifePolicy): number {
  const scaled = refreshAheadMs * Math.min(1, memoMs / FULL_MEMO_MS)
  return Math.min(scaled, memoMs / 2) * (1 - 0.2 * jitter)
}
