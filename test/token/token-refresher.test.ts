import { expect, it } from 'vitest'
import { platform } from '../../src/core/platform.js'
import { fetchToken } from '../../src/gettoken/fetch-token.js'
import { type StoredToken, selfBuilt, type TokenEvent, type Transport } from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { policyOf } from '../../src/token/token-source.js'
import { APP, settle } from '../support/qyapi.js'
import { deferred, sourceWith, tokenBody } from '../support/source.js'
import { sourceOn } from '../support/source-on.js'

const SUBJECT = { kind: 'self-built', subject: 'app of corp ww-fake' }
const CLOSED =
  'The token source of self-built app of corp ww-fake was closed. Make a new one, or close it later.'

it('the event of a fetch contains how long it took, and whether the same string came back', async () => {
  const clock = fakeClock()
  clock.advance(5_000)
  const strings = ['a', 'a', 'b']
  const events: TokenEvent[] = []
  const source = sourceOn(selfBuilt(APP), {
    clock,
    onEvent: (event) => events.push(event),
    transport: async () => {
      clock.advance(250)
      return { status: 200, body: tokenBody(strings.shift()) }
    },
  })
  await source.get()
  clock.advance(60_000)
  await source.invalidate('a')
  await source.get()
  clock.advance(6_940_000)
  await source.get()
  await settle()
  expect(events).toEqual([
    { ...SUBJECT, type: 'fetched', generation: 1, tookMs: 250, isSameString: false },
    { ...SUBJECT, type: 'fetched', generation: 2, tookMs: 250, isSameString: true },
    { ...SUBJECT, type: 'refreshed', generation: 3, tookMs: 250, isSameString: false },
  ])
})

it('the event of a fetch past the 7000 s is one of a fetch that callers waited for', async () => {
  const { source, clock, types } = sourceWith((count) => `token-${count}`)
  await source.get()
  clock.advance(7_000_000)
  await source.get()
  expect(types()).toEqual(['fetched', 'fetched'])
})

it('the event of a fetch that failed contains the reason and the cooldown', async () => {
  const clock = fakeClock()
  const { source, events } = sourceWith(
    () => {
      clock.advance(250)
      return { body: '{"errcode":45009}' }
    },
    { clock },
  )
  const { message } = await source.get().catch((error) => error)
  expect(events).toEqual([
    {
      ...SUBJECT,
      type: 'failed',
      code: 'rate_limited',
      errcode: 45009,
      message,
      retryAfterMs: 60_000,
      tookMs: 250,
    },
  ])
})

it('the event of a fetch that failed without an errcode contains none', async () => {
  const { source, events } = sourceWith(new Error('down'))
  await source.get().catch(() => {})
  expect(events).toMatchObject([{ code: 'token_fetch_failed', retryAfterMs: 1_000 }])
  expect('errcode' in (events[0] ?? {})).toBe(false)
})

it('the event of a fetch that failed because of a credential’s bug is like any other failure', async () => {
  const mistake = new TypeError('no vault yet')
  const events: TokenEvent[] = []
  const corpSecret = () => {
    throw mistake
  }
  const credential = selfBuilt({ ...APP, corpSecret })
  const source = sourceOn(credential, { onEvent: (event) => events.push(event) })
  await expect(source.get()).rejects.toMatchObject({
    code: 'token_fetch_failed',
    message: expect.stringMatching(/: the function that gives the secret failed: no vault yet$/),
    retryAfterMs: 1_000,
  })
  expect(events).toMatchObject([{ type: 'failed', code: 'token_fetch_failed' }])
})

it.each([
  [0, 6_700_000],
  [1, 6_760_000],
])(
  'rule 3: a refresh ahead with a random number of %s begins at %s ms',
  async (random, refreshAfterMs) => {
    const clock = fakeClock()
    let fetches = 0
    const source = sourceOn(
      selfBuilt(APP),
      {
        clock,
        transport: async () => {
          fetches += 1
          return { status: 200, body: tokenBody(`token-${fetches}`) }
        },
      },
      { ...platform, random: () => random },
    )
    await source.get()
    clock.advance(refreshAfterMs - 1)
    await source.get()
    await settle()
    expect(fetches).toBe(1)
    clock.advance(1)
    await source.get()
    await settle()
    expect(fetches).toBe(2)
  },
)

it('rule 3: a refresh ahead that failed is not repeated during the cooldown', async () => {
  const { source, clock, fetches } = sourceWith((count) =>
    count === 1 ? 'token' : new Error('down'),
  )
  await source.get()
  clock.advance(6_900_000)
  for (let call = 0; call < 5; call += 1) {
    expect(await source.get()).toBe('token')
    await settle()
  }
  expect(fetches()).toBe(2)
  clock.advance(1_000)
  await source.get()
  await settle()
  expect(fetches()).toBe(3)
})

