import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import type { Clock } from '../../src/core/clock.js'
import {
  memoryStore,
  type SourceOptions,
  type StoredToken,
  type StoreLease,
  selfBuilt,
  suiteApp,
  type TokenEvent,
  type TokenStore,
} from '../../src/index.js'
import { encryptedStore } from '../../src/sharing/encrypted-store.js'
import { fakeClock } from '../../src/testing.js'
import { APP, settle } from '../support/qyapi.js'
import { deferred, tokenBody } from '../support/source.js'
import { fakePlatform, sourceOn } from '../support/source-on.js'

const SUBJECT = { kind: 'self-built', subject: 'app of corp ww-fake' }
const stored = (generation: number, ageMs = 0, value = `stored-${generation}`): StoredToken => ({
  value,
  generation,
  ageMs,
  expiresInMs: 7_200_000,
})

/** A store that is written into by hand, and writes down what it is asked. */
function handStore(first?: unknown, operations: Partial<TokenStore> = {}) {
  const calls: string[] = []
  const keys = new Set<string>()
  let token = first
  const store: TokenStore = {
    async get(key) {
      calls.push('get')
      keys.add(key)
      return token as StoredToken | undefined
    },
    async set(key, { value, generation, ageMs, expiresInMs }) {
      calls.push(`set ${value} ${generation} ${ageMs} ${expiresInMs}`)
      keys.add(key)
      return true
    },
    async delete(key, generation) {
      calls.push(`delete ${generation}`)
      keys.add(key)
      return true
    },
    ...operations,
  }
  const put = (next: unknown) => {
    token = next
  }
  return { store, calls, keys, put }
}

/** A lease that is always free. */
const LEASE: StoreLease = {
  acquire: async () => ({ number: 1 }),
  renew: async () => true,
  publish: async () => true,
  release: async () => true,
}

function sourceOver(store: TokenStore, options: SourceOptions = {}) {
  const clock = fakeClock()
  const events: TokenEvent[] = []
  let fetches = 0
  const source = sourceOn(
    selfBuilt(APP),
    {
      clock,
      store,
      refreshAheadMs: 0,
      onEvent: (event) => events.push(event),
      transport: async () => {
        fetches += 1
        return { status: 200, body: tokenBody(`fetched-${fetches}`) }
      },
      ...options,
    },
    fakePlatform,
  )
  return { source, clock, events, fetches: () => fetches }
}

it.each<[string, Partial<StoredToken>]>([
  ['a generation that none can follow', { generation: Number.MAX_SAFE_INTEGER }],
  ['the first generation of those', { generation: 2 ** 52 }],
  ['a generation below the first', { generation: 0 }],
  ['an age below zero', { ageMs: -1 }],
  ['an age that is no number', { ageMs: Number.NaN }],
  ['a life that is no number', { expiresInMs: '7200' as never }],
  ['a value longer than any token', { value: 'x'.repeat(4_097) }],
  ['no value', { value: '' }],
])(
  'rule 20: implausible data from a store is not used, and reported by event: %s',
  async (_lie, wrong) => {
    const { source, events } = sourceOver(handStore({ ...stored(5), ...wrong }).store)
    expect(await source.get()).toBe('fetched-1')
    expect(source.describe().generation).toBe(1)
    const message = 'the store returned something that is not a token'
    expect(events[0]).toEqual({
      ...SUBJECT,
      type: 'store_error',
      reason: 'invalid',
      operation: 'get',
      message,
    })
  },
)

it('a wrong time of confirmation from a store does not extend a token, and the token can be cleared', async () => {
  const lie = { ...stored(5, 7_100_000), reconfirmedAtMs: 1_000_000_000 }
  const { source, clock } = sourceOver(handStore(lie).store)
  expect(await source.get()).toBe('stored-5')
  // Confirmed just now at the best: good for what is left, and newer than what was refused for 10 s.
  expect(source.describe().expiresInMs).toBeCloseTo(100_000)
  clock.advance(10_000)
  expect(await source.invalidate('stored-5')).toBe(true)
})

