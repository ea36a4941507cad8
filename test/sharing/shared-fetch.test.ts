import { expect, it } from 'vitest'
import {
  type Credential,
  type LeaseRequest,
  memoryStore,
  type SourceOptions,
  type StoreLease,
  selfBuilt,
  type TokenEvent,
  type TokenStore,
  type Transport,
} from '../../src/index.js'
import { storeAccess } from '../../src/sharing/store-access.js'
import { LEASE_MS } from '../../src/sharing/store-entry.js'
import { fakeClock } from '../../src/testing.js'
import { policyOf, type TokenSource } from '../../src/token/token-source.js'
import { APP, settle } from '../support/qyapi.js'
import { deferred, tokenBody } from '../support/source.js'
import { fakePlatform, sourceOn } from '../support/source-on.js'
import { passTime } from '../support/turns.js'

const createTokenSource = (credential: Credential, options: SourceOptions) =>
  sourceOn(credential, options, fakePlatform)

/** Sources as in so many processes: nothing in common but the store and the time. */
function processes(
  count: number,
  answer: (fetch: number) => Promise<string> | string = (fetch) => tokenBody(`token-${fetch}`),
  given: { store?: TokenStore; corpSecret?: (at: number) => string } = {},
) {
  const clock = fakeClock()
  const store = given.store ?? memoryStore({ clock })
  const events: TokenEvent[] = []
  let fetches = 0
  const transport: Transport = async () => {
    fetches += 1
    return { status: 200, body: await answer(fetches) }
  }
  const sources = Array.from({ length: count }, (_, at) => {
    const corpSecret = given.corpSecret?.(at) ?? APP.corpSecret
    return createTokenSource(selfBuilt({ ...APP, corpSecret }), {
      clock,
      store,
      transport,
      onEvent: (event) => events.push(event),
    })
  })
  /** Lets time pass in the small steps in which processes look into the store. */
  const pass = (ms: number) => passTime(clock, ms)
  return { sources, clock, store, events, fetches: () => fetches, pass }
}

const valuesOf = (sources: readonly TokenSource[]) =>
  Promise.all(sources.map((source) => source.get()))
const [first, second] = [0, 1]

it('rule 1: many processes with one store fetch once when all are cold', async () => {
  const answer = deferred<string>()
  const { sources, fetches, pass } = processes(50, () => answer.promise)
  const waiting = valuesOf(sources)
  await pass(2_000)
  answer.resolve(tokenBody('token'))
  await pass(200)
  expect(new Set(await waiting)).toEqual(new Set(['token']))
  expect(fetches()).toBe(1)
})

it('rule 1: many processes with one store fetch once when the token is refused in all of them', async () => {
  const { sources, fetches, pass } = processes(8)
  const warm = valuesOf(sources)
  await pass(200)
  await warm
  const answers = sources.map((source) =>
    source.run(async (token) => ({ errcode: token === 'token-1' ? 42001 : 0, token })),
  )
  await pass(300)
  expect(await Promise.all(answers)).toEqual(sources.map(() => ({ errcode: 0, token: 'token-2' })))
  expect(fetches()).toBe(2)
})

it('rule 7: many processes with one store adopt the token that another one fetched after a refusal, without a fetch', async () => {
  const { sources, fetches, events, pass } = processes(2)
  const warm = valuesOf(sources)
  await pass(200)
  await warm
  const policies = sources.map(policyOf)
  const [old, same] = await Promise.all(policies.map((policy) => policy.getToken()))
  const refused = { endpoint: 'message/send', errcode: 40014 }
  await policies[first]?.replaceRefused({ ...refused, token: old as NonNullable<typeof old> })
  await settle()
  const adopted = await policies[second]?.replaceRefused({
    ...refused,
    token: same as NonNullable<typeof same>,
  })
  expect(adopted?.value).toBe('token-2')
  expect(fetches()).toBe(2)
  expect(events.at(-1)).toMatchObject({ type: 'adopted' })
})

it('rule 3: many processes with one store refresh ahead once for all', async () => {
  const { sources, clock, fetches, pass } = processes(20)
  const warm = valuesOf(sources)
  await pass(200)
  await warm
  clock.advance(6_900_000)
  expect(new Set(await valuesOf(sources))).toEqual(new Set(['token-1']))
  await pass(300)
  expect(new Set(await valuesOf(sources))).toEqual(new Set(['token-2']))
  expect(fetches()).toBe(2)
})

