import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import {
  createTokenSource,
  memoryStore,
  selfBuilt,
  suiteApp,
  type TokenStore,
} from '../../src/index.js'
import { APP, settle } from '../support/qyapi.js'
import { deferred, sourceWith, tokenBody } from '../support/source.js'
import { withParts } from '../support/store.js'

const HOUR_MS = 3_600_000

it('rule 1: ten thousand callers cause one token request', async () => {
  const answer = deferred<string>()
  const { source, fetches } = sourceWith(() => answer.promise)
  const callers = Array.from({ length: 10_000 }, () => source.get())
  await settle()
  answer.resolve('token-1')
  expect(new Set(await Promise.all(callers))).toEqual(new Set(['token-1']))
  expect(fetches()).toBe(1)
})

it('rule 1: no token is requested before the first call', async () => {
  const { source, fetches } = sourceWith('token')
  expect(source.describe().state).toBe('empty')
  await settle()
  expect(fetches()).toBe(0)
})

it('rule 2: a token is handed out for 7000 of 7200 s, then the next caller waits for a new one', async () => {
  const { source, clock, fetches } = sourceWith((count) => `token-${count}`, {
    refreshAheadMs: 0,
  })
  expect(await source.get()).toBe('token-1')
  clock.advance(6_999_999)
  expect(await source.get()).toBe('token-1')
  clock.advance(1)
  expect(await source.get()).toBe('token-2')
  expect(fetches()).toBe(2)
})

it.each([
  [1200, 1166.6],
  [3, 2.9],
  [1, 0.97],
  ['7200', 6999.9],
])('rule 2: a lifetime of %s s is scaled to %s s', async (expiresIn, lastsSeconds) => {
  const { source, clock, fetches } = sourceWith(() => ({ body: tokenBody('token', expiresIn) }), {
    refreshAheadMs: 0,
  })
  await source.get()
  clock.advance(lastsSeconds * 1000)
  await source.get()
  expect(fetches()).toBe(1)
  clock.advance(100)
  await source.get()
  expect(fetches()).toBe(2)
})

it('rule 2: a token is never handed out for longer than maxAgeMs', async () => {
  const { source, clock, fetches } = sourceWith('token', { maxAgeMs: 60_000, refreshAheadMs: 0 })
  await source.get()
  clock.advance(59_999)
  await source.get()
  expect(fetches()).toBe(1)
  clock.advance(1)
  await source.get()
  expect(fetches()).toBe(2)
})

it('rule 5: a refusal of an older generation clears nothing', async () => {
  const { source, fetches } = sourceWith((count) => `token-${count}`)
  await source.get()
  expect(await source.invalidate('token-1')).toBe(true)
  expect(await source.get()).toBe('token-2')
  expect(await source.invalidate('token-1')).toBe(false)
  expect(await source.get()).toBe('token-2')
  expect(fetches()).toBe(2)
})

it('rule 5: a string that gettoken reconfirmed in the last 10 s counts as newer', async () => {
  const { source, clock, fetches } = sourceWith('same')
  await source.get()
  expect(await source.invalidate('same')).toBe(true)
  await source.get()
  expect(fetches()).toBe(2)
  clock.advance(9_999)
  expect(await source.invalidate('same')).toBe(false)
  clock.advance(1)
  expect(await source.invalidate('same')).toBe(true)
})

it.each(['new', 'same'])(
  'rule 5: 100 runs that are refused one after the other cause one fetch (%s string)',
  async (mode) => {
    const { source, fetches } = sourceWith((count) => (mode === 'new' ? `token-${count}` : 'same'))
    await source.get()
    const calls = Array.from({ length: 100 }, (_, index) => {
      let times = 0
      return source.run(async () => {
        times += 1
        if (times > 1) return { errcode: 0 }
        for (let turn = 0; turn < index; turn += 1) await Promise.resolve()
        return { errcode: 42001 }
      })
    })
    expect((await Promise.all(calls)).every(({ errcode }) => errcode === 0)).toBe(true)
    expect(fetches()).toBe(2)
  },
)