it.each([
  [7_000_000, 7_200_000],
  [60_000, 7_200_000],
  [14_000_000, 14_400_000],
])(
  'rule 17: an endless lifetime from a store is capped: with a maxAgeMs of %s the token is kept for %s ms at most',
  async (maxAgeMs, longestMs) => {
    const lie = { ...stored(5, 1_000), expiresInMs: Number.MAX_SAFE_INTEGER }
    const transport = () => Promise.reject(new Error('gettoken is down'))
    const { source, clock } = sourceOver(handStore(lie).store, { maxAgeMs, transport })
    expect(await source.get()).toBe('stored-5')
    clock.advance(longestMs - 1_000)
    expect(await source.get()).toBe('stored-5')
    clock.advance(1_000)
    await expect(source.get()).rejects.toMatchObject({ code: 'token_fetch_failed' })
  },
)

it.each([Number.NaN, -1, 0, 2 ** 52, 2 ** 53, '7' as never, 1])(
  'rule 20: %s as the number of a lease is not used, and each process fetches its own token',
  async (number) => {
    const { store } = handStore()
    const lease = { ...LEASE, acquire: async () => ({ number }) }
    const { source, events, clock } = sourceOver({ ...store, lease })
    await source.get()
    await source.invalidate('fetched-1')
    clock.advance(1_000)
    expect(await source.get()).toBe('fetched-2')
    expect(source.describe().generation).toBe(2)
    const message = 'the lease has no number above those before it'
    expect(events).toContainEqual({
      ...SUBJECT,
      type: 'store_error',
      reason: 'invalid',
      operation: 'acquire',
      message,
    })
  },
)

it('a store that reports that it stored nothing leaves the token to the process that fetched it', async () => {
  const { store } = handStore(undefined, { set: async () => false })
  const lease = { ...LEASE, publish: async () => false }
  const { source, fetches } = sourceOver({ ...store, lease })
  expect(await source.get()).toBe('fetched-1')
  expect(await source.get()).toBe('fetched-1')
  expect(fetches()).toBe(1)
})

it('rule 7: a token in the store is adopted without a fetch, with its generation and its age', async () => {
  const { source, events, fetches } = sourceOver(handStore(stored(5, 1_000)).store)
  expect(await source.get()).toBe('stored-5')
  expect(source.describe()).toMatchObject({ generation: 5, ageMs: 1_000, state: 'usable' })
  expect(events).toEqual([{ ...SUBJECT, type: 'adopted', generation: 5, from: 'store' }])
  expect(fetches()).toBe(0)
})

it('rule 7: a token in the store is accepted up to the longest value and the last generation', async () => {
  const longest = stored(2 ** 52 - 1, 0, 'x'.repeat(4_096))
  const { source } = sourceOver(handStore(longest).store)
  expect(await source.get()).toBe(longest.value)
})

it('rule 7: a token in the store ages by either clock', async () => {
  const { source, clock } = sourceOver(handStore(stored(5, 1_000)).store)
  await source.get()
  clock.setWallBy(-100_000)
  expect(source.describe().ageMs).toBe(1_000)
  clock.setWallBy(110_000)
  expect(source.describe().ageMs).toBe(11_000)
})

it('rule 7: a token in the store past its 7000 s is not adopted; the next generation is counted from it', async () => {
  const { store, calls } = handStore(stored(5, 7_100_000))
  const { source, fetches } = sourceOver(store)
  expect(await source.get()).toBe('fetched-1')
  expect(source.describe().generation).toBe(6)
  expect(fetches()).toBe(1)
  await settle()
  expect(calls).toEqual(['get', 'set fetched-1 6 0 7200000'])
})

it('rule 7: a token in the store of the same generation is not adopted: it is the cleared one', async () => {
  const { store, put } = handStore()
  const { source } = sourceOver(store)
  await source.get()
  put(stored(1, 0, 'fetched-1'))
  await source.invalidate('fetched-1')
  expect(await source.get()).toBe('fetched-2')
  expect(source.describe().generation).toBe(2)
})

