import { describe, expect, it } from 'vitest'
import { platform } from '../../src/core/platform.js'
import { memoryStore, type StoredToken, selfBuilt, type TokenEvent } from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { SourceContext } from '../../src/token/source-context.js'
import { TokenPolicy } from '../../src/token/token-policy.js'
import { policyOf } from '../../src/token/token-source.js'
import { APP, settle } from '../support/qyapi.js'
import { deferred, sourceWith, tokenBody } from '../support/source.js'
import { withParts } from '../support/store.js'

const SUBJECT = { kind: 'self-built', subject: 'app of corp ww-fake' }
const refusal = { endpoint: 'user/get', errcode: 42001 }
const counting = (count: number) => `token-${count}`

describe('to lend', () => {
  it('gives the current token at once, also when it is about to be replaced', async () => {
    const behind = deferred<string>()
    const { source, clock } = sourceWith((count) => (count === 1 ? 'old' : behind.promise))
    const policy = policyOf(source)
    expect(policy.cached()).toBeUndefined()
    await policy.getToken()
    clock.advance(6_900_000)
    expect((await policy.getToken()).value).toBe('old')
    expect(policy.cached()?.value).toBe('old')
  })

  it('fresh gives the current token while it has long to live', async () => {
    const { source, fetches } = sourceWith(counting)
    const policy = policyOf(source)
    await policy.getToken()
    expect((await policy.getToken({ fresh: true })).value).toBe('token-1')
    expect(fetches()).toBe(1)
  })

  it('fresh waits for the next one when it is about to be replaced', async () => {
    const { source, clock, fetches } = sourceWith(counting)
    const policy = policyOf(source)
    await policy.getToken()
    clock.advance(6_900_000)
    expect((await policy.getToken({ fresh: true })).value).toBe('token-2')
    expect(fetches()).toBe(2)
  })

  it('fresh gives the current one when there is no other to be had', async () => {
    const { source, clock } = sourceWith((count) => (count === 1 ? 'old' : new Error('down')))
    const policy = policyOf(source)
    await policy.getToken()
    clock.advance(6_900_000)
    expect((await policy.getToken({ fresh: true })).value).toBe('old')
  })

  it('rejects while there is none', async () => {
    const { source } = sourceWith(new Error('down'))
    await expect(policyOf(source).getToken()).rejects.toMatchObject({ code: 'token_fetch_failed' })
  })
})

