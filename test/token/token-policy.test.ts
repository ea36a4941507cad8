import { expect, it } from 'vitest'
import { platform } from '../../src/core/platform.js'
import {
  createTokenSource,
  memoryStore,
  type StoredToken,
  selfBuilt,
  type TokenEvent,
} from '../../src/index.js'
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

it('rule 3: getToken returns the current token at once, also when a refresh is due', async () => {
  const behind = deferred<string>()
  const { source, clock } = sourceWith((count) => (count === 1 ? 'old' : behind.promise))
  const policy = policyOf(source)
  expect(policy.cached()).toBeUndefined()
  await policy.getToken()
  clock.advance(6_900_000)
  expect((await policy.getToken()).value).toBe('old')
  expect(policy.cached()?.value).toBe('old')
})

it('rule 3: getToken with fresh returns the current token while no refresh is due', async () => {
  const { source, fetches } = sourceWith(counting)
  const policy = policyOf(source)
  await policy.getToken()
  expect((await policy.getToken({ fresh: true })).value).toBe('token-1')
  expect(fetches()).toBe(1)
})

it('rule 3: getToken with fresh waits for the next token when a refresh is due', async () => {
  const { source, clock, fetches } = sourceWith(counting)
  const policy = policyOf(source)
  await policy.getToken()
  clock.advance(6_900_000)
  expect((await policy.getToken({ fresh: true })).value).toBe('token-2')
  expect(fetches()).toBe(2)
})

it('rule 3: getToken with fresh returns the current token when no other can be fetched', async () => {
  const { source, clock } = sourceWith((count) => (count === 1 ? 'old' : new Error('down')))
  const policy = policyOf(source)
  await policy.getToken()
  clock.advance(6_900_000)
  expect((await policy.getToken({ fresh: true })).value).toBe('old')
})

it('rule 3: getToken rejects while there is no token', async () => {
  const { source } = sourceWith(new Error('down'))
  await expect(policyOf(source).getToken()).rejects.toMatchObject({ code: 'token_fetch_failed' })
})

const refusedOnce = async (options: Parameters<typeof sourceWith>[1] = {}) => {
  const all = sourceWith(counting, options)
  const policy = policyOf(all.source)
  return { ...all, policy, token: await policy.getToken() }
}

it('request rule 6: replacing a refused token clears it and returns the next one', async () => {
  const { policy, token, events } = await refusedOnce()
  expect((await policy.replaceRefused({ token, ...refusal }))?.value).toBe('token-2')
  expect(events.slice(1)).toMatchObject([
    { ...SUBJECT, type: 'refused', generation: 1, endpoint: 'user/get', errcode: 42001 },
    { type: 'fetched', generation: 2 },
  ])
  expect(events).toHaveLength(3)
})

it('request rule 6: replacing a refused token emits how old the refused token was, counted from when its string came first', async () => {
  const { source, clock, events } = sourceWith('same')
  const policy = policyOf(source)
  await policy.getToken()
  clock.advance(600_000)
  await source.invalidate('same')
  const token = await policy.getToken()
  clock.advance(60_000)
  await policy.replaceRefused({ token, ...refusal })
  expect(events.filter(({ type }) => type === 'refused')).toMatchObject([{ ageMs: 660_000 }])
})