it('rule 1: many processes with one store fetch as often in a day as one process does', async () => {
  const day = async (count: number) => {
    const { sources, clock, fetches, pass } = processes(count)
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      const calls = valuesOf(sources)
      await pass(150)
      await calls
      clock.advance(60_000 - 150)
    }
    return fetches()
  }
  const one = await day(1)
  expect(one).toBeGreaterThan(11)
  expect(await day(5)).toBeLessThanOrEqual(one + 1)
}, 60_000)

it('rule 19: many processes with one store send a wrong secret once for all, and report the cooldown to each caller', async () => {
  const { sources, fetches, pass, clock, events } = processes(10, () => '{"errcode":40001}')
  const waiting = Promise.all(sources.map((source) => source.get().catch((error) => error)))
  await pass(400)
  for (const error of await waiting) {
    expect(error).toMatchObject({ code: 'credential_refused', errcode: 40001 })
    expect(error.retryAfterMs).toBeGreaterThan(59_000)
    expect(error.message).toContain('the secret is wrong')
  }
  expect(fetches()).toBe(1)
  // Of the ten events one is of the process that made the request.
  const failed = events.filter(({ type }) => type === 'failed')
  expect(failed).toHaveLength(10)
  expect(failed.filter((event) => 'tookMs' in event)).toHaveLength(1)
  clock.advance(60_000)
  const again = sources.map((source) => source.get().catch((error) => error))
  await pass(400)
  await Promise.all(again)
  expect(fetches()).toBe(2)
})

it('rule 19: many processes with one store do not store a failure that is one machine’s own', async () => {
  const memory = memoryStore()
  const kept: unknown[] = []
  const lease = memory.lease as StoreLease
  const release: StoreLease['release'] = (key, given) => {
    if (given.failure !== undefined) kept.push(given.failure)
    return lease.release(key, given)
  }
  const store: TokenStore = { ...memory, lease: { ...lease, release } }
  const { sources, pass } = processes(1, () => '{"errcode":60020}', { store })
  const waiting = valuesOf(sources).catch(({ code }) => code)
  await pass(100)
  expect(await waiting).toBe('ip_not_trusted')
  expect(kept).toEqual([])
})

it('rule 19: each machine finds out for itself whether its own IP is trusted', async () => {
  const { sources, fetches, pass } = processes(3, () => '{"errcode":60020}')
  const waiting = Promise.all(sources.map((source) => source.get().catch(({ code }) => code)))
  await pass(1_000)
  expect(await waiting).toEqual(['ip_not_trusted', 'ip_not_trusted', 'ip_not_trusted'])
  expect(fetches()).toBe(3)
})

it('rule 14: many processes with one store do not share when their secrets differ', async () => {
  const { sources, fetches, pass } = processes(2, undefined, {
    corpSecret: (at) => `secret-${at}`,
  })
  const waiting = valuesOf(sources)
  await pass(200)
  expect(await waiting).toEqual(['token-1', 'token-2'])
  expect(fetches()).toBe(2)
})

/** A store whose lease is held by a process that has died. */
async function heldByTheDead() {
  const clock = fakeClock()
  const store = memoryStore({ clock })
  const keys: string[] = []
  const lease = {
    ...(store.lease as NonNullable<TokenStore['lease']>),
    acquire: async (key: string, given: LeaseRequest) => {
      if (keys.length === 0) await store.lease?.acquire(key, { ...given, holder: 'dead' })
      keys.push(key)
      return (await store.lease?.acquire(key, given)) ?? {}
    },
  }
  return { clock, store: { ...store, lease } }
}

/** A source over a store whose lease answers by hand. */
function overLease(
  byHand: Partial<StoreLease>,
  answer: () => Promise<string> | string = () => tokenBody('token'),
) {
  const clock = fakeClock()
  const memory = memoryStore({ clock })
  let fetches = 0
  const transport = async () => {
    fetches += 1
    return { status: 200, body: await answer() }
  }
  const lease = { ...(memory.lease as StoreLease), ...byHand }
  const store = { ...memory, lease }
  const source = createTokenSource(selfBuilt(APP), { clock, store, transport })
  return { clock, store, source, fetches: () => fetches }
}

