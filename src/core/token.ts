import { earliest, elapsedMs, type Instant, later, latest } from './clock.js'
import type { StoredToken } from './store.js'

/**
 * A token as it was handed out, with the life that it has. A moment of it has come when either clock
 * says so: so a clock that jumps may end a life early, and never makes one longer.
 */
export interface Token {
  readonly value: string
  /** The value as it stands in a url. */
  readonly encoded: string
  /** Counts up with every fetch, also when the same string came back. */
  readonly generation: number
  /** Before the request that brought this string for the first time. */
  readonly firstSeenAt: Instant
  /** The length of the memo of this string: 7000 s, or less. */
  readonly memoMs: number
  /** From here on one refresh runs behind the callers. */
  readonly refreshFrom: Instant
  /** From here on callers wait for a new token. */
  readonly usableUntil: Instant
  /** Through an outage it is handed out until here. */
  readonly keptUntil: Instant
  /** Before the request that brought this very string once more. */
  readonly reconfirmedAt?: Instant
  /** How long the request took that brought this very string once more. */
  readonly requestMs?: number
  /** Which token request of this process brought it, counted from 1; 0: it was adopted from a store. */
  readonly request?: number
}

/** How a life is cut out of an `expires_in`. `jitter` is a number from 0 to 1, drawn for each token. */
export interface LifePolicy {
  readonly maxAgeMs: number
  readonly refreshAheadMs: number
  readonly jitter: number
}

/** WeCom says 7200 s and the memo lasts 7000 s; other lives are scaled alike. */
const MEMO_SHARE = 7000 / 7200
const SLOT_SHARE = 1 - MEMO_SHARE
const FULL_MEMO_MS = 7_000_000
/** WeCom's tokens live for 7200 s. What a server says beyond this is no life, and no store keeps it. */
const LONGEST_LIFE_MS = 30 * 24 * 3_600_000

/** A token as it stands in a url, also after `URL` has written it anew. Most need no other spelling. */
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

/** Before the last request that brought this string. */
export function confirmedAt({ firstSeenAt, reconfirmedAt = firstSeenAt }: Token): Instant {
  return reconfirmedAt
}

/** The parts of a token that say when. */
type Life = Omit<Token, 'value' | 'encoded' | 'generation' | 'request' | 'requestMs'>

/** The life of a string that was never seen before. */
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
 * The life of a string that gettoken brought once more. It does not start anew: the first memo
 * stands, and from its end on the string is usable for 200 s at a time (scaled), the next look
 * running behind the callers. Never longer than `maxAgeMs` without a look (rule 2). Each clock
 * counts for itself: one that was a year ahead when the string came must not leave it a year when it
 * is set back.
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

/** A token as a store keeps it: in durations, each by the clock that leaves it less. */
export function storedToken(token: Token, now: Instant): StoredToken {
  const { value, generation, firstSeenAt, keptUntil, reconfirmedAt } = token
  const ageMs = elapsedMs(firstSeenAt, now)
  const known = { value, generation, ageMs, expiresInMs: ageMs - elapsedMs(keptUntil, now) }
  if (reconfirmedAt === undefined) return known
  const reconfirmedAtMs = Math.max(0, ageMs - elapsedMs(reconfirmedAt, now))
  return { ...known, reconfirmedAtMs, requestMs: token.requestMs ?? 0 }
}

/** A token as another process has put it into the store. Nobody can have confirmed it after now. */
export function tokenOf(stored: StoredToken, now: Instant, policy: LifePolicy): Token {
  const { value, generation, ageMs, expiresInMs } = stored
  const firstSeenAt = later(now, -ageMs)
  if (stored.reconfirmedAtMs === undefined)
    return newToken(value, generation, firstLife(firstSeenAt, expiresInMs, policy))
  const reconfirmedAtMs = Math.min(stored.reconfirmedAtMs, ageMs)
  // Past its memo a string is kept for one slot: that, and not how old it has become, tells how long
  // WeCom's lives are.
  const lifeMs = Math.min(expiresInMs, (expiresInMs - reconfirmedAtMs) / SLOT_SHARE)
  const first = { firstSeenAt, memoMs: memoOf(lifeMs, policy) }
  const reconfirmedAt = later(firstSeenAt, reconfirmedAtMs)
  const life = reconfirmedLife(first, reconfirmedAt, lifeMs, policy)
  return { ...newToken(value, generation, life), requestMs: stored.requestMs ?? 0 }
}

/** What a token request brought. */
interface Brought {
  readonly value: string
  readonly expiresInMs: number
  readonly askedAt: Instant
  /** Which one it was, counted from 1. */
  readonly request?: number
  /** How long it took. */
  readonly requestMs?: number
}

/** What a fetch brought after `before`. The same string is a new generation, but no new life. */
export function nextToken(
  before: Token | undefined,
  { value, expiresInMs, askedAt, request, requestMs = 0 }: Brought,
  generation: number,
  policy: LifePolicy,
): Token {
  if (before?.value !== value)
    return newToken(value, generation, firstLife(askedAt, expiresInMs, policy), request)
  const life = reconfirmedLife(before, askedAt, expiresInMs, policy)
  return { ...newToken(value, generation, life, request), requestMs }
}

/** A token with its value as urls spell it. */
function newToken(value: string, generation: number, life: Life, request = 0): Token {
  return { value, encoded: encoded(value), generation, ...life, request }
}

function memoOf(expiresInMs: number, { maxAgeMs }: LifePolicy): number {
  return Math.min(maxAgeMs, expiresInMs * MEMO_SHARE)
}

/** Scaled with shorter lives, never more than half of one, and spread so that processes do not meet. */
function refreshAheadOf(memoMs: number, { refreshAheadMs, jitter }: LifePolicy): number {
  const scaled = refreshAheadMs * Math.min(1, memoMs / FULL_MEMO_MS)
  return Math.min(scaled, memoMs / 2) * (1 - 0.2 * jitter)
}
