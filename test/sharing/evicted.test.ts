import { expect, it } from 'vitest'
import {
  memoryStore,
  type StoreLease,
  selfBuilt,
  type TokenEvent,
  type TokenStore,
} from '../../src/index.js'
import { type FakeClock, fakeClock } from '../../src/testing.js'
import { APP } from '../support/qyapi.js'
import { tokenBody } from '../support/source.js'
import { fakePlatform, sourceOn } from '../support/source-on.js'
import { passTime } from '../support/turns.js'

const pass = (clock: FakeClock, ms: number) => passTime(clock, ms)

/** A store that can be emptied, as eviction does. */
function emptiedStore(clock: FakeClock) {
  let inner = memoryStore({ clock })
  const lease: StoreLease = {
    acquire: (...args) => (inner.lease as StoreLease).acquire(...args),
    renew: (...args) => (inner.lease as StoreLease).renew(...args),
    publish: (...args) => (inner.lease as StoreLease).publish(...args),
    release: (...args) => (inner.lease as StoreLease).release(...args),
  }
  let key = ''
  const store: TokenStore = {
    get: (one) => inner.get(one),
    set: (...args) => inner.set(...args),
    delete: (...args) => inner.delete(...args),
  }
  const noting = {
    ...store,
    get(one: string) {
      key = one
      return store.get(one)
    },
  }
  return {
    withLease: { ...noting, lease },
    withoutLease: noting,
    stored: () => inner.get(key),
    empty: () => {
      inner = memoryStore({ clock })
    },
  }
}

function sourceOver(
  store: TokenStore,
  clock: FakeClock,
  answer = (count: number) => `token-${count}`,
) {
  const events: TokenEvent[] = []
  let fetches = 0
  const source = sourceOn(
    selfBuilt(APP),
    {
      clock,
      store,
      onEvent: (event) => events.push(event),
      transport: async () => {
        fetches += 1
        return { status: 200, body: tokenBody(answer(fetches)) }
      },
    },
    fakePlatform,
  )
  const evicted = () => events.filter((event) => 'reason' in event && event.reason === 'evicted')
  return { source, evicted, events }
}

const down = () => {
  throw new Error('gettoken is down')
}
/** In the last minutes of the memo the store is looked at behind the callers. */
const NEAR_THE_END_MS = 6_900_000

it.each(['withLease', 'withoutLease'] as const)(
  'rule 20: a token that vanished from the store before it expired is reported once as evicted, and stored again (%s)',
  async (kind) => {
    const clock = fakeClock()
    const places = emptiedStore(clock)
    const { source, evicted } = sourceOver(places[kind], clock, (count) =>
      count === 1 ? 'token' : down(),
    )
    await source.get()
    clock.advance(NEAR_THE_END_MS)
    places.empty()
    expect(await source.get()).toBe('token')
    await pass(clock, 500)
    expect(evicted()).toEqual([
      expect.objectContaining({
        type: 'store_error',
        operation: 'get',
        message: expect.stringMatching(
          /^generation \d+ vanished from the store (299|300) s before/,
        ),
      }),
    ])
    expect(await places.stored()).toMatchObject({ value: 'token', ageMs: expect.any(Number) })
    await pass(clock, 10_000)
    await source.get()
    await pass(clock, 500)
    expect(evicted()).toHaveLength(1)
  },
)

it.each(['withLease', 'withoutLease'] as const)(
  'rule 20: a token that vanished from the store before it expired is not reported if it was refused or invalidated, or is there (%s)',
  async (kind) => {
    const clock = fakeClock()
    const places = emptiedStore(clock)
    const { source, evicted } = sourceOver(places[kind], clock)
    const other = sourceOver(places[kind], clock)
    await source.get()
    await other.source.get()
    await source.invalidate('token-1')
    // The other process's token was deleted by this one.
    await other.source.run(async (token) => ({ errcode: token === 'token-1' ? 42001 : 0 }))
    await source.run(async (token) => ({ errcode: token === 'token-1' ? 42001 : 0 }))
    clock.advance(NEAR_THE_END_MS)
    await source.get()
    await pass(clock, 500)
    expect([...evicted(), ...other.evicted()]).toEqual([])
  },
)

const HOLDER = 'web-7:4711:0123456789abcdef'
const named = (events: readonly TokenEvent[]) =>
  events.flatMap((event) =>
    event.type === 'store_error' && event.reason === 'lease_timeout' ? [event.message] : [],
  )

it('rule 17: a lease holder that does not fetch is named by host and pid when its lease is taken over', async () => {
  const clock = fakeClock()
  const memory = memoryStore({ clock })
  const lease = memory.lease as StoreLease
  let isFirst = true
  const store: TokenStore = {
    ...memory,
    lease: {
      ...lease,
      async acquire(key, request) {
        if (isFirst) await lease.acquire(key, { ...request, holder: HOLDER, forMs: 60_000 })
        isFirst = false
        return lease.acquire(key, request)
      },
    },
  }
  const { source, events } = sourceOver(store, clock)
  const token = source.get()
  await pass(clock, 6_000)
  expect(await token).toBe('token-1')
  expect(named(events)).toEqual([expect.stringContaining('process web-7:4711 (host:pid) held')])
  expect(JSON.stringify(events)).not.toContain('0123456789abcdef')
})

it('rule 17: a lease holder that does not fetch is named by host and pid when others stop waiting for it', async () => {
  const clock = fakeClock()
  const memory = memoryStore({ clock })
  const lease = memory.lease as StoreLease
  const held = async () => ({ heldBy: 7, holder: HOLDER })
  const { source, events } = sourceOver({ ...memory, lease: { ...lease, acquire: held } }, clock)
  const token = source.get()
  await pass(clock, 6_000)
  expect(await token).toBe('token-1')
  expect(named(events)).toEqual([expect.stringContaining('process web-7:4711 (host:pid) held')])
})