it('rule 6: a fetch that began before a clear cannot bring the cleared string back: it is requested again', async () => {
  const behind = deferred<string>()
  const { source, clock, fetches } = sourceWith((count) =>
    count === 2 ? behind.promise : count === 1 ? 'old' : 'new',
  )
  await source.get()
  clock.advance(6_900_000)
  await source.get()
  await settle()
  expect(fetches()).toBe(2)
  await source.invalidate('old')
  const next = source.get()
  behind.resolve('old')
  expect(await next).toBe('new')
  expect(fetches()).toBe(3)
})

it('rule 6: a fetch that began before a clear may return another string, which is used without another request', async () => {
  const behind = deferred<string>()
  const { source, clock, fetches } = sourceWith((count) => (count === 2 ? behind.promise : 'old'))
  await source.get()
  clock.advance(6_900_000)
  await source.get()
  await source.invalidate('old')
  const next = source.get()
  behind.resolve('fresh')
  expect(await next).toBe('fresh')
  expect(fetches()).toBe(2)
})

it('rule 6: a fetch that began before a clear never makes a hit that races the clear undefined', async () => {
  const { source } = sourceWith((count) => `token-${count}`, { refreshBudget: 1000 })
  const seen: Promise<string>[] = []
  for (let round = 0; round < 100; round += 1) {
    const current = await source.get()
    seen.push(source.get())
    const cleared = source.invalidate(current)
    seen.push(source.get())
    await cleared
    seen.push(source.get())
  }
  for (const token of await Promise.all(seen)) expect(token).toMatch(/^token-\d+$/)
})

it('rule 7: a newer token in memory replaces a refused one', async () => {
  const { source, fetches, types } = sourceWith((count) => `token-${count}`)
  const gate = deferred<void>()
  let times = 0
  const slow = source.run(async (token) => {
    times += 1
    if (times === 1) await gate.promise
    return { errcode: times === 1 ? 42001 : 0, token }
  })
  await settle()
  await source.invalidate('token-1')
  await source.get()
  gate.resolve()
  expect(await slow).toEqual({ errcode: 0, token: 'token-2' })
  expect(fetches()).toBe(2)
  expect(types()).toEqual(['fetched', 'fetched', 'refused', 'adopted', 'replayed'])
})

it('rule 7: a newer token in the store replaces a refused one, without a fetch', async () => {
  const store = memoryStore()
  const one = sourceWith((count) => `one-${count}`, { store })
  const other = sourceWith(() => 'never', { store })
  expect(await one.source.get()).toBe('one-1')
  await settle()
  expect(await other.source.get()).toBe('one-1')
  await one.source.invalidate('one-1')
  expect(await one.source.get()).toBe('one-2')
  await settle()
  const used: string[] = []
  await other.source.run((token) => {
    used.push(token)
    return { errcode: token === 'one-1' ? 40014 : 0 }
  })
  expect(used).toEqual(['one-1', 'one-2'])
  expect(other.fetches()).toBe(0)
})

it('rule 8: the same string is a new generation, and the call is replayed once with it', async () => {
  const { source } = sourceWith('same')
  let times = 0
  const { errcode } = await source.run(() => {
    times += 1
    return { errcode: times === 1 ? 42001 : 0 }
  })
  expect(errcode).toBe(0)
  expect(source.describe().generation).toBe(2)
})

it('rule 8: the lifetime of a string does not restart: after its 7000 s it is usable for 200 s at a time', async () => {
  const { source, clock, fetches } = sourceWith('same', { refreshAheadMs: 0 })
  await source.get()
  clock.advance(5_000_000)
  await source.invalidate('same')
  await source.get()
  expect(fetches()).toBe(2)
  clock.advance(1_999_999)
  await source.get()
  expect(fetches()).toBe(2)
  clock.advance(1)
  expect(await source.get()).toBe('same')
  await settle()
  expect(fetches()).toBe(3)
  clock.advance(99_999)
  await source.get()
  await settle()
  expect(fetches()).toBe(3)
  clock.advance(200_000)
  const waited = source.get()
  expect(source.describe().state).toBe('expired')
  await waited
  expect(fetches()).toBe(4)
})