describe('to replace a refused token', () => {
  const refusedOnce = async (options: Parameters<typeof sourceWith>[1] = {}) => {
    const all = sourceWith(counting, options)
    const policy = policyOf(all.source)
    return { ...all, policy, token: await policy.getToken() }
  }

  it('throws it away and gives the next one', async () => {
    const { policy, token, events } = await refusedOnce()
    expect((await policy.replaceRefused({ token, ...refusal }))?.value).toBe('token-2')
    expect(events.slice(1)).toMatchObject([
      { ...SUBJECT, type: 'refused', generation: 1, endpoint: 'user/get', errcode: 42001 },
      { type: 'fetched', generation: 2 },
    ])
    expect(events).toHaveLength(3)
  })

  it('gives a newer one from memory, and does not ask the store', async () => {
    let gets = 0
    const memory = memoryStore()
    const store = {
      ...memory,
      get: (key: string) => {
        gets += 1
        return memory.get(key)
      },
    }
    const { policy, token, events, fetches } = await refusedOnce({ store })
    await policy.replaceRefused({ token, ...refusal })
    const before = gets
    expect((await policy.replaceRefused({ token, ...refusal }))?.value).toBe('token-2')
    expect(gets).toBe(before)
    expect(fetches()).toBe(2)
    expect(events.at(-1)).toEqual({ ...SUBJECT, type: 'adopted', generation: 2, from: 'memory' })
  })

  it('gives a newer one from the store, though nothing may be thrown away', async () => {
    const deleted: number[] = []
    const newer = { value: 'theirs', generation: 7, ageMs: 0, expiresInMs: 7_200_000 }
    let isThere = false
    const store = {
      get: async () => (isThere ? newer : undefined),
      set: async () => true,
      delete: async (_key: string, generation: number) => {
        deleted.push(generation)
        return true
      },
    }
    const { policy, token, fetches } = await refusedOnce({ store, refreshBudget: 0 })
    isThere = true
    expect((await policy.replaceRefused({ token, ...refusal }))?.value).toBe('theirs')
    expect(deleted).toEqual([])
    expect(fetches()).toBe(1)
  })

  it('costs one of the budget, however many calls it refused', async () => {
    const { policy, token, types } = await refusedOnce({ refreshBudget: 1 })
    const replaced = await Promise.all(
      ['a', 'b', 'c'].map((endpoint) => policy.replaceRefused({ token, endpoint, errcode: 42001 })),
    )
    expect(replaced.map((one) => one?.value)).toEqual(['token-2', 'token-2', 'token-2'])
    expect(types()).not.toContain('not_replayed')
  })

  it('is none for an endpoint that rests, which is told', async () => {
    const { policy, token, events, fetches } = await refusedOnce({ endpointCooldownMs: 30_000 })
    policy.coolDown(refusal.endpoint)
    expect(await policy.replaceRefused({ token, ...refusal })).toBeUndefined()
    expect(policy.cached()).toBe(token)
    expect(fetches()).toBe(1)
    expect(events.filter(({ type }) => type !== 'fetched' && type !== 'refused')).toEqual([
      { ...SUBJECT, type: 'endpoint_cooldown', endpoint: 'user/get', cooldownMs: 30_000 },
      { ...SUBJECT, type: 'not_replayed', endpoint: 'user/get', reason: 'endpoint_cooldown' },
    ])
  })

  it('still gives a newer one from memory, or from the store, for an endpoint that rests', async () => {
    const theirs = { value: 'theirs', generation: 7, ageMs: 0, expiresInMs: 7_200_000 }
    let isThere = false
    const store = {
      get: async () => (isThere ? theirs : undefined),
      set: async () => true,
      delete: async () => true,
    }
    const { policy, token, fetches } = await refusedOnce({ store })
    const second = await policy.replaceRefused({ token, ...refusal })
    if (second === undefined) throw new Error('there was no replacement')
    policy.coolDown(refusal.endpoint)
    expect(await policy.replaceRefused({ token, ...refusal })).toBe(second)
    isThere = true
    expect((await policy.replaceRefused({ token: second, ...refusal }))?.value).toBe('theirs')
    expect(fetches()).toBe(2)
  })

  it('is none while the budget is spent, which is told', async () => {
    const { policy, token, events } = await refusedOnce({ refreshBudget: 0 })
    expect(await policy.replaceRefused({ token, ...refusal })).toBeUndefined()
    expect(policy.cached()).toBe(token)
    expect(events.at(-1)).toEqual({
      ...SUBJECT,
      type: 'not_replayed',
      endpoint: 'user/get',
      reason: 'refresh_budget_spent',
    })
  })

  it('is none for a body that is gone, but the token is thrown away for the next call', async () => {
    const { source, policy, token, events, fetches } = await refusedOnce()
    expect(await policy.replaceRefused({ token, ...refusal, isBodyGone: true })).toBeUndefined()
    expect(events.at(-1)).toEqual({
      ...SUBJECT,
      type: 'not_replayed',
      endpoint: 'user/get',
      reason: 'body_not_replayable',
    })
    expect(fetches()).toBe(1)
    expect(source.describe()).toMatchObject({ state: 'cleared', expiresInMs: 0, generation: 1 })
    expect(policy.cached()).toBeUndefined()
    expect((await policy.getToken()).value).toBe('token-2')
  })

  it('is none while none can be fetched, and the cause is told', async () => {
    const { source, events } = sourceWith((count) => (count === 1 ? 'token' : new Error('down')))
    const policy = policyOf(source)
    const token = await policy.getToken()
    expect(await policy.replaceRefused({ token, ...refusal })).toBeUndefined()
    const told = events.at(-1)
    expect(told).toMatchObject({ type: 'not_replayed', reason: 'no_replacement' })
    expect(told && 'message' in told && told.message).toMatch(/^Could not get .*: down\./)
  })
})

