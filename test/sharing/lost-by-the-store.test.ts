import { expect, it } from 'vitest'
import {
  memoryStore,
  type StoredToken,
  selfBuilt,
  suiteApp,
  type TokenEvent,
  type TokenStore,
} from '../../src/index.js'
import { type FakeClock, fakeClock } from '../../src/testing.js'
import { APP } from '../support/qyapi.js'
import { tokenBody } from '../support/source.js'
import { fakePlatform, sourceOn } from '../support/source-on.js'
import { withParts } from '../support/store.js'
import { passTime } from '../support/turns.js'

const pass = (clock: FakeClock, ms: number) => passTime(clock, ms, 100)

/** A store that can go away, and come back with what it had or empty. */
function mortalStore(clock: FakeClock) {
  let inner = memoryStore({ clock })
  let isDown = false
  const ask = async <T>(answer: (store: TokenStore) => Promise<T>): Promise<T> => {
    if (isDown) throw new Error('ECONNREFUSED')
    return answer(inner)
  }
  const store = withParts(memoryStore({ clock }), {
    get: (key) => ask(({ get }) => get(key)),
    set: (key, token) => ask(({ set }) => set(key, token)),
    delete: (key, generation, value) => ask((one) => one.delete(key, generation, value)),
    now: () => ask(async () => clock.wall()),
  })
  return {
    store,
    down: () => {
      isDown = true
    },
    up: () => {
      isDown = false
    },
    empty: () => {
      inner = memoryStore({ clock })
    },
  }
}

function suiteOver(store: TokenStore, clock: FakeClock) {
  const sent: unknown[] = []
  const source = sourceOn(
    suiteApp({ suiteId: 'ww-suite', suiteSecret: 'secret' }),
    {
      clock,
      store,
      transport: async ({ body = '' }) => {
        sent.push(JSON.parse(body).suite_ticket)
        return { status: 200, body: '{"suite_access_token":"token","expires_in":7200}' }
      },
    },
    fakePlatform,
  )
  return { source, sent }
}

it('rule 18: a ticket that was pushed while the store was down is written as soon as the store answers', async () => {
  const clock = fakeClock()
  const { store, down, up } = mortalStore(clock)
  down()
  const pushed = suiteOver(store, clock)
  expect(await pushed.source.pushTicket('ticket')).toBe(true)
  up()
  await pass(clock, 3_500)
  const other = suiteOver(store, clock)
  await other.source.get()
  expect(other.sent).toEqual(['ticket'])
})

it('rule 18: a lost ticket is stored again by the process to which it was pushed', async () => {
  const clock = fakeClock()
  const { store, empty } = mortalStore(clock)
  const pushed = suiteOver(store, clock)
  await pushed.source.pushTicket('ticket')
  empty()
  await pass(clock, 16_000)
  const other = suiteOver(store, clock)
  await other.source.get()
  expect(other.sent).toEqual(['ticket'])
})

it('rule 18: a lost ticket is stored again by any process that needs it, and never over a newer one', async () => {
  const clock = fakeClock()
  const { store, empty } = mortalStore(clock)
  const timeStamp = clock.wall() / 1000
  const pushed = suiteOver(store, clock)
  await pushed.source.pushTicket('older', { timeStamp })
  const holder = suiteOver(store, clock)
  await holder.source.get()
  empty()
  await suiteOver(store, clock).source.pushTicket('newer', { timeStamp: timeStamp + 1 })
  await pass(clock, 16_000)
  const other = suiteOver(store, clock)
  await other.source.invalidate(await other.source.get().catch(() => ''))
  await other.source.get()
  expect(other.sent.at(-1)).toBe('newer')
})

it('rule 18: a ticket is not stored again after it has expired, nor after its source was closed', async () => {
  const clock = fakeClock()
  const { store, empty } = mortalStore(clock)
  const pushed = suiteOver(store, clock)
  await pushed.source.pushTicket('ticket')
  pushed.source.close()
  empty()
  await pass(clock, 16_000)
  await expect(suiteOver(store, clock).source.get()).rejects.toThrow('there is no suite_ticket')
})

it('rule 18: a token that was fetched while the store was down is written as soon as the store answers, with its age', async () => {
  const clock = fakeClock()
  const { store, down, up } = mortalStore(clock)
  const over = () =>
    sourceOn(
      selfBuilt(APP),
      { clock, store, transport: async () => ({ status: 200, body: tokenBody('token') }) },
      fakePlatform,
    )
  down()
  const one = over()
  await one.get()
  up()
  await pass(clock, 3_500)
  const other = over()
  await other.get()
  expect(other.describe()).toMatchObject({ generation: 1 })
  expect(other.describe().ageMs).toBeGreaterThanOrEqual(3_500)
})

