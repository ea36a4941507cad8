import { inspect } from 'node:util'
import { expect, it, vi } from 'vitest'
import {
  createTokenSource,
  downstreamCorp,
  memoryStore,
  type RemoteTokenOptions,
  remoteToken,
  type SourceOptions,
  selfBuilt,
  type TokenEvent,
} from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { APP, settle } from '../support/qyapi.js'
import { deferred } from '../support/source.js'

type Get = RemoteTokenOptions['get']

/** A source on a token service that gives `token-1`, `token-2`, … */
function served(given: Partial<RemoteTokenOptions> = {}, options: SourceOptions = {}) {
  let count = 0
  const get = vi.fn<Get>(async () => {
    count += 1
    return { token: `token-${count}`, expiresInSeconds: 7200 }
  })
  const refused = vi.fn()
  const transport = vi.fn()
  const clock = fakeClock()
  const events: TokenEvent[] = []
  const onEvent = (event: TokenEvent) => events.push(event)
  const credential = remoteToken({ name: 'corp ww1', get, refused, ...given })
  const source = createTokenSource(credential, { clock, transport, onEvent, ...options })
  return { source, credential, clock, get, refused, transport, events }
}

/** A call that is answered with an errcode for each token it comes with. */
const refusing =
  (...tokens: string[]) =>
  async (token: string) => ({ errcode: tokens.includes(token) ? 42001 : 0, token })

it('remoteToken gets its token from the service, and never calls gettoken', async () => {
  const { source, transport, get } = served()
  expect(await source.get()).toBe('token-1')
  expect(get.mock.calls).toEqual([[{ signal: expect.any(AbortSignal) }]])
  expect(transport).not.toHaveBeenCalled()
  expect(source.describe()).toMatchObject({ kind: 'remote', subject: 'corp ww1' })
})

it('remoteToken calls the service once for ten thousand callers, and again after the 7000 s', async () => {
  const { source, clock, get } = served({}, { refreshAheadMs: 0 })
  await Promise.all(Array.from({ length: 10_000 }, () => source.get()))
  clock.advance(6_999_999)
  expect(await source.get()).toBe('token-1')
  expect(get).toHaveBeenCalledTimes(1)
  clock.advance(1)
  expect(await source.get()).toBe('token-2')
})

it('remoteToken hands a token out for its remaining lifetime only', async () => {
  const get = async () => ({ token: 'old', expiresInSeconds: 72 })
  const { source } = served({ get }, { refreshAheadMs: 0 })
  await source.get()
  expect(source.describe()).toMatchObject({ expiresInMs: 70_000 })
})

it('remoteToken accepts a service that is synchronous, and seconds as a string', async () => {
  const get = (() => ({ token: 'now', expiresInSeconds: '7200' })) as unknown as Get
  expect(await served({ get }).source.get()).toBe('now')
})

it('a refusal of a remote token is reported once, before the next token is requested', async () => {
  const order: string[] = []
  const report = deferred<void>()
  const { source, get } = served({
    refused(token) {
      order.push(`refused ${token}`)
      return report.promise
    },
  })
  await source.get()
  get.mockImplementation(() => {
    order.push('get')
    return { token: 'token-2', expiresInSeconds: 7200 }
  })
  const calls = Array.from({ length: 20 }, () => source.run(refusing('token-1')))
  await settle()
  expect(order).toEqual(['refused token-1'])
  report.resolve()
  for (const answer of await Promise.all(calls)) {
    expect(answer).toEqual({ errcode: 0, token: 'token-2' })
  }
  expect(order).toEqual(['refused token-1', 'get'])
})

it('a refusal of a remote token is also reported by invalidate', async () => {
  const { source, refused } = served()
  await source.invalidate(await source.get())
  expect(refused.mock.calls).toEqual([['token-1']])
  expect(await source.invalidate('token-1')).toBe(false)
  expect(refused).toHaveBeenCalledTimes(1)
})

it.each<[string, RemoteTokenOptions['refused']]>([
  [
    'throws',
    () => {
      throw new Error('no')
    },
  ],
  ['rejects', async () => Promise.reject(new Error('no'))],
])('a refusal of a remote token is ignored if the report %s', async (_how, refused) => {
  const { source } = served({ refused })
  await source.get()
  expect(await source.run(refusing('token-1'))).toMatchObject({ token: 'token-2' })
})

