import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import {
  createTokenSource,
  memoryStore,
  selfBuilt,
  suiteApp,
  type Transport,
} from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { APP, settle } from '../support/qyapi.js'
import { sourceWith, tokenBody } from '../support/source.js'
import { withParts } from '../support/store.js'
import { refuseUnhandled } from '../support/unhandled.js'

refuseUnhandled()

const SOMETHING_ELSE =
  'Could not get the access_token of self-built app of corp ww-fake: gettoken got no ' +
  '{ status, body } from the transport, a number and a string. Check the transport.'

it.each([
  ['no answer', undefined],
  ['null', null],
  ['a text', 'access_token'],
  ['a body that is no text', { status: 200, body: { access_token: 'token', expires_in: 7200 } }],
  ['a status that is no number', { status: '200', body: tokenBody('token') }],
])(
  'rule 10: a transport that answers with %s causes a remembered failure',
  async (_name, answer) => {
    let fetches = 0
    const transport = async (
      _request: unknown,
      { shouldTryAgain }: { shouldTryAgain(_: never): boolean },
    ) => {
      fetches += 1
      expect(shouldTryAgain(answer as never)).toBe(true)
      return answer
    }
    const source = createTokenSource(selfBuilt(APP), {
      transport: transport as never,
      clock: fakeClock(),
    })
    for (let call = 0; call < 3; call += 1)
      await expect(source.get()).rejects.toMatchObject({
        code: 'token_fetch_failed',
        message: SOMETHING_ELSE,
        retryAfterMs: 1_000,
        retryable: true,
      })
    expect(fetches).toBe(1)
  },
)

it.each([
  [
    'thrown at once',
    () => {
      throw new TypeError('client.send is not a function')
    },
  ],
  [
    'rejected',
    async () => {
      throw new TypeError('client.send is not a function')
    },
  ],
])('rule 10: a transport that %s causes a remembered failure', async (_name, transport) => {
  const source = createTokenSource(selfBuilt(APP), { transport, clock: fakeClock() })
  await expect(source.get()).rejects.toMatchObject({
    code: 'token_fetch_failed',
    message: expect.stringMatching(/: client.send is not a function\. /),
    retryAfterMs: 1_000,
  })
})

it('rule 3: a mistake of the transport in a refresh behind the callers leaves them their token', async () => {
  const { source, clock, fetches, types } = sourceWith((count) =>
    count === 1 ? 'token' : ({ body: 7 } as never),
  )
  await source.get()
  clock.advance(6_900_000)
  for (let call = 0; call < 3; call += 1) expect(await source.get()).toBe('token')
  await settle()
  expect(await source.get()).toBe('token')
  expect(fetches()).toBe(2)
  expect(types()).toEqual(['fetched', 'failed'])
})

it('a transport that rejects with an error of its own when the source is closed changes nothing', async () => {
  const transport: Transport = (_request, { signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('own'))))
  const source = createTokenSource(selfBuilt(APP), { transport, clock: fakeClock() })
  const waiting = source.get()
  await settle()
  source.close()
  await expect(waiting).rejects.toMatchObject({ code: 'closed' })
})

const ODD = 'half-\ud800-a-pair'

it('a token that no url can contain is an unreadable answer, which is remembered', async () => {
  const { source, fetches } = sourceWith(ODD)
  for (let call = 0; call < 3; call += 1)
    await expect(source.get()).rejects.toMatchObject({
      code: 'token_fetch_failed',
      message: expect.stringMatching(/gettoken got JSON instead of a token with a lifetime/),
      retryAfterMs: 1_000,
    })
  expect(fetches()).toBe(1)
})

it('a token that no url can contain in a store counts as absent', async () => {
  const stored = { value: ODD, generation: 4, ageMs: 0, expiresInMs: 7_200_000 }
  const store = withParts(memoryStore(), { get: async () => stored })
  const { source, types } = sourceWith('token', { store })
  expect(await source.get()).toBe('token')
  expect(types()).toContain('store_error')
})

it('a secret that no url can contain is an error at creation', () => {
  expect(() => selfBuilt({ ...APP, corpSecret: ODD })).toThrow(/^corpSecret must be/)
})

const vault = () => {
  const state = { isDown: false, secret: 'planted-secret' }
  const corpSecret = () => {
    if (state.isDown)
      throw Object.assign(new Error('GET https://vault.example/?key=planted-key: 503'), {
        config: 'planted-config',
      })
    return state.secret
  }
  return { state, credential: selfBuilt({ ...APP, corpSecret }) }
}
const sourceOf = (credential: ReturnType<typeof selfBuilt>, answer: () => string | Error) => {
  const clock = fakeClock()
  let fetches = 0
  const transport = async () => {
    fetches += 1
    const given = answer()
    if (given instanceof Error) throw given
    return { status: 200, body: tokenBody(given) }
  }
  return {
    source: createTokenSource(credential, { clock, transport }),
    clock,
    fetches: () => fetches,
  }
}