it('rule 8: a refresh ahead that returned the same string is not repeated before the 7000 s have passed', async () => {
  const { source, clock, fetches } = sourceWith('same')
  await source.get()
  clock.advance(6_900_000)
  for (let call = 0; call < 90; call += 1) {
    await source.get()
    await settle()
    clock.advance(1_100)
  }
  expect(fetches()).toBe(2)
  clock.advance(1_000)
  await source.get()
  await settle()
  expect(fetches()).toBe(3)
})

it('rule 9: an endpoint whose replay was refused forces no refresh during its cooldown', async () => {
  const { source, clock, fetches, types } = sourceWith((count) => `token-${count}`)
  const refuse = () => source.run(() => ({ errcode: 42001 }), { endpoint: 'bad/one' })
  await refuse()
  expect(fetches()).toBe(2)
  for (let call = 0; call < 50; call += 1) expect(await refuse()).toEqual({ errcode: 42001 })
  expect(fetches()).toBe(2)
  expect(types()).toContain('endpoint_cooldown')
  clock.advance(30_000)
  await refuse()
  expect(fetches()).toBe(3)
})

it('rule 9: other endpoints are not affected by the cooldown of one', async () => {
  const { source, fetches } = sourceWith((count) => `token-${count}`)
  await source.run(() => ({ errcode: 42001 }), { endpoint: 'bad/one' })
  const used: string[] = []
  await source.run(
    (token) => {
      used.push(token)
      return { errcode: used.length === 1 ? 42001 : 0 }
    },
    { endpoint: 'good/one' },
  )
  expect(used).toEqual(['token-2', 'token-3'])
  expect(fetches()).toBe(3)
})

it('rule 9: refreshBudget bounds all forced refreshes; while it is spent, callers get refused answers', async () => {
  const { source, clock, fetches } = sourceWith((count) => `token-${count}`, {
    refreshBudget: 3,
    endpointCooldownMs: 0,
  })
  for (let call = 0; call < 10; call += 1) {
    expect(await source.run(() => ({ errcode: 42001 }), { endpoint: `e${call}` })).toEqual({
      errcode: 42001,
    })
  }
  expect(fetches()).toBe(4)
  expect(await source.get()).toBe('token-4')
  await source.invalidate('token-4')
  await expect(source.get()).rejects.toMatchObject({
    code: 'refresh_budget_spent',
    retryable: true,
  })
  expect(await source.run((token) => ({ token }))).toEqual({ token: 'token-4' })
  clock.advance(60_000)
  expect(await source.get()).toBe('token-5')
})

it('rule 10: a wrong secret is sent once, then cools down for 60 s doubling to 10 min', async () => {
  const body = JSON.stringify({
    errcode: 40001,
    errmsg: 'invalid credential, from ip: 203.0.113.9',
  })
  const { source, clock, fetches } = sourceWith({ body })
  const callers = Array.from({ length: 100 }, () => source.get().catch((error) => error))
  for (const error of await Promise.all(callers)) {
    expect(error).toMatchObject({ code: 'credential_refused', errcode: 40001, retryable: false })
  }
  expect(fetches()).toBe(1)
  for (const restSeconds of [60, 120, 240, 480, 600, 600]) {
    await expect(source.get()).rejects.toMatchObject({ retryAfterMs: restSeconds * 1000 })
    clock.advance(restSeconds * 1000 - 1)
    await expect(source.get()).rejects.toMatchObject({ retryAfterMs: 1 })
    const before = fetches()
    clock.advance(1)
    await expect(source.get()).rejects.toMatchObject({ code: 'credential_refused' })
    expect(fetches()).toBe(before + 1)
  }
})

it.each([
  40001, 40013, 40091, 2000002, 41002, 41004, 41024, 40080, 40083, 41021, 48003, 40084, 41025,
  48004, 45031,
])('rule 10: errcode %s means a wrong id or secret: one try, then a cooldown', async (errcode) => {
  const { source, clock, fetches } = sourceWith({ body: JSON.stringify({ errcode }) })
  const refused = { code: 'credential_refused', errcode, retryable: false }
  await expect(source.get()).rejects.toMatchObject({ ...refused, retryAfterMs: 60_000 })
  clock.advance(59_999)
  await expect(source.get()).rejects.toMatchObject({ ...refused, retryAfterMs: 1 })
  expect(fetches()).toBe(1)
})