it('rule 17: when the process that holds the lease has died, the next one takes over once its lease expires', async () => {
  const { clock, store } = await heldByTheDead()
  const transport = async () => ({ status: 200, body: tokenBody('token') })
  const source = createTokenSource(selfBuilt(APP), { clock, store, transport })
  const startedAt = clock.monotonic()
  const waiting = source.get().then(() => clock.monotonic() - startedAt)
  for (let step = 0; step < 80; step += 1) {
    await settle()
    clock.advance(50)
  }
  const tookMs = await waiting
  expect(tookMs).toBeGreaterThanOrEqual(LEASE_MS)
  expect(tookMs).toBeLessThanOrEqual(LEASE_MS + 200)
})

it.each([
  [0, 50],
  [0.5, 100],
  [1, 150],
])(
  'rule 17: processes that wait for a lease holder poll the store every 50 to 150 ms, at random: %s',
  async (random, stepMs) => {
    const { clock, store } = await heldByTheDead()
    const lookedAt: number[] = []
    const lease = {
      ...store.lease,
      acquire: (...given: Parameters<typeof store.lease.acquire>) => {
        lookedAt.push(clock.monotonic())
        return store.lease.acquire(...given)
      },
    }
    const source = sourceOn(
      selfBuilt(APP),
      { clock, store: { ...store, lease } },
      { ...fakePlatform, random: () => random },
    )
    const waiting = source.get().catch(() => {})
    for (let passedMs = 0; passedMs < 600; passedMs += 50) {
      await settle()
      clock.advance(50)
    }
    expect(lookedAt.slice(0, 4)).toEqual([0, stepMs, 2 * stepMs, 3 * stepMs])
    source.close()
    await settle()
    clock.advance(150)
    await waiting
  },
)

it('rule 17: a process keeps its lease during a fetch that takes longer than the lease', async () => {
  const answer = deferred<string>()
  const { sources, fetches, pass } = processes(3, () => answer.promise)
  const waiting = valuesOf(sources)
  await pass(LEASE_MS + 500)
  expect(fetches()).toBe(1)
  answer.resolve(tokenBody('token'))
  await pass(200)
  await waiting
  expect(fetches()).toBe(1)
})

it('rule 17: when the lease holder loses WeCom, no caller waits for more than 3 s, and one other process fetches for all', async () => {
  const answers = [deferred<string>(), deferred<string>()]
  const { sources, clock, fetches, pass } = processes(
    50,
    (fetch) => answers[fetch - 1]?.promise ?? tokenBody('one too many'),
  )
  const begunAt = clock.monotonic()
  const tookMs: number[] = []
  const calls = sources.map(async (source) => {
    const value = await source.get()
    tookMs.push(clock.monotonic() - begunAt)
    return value
  })
  await pass(2_750)
  expect(fetches()).toBe(1)
  await pass(200)
  expect(fetches()).toBe(2)
  answers[second]?.resolve(tokenBody('from the next one'))
  await pass(200)
  expect(tookMs).toHaveLength(49)
  expect(Math.max(...tookMs)).toBeLessThanOrEqual(3_150)
  await pass(5_000)
  expect(fetches()).toBe(2)
  answers[first]?.resolve(tokenBody('late'))
  await pass(100)
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['from the next one']))
})

it('rule 17: when each lease holder loses WeCom, there is one fetch every 3 s, not one for each process', async () => {
  const { sources, fetches, pass } = processes(30, (fetch) =>
    fetch < 4 ? new Promise(() => {}) : tokenBody('at last'),
  )
  const waiting = Promise.all(sources.map((source) => source.get().catch(({ code }) => code)))
  const counts: number[] = []
  for (let passed = 0; passed < 9_000; passed += 3_000) {
    await pass(3_000)
    counts.push(fetches())
  }
  expect(counts).toEqual([2, 3, 4])
  await pass(10_000)
  const outcomes = await waiting
  expect(outcomes.filter((outcome) => outcome === 'at last').length).toBeGreaterThanOrEqual(27)
})

it('rule 17: the token of a slow lease holder serves all if it arrives before the next one’s', async () => {
  const answers = [deferred<string>(), deferred<string>()]
  const { sources, fetches, pass } = processes(5, (fetch) => answers[fetch - 1]?.promise ?? '')
  const waiting = valuesOf(sources)
  await pass(3_500)
  expect(fetches()).toBe(2)
  answers[first]?.resolve(tokenBody('slow'))
  await pass(200)
  answers[second]?.resolve(tokenBody('next'))
  await pass(200)
  const values = await waiting
  expect(values.filter((value) => value === 'slow')).toHaveLength(4)
  expect(fetches()).toBe(2)
})