it('rule 10: a secret that cannot be read fails the fetch, is remembered, and recovers as soon as it can be read', async () => {
  const { state, credential } = vault()
  const { source, fetches } = sourceOf(credential, () => 'token')
  state.isDown = true
  const error = await source.get().catch((thrown) => thrown)
  expect(error).toMatchObject({
    code: 'token_fetch_failed',
    message:
      'Could not get the access_token of self-built app of corp ww-fake: ' +
      'the function that gives the secret failed: GET https://vault.example/ 503',
    retryAfterMs: 1_000,
    retryable: true,
  })
  expect(inspect(error, { depth: 10 })).not.toMatch(/planted/)
  expect(source.describe()).toMatchObject({ state: 'empty', cooldownUntil: expect.any(Number) })
  state.isDown = false
  expect(await source.get()).toBe('token')
  expect(fetches()).toBe(1)
})

it('rule 10: a secret that cannot be read leaves a good token and describe() available', async () => {
  const { state, credential } = vault()
  const { source, clock } = sourceOf(credential, () =>
    clock.monotonic() > 0 ? new Error('down') : 'token',
  )
  await source.get()
  clock.advance(6_900_000)
  await source.get()
  await settle()
  state.isDown = true
  expect(await source.get()).toBe('token')
  await settle()
  expect(source.describe()).toMatchObject({ state: 'usable' })
  clock.advance(200_000)
  expect(await source.get()).toBe('token')
  expect(source.describe()).toMatchObject({ state: 'expired' })
})

it('rule 10: a secret that cannot be read is not a store error', async () => {
  const { state, credential } = vault()
  const types: string[] = []
  const source = createTokenSource(credential, {
    store: memoryStore(),
    transport: async () => ({ status: 200, body: tokenBody('token') }),
    onEvent: ({ type }) => types.push(type),
  })
  state.isDown = true
  await expect(source.get()).rejects.toMatchObject({ code: 'token_fetch_failed' })
  expect(types).toEqual(['failed'])
})

it('a function that returns no secret is a bad option', async () => {
  const { state, credential } = vault()
  const { source } = sourceOf(credential, () => 'token')
  state.secret = ''
  await expect(source.get()).rejects.toMatchObject({ code: 'bad_options', retryAfterMs: 1_000 })
})

const suiteWith = (
  suiteTicket: () => string | Promise<string>,
  answer = () => '{"errcode":40085}',
) => {
  const clock = fakeClock()
  let fetches = 0
  const transport = async () => {
    fetches += 1
    return { status: 200, body: answer() }
  }
  const credential = suiteApp({ suiteId: 'ww-suite', suiteSecret: 'secret', suiteTicket })
  return {
    source: createTokenSource(credential, { clock, transport }),
    clock,
    fetches: () => fetches,
  }
}

it('the function that gives a suite_ticket that hangs fails with the deadline, and later callers call it again', async () => {
  let calls = 0
  const { source, clock } = suiteWith(() => {
    calls += 1
    return new Promise(() => {})
  })
  const waiting = source.get()
  await settle()
  clock.advance(10_000)
  await expect(waiting).rejects.toMatchObject({
    code: 'token_fetch_failed',
    message: expect.stringMatching(/: no suite_ticket within 10000 ms\. /),
    retryAfterMs: 1_000,
  })
  clock.advance(1_000)
  const later = source.get()
  await settle()
  expect(calls).toBe(2)
  source.close()
  await expect(later).rejects.toMatchObject({ code: 'closed' })
})

it('the function that gives a suite_ticket has one deadline for all tries together, however many tickets are stale', async () => {
  let tickets = 0
  const { source, clock, fetches } = suiteWith(() => {
    tickets += 1
    if (tickets === 3) return new Promise(() => {})
    clock.advance(4_000)
    return `ticket-${tickets}`
  })
  const waiting = source.get()
  await settle()
  expect(fetches()).toBe(2)
  const isStillWaiting = await Promise.race([waiting, settle().then(() => true)])
  expect(isStillWaiting).toBe(true)
  clock.advance(2_000)
  await expect(waiting).rejects.toMatchObject({
    message: expect.stringMatching(/no suite_ticket within 10000 ms/),
  })
})

it('the function that gives a suite_ticket that fails does not leak the secrets of the request', async () => {
  const { source } = suiteWith(() => {
    const url = 'redis://user:planted-password@redis.example/0?key=planted-key'
    throw Object.assign(new Error(`no answer from ${url}`), {
      config: { auth: 'planted-config' },
    })
  })
  const error = await source.get().catch((thrown) => thrown)
  expect(error.message).toMatch(
    /: the function that gives the suite_ticket failed: no answer from redis:\/\/redis.example\/0$/,
  )
  expect(error.cause).toBeInstanceOf(Error)
  expect(inspect(error, { depth: 10 })).not.toMatch(/planted/)
})