it('rule 7: a token in the store of a newer generation is adopted after a clear', async () => {
  const { store, put } = handStore()
  const { source, fetches } = sourceOver(store)
  await source.get()
  put(stored(9))
  await source.invalidate('fetched-1')
  expect(await source.get()).toBe('stored-9')
  expect(fetches()).toBe(1)
})

it('rule 7: a token in the store that expired still counts for the next generation', async () => {
  const { store, put } = handStore(stored(5, 7_100_000))
  const { source } = sourceOver(store)
  await source.get()
  put(stored(8, 7_100_000))
  await source.invalidate('fetched-1')
  await source.get()
  put(undefined)
  await source.invalidate('fetched-2')
  await source.get()
  expect(source.describe().generation).toBe(10)
})

it('rule 16: a write to the store contains the fetched token with its current age', async () => {
  const { store, calls } = handStore()
  const clock = fakeClock()
  const { source } = sourceOver(store, {
    clock,
    transport: async () => {
      clock.advance(250)
      return { status: 200, body: tokenBody('fetched', 3600) }
    },
  })
  await source.get()
  await settle()
  expect(calls).toEqual(['get', 'set fetched 1 250 3600000'])
})

it('rule 16: a write to the store contains the time of confirmation only if the string is the same', async () => {
  const kept: StoredToken[] = []
  const set = async (_key: string, token: StoredToken) => kept.push(token) > 0
  const { source, clock } = sourceOver(handStore(undefined, { set }).store, {
    transport: async () => ({ status: 200, body: tokenBody('same') }),
  })
  await source.get()
  clock.advance(60_000)
  await source.invalidate('same')
  await source.get()
  await settle()
  const first = { value: 'same', generation: 1, ageMs: 0, expiresInMs: 7_200_000 }
  const again = { ...first, generation: 2, ageMs: 60_000, requestMs: 0, reconfirmedAtMs: 60_000 }
  expect(kept).toEqual([first, again])
  expect(kept[0]).not.toHaveProperty('reconfirmedAtMs')
})

it('rule 16: a write to the store is not waited for: a slow store delays no caller', async () => {
  const { store, calls } = handStore(undefined, { set: () => new Promise(() => {}) })
  const { source } = sourceOver(store)
  expect(await source.get()).toBe('fetched-1')
  expect(calls).toEqual(['get'])
})

it('rule 16: a write to the store is waited for if other processes wait for it too', async () => {
  const kept = deferred<boolean>()
  const { store } = handStore()
  const lease = { ...LEASE, publish: () => kept.promise }
  const { source } = sourceOver({ ...store, lease })
  let hasToken = false
  const waiting = source.get().finally(() => {
    hasToken = true
  })
  await settle()
  expect(hasToken).toBe(false)
  kept.resolve(true)
  expect(await waiting).toBe('fetched-1')
})

it('rule 15: a stored token is deleted by its generation when it is cleared, all under one key', async () => {
  const { store, calls, keys } = handStore()
  const { source } = sourceOver(store)
  await source.get()
  await settle()
  await source.invalidate('fetched-1')
  await settle()
  expect(calls).toEqual(['get', 'set fetched-1 1 0 7200000', 'delete 1'])
  expect([...keys]).toEqual([
    'qyapi-token:https%3A%2F%2Fqyapi.weixin.qq.com:self-built:ww-fake:%23fake-secret',
  ])
})

it('rule 14: a ticket in the store has its own key, which does not depend on the secret', async () => {
  const { store, calls, keys } = handStore()
  for (const suiteSecret of ['one', 'other']) {
    const suite = suiteApp({ suiteId: 'ww-suite', suiteSecret })
    const source = sourceOn(suite, { store, clock: fakeClock() }, fakePlatform)
    await source.pushTicket('ticket', { timeStamp: 1_767_225_600 })
  }
  const set = 'set ticket 1767225600000 0 1800000'
  expect(calls).toEqual(['get', set, 'get', set])
  expect([...keys]).toEqual([
    'qyapi-token:https%3A%2F%2Fqyapi.weixin.qq.com:suite-app:ww-suite:suite_ticket',
  ])
})

