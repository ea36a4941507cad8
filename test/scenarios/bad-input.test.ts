import axios from 'axios'
import { expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { withToken } from '../../src/fetch.js'
import {
  authorizedCorp,
  createSourcePool,
  createTokenSource,
  downstreamCorp,
  isQyapiTokenError,
  jsapiTicket,
  memoryStore,
  QyapiTokenError,
  remoteToken,
  selfBuilt,
  signJsapi,
  suiteApp,
  wrapSdk,
} from '../../src/index.js'
import { keyvStore } from '../../src/stores/keyv.js'
import { redisStore } from '../../src/stores/redis.js'
import { APP } from '../support/qyapi.js'
import { sourceWith } from '../support/source.js'
import { watchUnhandled } from '../support/unhandled.js'

function thrownBy(call: () => unknown): QyapiTokenError {
  try {
    call()
  } catch (error) {
    if (isQyapiTokenError(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const never = (value: unknown) => value as never

it.each<[string, unknown, RegExp]>([
  ['nothing', undefined, /selfBuilt must be an object, got undefined/],
  ['a string', 'ww1', /selfBuilt must be an object, got a string of 3 characters/],
  ['no corpId', { corpSecret: 's' }, /corpId must be .* got undefined/],
  ['an empty corpId', { ...APP, corpId: '' }, /corpId must be .* got ''/],
  ['a corpId of spaces', { ...APP, corpId: '  ' }, /corpId must be/],
  ['a corpId that is a number', { ...APP, corpId: 7 }, /corpId must be .* got 7/],
  ['no corpSecret', { corpId: 'ww1' }, /corpSecret must be .* got undefined/],
  ['an empty corpSecret', { ...APP, corpSecret: '' }, /corpSecret must be .* got ''/],
  [
    'a corpSecret that is an array',
    { ...APP, corpSecret: ['hush'] },
    /corpSecret must be .* got something of type object \(not shown\)/,
  ],
  [
    'an unknown key',
    { ...APP, agentId: 1 },
    /Unknown key 'agentId' in selfBuilt: known are corpId, corpSecret/,
  ],
])('selfBuilt refuses %s, and says so', (_name, given, expected) => {
  const error = thrownBy(() => selfBuilt(never(given)))
  expect(error.code).toBe('bad_options')
  expect(error.message).toMatch(expected)
  expect(error.message).not.toContain('hush')
})

const make: [string, (options: unknown) => unknown][] = [
  ['createTokenSource', (options) => createTokenSource(selfBuilt(APP), never(options))],
  ['attachToken', (options) => attachToken(axios.create(), APP, never(options))],
  ['withToken', (options) => withToken(fetch, APP, never(options))],
]
const bad: [object | string, RegExp][] = [
  ['nonsense', /options must be an object/],
  [{ baseUrl: 'qyapi.weixin.qq.com' }, /baseUrl must be an absolute http\(s\) URL/],
  [{ baseUrl: 'ftp://qyapi.weixin.qq.com' }, /baseUrl/],
  [{ baseUrl: 'https://user:pass@qyapi.weixin.qq.com' }, /baseUrl/],
  [{ baseUrl: 'https://qyapi.weixin.qq.com?x=1' }, /baseUrl/],
  [{ baseUrl: new URL('https://qyapi.weixin.qq.com') }, /baseUrl must be .* got an object/],
  [{ maxAgeMs: 0 }, /maxAgeMs must be a number of milliseconds above 0, got 0/],
  [{ maxAgeMs: -1 }, /maxAgeMs/],
  [{ maxAgeMs: Number.NaN }, /maxAgeMs must be .* got NaN/],
  [{ maxAgeMs: '7000' }, /maxAgeMs must be .* got a string of 4 characters/],
  [{ refreshAheadMs: -1 }, /refreshAheadMs/],
  [{ tokenTimeoutMs: 0 }, /tokenTimeoutMs/],
  [{ refreshBudget: -1 }, /refreshBudget/],
  [{ endpointCooldownMs: Number.POSITIVE_INFINITY }, /endpointCooldownMs/],
  [{ tokenInvalidErrcodes: 42001 }, /tokenInvalidErrcodes must be an array/],
  [{ tokenInvalidErrcodes: ['42001'] }, /tokenInvalidErrcodes/],
  [{ onEvent: true }, /onEvent must be a function, got true/],
  [{ store: {} }, /store must be a token store/],
  [{ transport: 'axios' }, /transport must be/],
  [{ clock: Date }, /clock must be/],
  [{ maxAge: 1 }, /Unknown key 'maxAge' in options: known are baseUrl, maxAgeMs/],
]
it.each(
  make.flatMap(([name, call]) =>
    bad.map(([given, expected]) => [name, given, call, expected] as const),
  ),
)('the option %s refuses %j', (_name, given, call, expected) => {
  const error = thrownBy(() => call(given))
  expect(error.code).toBe('bad_options')
  expect(error.message).toMatch(expected)
})

it('options may be undefined', () => {
  createTokenSource(selfBuilt(APP), { maxAgeMs: undefined, store: undefined } as never)
})

it('options of attachToken and withToken are no options of a source', () => {
  const error = thrownBy(() => createTokenSource(selfBuilt(APP), never({ callerToken: 'keep' })))
  expect(error.message).toContain('it belongs to attachToken or withToken')
})

it.each([
  { trustedOrigins: 'https://a.example' },
  { trustedOrigins: ['a.example'] },
  { trustedOrigins: ['https://a.example/path'] },
  { callerToken: 'drop' },
])('options of attachToken and withToken are checked: %j', (options) => {
  expect(thrownBy(() => attachToken(axios.create(), APP, never(options))).code).toBe('bad_options')
  expect(thrownBy(() => withToken(fetch, APP, never(options))).code).toBe('bad_options')
})

it('options of a source are refused together with a source', () => {
  const source = createTokenSource(selfBuilt(APP))
  for (const call of [
    () => attachToken(axios.create(), source, { store: memoryStore() }),
    () => withToken(fetch, source, { maxAgeMs: 1 }),
  ]) {
    expect(thrownBy(call).message).toMatch(/belongs to the source: pass it to createTokenSource/)
  }
})

it('options next to the credential are refused with the place where they belong', () => {
  const error = thrownBy(() => attachToken(axios.create(), never({ ...APP, store: memoryStore() })))
  expect(error.message).toContain('store belongs in the third argument')
})

it.each([undefined, null, {}, 'axios', () => {}, { interceptors: {} }])(
  'attachToken refuses the client %s',
  (client) => {
    expect(thrownBy(() => attachToken(never(client), APP)).message).toMatch(
      /client must be an axios instance/,
    )
  },
)

it.each([undefined, null, {}, 'fetch'])('withToken refuses the fetch %s', (given) => {
  expect(thrownBy(() => withToken(never(given), APP)).message).toMatch(
    /fetch must be a fetch function/,
  )
})

it.each([undefined, null, 'ww1', 7, [], ['x']])('tokens of %s are refused', (tokens) => {
  expect(thrownBy(() => attachToken(axios.create(), never(tokens))).code).toBe('bad_options')
  expect(thrownBy(() => withToken(fetch, never(tokens))).code).toBe('bad_options')
})

it('createTokenSource requires a credential, not its short form', () => {
  expect(thrownBy(() => createTokenSource(never(APP))).message).toMatch(
    /credential must be a credential, e.g. selfBuilt/,
  )
})

it('attachToken requires an axios as its option axios', () => {
  expect(thrownBy(() => attachToken(axios.create(), APP, { axios: never({}) })).message).toMatch(
    /axios must be/,
  )
})

it('invalidate requires a token string, and does not show what it got', async () => {
  const source = createTokenSource(selfBuilt(APP))
  await expect(source.invalidate(never(['hush']))).rejects.toThrow(
    /token must be a token string, got something of type object \(not shown\)/,
  )
})

const PLANTED = 'planted-0123456789'
const URL_OF_STORE = `redis://:${PLANTED}@host`
const ADDRESS = `https://qyapi.weixin.qq.com/?access_token=${PLANTED}`
const source = createTokenSource(selfBuilt(APP))
const suite = createTokenSource(
  suiteApp({ suiteId: 'ww-s', suiteSecret: 's', suiteTicket: () => 't' }),
)
const ofSource = (options: object) => createTokenSource(selfBuilt(APP), never(options))

it.each<[string, () => unknown]>([
  ['the short form', () => selfBuilt(never(PLANTED))],
  ['a list', () => selfBuilt(never([PLANTED]))],
  ['a key', () => selfBuilt(never({ ...APP, [`${PLANTED}/${PLANTED}`]: 1 }))],
  ['tokens of axios', () => attachToken(axios.create(), never(PLANTED))],
  ['tokens of fetch', () => withToken(fetch, never(PLANTED))],
  ['tokens in an array', () => withToken(fetch, never([PLANTED]))],
  ['the client', () => attachToken(never(PLANTED), APP)],
  ['fetch', () => withToken(never(PLANTED), APP)],
  ['options', () => ofSource(never(PLANTED))],
  ['a store’s address', () => ofSource({ store: URL_OF_STORE })],
  ['baseUrl with a user', () => ofSource({ baseUrl: `https://u:${PLANTED}@host` })],
  ['baseUrl with a query', () => ofSource({ baseUrl: ADDRESS })],
  ['maxAgeMs', () => ofSource({ maxAgeMs: PLANTED })],
  ['transport', () => ofSource({ transport: PLANTED })],
  ['onEvent', () => ofSource({ onEvent: PLANTED })],
  ['trustedOrigins', () => withToken(fetch, APP, never({ trustedOrigins: ADDRESS }))],
  ['callerToken', () => withToken(fetch, APP, never({ callerToken: PLANTED }))],
  ['endpoints', () => withToken(fetch, APP, never({ endpoints: PLANTED }))],
  [
    'a client’s baseURL',
    () => attachToken(axios.create({ baseURL: `/x?access_token=${PLANTED}` }), APP),
  ],
  [
    'a client’s absolute baseURL',
    () =>
      attachToken(axios.create({ baseURL: `https://u:${PLANTED}@x.example/?t=${PLANTED}` }), APP),
  ],
  ['createTokenSource', () => createTokenSource(never(PLANTED))],
  ['replaceCredential', () => source.replaceCredential(never(PLANTED))],
  ['invalidate', () => source.invalidate(never([PLANTED]))],
  ['run', () => source.run(never(PLANTED))],
  ['the endpoint of run', () => source.run(() => 1, never({ endpoint: [PLANTED] }))],
  ['pushTicket of a source without one', () => source.pushTicket(PLANTED)],
  ['timeStamp', () => suite.pushTicket('1700000000', never({ timeStamp: PLANTED }))],
  ['suite', () => authorizedCorp(never({ suite: PLANTED, authCorpId: 'a', permanentCode: 'p' }))],
  ['upstream', () => downstreamCorp(never({ upstream: PLANTED, corpId: 'a', agentId: 1 }))],
  ['agentId', () => downstreamCorp(never({ upstream: source, corpId: 'a', agentId: PLANTED }))],
  [
    'businessType',
    () =>
      downstreamCorp(never({ upstream: source, corpId: 'a', agentId: 1, businessType: PLANTED })),
  ],
  ['app', () => jsapiTicket(never(PLANTED))],
  ['get of remote', () => remoteToken(never({ name: 'n', get: PLANTED, refused: () => {} }))],
  [
    'serves of remote',
    () => remoteToken(never({ name: 'n', get: () => {}, refused: () => {}, tokenKind: PLANTED })),
  ],
  [
    'suiteTicket',
    () => suiteApp(never({ suiteId: 's', suiteSecret: 's', suiteTicket: [PLANTED] })),
  ],
  ['sdk', () => wrapSdk(never(PLANTED), source)],
  ['the source of an sdk', () => wrapSdk({}, never(PLANTED))],
  ['the client of redisStore', () => redisStore(never(URL_OF_STORE))],
  ['the prefix of redisStore', () => redisStore(async () => null, { prefix: `{${PLANTED}}` })],
  ['encryptionKey', () => redisStore(async () => null, { encryptionKey: PLANTED })],
  ['keyv', () => keyvStore(never(URL_OF_STORE))],
  ['the options of keyvStore', () => keyvStore(never(new Map()), never(PLANTED))],
  ['the options of memoryStore', () => memoryStore(never(PLANTED))],
  ['credentialOf', () => createSourcePool(never(PLANTED))],
  ['maxTenants', () => createSourcePool(() => undefined, never({ maxTenants: PLANTED }))],
  ['what credentialOf gives', () => createSourcePool(() => never(PLANTED)).get('tenant')],
  ['the url of signJsapi', () => signJsapi(never({ ticket: 't', url: [PLANTED] }))],
  ['the ticket of signJsapi', () => signJsapi(never({ ticket: [PLANTED], url: 'u' }))],
  ['the nonce of signJsapi', () => signJsapi(never({ ticket: 't', url: 'u', nonce: [PLANTED] }))],
  [
    'the timestamp of signJsapi',
    () => signJsapi(never({ ticket: 't', url: 'u', timestamp: PLANTED })),
  ],
])(
  'request rule 9: an error does not show what was passed in the wrong place: %s',
  async (_name, call) => {
    const error = await (async () => call())().then(
      () => undefined,
      (failed) => failed,
    )
    expect(isQyapiTokenError(error)).toBe(true)
    expect(error).toMatchObject({ code: 'bad_options' })
    expect(`${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain('planted')
  },
)

const failing = () => sourceWith(new Error('gettoken is down')).source
const client = (more: object) => {
  const own = axios.create({ baseURL: 'https://qyapi.weixin.qq.com/cgi-bin' })
  attachToken(own, failing())
  return own.get('/user/get', never(more))
}
const URL_OF_CALL = 'https://qyapi.weixin.qq.com/cgi-bin/user/get'
it.each<[string, () => Promise<unknown>]>([
  [
    'the wrapped fetch with a signal that is none',
    () => withToken(fetch, failing())(URL_OF_CALL, never({ signal: {} })),
  ],
  ['axios with a signal that is none', () => client({ signal: {} })],
  ['axios with a cancelToken that is none', () => client({ cancelToken: {} })],
  ['axios with a timeout and such a cancelToken', () => client({ cancelToken: {}, timeout: 9 })],
  ['get with a signal that is none', () => failing().get(never({ signal: {} }))],
  ['run with a signal that is none', () => failing().run(async () => ({}), never({ signal: {} }))],
])(
  'a caller’s bad argument while gettoken fails: %s rejects, and leaves no rejection unhandled',
  async (_name, call) => {
    const watch = watchUnhandled()
    await expect(call()).rejects.toThrow()
    expect(await watch.stop()).toEqual([])
  },
)

it('QyapiTokenError is recognized across copies of the package', () => {
  const foreign = Object.defineProperty(new Error('x'), Symbol.for('qyapi-token.error'), {
    value: true,
  })
  expect(isQyapiTokenError(foreign)).toBe(true)
  expect(foreign).toBeInstanceOf(QyapiTokenError)
  class Narrower extends QyapiTokenError {}
  expect(foreign).not.toBeInstanceOf(Narrower)
  expect(new Narrower('closed', 'x')).toBeInstanceOf(Narrower)
  for (const other of [new Error('x'), null, undefined, 'x', {}])
    expect(isQyapiTokenError(other)).toBe(false)
})
