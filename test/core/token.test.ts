import { describe, expect, it } from 'vitest'
import {
  ageAt,
  ageMs,
  encoded,
  firstLife,
  isKeptThroughOutage,
  isUsable,
  reconfirmedLife,
  shouldRefresh,
  type Token,
} from '../../src/core/token.js'
import { fakeClock } from '../../src/testing.js'

const EXPIRES_MS = 7_200_000
const policy = { maxAgeMs: 7_000_000, refreshAheadMs: 300_000, jitter: 0 }

function tokenSeenAt(wall: number, monotonic: number): Token {
  return {
    value: 'token',
    encoded: 'token',
    generation: 1,
    firstSeenAt: { wall, monotonic },
    memoMs: 700,
    refreshAfterMs: 600,
    usableForMs: 700,
    keptForMs: 720,
  }
}

describe('the life of a new string', () => {
  it('of 7200 s: usable for 7000 s, kept through an outage for all 7200 s', () => {
    const life = firstLife(EXPIRES_MS, policy)
    expect(life.memoMs).toBeCloseTo(7_000_000)
    expect(life.usableForMs).toBeCloseTo(7_000_000)
    expect(life.keptForMs).toBe(EXPIRES_MS)
  })

  it('of another length is scaled alike', () => {
    const life = firstLife(3_600_000, policy)
    expect(life.memoMs).toBeCloseTo(3_500_000)
    expect(life.usableForMs).toBeCloseTo(3_500_000)
    expect(life.keptForMs).toBe(3_600_000)
  })

  it('is cut at maxAgeMs', () => {
    const life = firstLife(EXPIRES_MS, { ...policy, maxAgeMs: 60_000 })
    expect(life.memoMs).toBe(60_000)
    expect(life.keptForMs).toBe(EXPIRES_MS)
  })
})

describe('the refresh ahead', () => {
  const aheadOf = (expiresInMs: number, options: Partial<typeof policy>) => {
    const { memoMs, refreshAfterMs } = firstLife(expiresInMs, { ...policy, ...options })
    return memoMs - refreshAfterMs
  }

  it('begins refreshAheadMs before the end of a full life', () => {
    expect(aheadOf(EXPIRES_MS, {})).toBeCloseTo(300_000)
  })

  it('is scaled with a shorter life', () => {
    expect(aheadOf(3_600_000, {})).toBeCloseTo(150_000)
  })

  it('is not scaled up with a longer one', () => {
    expect(aheadOf(2 * EXPIRES_MS, { maxAgeMs: 14_000_000 })).toBeCloseTo(300_000)
  })

  it('is never more than half of a life', () => {
    expect(aheadOf(EXPIRES_MS, { refreshAheadMs: 5_000_000 })).toBeCloseTo(3_500_000)
    expect(aheadOf(720, { refreshAheadMs: 7_000_000 })).toBeCloseTo(350)
  })

  it.each([
    [0, 300_000],
    [0.5, 270_000],
    [1, 240_000],
  ])('with a jitter of %s is %s ms: between 80 %% and all of it', (jitter, aheadMs) => {
    expect(aheadOf(EXPIRES_MS, { jitter })).toBeCloseTo(aheadMs)
  })

  it('of 0 ms begins when the life is over', () => {
    expect(aheadOf(EXPIRES_MS, { refreshAheadMs: 0 })).toBe(0)
  })
})

describe('the life of a string that came once more', () => {
  it('within its memo: 200 s beyond it, looked for at its end', () => {
    const life = reconfirmedLife(7_000_000, 1_000_000, EXPIRES_MS)
    expect(life.memoMs).toBe(7_000_000)
    expect(life.usableForMs).toBeCloseTo(7_200_000)
    expect(life.refreshAfterMs).toBe(7_000_000)
    expect(life.keptForMs).toBeCloseTo(7_200_000)
    expect(life.reconfirmedAtMs).toBe(1_000_000)
  })

  it('past its memo: 200 s from now, the next look half-way', () => {
    const life = reconfirmedLife(7_000_000, 7_050_000, EXPIRES_MS)
    expect(life.usableForMs).toBeCloseTo(7_250_000)
    expect(life.refreshAfterMs).toBeCloseTo(7_150_000)
    expect(life.keptForMs).toBeCloseTo(7_250_000)
    expect(life.reconfirmedAtMs).toBe(7_050_000)
  })

  it('is scaled like a first life', () => {
    const life = reconfirmedLife(3_500_000, 3_550_000, 3_600_000)
    expect(life.usableForMs).toBeCloseTo(3_650_000)
    expect(life.refreshAfterMs).toBeCloseTo(3_600_000)
  })

  it('is kept through an outage for as long as WeCom said, though its memo is short', () => {
    expect(reconfirmedLife(60_000, 10_000, EXPIRES_MS).keptForMs).toBe(EXPIRES_MS)
  })
})

describe('a token is as old as the clock says that has gone further', () => {
  it.each([
    [5_000, 5_000, 5_000],
    [9_000, 5_000, 9_000],
    [-1_000_000, 5_000, 5_000],
    [5_000, 0, 5_000],
  ])('wall %s ms, monotonic %s ms: %s ms old', (wall, monotonic, expected) => {
    const token = tokenSeenAt(70_000, 300)
    expect(ageAt(token, { wall: 70_000 + wall, monotonic: 300 + monotonic })).toBe(expected)
  })

  it('at this moment of a clock', () => {
    const clock = fakeClock(1_000_000)
    const token = tokenSeenAt(1_000_000, 0)
    clock.advance(50)
    expect(ageMs(token, clock)).toBe(50)
    clock.setWallBy(7)
    expect(ageMs(token, clock)).toBe(57)
    clock.setWallBy(-1_000)
    expect(ageMs(token, clock)).toBe(50)
  })
})

describe('the questions to a token, at their borders', () => {
  const token = tokenSeenAt(0, 0)
  it.each([
    [0, true, false, true],
    [599, true, false, true],
    [600, true, true, true],
    [699, true, true, true],
    [700, false, true, true],
    [719, false, true, true],
    [720, false, true, false],
  ])('%s ms old: usable %s, to be refreshed %s, kept %s', (age, usable, refresh, kept) => {
    expect(isUsable(token, age)).toBe(usable)
    expect(shouldRefresh(token, age)).toBe(refresh)
    expect(isKeptThroughOutage(token, age)).toBe(kept)
  })
})

describe('a token in a url', () => {
  it.each([
    ['plain-token_1', 'plain-token_1'],
    ["it's+a/token=", 'it%27s%2Ba%2Ftoken%3D'],
    ["two''quotes", 'two%27%27quotes'],
  ])('%s stands there as %s, also after URL has written it anew', (value, expected) => {
    expect(encoded(value)).toBe(expected)
    const url = new URL(`https://qyapi.weixin.qq.com/?access_token=${encoded(value)}`)
    expect(url.href).toContain(expected)
    expect(url.searchParams.get('access_token')).toBe(value)
  })
})