it('rule 7: a token that one call adopts is used by the other calls that are reading the store: no fetch', async () => {
  const looks: ReturnType<typeof deferred<StoredToken>>[] = []
  const get = () => {
    const look = deferred<StoredToken>()
    looks.push(look)
    return look.promise
  }
  const { source, fetches } = sourceOver(handStore(0, { get }).store)
  const first = source.get()
  await settle()
  looks[0]?.resolve(stored(5))
  await first
  const call = () =>
    source.run(async (token) => ({ errcode: token === 'stored-5' ? 42001 : 0, token }))
  const calls = [call(), call()]
  await settle()
  // The first finds nothing newer and is about to fetch; the second finds it then.
  looks[1]?.resolve(stored(5))
  await settle()
  looks[2]?.resolve(stored(6))
  await settle()
  looks[3]?.resolve(stored(6))
  expect(await Promise.all(calls)).toEqual(calls.map(() => ({ errcode: 0, token: 'stored-6' })))
  expect(fetches()).toBe(0)
})

it('rule 20: a token that another process has encrypted is absent for a process without a key, which reports the key’s fingerprint once', async () => {
  const { source, events } = sourceOver(handStore(stored(5, 0, 'sealed:1:AQIDBAAA')).store)
  expect(await source.get()).toBe('fetched-1')
  await source.invalidate('fetched-1')
  expect(await source.get()).toBe('fetched-2')
  expect(events.filter(({ type }) => type === 'store_error')).toEqual([
    {
      ...SUBJECT,
      type: 'store_error',
      reason: 'not_decryptable',
      operation: 'get',
      message:
        'a value in the store is encrypted with encryptionKey 01020304 (fingerprint: SHA-256, 8 digits); ' +
        'this process has none. It counts as absent.',
    },
  ])
})

it('rule 20: a token that another process has encrypted is reported once for each key by processes with different keys, with both fingerprints', async () => {
  const inner = memoryStore()
  const [here, there] = ['h', 't'].map((letter) => Buffer.alloc(32, letter)) as [Buffer, Buffer]
  const [ours, theirs] = [here, there].map((key) =>
    createHash('sha256').update(key).digest('hex').slice(0, 8),
  )
  const one = sourceOver(encryptedStore(inner, there))
  await one.source.get()
  await settle()
  const other = sourceOver(encryptedStore(inner, here))
  await other.source.get()
  for (let times = 0; times < 3; times += 1) {
    await other.source.invalidate(await other.source.get())
    await one.source.invalidate(await one.source.get())
  }
  const messages = other.events.flatMap((event) =>
    event.type === 'store_error' ? [`${event.reason}: ${event.message}`] : [],
  )
  expect(messages).toEqual([
    `not_decryptable: a value in the store is encrypted with encryptionKey ${theirs}; ` +
      `this process has ${ours} (fingerprints: SHA-256, 8 digits). It counts as absent.`,
  ])
})

it('rule 20: a token that another process has encrypted is expected: a value that is not encrypted is reported', async () => {
  const { store } = handStore(stored(5, 0, 'plain'))
  const { source, events } = sourceOver(encryptedStore(store, Buffer.alloc(32)))
  expect(await source.get()).toBe('fetched-1')
  expect(JSON.stringify(events[0])).toContain(
    'is not encrypted: another process has no encryptionKey',
  )
})

it.each<[unknown]>([
  [{ ...stored(5), value: '' }],
  [{ ...stored(5), value: 7 }],
  [{ ...stored(5), generation: '5' }],
  [{ ...stored(5), generation: 0.5 }],
  [{ ...stored(5), ageMs: Number.NaN }],
  [{ ...stored(5), expiresInMs: undefined }],
  ['a text'],
])(
  'rule 20: an error of the store is reported for a value that is not a token: %j',
  async (value) => {
    const { source, events } = sourceOver(handStore(value).store)
    expect(await source.get()).toBe('fetched-1')
    expect(events[0]).toEqual({
      ...SUBJECT,
      type: 'store_error',
      reason: 'invalid',
      operation: 'get',
      message: 'the store returned something that is not a token',
    })
  },
)