describe('to replace a token whose credential is at a loss', () => {
  it('is none, and what is told says why', async () => {
    let isAtALoss = false
    const corpSecret = () => {
      if (isAtALoss) throw undefined
      return APP.corpSecret
    }
    const credential = selfBuilt({ ...APP, corpSecret })
    const events: TokenEvent[] = []
    const transport = async () => ({ status: 200, body: tokenBody('token') })
    const group = new SourceContext({ transport, onEvent: (event) => events.push(event) }, platform)
    const policy = new TokenPolicy(credential, group)
    const token = await policy.getToken()
    isAtALoss = true
    expect(await policy.replaceRefused({ token, ...refusal })).toBeUndefined()
    expect(events.at(-1)).toStrictEqual({
      ...SUBJECT,
      type: 'not_replayed',
      endpoint: 'user/get',
      reason: 'no_replacement',
      message: `Could not get the access_token of self-built ${SUBJECT.subject}: the function that gives the secret failed`,
    })
  })
})

describe('a budget that is spent by throwing away', () => {
  it('is told to who asks for the token, and calls go out with the old one', async () => {
    const { source, clock } = sourceWith(counting, { refreshBudget: 0 })
    await source.get()
    clock.advance(1_000)
    await source.invalidate('token-1')
    await expect(source.get()).rejects.toMatchObject({
      code: 'refresh_budget_spent',
      message:
        'The access_token of self-built app of corp ww-fake was cleared more than 0 times within a minute. ' +
        'Find out what refuses it, or raise refreshBudget.',
      retryable: true,
      retryAfterMs: 60_000,
    })
    expect((await policyOf(source).getToken()).value).toBe('token-1')
  })
})

describe('a policy', () => {
  it('knows where it belongs, and which errcodes refuse its token', () => {
    const { source } = sourceWith('token', {
      baseUrl: 'https://proxy.example',
      tokenInvalidErrcodes: [42009],
    })
    const policy = policyOf(source)
    expect(policy.baseUrl).toBe('https://proxy.example')
    expect(policy.credential.tokenKind).toBe('app')
    for (const errcode of [40014, 42001, 42009]) expect(policy.errcodes.has(errcode)).toBe(true)
    expect(policy.errcodes.has(40001)).toBe(false)
    expect(policy.errcodes).toBe(policy.errcodes)
  })

  it('has nothing to throw away before its first token', () => {
    const policy = new TokenPolicy(selfBuilt(APP), new SourceContext({}, platform))
    expect(() => policy.clearCurrent()).not.toThrow()
  })
})

describe('a token source', () => {
  it('gives one promise for as long as the token is the same', async () => {
    const { source } = sourceWith(counting)
    await source.get()
    const hit = source.get()
    expect(source.get()).toBe(hit)
    expect(source.get({})).toBe(hit)
    expect(source.get({ signal: new AbortController().signal })).toBe(hit)
    await source.invalidate('token-1')
    await source.get()
    expect(await source.get()).toBe('token-2')
  })

  it('does not throw away what it does not have', async () => {
    const { source, types } = sourceWith(counting)
    expect(await source.invalidate('token-1')).toBe(false)
    await expect(source.invalidate(undefined as never)).rejects.toMatchObject({
      code: 'bad_options',
      message: 'token must be a token string, got undefined.',
    })
    expect(types()).toEqual([])
  })

  it('says that its token is thrown away', async () => {
    const { source, clock } = sourceWith(counting)
    await source.get()
    clock.advance(5)
    await source.invalidate('token-1')
    expect(source.describe()).toEqual({
      ...SUBJECT,
      state: 'cleared',
      ageMs: 5,
      expiresInMs: 0,
      generation: 1,
    })
  })

  it('counts a string that was reconfirmed late in its life as newer for 10 s', async () => {
    const { source, clock } = sourceWith('same')
    await source.get()
    clock.advance(5_000_000)
    await source.invalidate('same')
    await source.get()
    clock.advance(9_999)
    expect(await source.invalidate('same')).toBe(false)
    clock.advance(1)
    expect(await source.invalidate('same')).toBe(true)
  })

  it('calls once what was not refused', async () => {
    const { source, types } = sourceWith(counting)
    let calls = 0
    await source.run(() => {
      calls += 1
      return { errcode: 0 }
    })
    expect(calls).toBe(1)
    expect(types()).toEqual(['fetched'])
  })

  it('runs for no endpoint in particular unless told', async () => {
    const { source, events } = sourceWith(counting)
    await source.run(() => ({ errcode: 42001 }))
    await settle()
    expect(events.at(-1)).toMatchObject({ type: 'endpoint_cooldown', endpoint: '' })
  })
})