it('a refusal of a remote token whose report hangs fails one fetch at the deadline, and not the next', async () => {
  const { source, clock, get } = served({ refused: () => new Promise(() => {}) })
  await source.invalidate(await source.get())
  const waiting = source.get().catch((error) => error)
  await settle()
  clock.advance(10_000)
  expect(await waiting).toMatchObject({ code: 'token_fetch_failed' })
  expect(get).toHaveBeenCalledTimes(1)
  clock.advance(1_000)
  expect(await source.get()).toBe('token-2')
})

it('a refusal of a remote token is replayed once if the service returns the same string again', async () => {
  const get = vi.fn<Get>(async () => ({ token: 'same', expiresInSeconds: 7200 }))
  const { source } = served({ get })
  const call = vi.fn(refusing('same'))
  await source.get()
  expect(await source.run(call)).toMatchObject({ errcode: 42001 })
  expect(call).toHaveBeenCalledTimes(2)
  expect(get).toHaveBeenCalledTimes(2)
})

it('a refusal of a remote token is not reported if the store has a newer token: it is adopted', async () => {
  const store = memoryStore()
  const first = served({}, { store })
  await first.source.get()
  await settle()
  const second = served({}, { store })
  expect(await second.source.get()).toBe('token-1')
  await first.source.invalidate('token-1')
  expect(await first.source.get()).toBe('token-2')
  await settle()
  expect(await second.source.run(refusing('token-1'))).toMatchObject({ token: 'token-2' })
  expect(second.get).not.toHaveBeenCalled()
  expect(second.refused).not.toHaveBeenCalled()
})

const url = 'https://user:planted@tokens.internal/ww1?key=planted'

it('rule 10: a token service that fails is called once, and its failure remembered: for one second, doubling', async () => {
  const get = vi.fn<Get>().mockRejectedValue(new Error('HTTP 503'))
  const { source, clock } = served({ get })
  for (let call = 0; call < 5; call += 1) {
    await expect(source.get()).rejects.toMatchObject({
      code: 'token_fetch_failed',
      message: expect.stringMatching(/^Could not get the access_token of remote corp ww1: HTTP/),
      retryable: true,
      retryAfterMs: 1_000,
    })
  }
  expect(get).toHaveBeenCalledTimes(1)
  clock.advance(1_000)
  await expect(source.get()).rejects.toMatchObject({ retryAfterMs: 2_000 })
  expect(get).toHaveBeenCalledTimes(2)
})

it('a token service that fails leaves the old token in use until it expires', async () => {
  const { source, clock, get } = served({}, { refreshAheadMs: 0 })
  await source.get()
  get.mockRejectedValue(new Error('HTTP 503'))
  clock.advance(7_100_000)
  expect(await source.get()).toBe('token-1')
  clock.advance(100_000)
  await expect(source.get()).rejects.toMatchObject({ code: 'token_fetch_failed' })
})

it('a token service that fails leaks no secret: the cause is a copy, and urls have neither users nor queries', async () => {
  const failure = Object.assign(new Error(`request to ${url} failed`), {
    config: { headers: { authorization: 'planted' } },
    cause: new Error(`connect ${url}`),
  })
  const { source, events } = served({ get: () => Promise.reject(failure) })
  const error = await source.get().catch((caught) => caught)
  expect(error.cause).not.toBe(failure)
  const printed = inspect([error, events, error.stack], { depth: 10, showHidden: true })
  expect(printed).toContain('https://tokens.internal/ww1')
  expect(printed).not.toContain('planted')
})

it.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a bare string', 'planted-token'],
  ['an empty token', { token: '', expiresInSeconds: 7200 }],
  ['no life', { token: 'planted-token' }],
  ['a life of 0', { token: 'planted-token', expiresInSeconds: 0 }],
  ['WeCom’s own words', { access_token: 'planted-token', expires_in: 7200 }],
])(
  'a token service that fails gets an error that says so, and nothing is kept, if it returns %s',
  async (_what, answer) => {
    const get = vi.fn().mockResolvedValueOnce(answer)
    const { source, clock } = served({ get })
    const error = await source.get().catch((caught) => caught)
    expect(error).toMatchObject({ code: 'token_fetch_failed', retryable: true })
    expect(error.message).toContain('{ token, expiresInSeconds }')
    expect(error.message).not.toContain('planted')
    get.mockResolvedValue({ token: 'good', expiresInSeconds: 7200 })
    clock.advance(1_000)
    expect(await source.get()).toBe('good')
  },
)