it('rule 3: a refresh ahead that returns another string than the cleared one is not repeated', async () => {
  const behind = deferred<string>()
  const { source, clock, fetches } = sourceWith((count) => (count === 1 ? 'old' : behind.promise))
  await source.get()
  clock.advance(6_900_000)
  await source.get()
  await settle()
  await source.invalidate('old')
  const next = source.get()
  behind.resolve('fresh')
  expect(await next).toBe('fresh')
  expect(fetches()).toBe(2)
})

it('a token has its url encoding', async () => {
  const { source } = sourceWith("it's+new")
  expect((await policyOf(source).getToken()).encoded).toBe('it%27s%2Bnew')
  await source.invalidate("it's+new")
  expect((await policyOf(source).getToken()).encoded).toBe('it%27s%2Bnew')
})

it('a token from a store has its url encoding', async () => {
  const store = {
    get: async () => ({ value: 'a+b', generation: 1, ageMs: 0, expiresInMs: 7_200_000 }),
    set: async () => true,
    delete: async () => true,
  }
  const { source } = sourceWith('unused', { store })
  expect((await policyOf(source).getToken()).encoded).toBe('a%2Bb')
})

it('rule 13: the age of a token whose fetch was repeated counts from the request that returned it', async () => {
  const first = deferred<string>()
  const { source, clock, fetches } = sourceWith((count) => (count === 2 ? first.promise : 'same'))
  const policy = policyOf(source)
  const refused = await policy.getToken()
  clock.advance(7_000_000)
  const waiting = source.get()
  await settle()
  const replaced = policy.replaceRefused({
    token: refused,
    endpoint: 'message/send',
    errcode: 42001,
  })
  await settle()
  clock.setWallBy(3_600_000)
  first.resolve('same')
  await Promise.all([waiting, replaced])
  expect(fetches()).toBe(3)
  expect(source.describe()).toMatchObject({ state: 'usable', generation: 2 })
  await source.get()
  expect(fetches()).toBe(3)
})

it('rule 6: a credential that is replaced while the next token is fetched makes its waiters wait for a token of the new one', async () => {
  const next = deferred<string>()
  const answers = ['first', next.promise, 'by the new secret']
  const { source, clock, fetches } = sourceWith((count) => answers[count - 1] ?? 'no more')
  await source.get()
  clock.advance(7_000_000)
  const waiting = source.get()
  await settle()
  source.replaceCredential(selfBuilt({ ...APP, corpSecret: 'new-secret' }))
  next.resolve('by the old secret')
  expect(await waiting).toBe('by the new secret')
  expect(fetches()).toBe(3)
})

it('rule 6: a credential that is replaced at the moment of the answer does not have its token handed out', async () => {
  const answer = deferred<string>()
  const { source, fetches } = sourceWith((count) => (count === 1 ? answer.promise : 'new'))
  const waiting = source.get()
  await settle()
  answer.resolve('by the old secret')
  source.replaceCredential(selfBuilt({ ...APP, corpSecret: 'new-secret' }))
  expect(await waiting).toBe('new')
  expect(fetches()).toBe(2)
})

it.each(Array.from({ length: 12 }, (_, turns) => turns))(
  'rule 6: a credential that is replaced at the moment of the answer does not have its token handed out %s microtasks later',
  async (turns) => {
    const answer = deferred<string>()
    const { source } = sourceWith((count) => (count === 1 ? answer.promise : 'new'))
    const waiting = source.get()
    await settle()
    answer.resolve('by the old secret')
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
    const isStillWaiting = source.describe().state === 'empty'
    source.replaceCredential(selfBuilt({ ...APP, corpSecret: 'new-secret' }))
    await waiting
    expect(await source.get()).toBe('new')
    if (isStillWaiting) expect(await waiting).toBe('new')
  },
)

it.each(Array.from({ length: 12 }, (_, turns) => turns))(
  'rule 6: a token that is cleared at the moment of the answer that returns it again is requested again, unless it was reconfirmed already, %s microtasks later',
  async (turns) => {
    const behind = deferred<string>()
    const { source, clock, fetches } = sourceWith((count) =>
      count === 2 ? behind.promise : 'same',
    )
    await source.get()
    clock.advance(6_900_000)
    await source.get()
    await settle()
    behind.resolve('same')
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
    const isCleared = await source.invalidate('same')
    expect(await source.get()).toBe('same')
    expect(fetches()).toBe(isCleared ? 3 : 2)
  },
)

it.each(Array.from({ length: 12 }, (_, turns) => turns))(
  'rule 6: a token that is refused at the moment of the answer that returns it again is requested again, unless the answer came before the refusal, %s microtasks later',
  async (turns) => {
    const behind = deferred<string>()
    const { source, clock, fetches, types } = sourceWith((count) =>
      count === 2 ? behind.promise : 'same',
    )
    await source.get()
    clock.advance(6_900_000)
    const answers = [deferred<string>(), deferred<string>()]
    let calls = 0
    const outcome = source.run(async () => {
      calls += 1
      return { errcode: Number(await answers[calls - 1]?.promise) }
    })
    await settle()
    expect(fetches()).toBe(2)
    behind.resolve('same')
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
    answers[0]?.resolve('42001')
    answers[1]?.resolve('0')
    expect((await outcome).errcode).toBe(0)
    expect(fetches()).toBe(types().includes('adopted') ? 2 : 3)
  },
)

