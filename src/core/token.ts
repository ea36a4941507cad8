import { earliest, elapsedMs, type Instant, later, latest } from './clock.js'
import type { StoredToken } from './store.js'

/**
 * A token with its lifetime. Each instant has passed when either clock says so (rule 13): a clock
 * that jumps can shorten a lifetime, but never extend it.
 */
export interface Token {
  readonly value: string
  /** The value as encoded in a url. */
  readonly encoded: string
  /** Counts up with every fetch, also when the same string came back. */
  readonly generation: number
  /** Just before the request that returned this string for the first time. */
  readonly firstSeenAt: Instant
  /** For how long this string is memoized: 7000 s, or less. */
  readonly memoMs: number
  /** From then on one refresh runs behind the callers. */
  readonly refreshFrom: Instant
  /** From then on callers wait for a new token. */
  readonly usableUntil: Instant
  /** Until then it is handed out during an outage. */
  readonly keptUntil: Instant
  /** Just before the request that returned this string again. */
  readonly reconfirmedAt?: Instant
  /** How long the request took that brought this very string once more. */
  readonly requestMs?: number
  /**
   * The number of this process's token request that returned it, from 1; 0: adopted from a store.
   */
  readonly request?: number
}

/** How `expires_in` is divided. `jitter` is a number from 0 to 1, drawn for each token. */
export interface LifePolicy {
  readonly maxAgeMs: number
  readonly refreshAheadMs: number
  readonly jitter: number
  /** Of many sources that fetch at once, each refreshes its first token at another time. */
  readonly isSpread?: boolean
}

/** WeCom says 7200 s and a token is memoized for 7000 s; other lifetimes are scaled alike. */
const MEMO_SHARE = 7000 / 7200
const SLOT_SHARE = 1 - MEMO_SHARE
const FULL_MEMO_MS = 7_000_000
/** Caps what a server says: WeCom's tokens live for 7200 s, and stores limit expiry times. */
const LONGEST_LIFE_MS = 30 * 24 * 3_600_000