describe('what the store brings', () => {
  /** A store into which somebody else may put a token. */
  const storeWithNewer = () => {
    const memory = memoryStore()
    let newer: StoredToken | undefined
    const store = withParts(memory, {
      get: async (key) => newer ?? memory.get(key),
      delete: async (key, generation, value) => {
        if (newer?.generation === generation) newer = undefined
        return memory.delete(key, generation, value)
      },
    })
    return {
      ...store,
      put(value: string, generation: number) {
        newer = { value, generation, ageMs: 0, expiresInMs: 7_200_000 }
      },
    }
  }

  it('is adopted after a throw-away, also while the budget is spent', async () => {
    const store = storeWithNewer()
    const { source, fetches } = sourceWith(counting, { store, refreshBudget: 0 })
    await source.get()
    await source.invalidate('token-1')
    await expect(source.get()).rejects.toMatchObject({ code: 'refresh_budget_spent' })
    store.put('theirs', 7)
    expect(await source.get()).toBe('theirs')
    expect(fetches()).toBe(1)
  })

  it('costs nothing of the budget', async () => {
    const store = storeWithNewer()
    const { source, fetches } = sourceWith(counting, { store, refreshBudget: 1 })
    await source.get()
    await source.invalidate('token-1')
    store.put('theirs', 7)
    expect(await source.get()).toBe('theirs')
    await source.invalidate('theirs')
    expect(await source.get()).toBe('token-2')
    expect(fetches()).toBe(2)
    await source.invalidate('token-2')
    await expect(source.get()).rejects.toMatchObject({ code: 'refresh_budget_spent' })
  })

  it('costs nothing of the budget, also if it comes while another process has its turn', async () => {
    const clock = fakeClock()
    const store = memoryStore({ clock })
    let fetches = 0
    const answer = async () => `token-${++fetches}`
    const all = [1, 2].map(() => sourceWith(() => answer(), { store, clock, refreshBudget: 1 }))
    const get = async ({ source }: (typeof all)[number]) => {
      const token = source.get()
      token.catch(() => {})
      for (let turn = 0; turn < 4; turn += 1) {
        await settle()
        clock.advance(150)
      }
      return token
    }
    for (const one of all) await get(one)
    for (const { source } of all) await source.invalidate('token-1')
    expect(await Promise.all(all.map(get))).toEqual(['token-2', 'token-2'])
    expect(fetches).toBe(2)
    for (const { source } of all) await source.invalidate('token-2')
    const outcomes = await Promise.allSettled(all.map(get))
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('is told once', async () => {
    const store = storeWithNewer()
    const { source, events } = sourceWith(counting, { store })
    const token = await policyOf(source).getToken()
    store.put('theirs', 7)
    expect((await policyOf(source).replaceRefused({ token, ...refusal }))?.value).toBe('theirs')
    expect(events.filter(({ type }) => type === 'adopted')).toEqual([
      { ...SUBJECT, type: 'adopted', generation: 7, from: 'store' },
    ])
  })
})

describe('a refused token', () => {
  it('is never what it is replaced by, though the budget is spent and nothing else is there', async () => {
    const { source, events, types } = sourceWith(counting, { refreshBudget: 0 })
    let calls = 0
    await source.run(
      async (token) => {
        calls += 1
        await source.invalidate(token)
        return { errcode: 42001 }
      },
      { endpoint: 'user/get' },
    )
    expect(calls).toBe(1)
    expect(events.at(-1)).toMatchObject({
      type: 'not_replayed',
      endpoint: 'user/get',
      reason: 'refresh_budget_spent',
      message: expect.stringMatching(/cleared more than 0 times/),
    })
    expect(types()).not.toContain('endpoint_cooldown')
  })

  it('is paid for by its own token call, not by the one that was on its way', async () => {
    const behind = deferred<string>()
    const { source, clock, fetches } = sourceWith(
      (count) => (count === 2 ? behind.promise : counting(count)),
      { refreshBudget: 1 },
    )
    await source.get()
    clock.advance(6_900_000)
    await source.get()
    await settle()
    await source.invalidate('token-1')
    behind.resolve('token-2')
    expect(await source.get()).toBe('token-2')
    await source.invalidate('token-2')
    expect(await source.get()).toBe('token-3')
    expect(fetches()).toBe(3)
  })
})