it('rule 18: a token that was cleared meanwhile is no longer written', async () => {
  const clock = fakeClock()
  const { store, down, up } = mortalStore(clock)
  let fetches = 0
  const source = sourceOn(
    selfBuilt(APP),
    {
      clock,
      store,
      transport: async () => {
        fetches += 1
        if (fetches > 1) throw new Error('no way')
        return { status: 200, body: tokenBody('refused') }
      },
    },
    fakePlatform,
  )
  down()
  await source.get()
  await source.invalidate('refused')
  up()
  await pass(clock, 3_500)
  const kept = await store.get(
    'qyapi-token:https%3A%2F%2Fqyapi.weixin.qq.com:self-built:ww-fake:%23fake-secret',
  )
  expect(kept).toBeUndefined()
})

it('rule 15: a store whose generations go backwards is reported once, and neither adopted nor deleted', async () => {
  const clock = fakeClock()
  const events: TokenEvent[] = []
  const deleted: unknown[] = []
  const memory = memoryStore({ clock })
  let stale: StoredToken | undefined
  const store = withParts(memory, {
    get: async (key) => stale ?? memory.get(key),
    delete: async (key, generation, value) => {
      deleted.push([generation, value])
      return memory.delete(key, generation, value)
    },
  })
  let fetches = 0
  const source = sourceOn(
    selfBuilt(APP),
    {
      clock,
      store,
      onEvent: (event) => events.push(event),
      transport: async () => {
        fetches += 1
        return { status: 200, body: tokenBody(`own-${fetches}`) }
      },
    },
    fakePlatform,
  )
  stale = { value: 'first', generation: 50, ageMs: 0, expiresInMs: 7_200_000 }
  expect(await source.get()).toBe('first')
  stale = { value: 'of a stale replica', generation: 40, ageMs: 0, expiresInMs: 7_200_000 }
  const answers = await source.run(async (token) => ({
    errcode: token === 'first' ? 42001 : 0,
    token,
  }))
  expect(answers).toEqual({ errcode: 0, token: 'own-1' })
  expect(deleted).toEqual([[50, 'first']])
  const wentBack = events.filter((event) => 'reason' in event && event.reason === 'went_back')
  expect(wentBack).toHaveLength(1)
  expect(wentBack[0]).toMatchObject({
    message: expect.stringContaining('from generation 50 to 40'),
  })
})

it('rule 17: a ticket from a machine with a wrong clock without a timeStamp is dated by the store’s clock, and does not block a newer one', async () => {
  const right = fakeClock()
  const ahead = fakeClock()
  ahead.setWallBy(3_600_000)
  const store = memoryStore({ clock: right })
  await suiteOver(store, ahead).source.pushTicket('of the fakePlatform ahead')
  right.advance(60_000)
  const timeStamp = right.wall() / 1000
  const other = suiteOver(store, right)
  expect(await other.source.pushTicket('newer', { timeStamp })).toBe(true)
  const third = suiteOver(store, right)
  await third.source.get()
  expect(third.sent).toEqual(['newer'])
})

it('rule 17: a ticket from a machine with a wrong clock is replaced if it is dated in the future', async () => {
  const clock = fakeClock()
  const { lease: _lease, now: _now, ...clockless } = memoryStore({ clock })
  const ahead = fakeClock()
  ahead.setWallBy(3_600_000)
  await suiteOver(clockless, ahead).source.pushTicket('of the fakePlatform ahead')
  clock.advance(60_000)
  const timeStamp = clock.wall() / 1000
  expect(await suiteOver(clockless, clock).source.pushTicket('newer', { timeStamp })).toBe(true)
  const third = suiteOver(clockless, clock)
  await third.source.get()
  expect(third.sent).toEqual(['newer'])
})

it('rule 17: a ticket from a machine with a wrong clock is replaced by a dated one, if that fakePlatform dated it itself', async () => {
  const ahead = fakeClock()
  const timeStamp = ahead.wall() / 1000
  ahead.setWallBy(3_600_000)
  const source = sourceOn(suiteApp({ suiteId: 'ww-suite', suiteSecret: 'secret' }), {
    clock: ahead,
  })
  expect(await source.pushTicket('undated')).toBe(true)
  expect(await source.pushTicket('dated', { timeStamp: timeStamp + 60 })).toBe(true)
})

it('rule 17: a ticket from a machine with a wrong clock is the newest if it is undated, even if that fakePlatform’s clock is late', async () => {
  const late = fakeClock()
  const source = sourceOn(suiteApp({ suiteId: 'ww-suite', suiteSecret: 'secret' }), {
    clock: late,
  })
  const timeStamp = late.wall() / 1000 + 500
  await source.pushTicket('dated', { timeStamp })
  expect(await source.pushTicket('undated')).toBe(true)
})