it('rule 7: replacing a refused token returns a newer one from memory, without reading the store', async () => {
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

it('rule 7: replacing a refused token returns a newer one from the store, even if nothing may be cleared', async () => {
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

it('rule 9: replacing a refused token costs one refresh of the budget for any number of refused calls', async () => {
  const { policy, token, types } = await refusedOnce({ refreshBudget: 1 })
  const replaced = await Promise.all(
    ['a', 'b', 'c'].map((endpoint) => policy.replaceRefused({ token, endpoint, errcode: 42001 })),
  )
  expect(replaced.map((one) => one?.value)).toEqual(['token-2', 'token-2', 'token-2'])
  expect(types()).not.toContain('not_replayed')
})

it('rule 9: replacing a refused token is not possible for an endpoint that cools down, which is reported', async () => {
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

it('rule 7: replacing a refused token still returns a newer one from memory or the store for an endpoint that cools down', async () => {
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

it('rule 9: replacing a refused token is not possible while the budget is spent, which is reported', async () => {
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

it('request rule 6: replacing a refused token is not possible for a body that cannot be sent again, but the token is cleared for the next call', async () => {
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

it('request rule 6: replacing a refused token is not possible while no token can be fetched, and the cause is reported', async () => {
  const { source, events } = sourceWith((count) => (count === 1 ? 'token' : new Error('down')))
  const policy = policyOf(source)
  const token = await policy.getToken()
  expect(await policy.replaceRefused({ token, ...refusal })).toBeUndefined()
  const event = events.at(-1)
  expect(event).toMatchObject({ type: 'not_replayed', reason: 'no_replacement' })
  expect(event && 'message' in event && event.message).toMatch(/^Could not get .*: down\./)
})

it('request rule 6: replacing a token whose credential cannot provide a secret is not possible, and the event says why', async () => {
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

it('rule 9: a refresh budget that is spent by invalidate is an error of get, while calls use the old token', async () => {
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

it('a policy knows its base address, and which errcodes refuse its token', () => {
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

it('a policy has nothing to clear before its first token', () => {
  const policy = new TokenPolicy(selfBuilt(APP), new SourceContext({}, platform))
  expect(() => policy.clearCurrent()).not.toThrow()
})

it('a token source returns one promise for as long as the token is the same', async () => {
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

it('a token source invalidates only the current token', async () => {
  const { source, types } = sourceWith(counting)
  expect(await source.invalidate('token-1')).toBe(false)
  await expect(source.invalidate(undefined as never)).rejects.toMatchObject({
    code: 'bad_options',
    message: 'token must be a token string, got undefined.',
  })
  expect(types()).toEqual([])
})

it('a token source is described as cleared after invalidate', async () => {
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

it('a token source counts a string that was reconfirmed late in its lifetime as newer for 10 s', async () => {
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

it('a token source runs a call once if it was not refused', async () => {
  const { source, types } = sourceWith(counting)
  let calls = 0
  await source.run(() => {
    calls += 1
    return { errcode: 0 }
  })
  expect(calls).toBe(1)
  expect(types()).toEqual(['fetched'])
})

it('a token source runs without an endpoint by default', async () => {
  const { source, events } = sourceWith(counting)
  await source.run(() => ({ errcode: 42001 }))
  await settle()
  expect(events.at(-1)).toMatchObject({ type: 'endpoint_cooldown', endpoint: '' })
})

/** A store into which another process may put a token. */
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

it('rule 7: a token from the store is adopted after a clear, also while the budget is spent', async () => {
  const store = storeWithNewer()
  const { source, fetches } = sourceWith(counting, { store, refreshBudget: 0 })
  await source.get()
  await source.invalidate('token-1')
  await expect(source.get()).rejects.toMatchObject({ code: 'refresh_budget_spent' })
  store.put('theirs', 7)
  expect(await source.get()).toBe('theirs')
  expect(fetches()).toBe(1)
})

it('rule 7: a token from the store costs nothing of the budget', async () => {
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

it('rule 7: a token from the store costs nothing of the budget, also if it arrives while another process holds the lease', async () => {
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

it('rule 7: a token from the store is reported once', async () => {
  const store = storeWithNewer()
  const { source, events } = sourceWith(counting, { store })
  const token = await policyOf(source).getToken()
  store.put('theirs', 7)
  expect((await policyOf(source).replaceRefused({ token, ...refusal }))?.value).toBe('theirs')
  expect(events.filter(({ type }) => type === 'adopted')).toEqual([
    { ...SUBJECT, type: 'adopted', generation: 7, from: 'store' },
  ])
})

it('a refused token is never its own replacement, even if the budget is spent and there is no other', async () => {
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

it('rule 9: a refused token is charged for its own token request, not for the one in flight', async () => {
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

it('rule 9: a source without a listener replays, adopts, cools down and gives up like any other', async () => {
  let fetches = 0
  const transport = async () => {
    fetches += 1
    if (fetches > 2) throw new Error('down')
    return { status: 200, body: tokenBody(`token-${fetches}`) }
  }
  const policy = policyOf(createTokenSource(selfBuilt(APP), { transport, clock: fakeClock() }))
  const refused = { token: await policy.getToken(), ...refusal }
  for (const _how of ['fetched', 'adopted'])
    expect((await policy.replaceRefused(refused))?.value).toBe('token-2')
  expect(await policy.replaceRefused({ ...refused, isBodyGone: true })).toBeUndefined()
  policy.coolDown('user/get')
  const next = { token: await policy.getToken(), endpoint: 'other', errcode: 42001 }
  expect(await policy.replaceRefused(next)).toBeUndefined()
})

it('rule 9: the token of a last replay that is refused is cleared for the next call, unless a newer one is there', async () => {
  const { policy, token, fetches } = await refusedOnce()
  policy.refusedAtLast({ token, ...refusal })
  expect((await policy.getToken()).value).toBe('token-2')
  policy.refusedAtLast({ token, ...refusal })
  expect((await policy.getToken()).value).toBe('token-2')
  expect(fetches()).toBe(2)
})