it('rule 20: an error of the store is not reported for a missing token', async () => {
  for (const nothing of [undefined, null]) {
    const { source, events } = sourceOver(handStore(nothing).store)
    await source.get()
    expect(events.map(({ type }) => type)).toEqual(['fetched'])
  }
})

it('rule 20: an error of the store is not reported if the process was blocked: answers that arrived meanwhile are read', async () => {
  const answer = deferred<StoredToken>()
  const { source, clock, events } = sourceOver(handStore(0, { get: () => answer.promise }).store)
  const waiting = source.get()
  await settle()
  clock.advance(60_000)
  await settle()
  answer.resolve(stored(5))
  expect(await waiting).toBe('stored-5')
  expect(events.map(({ type }) => type)).toEqual(['adopted'])
})

it('rule 20: an error of the store is reported if there is no answer within 400 ms', async () => {
  const never = () => new Promise<never>(() => {})
  const { source, clock, events } = sourceOver(handStore(0, { get: never }).store)
  const waiting = source.get()
  for (let waitedMs = 0; waitedMs < 400; waitedMs += 50) {
    await settle()
    expect(events).toEqual([])
    clock.advance(50)
  }
  expect(await waiting).toBe('fetched-1')
  expect(events[0]).toMatchObject({ operation: 'get', message: 'no answer within 400 ms' })
})

it('rule 20: an error of the store is reported with its operation, also if it has no message', async () => {
  const { store } = handStore(undefined, {
    set: () => Promise.reject('no'),
    delete: () => Promise.reject(new Error('READONLY')),
  })
  const { source, events, clock } = sourceOver(store)
  await source.get()
  await settle()
  clock.advance(1_000)
  await source.invalidate('fetched-1')
  await settle()
  expect(events.slice(1)).toEqual([
    {
      ...SUBJECT,
      type: 'store_error',
      reason: 'down',
      operation: 'set',
      message: 'unknown error',
    },
    {
      ...SUBJECT,
      type: 'store_error',
      reason: 'refused',
      operation: 'delete',
      message: 'READONLY',
    },
  ])
})

it.each(['renew', 'release'] as const)(
  'rule 20: an error of the store is reported with its operation: %s',
  async (operation) => {
    const answer = deferred<string>()
    const fail = () => Promise.reject(new Error('READONLY'))
    const { source, events, clock } = sourceOver(
      { ...handStore().store, lease: { ...LEASE, [operation]: fail } },
      { transport: async () => ({ status: 200, body: tokenBody(await answer.promise) }) },
    )
    const waiting = source.get().catch(({ code }) => code)
    await settle()
    // A third of the lease: it is renewed.
    clock.advance(667)
    await settle()
    answer.reject(new Error('reset'))
    expect(await waiting).toBe('token_fetch_failed')
    await settle()
    const storeError = {
      ...SUBJECT,
      type: 'store_error',
      reason: 'refused',
      operation,
      message: 'READONLY',
    }
    expect(events.filter(({ type }) => type === 'store_error')).toEqual([storeError])
  },
)

it('rule 20: an error of the store is reported without the token to be written, and without the store’s url', async () => {
  const { store } = handStore(undefined, {
    set: (_key, { value }) =>
      Promise.reject(new Error(`SET of ${value} failed at redis://user:planted@redis:6379/0`)),
  })
  const { source, events } = sourceOver(store)
  await source.get()
  await settle()
  expect(events.at(-1)).toMatchObject({
    operation: 'set',
    message: 'SET of [hidden] failed at redis://redis:6379/0',
  })
})

it('rule 3: a command to the store leaves no timer that keeps the process alive', async () => {
  const clock = fakeClock()
  let pending = 0
  const after: Clock['after'] = (delayMs, callback, options) => {
    // What keeps no process alive is none.
    if (options?.isBackground) return clock.after(delayMs, callback)
    pending += 1
    const cancel = clock.after(delayMs, callback)
    return () => {
      pending -= 1
      cancel()
    }
  }
  const { store } = handStore(undefined, { set: () => Promise.reject(new Error('READONLY')) })
  const { source } = sourceOver(store, { clock: { ...clock, after } })
  await source.get()
  await settle()
  expect(pending).toBe(0)
})
