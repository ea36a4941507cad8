import { expect, it } from 'vitest'
import { elapsedMs, type Instant } from '../../src/core/clock.js'
import {
  encoded,
  firstLife,
  isKeptThroughOutage,
  isUsable,
  type LifePolicy,
  nextToken,
  reconfirmedLife,
  shouldRefresh,
  storedToken,
  type Token,
  tokenOf,
} from '../../src/core/token.js'

const EXPIRES_MS = 7_200_000
const policy: LifePolicy = { maxAgeMs: 7_000_000, refreshAheadMs: 300_000, jitter: 0 }

/** A moment at which both clocks say the same. */
const at = (ms: number): Instant => ({ wall: ms, monotonic: ms })
/** The milliseconds that both clocks have come to. */
const ms = ({ wall, monotonic }: Instant) => {
  expect(wall).toBeCloseTo(monotonic)
  return monotonic
}
const first = (memoMs: number) => ({ firstSeenAt: at(0), memoMs })

it('rule 2: a new token of 7200 s is usable for 7000 s, and kept through an outage for all 7200 s', () => {
  const life = firstLife(at(5), EXPIRES_MS, policy)
  expect(life.firstSeenAt).toEqual(at(5))
  expect(life.memoMs).toBeCloseTo(7_000_000)
  expect(ms(life.usableUntil)).toBeCloseTo(7_000_005)
  expect(ms(life.keptUntil)).toBe(EXPIRES_MS + 5)
})

it('rule 2: another lifetime is scaled alike', () => {
  const life = firstLife(at(0), 3_600_000, policy)
  expect(life.memoMs).toBeCloseTo(3_500_000)
  expect(ms(life.usableUntil)).toBeCloseTo(3_500_000)
  expect(ms(life.keptUntil)).toBe(3_600_000)
})

it('rule 2: a lifetime is capped at maxAgeMs', () => {
  const life = firstLife(at(0), EXPIRES_MS, { ...policy, maxAgeMs: 60_000 })
  expect(life.memoMs).toBe(60_000)
  expect(ms(life.keptUntil)).toBe(EXPIRES_MS)
})

const aheadOf = (expiresInMs: number, options: Partial<typeof policy>) => {
  const { usableUntil, refreshFrom } = firstLife(at(0), expiresInMs, { ...policy, ...options })
  return elapsedMs(refreshFrom, usableUntil)
}

it('rule 3: the refresh ahead starts refreshAheadMs before the end of a full lifetime', () => {
  expect(aheadOf(EXPIRES_MS, {})).toBeCloseTo(300_000)
})

it('rule 3: the refresh ahead is scaled with a shorter lifetime', () => {
  expect(aheadOf(3_600_000, {})).toBeCloseTo(150_000)
})

it('rule 3: the refresh ahead is not scaled up with a longer lifetime', () => {
  expect(aheadOf(2 * EXPIRES_MS, { maxAgeMs: 14_000_000 })).toBeCloseTo(300_000)
})

it('rule 3: the refresh ahead is at most half of a lifetime', () => {
  expect(aheadOf(EXPIRES_MS, { refreshAheadMs: 5_000_000 })).toBeCloseTo(3_500_000)
  expect(aheadOf(720, { refreshAheadMs: 7_000_000 })).toBeCloseTo(350)
})

it.each([
  [0, 300_000],
  [0.5, 270_000],
  [1, 240_000],
])(
  'rule 3: the refresh ahead with a jitter of %s is %s ms: between 80 %% and all of it',
  (jitter, aheadMs) => {
    expect(aheadOf(EXPIRES_MS, { jitter })).toBeCloseTo(aheadMs)
  },
)

it('rule 3: the first token of a source among many is refreshed at any time from half of its lifetime on', () => {
  const refreshed = (jitter: number, before?: Token) =>
    ms(nextToken(before, asked, 2, { ...policy, jitter, isSpread: true }).refreshFrom)
  const asked = { value: 'token', expiresInMs: EXPIRES_MS, askedAt: at(0) }
  expect(refreshed(0)).toBeCloseTo(6_700_000)
  expect(refreshed(0.5)).toBeCloseTo(5_100_000)
  expect(refreshed(1)).toBeCloseTo(3_500_000)
  const older = nextToken(undefined, { ...asked, value: 'older' }, 1, policy)
  expect(refreshed(0, older)).toBeCloseTo(6_700_000)
  expect(refreshed(1, older)).toBeCloseTo(6_760_000)
})