it('rule 17: a lease is renewed three times in its duration, and no more once another process holds it', async () => {
  const answers: (boolean | Error)[] = [true, new Error('down'), true, false]
  let renewals = 0
  const renew = async () => {
    const answer = answers[renewals] ?? false
    renewals += 1
    if (answer instanceof Error) throw answer
    return answer
  }
  const { clock, source, fetches } = overLease({ renew }, () => new Promise(() => {}))
  const waiting = source.get().catch(({ code }) => code)
  for (let step = 0; step < 220; step += 1) {
    await settle()
    clock.advance(50)
  }
  expect(await waiting).toBe('token_fetch_failed')
  expect(fetches()).toBe(1)
  expect(renewals).toBe(4)
})

it('rule 15: a lease holder that was late does not replace the newer token, and adopts it', async () => {
  const clock = fakeClock()
  const inner = memoryStore({ clock })
  const answers = [deferred<string>(), deferred<string>()]
  let fetches = 0
  const transport: Transport = async () => {
    fetches += 1
    return { status: 200, body: (await answers[fetches - 1]?.promise) ?? '' }
  }
  const lease = inner.lease as NonNullable<TokenStore['lease']>
  const frozen = { ...inner, lease: { ...lease, renew: async () => false } }
  const late = createTokenSource(selfBuilt(APP), { clock, store: frozen, transport })
  const next = createTokenSource(selfBuilt(APP), { clock, store: inner, transport })
  const waiting = late.get()
  await settle()
  clock.advance(LEASE_MS)
  const newer = next.get()
  await settle()
  answers[second]?.resolve(tokenBody('newer'))
  expect(await newer).toBe('newer')
  answers[first]?.resolve(tokenBody('late'))
  expect(await waiting).toBe('newer')
  expect(await late.get()).toBe('newer')
  expect(await next.get()).toBe('newer')
})

it.each<[string, object | undefined]>([
  ['says that it is held', { heldBy: 1 }],
  ['says nothing', {}],
  ['says nothing at all', undefined],
])(
  'rule 17: a lease holder is not waited for for more than 3 s if the store only %s',
  async (_, answer) => {
    const { clock, source, fetches } = overLease({ acquire: async () => answer as object })
    const startedAt = clock.monotonic()
    const waiting = source.get().then(() => clock.monotonic() - startedAt)
    for (let step = 0; step < 80; step += 1) {
      await settle()
      clock.advance(50)
    }
    expect(await waiting).toBeLessThanOrEqual(3_200)
    expect(fetches()).toBe(1)
  },
)

const theirs = { value: 'theirs', generation: 9, ageMs: 0, expiresInMs: 7_200_000 }

it('rule 16: a process that was blocked while its poll was answered still waits for the lease holder', async () => {
  let looks = 0
  const acquire = async () => {
    looks += 1
    if (looks === 2) clock.advance(60_000)
    return looks < 3 ? { heldBy: 1 } : { token: theirs }
  }
  const { clock, source, fetches } = overLease({ acquire })
  const waiting = source.get()
  for (let step = 0; step < 6; step += 1) {
    await settle()
    clock.advance(50)
  }
  await settle()
  expect(await waiting).toBe('theirs')
  expect(fetches()).toBe(0)
})

it('rule 16: a process that waits for a turn of its own still waits for the lease holder', async () => {
  let looks = 0
  const acquire = async () => {
    looks += 1
    return looks < 3 ? { heldBy: looks } : { token: theirs }
  }
  const { clock, store, source, fetches } = overLease({ acquire })
  const turns = storeAccess(store, clock).leaseTurns('self-built')
  const ends: ((hasMoved: boolean) => void)[] = []
  // 50 of them in a second.
  for (let at = 0; at < 14 * 50; at += 1) void turns.take().then((end) => ends.push(end))
  const waiting = source.get()
  for (let step = 0; step < 15 * 20; step += 1) {
    await settle()
    if (step % 10 === 0) ends.shift()?.(true)
    if (step === 12 * 20 + 10) expect(looks).toBe(0)
    clock.advance(50)
  }
  expect(await waiting).toBe('theirs')
  expect(fetches()).toBe(0)
})