it.each([
  [42001, 200],
  [40014, 200],
  [-1, 200],
  [0, 502],
])(
  'rule 10: errcode %s with HTTP %s in answer to a token request is a server error',
  async (errcode, status) => {
    const body = JSON.stringify({ errcode, access_token: 7 })
    const { source } = sourceWith({ body, status })
    await expect(source.get()).rejects.toMatchObject({
      code: 'token_fetch_failed',
      retryAfterMs: 1_000,
      retryable: true,
    })
  },
)

it.each([
  [45009, 'rate_limited'],
  [60020, 'ip_not_trusted'],
  [301042, 'ip_not_trusted'],
  [90308, 'ip_not_trusted'],
])('rule 10: %s cools down for 60 s', async (errcode, code) => {
  const { source, clock } = sourceWith({ body: JSON.stringify({ errcode, errmsg: 'no' }) })
  for (let time = 0; time < 3; time += 1) {
    await expect(source.get()).rejects.toMatchObject({
      code,
      errcode,
      retryAfterMs: 60_000,
      retryable: true,
    })
    clock.advance(60_000)
  }
})

it('rule 10: the cooldown of a network error doubles, and a success resets it', async () => {
  const { source, clock } = sourceWith((count) =>
    count === 3 ? 'token' : new Error('connect ECONNREFUSED'),
  )
  const failure = { code: 'token_fetch_failed', retryAfterMs: 1_000 }
  await expect(source.get()).rejects.toMatchObject(failure)
  clock.advance(1_000)
  await expect(source.get()).rejects.toMatchObject({ ...failure, retryAfterMs: 2_000 })
  clock.advance(2_000)
  await source.invalidate(await source.get())
  await expect(source.get()).rejects.toMatchObject(failure)
})

it('rule 3: near the end of a token callers get it at once, and one refresh runs behind them', async () => {
  const behind = deferred<string>()
  const { source, clock, fetches, types } = sourceWith((count) =>
    count === 1 ? 'old' : behind.promise,
  )
  await source.get()
  clock.advance(6_699_000)
  await source.get()
  expect(fetches()).toBe(1)
  clock.advance(200_000)
  expect(await Promise.all([source.get(), source.get(), source.get()])).toEqual([
    'old',
    'old',
    'old',
  ])
  await settle()
  expect(fetches()).toBe(2)
  behind.resolve('new')
  await settle()
  expect(await source.get()).toBe('new')
  expect(types()).toEqual(['fetched', 'refreshed'])
})

it('rule 3: a refresh that fails behind the callers is reported by event only', async () => {
  const { source, clock, types } = sourceWith((count) => (count === 1 ? 'old' : new Error('down')))
  await source.get()
  clock.advance(6_999_000)
  expect(await source.get()).toBe('old')
  await settle()
  expect(types()).toEqual(['fetched', 'failed'])
})

it('rule 4: an old token is handed out while no new one can be fetched, until it expires', async () => {
  const { source, clock } = sourceWith((count) => (count === 1 ? 'old' : new Error('down')))
  await source.get()
  clock.advance(7_100_000)
  expect(await source.get()).toBe('old')
  expect(await source.get()).toBe('old')
  clock.advance(100_000)
  await expect(source.get()).rejects.toMatchObject({ code: 'token_fetch_failed' })
})

it('rule 4: an old token that is handed out during a cooldown costs no fetch', async () => {
  const { source, clock, fetches } = sourceWith((count) =>
    count === 1 ? 'old' : { body: '{"errcode":60020}' },
  )
  await source.get()
  clock.advance(7_050_000)
  for (let call = 0; call < 100; call += 1) expect(await source.get()).toBe('old')
  expect(fetches()).toBe(2)
  clock.advance(59_999)
  expect(await source.get()).toBe('old')
  expect(fetches()).toBe(2)
  clock.advance(1)
  expect(await source.get()).toBe('old')
  expect(fetches()).toBe(3)
})

