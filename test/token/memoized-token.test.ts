import { describe, expect, it } from 'vitest'
import { instantOf, later } from '../../src/core/clock.js'
import type { Token } from '../../src/core/token.js'
import { fakeClock } from '../../src/testing.js'
import { MemoizedToken, tokenMemo } from '../../src/token/memoized-token.js'
import { deferred } from '../support/source.js'

/** A memo over fetches that are answered by hand. */
function memoOf({
  maxAgeMs,
  usableForMs = 7_000_000,
}: {
  maxAgeMs?: number
  usableForMs?: number
} = {}) {
  const clock = fakeClock()
  let fetches = 0
  const tokenOf = (generation: number, more: Partial<Token> = {}): Token => ({
    value: `token-${generation}`,
    encoded: `token-${generation}`,
    generation,
    firstSeenAt: instantOf(clock),
    memoMs: 7_000_000,
    refreshFrom: later(instantOf(clock), 6_700_000),
    usableUntil: later(instantOf(clock), usableForMs),
    keptUntil: later(instantOf(clock), 7_200_000),
    ...more,
  })
  const shared = tokenMemo({ clock, ...(maxAgeMs === undefined ? {} : { maxAgeMs }) })
  const memo: MemoizedToken = new MemoizedToken(shared, {
    async fetchToken() {
      fetches += 1
      return tokenOf((memo.latest?.generation ?? 0) + 1)
    },
  })
  return { memo, clock, tokenOf, fetches: () => fetches }
}

describe('the memoized token', () => {
  it('is fetched once for everyone who asks', async () => {
    const { memo, fetches } = memoOf()
    expect(memo.latest).toBeUndefined()
    const tokens = await Promise.all([memo.get(), memo.get(), memo.get()])
    expect(new Set(tokens).size).toBe(1)
    expect(await memo.get()).toBe(tokens[0])
    expect(memo.latest).toBe(tokens[0])
    expect(fetches()).toBe(1)
  })

  it('is over after 7000 s', async () => {
    const { memo, clock, fetches } = memoOf({ usableForMs: 9_000_000 })
    await memo.get()
    clock.advance(6_999_999)
    await memo.get()
    expect(fetches()).toBe(1)
    clock.advance(1)
    await memo.get()
    expect(fetches()).toBe(2)
  })

  it('is over after maxAgeMs', async () => {
    const { memo, clock, fetches } = memoOf({ maxAgeMs: 60_000 })
    await memo.get()
    clock.advance(59_999)
    await memo.get()
    expect(fetches()).toBe(1)
    clock.advance(1)
    await memo.get()
    expect(fetches()).toBe(2)
  })

  it('is over when it is no longer usable', async () => {
    const { memo, clock, fetches } = memoOf({ usableForMs: 1_000 })
    await memo.get()
    clock.advance(1_000)
    await memo.get()
    expect(fetches()).toBe(2)
  })

  it('that gettoken brought once more counts from then on', async () => {
    const { memo, clock, tokenOf, fetches } = memoOf({ maxAgeMs: 60_000 })
    memo.set(tokenOf(1, { reconfirmedAt: later(instantOf(clock), 50_000) }))
    clock.advance(109_999)
    expect((await memo.get()).generation).toBe(1)
    expect(fetches()).toBe(0)
    clock.advance(1)
    expect((await memo.get()).generation).toBe(2)
    expect(fetches()).toBe(1)
  })
})

describe('to set', () => {
  it('makes a token the memoized one', async () => {
    const { memo, tokenOf, fetches } = memoOf()
    const adopted = tokenOf(5)
    memo.set(adopted)
    expect(memo.latest).toBe(adopted)
    expect(await memo.get()).toBe(adopted)
    expect(fetches()).toBe(0)
  })

  it('an older generation, or the same one again, changes nothing', async () => {
    const { memo, tokenOf, fetches } = memoOf()
    const adopted = tokenOf(5)
    memo.set(adopted)
    memo.set(tokenOf(4))
    memo.set(tokenOf(5))
    expect(memo.latest).toBe(adopted)
    expect(await memo.get()).toBe(adopted)
    expect(fetches()).toBe(0)
  })

  it('a newer one is what get gives from then on', async () => {
    const { memo, tokenOf } = memoOf()
    await memo.get()
    const newer = tokenOf(2)
    memo.set(newer)
    expect(await memo.get()).toBe(newer)
  })
})

describe('the next token', () => {
  it('leaves the newest where it is until it has come', async () => {
    const { memo, fetches } = memoOf()
    const first = await memo.get()
    const next = memo.next()
    expect(memo.latest).toBe(first)
    const second = await next
    expect(second.generation).toBe(2)
    expect(memo.latest).toBe(second)
    expect(await memo.get()).toBe(second)
    expect(fetches()).toBe(2)
  })

  it('is fetched once for everyone who asks, also while a store brings others', async () => {
    const answer = deferred<Token>()
    const { tokenOf } = memoOf()
    let fetches = 0
    const memo = new MemoizedToken(tokenMemo({ clock: fakeClock() }), {
      fetchToken() {
        fetches += 1
        return answer.promise
      },
    })
    const waiting = Array.from({ length: 5 }, (_, at) => {
      memo.set(tokenOf(at + 1))
      return memo.next()
    })
    expect(memo.isPending).toBe(true)
    answer.resolve(tokenOf(9))
    expect(new Set(await Promise.all(waiting)).size).toBe(1)
    expect(memo.isPending).toBe(false)
    expect(fetches).toBe(1)
  })

  it('rule 6: who asks when it is known is not given the promise of those who asked before', async () => {
    const answers = [deferred<Token>(), deferred<Token>()]
    const { tokenOf } = memoOf()
    let fetches = 0
    const memo = new MemoizedToken(tokenMemo({ clock: fakeClock() }), {
      fetchToken: () => (answers[fetches++] as (typeof answers)[number]).promise,
    })
    const before = memo.next()
    memo.known()
    memo.set(tokenOf(1))
    const after = memo.next()
    answers[1]?.resolve(tokenOf(2))
    expect((await after).generation).toBe(2)
    answers[0]?.resolve(tokenOf(1))
    expect((await before).generation).toBe(1)
    expect(memo.isPending).toBe(false)
  })

  it('is one of many in one memo, each with generations of its own', async () => {
    const clock = fakeClock()
    const { tokenOf } = memoOf()
    const shared = tokenMemo({ clock })
    const asked: string[] = []
    const [one, other] = ['one', 'other'].map((value) => {
      const fetcher = {
        async fetchToken() {
          asked.push(value)
          return { ...tokenOf(1), value }
        },
      }
      return new MemoizedToken(shared, fetcher)
    }) as [MemoizedToken, MemoizedToken]
    const tokens = await Promise.all([one.get(), other.get(), one.get()])
    expect(tokens.map(({ value }) => value)).toEqual(['one', 'other', 'one'])
    expect(asked).toEqual(['one', 'other'])
    expect((await other.get()).value).toBe('other')
    expect(asked).toEqual(['one', 'other'])
  })
})