it('rule 17: no caller waits for ever if each lease is followed by another process’s', async () => {
  let number = 0
  const acquire = async () => {
    number += 1
    return { heldBy: number }
  }
  const { clock, source, fetches } = overLease({ acquire })
  const waiting = source.get()
  for (let step = 0; step < 300; step += 1) {
    await settle()
    clock.advance(50)
  }
  expect(await waiting).toBe('token')
  expect(fetches()).toBe(1)
})

it('rule 19: the lease holder fetches also if the store contains an unreadable failure', async () => {
  const failure = { value: '', leftMs: 60_000 }
  const { source } = overLease({ acquire: async () => ({ failure }) })
  expect(await source.get()).toBe('token')
})

it('rule 17: a lease that arrives too late is released as soon as the answer arrives', async () => {
  const answer = deferred<{ number: number }>()
  const released: number[] = []
  const { clock, source, fetches } = overLease({
    acquire: () => answer.promise,
    release: async (_key, { number }) => released.push(number) > 0,
  })
  const waiting = source.get()
  for (let waitedMs = 0; waitedMs <= 400; waitedMs += 50) {
    await settle()
    clock.advance(50)
  }
  expect(await waiting).toBe('token')
  expect(released).toEqual([])
  answer.resolve({ number: 41 })
  await settle()
  expect(released).toEqual([41])
  expect(fetches()).toBe(1)
})

it('rule 17: a lease that arrives after the source was closed is released', async () => {
  const answer = deferred<{ number: number }>()
  const released: number[] = []
  const { source, fetches } = overLease({
    acquire: () => answer.promise,
    release: async (_key, { number }) => released.push(number) > 0,
  })
  const waiting = source.get().catch(({ code }) => code)
  await settle()
  source.close()
  expect(await waiting).toBe('closed')
  answer.resolve({ number: 41 })
  await settle()
  expect(released).toEqual([41])
  expect(fetches()).toBe(0)
})

it('the waiters of a lease holder that is closed get the error', async () => {
  const { clock, store } = await heldByTheDead()
  const source = createTokenSource(selfBuilt(APP), { clock, store })
  const waiting = source.get().catch(({ code }) => code)
  await settle()
  source.close()
  clock.advance(150)
  await settle()
  expect(await waiting).toBe('closed')
})

const broken = (): TokenStore => {
  const fail = () => Promise.reject(new Error('ECONNREFUSED'))
  return {
    get: fail,
    set: fail,
    delete: fail,
    lease: { acquire: fail, renew: fail, publish: fail, release: fail },
  }
}

it('rule 20: a store that is down costs one fetch for each process, and nothing else', async () => {
  const { sources, fetches, events, pass } = processes(4, undefined, { store: broken() })
  const waiting = valuesOf(sources)
  await pass(100)
  expect(new Set(await waiting).size).toBe(4)
  expect(fetches()).toBe(4)
  const reasons = events.map((event) => event.type === 'store_error' && event.reason)
  // What was fetched is not written, and an operator hears that, too.
  expect(reasons.filter(Boolean)).toEqual([...Array(4).fill('down'), ...Array(4).fill('skipped')])
})

it('rule 20: many calls at once count as one outage of the store, which gets no commands for 1 s', async () => {
  const memory = memoryStore()
  const asked: number[] = []
  const clock = fakeClock()
  const get = async () => {
    asked.push(clock.monotonic())
    throw new Error('down')
  }
  let fetches = 0
  const transport = async () => {
    fetches += 1
    return { status: 200, body: tokenBody(`token-${fetches}`) }
  }
  const source = createTokenSource(selfBuilt(APP), {
    clock,
    transport,
    store: { get, set: memory.set, delete: memory.delete },
  })
  await source.get()
  clock.advance(1_000)
  const refusals = Array.from({ length: 25 }, () =>
    source.run(async (token) => ({ errcode: token === 'token-1' ? 42001 : 0 })),
  )
  await Promise.all(refusals)
  expect(new Set(asked)).toEqual(new Set([0, 1_000]))
  clock.advance(2_000)
  await source.invalidate('token-2')
  await source.get()
  expect(asked.at(-1)).toBe(3_000)
})
