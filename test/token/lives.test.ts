import { expect, it } from 'vitest'
import { createTokenSource, memoryStore, selfBuilt, type TokenStore } from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { APP } from '../support/qyapi.js'
import { sourceWith, tokenBody } from '../support/source.js'

const MEMO_MS = 7_000_000

/** A process over a store, whose token requests bring the same string again and again. */
function processOver(store: TokenStore, clock: ReturnType<typeof fakeClock>, isDown = false) {
  let fetches = 0
  const source = createTokenSource(selfBuilt(APP), {
    clock,
    store,
    refreshAheadMs: 0,
    transport: async () => {
      fetches += 1
      if (isDown) throw new Error('gettoken is down')
      return { status: 200, body: tokenBody('same') }
    },
  })
  return { source, fetches: () => fetches }
}

it.each([
  ['is past its memo there', MEMO_MS + 100_000],
  ['is in its memo there', MEMO_MS - 100_000],
])(
  'rule 8: a string that the store knows already does not get a new lifetime after a restart, if it %s',
  async (_name, ageMs) => {
    const clock = fakeClock()
    const store = memoryStore({ clock })
    await processOver(store, clock).source.get()
    clock.advance(ageMs)
    const { source, fetches } = processOver(store, clock)
    expect(await source.get()).toBe('same')
    expect(source.describe().ageMs).toBe(ageMs)
    clock.advance(200_000)
    await source.get()
    expect(source.describe().ageMs).toBe(ageMs + 200_000)
    expect(fetches()).toBeGreaterThan(0)
    expect(source.describe().expiresInMs).toBeLessThanOrEqual(200_000)
  },
)

it('rule 4: a string that the store knows already is handed out through an outage after a restart as long as before it', async () => {
  const clock = fakeClock()
  const store = memoryStore({ clock })
  await processOver(store, clock).source.get()
  clock.advance(MEMO_MS + 100_000)
  const { source } = processOver(store, clock, true)
  expect(await source.get()).toBe('same')
})

it.each([1, 20_000, 59_999])(
  'rule 2: a string that came back after %s ms is handed out for maxAgeMs',
  async (ms) => {
    const { source, clock, fetches } = sourceWith('same', { maxAgeMs: 60_000, refreshAheadMs: 0 })
    await source.get()
    clock.advance(ms)
    await source.invalidate('same')
    await source.get()
    expect(fetches()).toBe(2)
    clock.advance(60_000)
    await source.get()
    expect(fetches()).toBe(3)
  },
)

it.each([31_536_000, 1e308])(
  'rule 2: a token for which a server says %s s is handed out for maxAgeMs',
  async (seconds) => {
    const { source, clock, fetches } = sourceWith((count) => ({
      body: tokenBody(count > 2 ? 'next' : 'same', seconds),
    }))
    await source.get()
    clock.advance(MEMO_MS)
    expect(await source.get()).toBe('same')
    expect(fetches()).toBe(2)
    clock.advance(MEMO_MS)
    expect(await source.get()).toBe('next')
    expect(fetches()).toBe(3)
  },
)

it('rule 2: a server’s 1e308 s do not keep a token for ever through an outage', async () => {
  const { source, clock } = sourceWith((count) =>
    count === 1 ? { body: tokenBody('token', 1e308) } : new Error('gettoken is down'),
  )
  await source.get()
  clock.advance(31 * 86_400_000)
  await expect(source.get()).rejects.toMatchObject({ code: 'token_fetch_failed' })
})