/** A token as encoded in a url, also by `URL`. Most tokens need no encoding. */
export function encoded(value: string): string {
  const text = encodeURIComponent(value).replace(/'/g, '%27')
  return text === value ? value : text
}

export function isUsable({ usableUntil }: Token, now: Instant): boolean {
  return elapsedMs(usableUntil, now) < 0
}

export function shouldRefresh({ refreshFrom }: Token, now: Instant): boolean {
  return elapsedMs(refreshFrom, now) >= 0
}

export function isKeptThroughOutage({ keptUntil }: Token, now: Instant): boolean {
  return elapsedMs(keptUntil, now) < 0
}

/** Just before the last request that returned this string. */
export function confirmedAt({ firstSeenAt, reconfirmedAt = firstSeenAt }: Token): Instant {
  return reconfirmedAt
}

/** The parts of a token about time. */
type Life = Omit<Token, 'value' | 'encoded' | 'generation' | 'request' | 'requestMs'>

/** The lifetime of a string that was never seen before. */
export function firstLife(firstSeenAt: Instant, expiresInMs: number, policy: LifePolicy): Life {
  const memoMs = memoOf(expiresInMs, policy)
  const usableUntil = later(firstSeenAt, memoMs)
  return {
    firstSeenAt,
    memoMs,
    refreshFrom: later(usableUntil, -refreshAheadOf(memoMs, policy)),
    usableUntil,
    keptUntil: later(firstSeenAt, Math.max(Math.min(expiresInMs, LONGEST_LIFE_MS), memoMs)),
  }
}

/**
 * The lifetime of a string that gettoken returned again (rule 8). It does not restart: the first
 * 7000 s still apply, and from their end on the string is usable for 200 s at a time (scaled), the
 * next request running behind the callers. Never longer than `maxAgeMs` without a request (rule 2).
 * Each clock counts separately: one that was a year ahead when the string arrived must not extend
 * it by a year when it is set back.
 */
export function reconfirmedLife(
  { firstSeenAt, memoMs }: Pick<Life, 'firstSeenAt' | 'memoMs'>,
  reconfirmedAt: Instant,
  expiresInMs: number,
  { maxAgeMs }: Pick<LifePolicy, 'maxAgeMs'>,
): Life {
  const lifeMs = Math.min(expiresInMs, LONGEST_LIFE_MS)
  const slotMs = Math.min(lifeMs * SLOT_SHARE, maxAgeMs)
  const memoEnd = later(firstSeenAt, memoMs)
  const slotEnd = later(latest(memoEnd, reconfirmedAt), slotMs)
  const usableUntil = earliest(slotEnd, later(reconfirmedAt, maxAgeMs))
  return {
    firstSeenAt,
    memoMs,
    refreshFrom: latest(memoEnd, later(reconfirmedAt, slotMs / 2)),
    usableUntil,
    keptUntil: latest(later(firstSeenAt, lifeMs), usableUntil),
    reconfirmedAt,
  }
}

/** A token as a store keeps it: with durations, each by the clock that leaves less time. */
export function storedToken(token: Token, now: Instant): StoredToken {
  const { value, generation, firstSeenAt, keptUntil, reconfirmedAt } = token
  const ageMs = elapsedMs(firstSeenAt, now)
  const known = { value, generation, ageMs, expiresInMs: ageMs - elapsedMs(keptUntil, now) }
  if (reconfirmedAt === undefined) return known
  const reconfirmedAtMs = Math.max(0, ageMs - elapsedMs(reconfirmedAt, now))
  return { ...known, reconfirmedAtMs, requestMs: token.requestMs ?? 0 }
}

/** A token that another process has stored. A confirmation in the future counts as now. */
export function tokenOf(stored: StoredToken, now: Instant, policy: LifePolicy): Token {
  const { value, generation, ageMs, expiresInMs } = stored
  const firstSeenAt = later(now, -ageMs)
  if (stored.reconfirmedAtMs === undefined)
    return newToken(value, generation, firstLife(firstSeenAt, expiresInMs, policy))
  const reconfirmedAtMs = Math.min(stored.reconfirmedAtMs, ageMs)
  // A string past its 7000 s is stored for one slot: the lifetime that WeCom gave follows from the
  // slot, not from the string's age.
  const lifeMs = Math.min(expiresInMs, (expiresInMs - reconfirmedAtMs) / SLOT_SHARE)
  const first = { firstSeenAt, memoMs: memoOf(lifeMs, policy) }
  const reconfirmedAt = later(firstSeenAt, reconfirmedAtMs)
  const life = reconfirmedLife(first, reconfirmedAt, lifeMs, policy)
  return { ...newToken(value, generation, life), requestMs: stored.requestMs ?? 0 }
}

/** The result of a token request. */
interface FetchResult {
  readonly value: string
  readonly expiresInMs: number
  readonly askedAt: Instant
  /** The number of the request, from 1. */
  readonly request?: number
  /** How long it took. */
  readonly requestMs?: number
}

/**
 * The token after `before`. The same string is a new generation, but its lifetime does not restart.
 */
export function nextToken(
  before: Token | undefined,
  { value, expiresInMs, askedAt, request, requestMs = 0 }: FetchResult,
  generation: number,
  policy: LifePolicy,
): Token {
  const isSpread = policy.isSpread === true && before === undefined
  if (before?.value !== value)
    return newToken(
      value,
      generation,
      firstLife(askedAt, expiresInMs, { ...policy, isSpread }),
      request,
    )
  const life = reconfirmedLife(before, askedAt, expiresInMs, policy)
  return { ...newToken(value, generation, life, request), requestMs }
}

function newToken(value: string, generation: number, life: Life, request = 0): Token {
  return { value, encoded: encoded(value), generation, ...life, request }
}

function memoOf(expiresInMs: number, { maxAgeMs }: LifePolicy): number {
  return Math.min(maxAgeMs, expiresInMs * MEMO_SHARE)
}

/**
 * Scaled with shorter lifetimes, at most half of one, with jitter so that processes do not
 * coincide. Spread, it is anything from there to half a lifetime.
 */
function refreshAheadOf(memoMs: number, policy: LifePolicy): number {
  const { refreshAheadMs, jitter, isSpread } = policy
  const scaled = refreshAheadMs * Math.min(1, memoMs / FULL_MEMO_MS)
  const ahead = Math.min(scaled, memoMs / 2)
  if (isSpread && ahead > 0) return ahead + (memoMs / 2 - ahead) * jitter
  return ahead * (1 - 0.2 * jitter)
}