it('a token service that fails is aborted by its signal after tokenTimeoutMs', async () => {
  let given: AbortSignal | undefined
  const get: Get = ({ signal }) => {
    given = signal
    return new Promise(() => {})
  }
  const { source, clock } = served({ get }, { tokenTimeoutMs: 500 })
  const waiting = source.get().catch((error) => error)
  await settle()
  clock.advance(500)
  expect(await waiting).toMatchObject({ message: expect.stringContaining('within 500 ms') })
  expect(given?.aborted).toBe(true)
})

it('a token service that fails is aborted by its signal when the source is closed, and waiters get `closed`', async () => {
  let given: AbortSignal | undefined
  const get: Get = ({ signal }) => {
    given = signal
    return new Promise(() => {})
  }
  const { source } = served({ get })
  const waiting = source.get().catch((error) => error)
  await settle()
  source.close()
  expect(await waiting).toMatchObject({ code: 'closed' })
  expect(given?.aborted).toBe(true)
})

it('a token service that fails that uses a token source keeps the errcode of that source’s error, which is remembered there', async () => {
  const inner = createTokenSource(selfBuilt(APP), {
    clock: fakeClock(),
    transport: async () => ({ status: 200, body: '{"errcode":40001,"errmsg":"no"}' }),
  })
  const get = async () => ({ token: await inner.get(), expiresInSeconds: 60 })
  const error = await served({ get })
    .source.get()
    .catch((caught) => caught)
  expect(error).toMatchObject({ code: 'credential_refused', errcode: 40001 })
  expect(error.message).toMatch(/^Could not get the access_token of remote corp ww1: /)
})

const get: Get = () => ({ token: 'planted', expiresInSeconds: 1 })
const refused = () => {}

it('the options of remoteToken default to a token of kind app', () => {
  expect(remoteToken({ name: 'n', get, refused })).toMatchObject({
    tokenKind: 'app',
    tokenName: 'access_token',
    tokenInvalidErrcodes: [40014, 42001],
  })
  const suite = remoteToken({ name: 'n', get, refused, tokenKind: 'suite' })
  expect(suite).toMatchObject({ tokenKind: 'suite', tokenInvalidErrcodes: [40082, 42009] })
})

it('the options of remoteToken make an identity of name and kind: two names or kinds never share a token', async () => {
  const store = memoryStore()
  const one = served({}, { store })
  await one.source.get()
  await settle()
  const others = [{ name: 'corp ww2' }, { tokenKind: 'provider' as const }]
  for (const other of others) {
    const { source, get } = served(other, { store })
    await source.get()
    expect(get).toHaveBeenCalledTimes(1)
  }
  expect(() =>
    one.source.replaceCredential(remoteToken({ name: 'corp ww2', get, refused })),
  ).toThrow(/must be one of remote corp ww1/)
})

it('the options of remoteToken make a token that can be the parent of another', async () => {
  const { source: upstream } = served()
  const requests: string[] = []
  const branch = createTokenSource(downstreamCorp({ upstream, corpId: 'ww2', agentId: 7 }), {
    transport: async ({ url }) => {
      requests.push(url)
      return { status: 200, body: '{"access_token":"branch","expires_in":7200}' }
    },
  })
  expect(await branch.get()).toBe('branch')
  expect(requests[0]).toContain('corpgroup/corp/gettoken?access_token=token-1')
})

it('the options of remoteToken cannot be changed afterwards, and print no token', () => {
  const credential = remoteToken({ name: 'n', get, refused })
  expect(Object.isFrozen(credential)).toBe(true)
  expect(inspect(credential, { depth: 10, showHidden: true })).not.toContain('planted')
})

it.each<[string, object, RegExp]>([
  ['no name', { get, refused }, /^name must be the token's owner, a non-empty string/],
  ['no get', { name: 'n', refused }, /^get must be a function that gets/],
  ['a token for get', { name: 'n', get: 'planted', refused }, /^get must be .*\(not shown\)/],
  ['no refused', { name: 'n', get }, /^refused must be a function .* or \(\) => \{\}/],
  [
    'a kind that is none',
    { name: 'n', get, refused, tokenKind: 'toString' },
    /^tokenKind must be one of app, suite, provider, model, device, got/,
  ],
  [
    'an unknown key',
    { name: 'n', get, refused, subject: 's' },
    /^Unknown key 'subject' in remoteToken: /,
  ],
])('the options of remoteToken refuse %s', (_what, options, message) => {
  const make = () => remoteToken(options as RemoteTokenOptions)
  expect(make).toThrow(expect.objectContaining({ code: 'bad_options' }))
  expect(make).toThrow(message)
  expect(make).not.toThrow(/planted/)
})