it('rule 3: a refresh ahead of 0 ms starts when the token has expired', () => {
  expect(aheadOf(EXPIRES_MS, { refreshAheadMs: 0 })).toBe(0)
  expect(aheadOf(EXPIRES_MS, { refreshAheadMs: 0, jitter: 1, isSpread: true })).toBe(0)
})

it('rule 8: a string that came back within its 7000 s ends 200 s after them, with a refresh at their end', () => {
  const life = reconfirmedLife(first(7_000_000), at(1_000_000), EXPIRES_MS, policy)
  expect(life.firstSeenAt).toEqual(at(0))
  expect(life.memoMs).toBe(7_000_000)
  expect(ms(life.usableUntil)).toBeCloseTo(7_200_000)
  expect(ms(life.refreshFrom)).toBe(7_000_000)
  expect(ms(life.keptUntil)).toBeCloseTo(7_200_000)
  expect(life.reconfirmedAt).toEqual(at(1_000_000))
})

it('rule 8: a string that came back past its 7000 s ends in 200 s, with a refresh half-way', () => {
  const life = reconfirmedLife(first(7_000_000), at(7_050_000), EXPIRES_MS, policy)
  expect(ms(life.usableUntil)).toBeCloseTo(7_250_000)
  expect(ms(life.refreshFrom)).toBeCloseTo(7_150_000)
  expect(ms(life.keptUntil)).toBeCloseTo(7_250_000)
})

it('rule 8: the 200 s of a string that came back are scaled with its lifetime', () => {
  const life = reconfirmedLife(first(3_500_000), at(3_550_000), 3_600_000, policy)
  expect(ms(life.usableUntil)).toBeCloseTo(3_650_000)
  expect(ms(life.refreshFrom)).toBeCloseTo(3_600_000)
})

it('rule 2: a string that came back is never used for longer than maxAgeMs without a token request', () => {
  const short = { ...policy, maxAgeMs: 60_000 }
  for (const reconfirmedMs of [10_000, 60_000, 500_000]) {
    const life = reconfirmedLife(first(60_000), at(reconfirmedMs), EXPIRES_MS, short)
    expect(ms(life.usableUntil)).toBe(reconfirmedMs + 60_000)
    expect(ms(life.refreshFrom)).toBeLessThan(reconfirmedMs + 60_000)
  }
  const early = reconfirmedLife(first(7_000_000), at(100), EXPIRES_MS, policy)
  expect(ms(early.usableUntil)).toBe(7_000_100)
})

it.each([31_536_000_000, 1e308, Number.POSITIVE_INFINITY])(
  'rule 2: the lifetime of a string that came back is not endless if a server says %s ms',
  (expiresInMs) => {
    const thirtyDays = 30 * 86_400_000
    const one = firstLife(at(0), expiresInMs, policy)
    expect(ms(one.usableUntil)).toBe(7_000_000)
    expect(ms(one.keptUntil)).toBe(thirtyDays)
    const again = reconfirmedLife(one, at(7_000_000), expiresInMs, policy)
    expect(ms(again.usableUntil)).toBe(14_000_000)
    expect(ms(again.keptUntil)).toBe(thirtyDays)
  },
)

it('rule 4: a string that came back is kept through an outage for as long as WeCom said, even if its memo is short', () => {
  const life = reconfirmedLife(first(60_000), at(10_000), EXPIRES_MS, policy)
  expect(ms(life.keptUntil)).toBe(EXPIRES_MS)
})

