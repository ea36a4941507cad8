import { afterEach, describe, expect, it, vi } from 'vitest'
import { instantOf } from '../../src/core/clock.js'
import { firstLife, type Token } from '../../src/core/token.js'
import { fakeClock } from '../../src/testing.js'
import { MemoizedToken, refusedStrings, TokenMemo } from '../../src/token/memoized-token.js'
import { deferred } from '../support/source.js'

const DAY_MS = 86_400_000

/** A memoized token whose generations are obtained at once. */
function memoOf({ maxAgeMs = 7_000_000 } = {}) {
  const clock = fakeClock()
  const memo = new TokenMemo(clock)
  const memoized = new MemoizedToken(memo)
  const policy = { maxAgeMs, refreshAheadMs: 0, jitter: 0 }
  const tokenOf = (generation: number, expiresInMs = 7_200_000): Token => ({
    value: `token-${generation}`,
    encoded: `token-${generation}`,
    generation,
    ...firstLife(instantOf(clock), expiresInMs, policy),
  })
  let fetches = 0
  const next = () =>
    memoized.next(async () => {
      fetches += 1
      return tokenOf(memoized.latestGeneration + 1)
    })
  const get = () => memoized.get(instantOf(clock))
  return { memo, memoized, clock, tokenOf, next, get, fetches: () => fetches }
}

it('rule 2: a hit is answered from the cache of p-memoize, every time', async () => {
  const { memo, next, get } = memoOf()
  const token = await next()
  const has = vi.spyOn(memo.cache, 'has')
  const read = vi.spyOn(memo.cache, 'get')
  for (let times = 0; times < 20; times += 1) expect(get()).toBe(token)
  expect(read).toHaveBeenCalledTimes(20)
  expect(has.mock.results.map(({ value }) => value)).toEqual(Array(20).fill(true))
})

it('rule 2: a hit needs a token, and ends after 7000 s', async () => {
  const { next, get, clock } = memoOf()
  expect(get()).toBeUndefined()
  const token = await next()
  clock.advance(6_999_999)
  expect(get()).toBe(token)
  clock.advance(1)
  expect(get()).toBeUndefined()
})

it('rule 2: a hit ends after maxAgeMs, and after the scaled lifetime of a shorter token', () => {
  const short = memoOf({ maxAgeMs: 60_000 })
  short.memoized.set(short.tokenOf(1))
  short.clock.advance(60_000)
  expect(short.get()).toBeUndefined()
  const { memoized, tokenOf, clock, get } = memoOf()
  memoized.set(tokenOf(1, 7_200))
  clock.advance(6_999)
  expect(get()).toBeDefined()
  clock.advance(1)
  expect(get()).toBeUndefined()
})

it('rule 5: a hit never returns a cleared generation, however new its lifetime', async () => {
  const { memoized, next, get, tokenOf } = memoOf()
  const token = await next()
  memoized.clear(token.generation)
  expect(get()).toBeUndefined()
  expect(memoized.isCleared(token)).toBe(true)
  expect(memoized.valid()).toBeUndefined()
  memoized.set(tokenOf(2))
  expect(get()?.generation).toBe(2)
  memoized.clear(1)
  expect(get()?.generation).toBe(2)
})

describe('with another p-memoize', () => {
  afterEach(() => {
    vi.doUnmock('p-memoize')
    vi.resetModules()
  })

  it('rule 2: without the expiry of the cache a token is handed out after a day: the 7000 s have no other home', async () => {
    const { memo, next, get, clock } = memoOf()
    const token = await next()
    vi.spyOn(memo.cache, 'has').mockReturnValue(true)
    clock.advance(DAY_MS)
    expect(get()).toBe(token)
  })

  it('rule 1: without p-memoize two callers fetch twice: there is no other single flight', async () => {
    vi.resetModules()
    vi.doMock('p-memoize', () => ({ default: (fetch: unknown) => fetch }))
    const bare = await import('../../src/token/memoized-token.js')
    const memoized = new bare.MemoizedToken(new bare.TokenMemo(fakeClock()))
    const { tokenOf } = memoOf()
    const obtain = vi.fn(async () => tokenOf(1))
    await Promise.all([memoized.next(obtain), memoized.next(obtain)])
    expect(obtain).toHaveBeenCalledTimes(2)
  })

  it('a memo keeps one function of p-memoize while anything is in flight, and none while nothing is', async () => {
    vi.resetModules()
    const made = vi.fn((fetch: unknown) => fetch)
    vi.doMock('p-memoize', () => ({ default: made }))
    const { TokenMemo, MemoizedToken } = await import('../../src/token/memoized-token.js')
    const memo = new TokenMemo(fakeClock())
    const [one, other] = [new MemoizedToken(memo), new MemoizedToken(memo)]
    const { tokenOf } = memoOf()
    const slow = deferred<Token>()
    const first = one.next(() => slow.promise)
    await other.next(async () => tokenOf(1))
    await other.next(async () => tokenOf(2))
    expect(made).toHaveBeenCalledTimes(1)
    slow.resolve(tokenOf(1))
    await first
    await one.next(async () => tokenOf(2))
    expect(made).toHaveBeenCalledTimes(2)
  })
})

