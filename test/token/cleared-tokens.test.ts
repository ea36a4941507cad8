import { describe, expect, it } from 'vitest'
import { memoryStore, selfBuilt, type TokenStore } from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { APP, settle } from '../support/qyapi.js'
import { deferred, tokenBody } from '../support/source.js'
import { fakePlatform, sourceOn } from '../support/source-on.js'
import { passTime } from '../support/turns.js'

/** A source over a store that takes 250 ms to keep anything, with a lease or without. */
function sourceOverSlowStore(hasLease: boolean, answers: (count: number) => string = counting) {
  const clock = fakeClock()
  const { lease, ...memory } = memoryStore({ clock })
  const late = <T>(run: () => Promise<T>) =>
    new Promise<T>((resolve) => clock.after(250, () => resolve(run())))
  const store: TokenStore = {
    ...memory,
    set: (key, token) => late(() => memory.set(key, token)),
    ...(hasLease &&
      lease && {
        lease: { ...lease, publish: (...given) => late(() => lease.publish(...given)) },
      }),
  }
  let fetches = 0
  const transport = async () => {
    fetches += 1
    return { status: 200, body: answers(fetches) }
  }
  const source = sourceOn(selfBuilt(APP), { clock, store, transport }, fakePlatform)
  const pass = (ms: number) => passTime(clock, ms)
  return { source, clock, store, pass, fetches: () => fetches }
}

const counting = (count: number) => tokenBody(`token-${count}`)
const NEW_SECRET = selfBuilt({ ...APP, corpSecret: 'new-secret' })

describe.each([
  ['with a lease', true],
  ['without a lease', false],
])('rule 6, while a token is being published to a slow store %s', (_name, hasLease) => {
  it('rule 6: while a token is being published to a slow store, callers after replaceCredential get a token of the new secret', async () => {
    const { source, pass, fetches } = sourceOverSlowStore(hasLease)
    const before = source.get()
    await settle()
    expect(source.describe().state).toBe('usable')
    source.replaceCredential(NEW_SECRET)
    const after = source.get()
    await pass(1_000)
    expect(await after).toBe('token-2')
    if (hasLease) expect(await before).toBe('token-2')
    expect(fetches()).toBe(2)
  })

  it('rule 6: while a token is being published to a slow store, callers after invalidate get the next token', async () => {
    const { source, pass, fetches } = sourceOverSlowStore(hasLease)
    void source.get()
    await settle()
    expect(await source.invalidate('token-1')).toBe(true)
    const after = source.get()
    await pass(1_000)
    expect(await after).toBe('token-2')
    expect(fetches()).toBe(2)
  })

  it('rule 6: while a token is being published to a slow store, a replay carries the next token, not the refused one', async () => {
    const { source, pass, fetches } = sourceOverSlowStore(hasLease)
    void source.get()
    await settle()
    const sent: string[] = []
    const answer = source.run(async (token) => {
      sent.push(token)
      return { errcode: token === 'token-1' ? 40014 : 0 }
    })
    await pass(1_000)
    expect(await answer).toEqual({ errcode: 0 })
    expect(sent).toEqual(['token-1', 'token-2'])
    expect(fetches()).toBe(2)
  })

  it('rule 6: while a token is being published to a slow store, callers get the published token at once', async () => {
    const { source, fetches } = sourceOverSlowStore(hasLease)
    void source.get()
    await settle()
    expect(await source.get()).toBe('token-1')
    expect(fetches()).toBe(1)
  })

  it('rule 6: while a token is being published to a slow store, a store ends up with the successor, never with the cleared token', async () => {
    const { source, store, clock, pass } = sourceOverSlowStore(hasLease)
    void source.get()
    await settle()
    await source.invalidate('token-1')
    void source.get()
    await pass(1_000)
    const other = sourceOn(selfBuilt(APP), { clock, store }, fakePlatform)
    expect(await other.get()).toBe('token-2')
  })
})

it('rule 6: a token that is being published to a store rejects its waiters at once when the source is closed', async () => {
  const kept = deferred<boolean>()
  const memory = memoryStore()
  const lease = memory.lease as NonNullable<TokenStore['lease']>
  const store = { ...memory, lease: { ...lease, publish: () => kept.promise } }
  const transport = async () => ({ status: 200, body: tokenBody('token') })
  const clock = fakeClock()
  const source = sourceOn(selfBuilt(APP), { clock, store, transport }, fakePlatform)
  const waiting = source.get().catch(({ code }) => code)
  await settle()
  source.close()
  expect(await waiting).toBe('closed')
})

it('rule 6: while a failure is being published to a slow store, callers after replaceCredential and callers that waited before get a token of the new secret', async () => {
  const clock = fakeClock()
  const memory = memoryStore({ clock })
  const lease = memory.lease as NonNullable<TokenStore['lease']>
  const kept = deferred<void>()
  const release: typeof lease.release = async (key, left) => {
    if (left.failure !== undefined) await kept.promise
    return lease.release(key, left)
  }
  const store = { ...memory, lease: { ...lease, release } }
  let fetches = 0
  const transport = async () => {
    fetches += 1
    return { status: 200, body: fetches === 1 ? '{"errcode":40001}' : tokenBody('new') }
  }
  const source = sourceOn(selfBuilt(APP), { clock, store, transport }, fakePlatform)
  const before = source.get()
  await settle()
  source.replaceCredential(NEW_SECRET)
  expect(await source.get()).toBe('new')
  kept.resolve()
  expect(await before).toBe('new')
  expect(fetches).toBe(2)
})