it('rule 4: a refused token is not kept', async () => {
  const { source } = sourceWith((count) => (count === 1 ? 'old' : new Error('down')))
  await source.get()
  await source.invalidate('old')
  await expect(source.get()).rejects.toMatchObject({ code: 'token_fetch_failed' })
})

it('rule 11: get rejects with signal.reason, and the others get their token', async () => {
  const answer = deferred<string>()
  const { source, fetches } = sourceWith(() => answer.promise)
  const controller = new AbortController()
  const impatient = source.get({ signal: controller.signal })
  const patient = source.get()
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(impatient).rejects.toBe(reason)
  answer.resolve('token')
  expect(await patient).toBe('token')
  expect(fetches()).toBe(1)
  await expect(source.get({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})

it('rule 13: a token expires when the wall clock says so', async () => {
  const { source, clock, fetches } = sourceWith('token')
  await source.get()
  clock.setWallBy(3 * HOUR_MS)
  await source.get()
  expect(fetches()).toBe(2)
})

it('rule 13: a token expires when the monotonic clock says so, with the wall clock set back a year', async () => {
  const { source, clock, fetches } = sourceWith('token', { refreshAheadMs: 0 })
  await source.get()
  clock.setWallBy(-365 * 24 * HOUR_MS)
  await source.get()
  expect(fetches()).toBe(1)
  clock.advance(7_000_000)
  await source.get()
  expect(fetches()).toBe(2)
})

it('rule 13: time is taken before the request', async () => {
  const answer = deferred<string>()
  const { source, clock, fetches } = sourceWith(
    (count) => (count === 1 ? answer.promise : 'second'),
    {
      refreshAheadMs: 0,
      tokenTimeoutMs: 100_000,
    },
  )
  const first = source.get()
  await settle()
  clock.advance(9_000)
  answer.resolve('first')
  await first
  clock.advance(6_991_000)
  expect(await source.get()).toBe('second')
  expect(fetches()).toBe(2)
})

it('rule 14: store keys contain base address, kind and ids, and a hash of the secret, never the secret', async () => {
  const keys: string[] = []
  const memory = memoryStore()
  const get = (key: string) => {
    keys.push(key)
    return memory.get(key)
  }
  const store = withParts(memory, { get })
  for (const corpSecret of ['app-one-secret', 'app-two-secret']) {
    const transport = async () => ({ status: 200, body: tokenBody(corpSecret.slice(0, 7)) })
    const source = createTokenSource(selfBuilt({ corpId: 'ww1', corpSecret }), {
      store,
      transport,
    })
    expect(await source.get()).toBe(corpSecret.slice(0, 7))
  }
  expect(new Set(keys).size).toBe(2)
  for (const key of keys) {
    expect(key).toMatch(
      /^qyapi-token:https%3A%2F%2Fqyapi\.weixin\.qq\.com:self-built:ww1:[0-9a-f]{64}$/,
    )
    expect(key).not.toContain('secret')
  }
})

it('rule 20: a store that fails is reported by event, and the source goes on without it', async () => {
  const broken: TokenStore = {
    get: () => Promise.reject(new Error('ECONNREFUSED')),
    set: () => new Promise<boolean>(() => {}),
    delete: async () => true,
  }
  const { source, events, clock } = sourceWith('token', { store: broken })
  expect(await source.get()).toBe('token')
  clock.advance(1_000)
  await source.invalidate('token')
  broken.get = async () => undefined
  expect(await source.get()).toBe('token')
  for (let waitedMs = 0; waitedMs < 400; waitedMs += 50) {
    await settle()
    clock.advance(50)
  }
  await settle()
  expect(events).toMatchObject([
    { type: 'store_error', operation: 'get', message: 'ECONNREFUSED' },
    { type: 'fetched' },
    { type: 'store_error', operation: 'set', reason: 'skipped' },
    { type: 'fetched' },
    { type: 'store_error', operation: 'set', message: 'no answer within 400 ms' },
  ])
})

it.each<[string, (errcode: number) => unknown]>([
  ['a resolved value', (errcode) => ({ errcode })],
  ['a resolved axios response', (errcode) => ({ data: { errcode } })],
  ['a resolved text', (errcode) => JSON.stringify({ errcode })],
  ['err.errcode', (errcode) => Promise.reject(Object.assign(new Error('x'), { errcode }))],
  ['err.code', (errcode) => Promise.reject(Object.assign(new Error('x'), { code: errcode }))],
  [
    'err.data.errcode',
    (errcode) => Promise.reject(Object.assign(new Error('x'), { data: { errcode } })),
  ],
  [
    'err.response.data.errcode',
    (errcode) => Promise.reject(Object.assign(new Error('x'), { response: { data: { errcode } } })),
  ],
])('run recognises the errcode in %s', async (_name, outcome) => {
  const { source, fetches } = sourceWith((count) => `token-${count}`)
  const used: string[] = []
  const answer = await source.run(async (token) => {
    used.push(token)
    return used.length === 1 ? outcome(40014) : 'done'
  })
  expect(answer).toBe('done')
  expect(used).toEqual(['token-1', 'token-2'])
  expect(fetches()).toBe(2)
})

it('run passes other results and errors on as the same objects', async () => {
  const { source } = sourceWith('token')
  const value = { errcode: 40001 }
  expect(await source.run(() => value)).toBe(value)
  const error = new Error('business')
  await expect(
    source.run(() => {
      throw error
    }),
  ).rejects.toBe(error)
})

it('request rule 6: run without a replacement returns the refused answer, and emits an event with the cause', async () => {
  const { source, events } = sourceWith((count) =>
    count === 1 ? 'token' : new Error('gettoken is down'),
  )
  expect(await source.run(() => ({ errcode: 42001 }))).toEqual({ errcode: 42001 })
  expect(events.at(-1)).toMatchObject({ type: 'not_replayed', reason: 'no_replacement' })
  expect(JSON.stringify(events.at(-1))).toContain('gettoken is down')
})

it('describe returns the state of the source', async () => {
  const { source, clock } = sourceWith('token')
  expect(source.describe()).toEqual({
    kind: 'self-built',
    subject: 'app of corp ww-fake',
    state: 'empty',
  })
  await source.get()
  clock.advance(1_000)
  expect(source.describe()).toMatchObject({
    state: 'usable',
    ageMs: 1_000,
    expiresInMs: 6_999_000,
    generation: 1,
  })
  clock.advance(HOUR_MS * 2)
  expect(source.describe()).toMatchObject({ state: 'expired', expiresInMs: 0 })
  const failing = sourceWith({ body: JSON.stringify({ errcode: 40001 }) })
  await failing.source.get().catch(() => {})
  expect(failing.source.describe().cooldownUntil).toBe(failing.clock.wall() + 60_000)
})

it('close rejects waiters and later callers with a closed error', async () => {
  const { source } = sourceWith(() => new Promise(() => {}))
  const waiting = source.get()
  await settle()
  source.close()
  await expect(waiting).rejects.toMatchObject({ code: 'closed' })
  await expect(source.get()).rejects.toMatchObject({ code: 'closed' })
  await expect(source.run(() => 1)).rejects.toMatchObject({ code: 'closed' })
  expect(source.describe().state).toBe('closed')
})

it('await using closes the source', async () => {
  const { source } = sourceWith('token')
  await source.get()
  await source[Symbol.asyncDispose]()
  await expect(source.get()).rejects.toMatchObject({ code: 'closed' })
})

const suite = () => createTokenSource(suiteApp({ suiteId: 'ww-suite', suiteSecret: 'secret' }))

it('request rule 9: a wrong ticket is refused and not printed, since it may be a secret in the wrong place', async () => {
  await expect(suite().pushTicket(4711 as never)).rejects.toThrow(
    'ticket must be the suite_ticket, a non-empty string, got something of type number (not shown).',
  )
})

it('a ticket is refused by a source that needs none', async () => {
  const { source } = sourceWith('token')
  await expect(source.pushTicket('ticket')).rejects.toThrow(
    "source must be one that needs a ticket, e.g. of suiteApp, got 'self-built app of corp ww-fake'.",
  )
})

it.each([100_000_000_000, '100000000000', 1_767_225_600_000])(
  'a ticket’s time in milliseconds is refused: %s',
  async (timeStamp) => {
    await expect(suite().pushTicket('ticket', { timeStamp })).rejects.toThrow(
      /^timeStamp must be the callback’s TimeStamp, whole seconds, got /,
    )
    expect(await suite().pushTicket('ticket', { timeStamp: 99_999_999_999 })).toBe(true)
  },
)

it('a wrong replacement of a credential is refused if its ids differ, with the owner in the message', () => {
  const { source } = sourceWith('token')
  expect(() => source.replaceCredential(selfBuilt({ ...APP, corpId: 'ww-other' }))).toThrow(
    'credential must be one of self-built app of corp ww-fake, like the one it replaces, got an object.',
  )
})

it('a wrong replacement of a credential is refused if it is only the new secret, which is not printed', () => {
  const { source } = sourceWith('token')
  expect(() => source.replaceCredential('the-new-secret' as never)).toThrow(
    'credential must be a credential, e.g. selfBuilt({ corpId, corpSecret }), got a string of 14 characters.',
  )
})

const YEAR_MS = 31_536_000_000

it('rule 13: a clock that is set back by a year after the same string came back does not extend the token’s lifetime', async () => {
  const { source, clock, fetches } = sourceWith('same')
  await source.get()
  clock.setWallBy(YEAR_MS)
  await source.get()
  expect(fetches()).toBe(2)
  clock.setWallBy(-YEAR_MS)
  clock.advance(6_999_999)
  await source.get()
  expect(fetches()).toBe(2)
  expect(source.describe()).toMatchObject({ state: 'usable', ageMs: 6_999_999 })
  clock.advance(200_001)
  expect(source.describe()).toMatchObject({ state: 'expired' })
  await source.get()
  expect(fetches()).toBe(3)
})

it('rule 13: a clock that is set back by a year during the request does not extend the token’s lifetime', async () => {
  const answer = deferred<string>()
  const { source, clock, fetches } = sourceWith((count) => (count === 2 ? answer.promise : 'same'))
  await source.get()
  clock.setWallBy(YEAR_MS)
  const waiting = source.get()
  await settle()
  clock.setWallBy(-YEAR_MS)
  answer.resolve('same')
  await waiting
  expect(fetches()).toBe(2)
  clock.advance(7_200_000)
  expect(source.describe()).toMatchObject({ state: 'expired' })
})

it('rule 13: a clock that is set back by a year does not make an old reconfirmation count as a new one', async () => {
  const { source, clock } = sourceWith('same')
  await source.get()
  clock.setWallBy(YEAR_MS)
  await source.get()
  clock.setWallBy(-YEAR_MS)
  clock.advance(9_999)
  expect(await source.invalidate('same')).toBe(false)
  clock.advance(1)
  expect(await source.invalidate('same')).toBe(true)
})

const signal = Object.assign(new EventTarget(), { aborted: true }) as AbortSignal

it.each(['get', 'run'])(
  'rule 11: an aborted polyfill signal without a reason rejects %s with an AbortError, and nothing is fetched',
  async (method) => {
    const { source, fetches } = sourceWith('token-1')
    const asked =
      method === 'get' ? source.get({ signal }) : source.run(() => expect.fail(), { signal })
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' })
    expect(fetches()).toBe(0)
  },
)

it('rule 14: a printed source shows the result of describe(), with console.log and JSON.stringify', async () => {
  const { source } = sourceWith('planted-token')
  await source.get()
  const { kind, subject } = source.describe()
  expect(inspect(source).replace(/\s+/g, ' ')).toContain(
    `TokenSource { kind: '${kind}', subject: '${subject}', state: 'usable'`,
  )
  expect(JSON.parse(JSON.stringify({ source }))).toEqual({ source: source.describe() })
  expect(inspect(source, { depth: 10, showHidden: true })).not.toContain('planted')
})