it('rule 6: a credential that is replaced while its token request hangs aborts that request, and sends one with the new credential at once', async () => {
  const signals: AbortSignal[] = []
  const transport: Transport = (_request, { signal }) => {
    signals.push(signal)
    const hangs = new Promise<never>(() => {})
    return signals.length === 1 ? hangs : Promise.resolve({ status: 200, body: tokenBody('new') })
  }
  const { source, types } = sourceWith('unused', { transport })
  const waiting = source.get()
  await settle()
  source.replaceCredential(selfBuilt({ ...APP, corpSecret: 'new-secret' }))
  expect(await waiting).toBe('new')
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
  expect(types()).toEqual(['fetched'])
})

it('a source that is closed during a fetch rejects the waiters with `closed`, and remembers no failure', async () => {
  const { source, types } = sourceWith(() => new Promise(() => {}))
  const waiting = source.get()
  await settle()
  source.close()
  await expect(waiting).rejects.toMatchObject({ code: 'closed', message: CLOSED })
  expect(types()).toEqual([])
  expect(source.describe()).not.toHaveProperty('cooldownUntil')
})

it('a source that is closed during a read of the store fetches nothing', async () => {
  const answer = deferred<undefined>()
  const store = { get: () => answer.promise, set: async () => true, delete: async () => true }
  const { source, fetches } = sourceWith('token', { store })
  const waiting = source.get()
  await settle()
  source.close()
  answer.resolve(undefined)
  await expect(waiting).rejects.toMatchObject({ code: 'closed', message: CLOSED })
  expect(fetches()).toBe(0)
})

it('a source that is closed during a read of the store does not hand out what was read', async () => {
  const answer = deferred<StoredToken>()
  const store = { get: () => answer.promise, set: async () => true, delete: async () => true }
  const { source } = sourceWith('token', { store })
  const waiting = source.get()
  await settle()
  source.close()
  answer.resolve({ value: 'stored', generation: 5, ageMs: 0, expiresInMs: 7_200_000 })
  await expect(waiting).rejects.toMatchObject({ code: 'closed', message: CLOSED })
})

it('a source that is closed drops a failure that is still cooling down', async () => {
  const { source } = sourceWith(new Error('down'))
  await source.get().catch(() => {})
  source.close()
  await expect(source.get()).rejects.toMatchObject({ code: 'closed' })
})

it('a source that is closed sends nothing to store or server any more', async () => {
  const asked: string[] = []
  const store = {
    get: async (key: string) => void asked.push(key),
    set: async () => true,
    delete: async () => true,
  }
  const { source, fetches } = sourceWith('token', { store: store as never })
  source.close()
  await expect(source.get()).rejects.toMatchObject({ code: 'closed' })
  expect(asked).toEqual([])
  expect(fetches()).toBe(0)
})

it('rule 1: a single flight, whatever the store returns in between is joined by a refusal of an adopted token, and generations stay apart', async () => {
  let theirs: StoredToken | undefined
  const store = { get: async () => theirs, set: async () => true, delete: async () => true }
  const behind = deferred<string>()
  const { source, clock, fetches } = sourceWith((count) => (count === 1 ? 't1' : behind.promise), {
    store,
  })
  const policy = policyOf(source)
  const first = await policy.getToken()
  clock.advance(6_900_000)
  await source.get()
  await settle()
  expect(fetches()).toBe(2)
  theirs = { value: 'theirs', generation: 2, ageMs: 0, expiresInMs: 7_200_000 }
  const adopted = await policy.replaceRefused({ token: first, endpoint: 'a', errcode: 42001 })
  expect(adopted).toMatchObject({ value: 'theirs', generation: 2 })
  theirs = undefined
  const replacement = policy.replaceRefused({
    token: adopted ?? first,
    endpoint: 'b',
    errcode: 42001,
  })
  await settle()
  expect(fetches()).toBe(2)
  behind.resolve('t2')
  expect(await replacement).toMatchObject({ value: 't2', generation: 3 })
  expect(await source.get()).toBe('t2')
})

it('rule 1: a single flight, whatever the store returns in between sends no token request after close', async () => {
  const closed = new AbortController()
  closed.abort(new Error('expired'))
  let calls = 0
  const transport = async () => {
    calls += 1
    return { status: 200, body: '{}' }
  }
  const context = {
    credential: selfBuilt(APP),
    baseUrl: 'https://x.example',
    transport,
    tokenTimeoutMs: 1,
    clock: fakeClock(),
    source: { emit: () => {} },
  }
  await expect(fetchToken(context, closed.signal)).rejects.toThrow('expired')
  expect(calls).toBe(0)
})