it('rule 13: a lifetime counts on each clock separately: a jump of one does not extend it on the other', () => {
  const yearAhead = { wall: 31_536_000_000, monotonic: 1_000_000 }
  const life = reconfirmedLife(first(7_000_000), yearAhead, EXPIRES_MS, policy)
  expect(life.usableUntil.wall).toBeCloseTo(31_536_200_000)
  expect(life.usableUntil.monotonic).toBeCloseTo(7_200_000)
  expect(life.refreshFrom.wall).toBeCloseTo(31_536_100_000)
  expect(life.refreshFrom.monotonic).toBe(7_000_000)
  expect(life.keptUntil.monotonic).toBeCloseTo(7_200_000)
})

const asked = { value: 'token', expiresInMs: EXPIRES_MS, askedAt: at(0) }
const seen = nextToken(undefined, asked, 1, policy)
const storedAnd = (token: Token, now: Instant) => tokenOf(storedToken(token, now), now, policy)

it('rule 8: a token in a store is there as long as it is kept here', () => {
  const stored = storedToken(seen, at(1_000))
  expect(stored).toEqual({ value: 'token', generation: 1, ageMs: 1_000, expiresInMs: EXPIRES_MS })
})

it('rule 8: a token in a store that came back has the same lifetime in another process', () => {
  for (const age of [1_000_000, 7_050_000, 20_000_000]) {
    const again = nextToken(seen, { ...asked, askedAt: at(age) }, 2, policy)
    const theirs = storedAnd(again, at(age + 10))
    expect(ms(theirs.usableUntil)).toBeCloseTo(ms(again.usableUntil))
    expect(ms(theirs.refreshFrom)).toBeCloseTo(ms(again.refreshFrom))
    expect(ms(theirs.keptUntil)).toBeCloseTo(ms(again.keptUntil))
    expect(ms(theirs.reconfirmedAt ?? at(0))).toBeCloseTo(age)
  }
})

it('rule 8: a token in a store that came back with a clock a year ahead is usable there for 200 s, and not for days', () => {
  const yearAhead = { wall: 31_536_000_000, monotonic: 1_000_000 }
  const again = nextToken(seen, { ...asked, askedAt: yearAhead }, 2, policy)
  const theirs = storedAnd(again, yearAhead)
  expect(elapsedMs(theirs.usableUntil, yearAhead)).toBeCloseTo(-200_000)
  expect(elapsedMs(theirs.keptUntil, yearAhead)).toBeCloseTo(-200_000)
})

it('rule 8: a token in a store was not confirmed before it was first seen, whatever the clocks say', () => {
  const yearBack = { wall: -31_536_000_000, monotonic: 5_000 }
  const again = nextToken(seen, { ...asked, askedAt: yearBack }, 2, policy)
  expect(storedToken(again, at(5_000)).reconfirmedAtMs).toBe(0)
})

const token: Token = {
  value: 'token',
  encoded: 'token',
  generation: 1,
  firstSeenAt: at(0),
  memoMs: 700,
  refreshFrom: at(600),
  usableUntil: at(700),
  keptUntil: at(720),
}

it.each([
  [0, true, false, true],
  [599, true, false, true],
  [600, true, true, true],
  [699, true, true, true],
  [700, false, true, true],
  [719, false, true, true],
  [720, false, true, false],
])(
  'rule 4: the predicates of a token hold at their borders: %s ms old: usable %s, to be refreshed %s, kept %s',
  (age, usable, refresh, kept) => {
    for (const now of [at(age), { wall: age, monotonic: 0 }, { wall: -1e9, monotonic: age }]) {
      expect(isUsable(token, now)).toBe(usable)
      expect(shouldRefresh(token, now)).toBe(refresh)
      expect(isKeptThroughOutage(token, now)).toBe(kept)
    }
  },
)

it.each([
  ['plain-token_1', 'plain-token_1'],
  ["it's+a/token=", 'it%27s%2Ba%2Ftoken%3D'],
  ["two''quotes", 'two%27%27quotes'],
])(
  'request rule 1: a token in a url is encoded: %s as %s, also after URL has serialized it',
  (value, expected) => {
    expect(encoded(value)).toBe(expected)
    const url = new URL(`https://qyapi.weixin.qq.com/?access_token=${encoded(value)}`)
    expect(url.href).toContain(expected)
    expect(url.searchParams.get('access_token')).toBe(value)
  },
)