it('rule 7: twenty refused strings are known, of which the oldest makes room for another', () => {
  const strings = refusedStrings()
  const token = (value: number) => ({ ...memoOf().tokenOf(1), value: `${value}` })
  for (let value = 1; value <= 20; value += 1) strings.add(`${value}`, 0)
  expect(strings.includes(token(1))).toBe(true)
  expect(strings.includes(token(21))).toBe(false)
  strings.add('1', 0)
  expect(strings.includes(token(2))).toBe(true)
  strings.add('21', 0)
  expect(strings.includes(token(2))).toBe(false)
  for (const value of [1, 3, 20, 21]) expect(strings.includes(token(value))).toBe(true)
  strings.delete('3')
  expect(strings.includes(token(3))).toBe(false)
})

it('setting a token makes a token the memoized one, without a fetch', () => {
  const { memoized, tokenOf, get, fetches } = memoOf()
  const adopted = tokenOf(5)
  memoized.set(adopted)
  expect(memoized.latest).toBe(adopted)
  expect(get()).toBe(adopted)
  expect(fetches()).toBe(0)
})

it('setting a token with an older or the same generation changes nothing', () => {
  const { memoized, tokenOf, get } = memoOf()
  const adopted = tokenOf(5)
  for (const token of [adopted, tokenOf(4), tokenOf(5)]) memoized.set(token)
  expect(memoized.latest).toBe(adopted)
  expect(get()).toBe(adopted)
})

it('rule 1: the next token leaves the newest one in place until it has arrived', async () => {
  const { memoized, next, get, fetches } = memoOf()
  const first = await next()
  const coming = next()
  expect(get()).toBe(first)
  const second = await coming
  expect(second.generation).toBe(2)
  expect(memoized.latest).toBe(second)
  expect(get()).toBe(second)
  expect(fetches()).toBe(2)
})

it('rule 1: the next token is fetched once for all callers, also while a store brings others', async () => {
  const answer = deferred<Token>()
  const { tokenOf, memoized } = memoOf()
  const obtain = vi.fn(() => answer.promise)
  const waiting = Array.from({ length: 5 }, (_, at) => {
    memoized.set(tokenOf(at + 1))
    return memoized.next(obtain)
  })
  expect(memoized.isPending).toBe(true)
  answer.resolve(tokenOf(9))
  expect(new Set(await Promise.all(waiting)).size).toBe(1)
  expect(memoized.isPending).toBe(false)
  expect(obtain).toHaveBeenCalledTimes(1)
})

it('rule 6: the next token is not shared with callers that ask after its outcome is known', async () => {
  const answers = [deferred<Token>(), deferred<Token>()]
  const { tokenOf, memoized } = memoOf()
  let fetches = 0
  const obtain = () => (answers[fetches++] as (typeof answers)[number]).promise
  const before = memoized.next(obtain)
  memoized.endPending()
  memoized.set(tokenOf(1))
  const after = memoized.next(obtain)
  answers[1]?.resolve(tokenOf(2))
  expect((await after).generation).toBe(2)
  answers[0]?.resolve(tokenOf(1))
  expect((await before).generation).toBe(1)
  expect(memoized.isPending).toBe(false)
})

it('rule 1: the next token is fetched again after a failure', async () => {
  const { memoized, tokenOf } = memoOf()
  const error = new Error('the network')
  await expect(memoized.next(() => Promise.reject(error))).rejects.toBe(error)
  expect(memoized.isPending).toBe(false)
  expect((await memoized.next(async () => tokenOf(1))).generation).toBe(1)
})

it('rule 1: the next token is one of many in one memo, each with its own generations', async () => {
  const clock = fakeClock()
  const memo = new TokenMemo(clock)
  const { tokenOf } = memoOf()
  const asked: string[] = []
  const sources = ['one', 'other'].map((value) => {
    const memoized = new MemoizedToken(memo)
    const next = () =>
      memoized.next(async () => {
        asked.push(value)
        return { ...tokenOf(1), value }
      })
    return { memoized, next }
  })
  const [one, other] = sources as [(typeof sources)[number], (typeof sources)[number]]
  const tokens = await Promise.all([one.next(), other.next(), one.next()])
  expect(tokens.map(({ value }) => value)).toEqual(['one', 'other', 'one'])
  expect(asked).toEqual(['one', 'other'])
  expect(other.memoized.get(instantOf(clock))?.value).toBe('other')
})
