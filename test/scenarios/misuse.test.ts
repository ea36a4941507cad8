import axios from 'axios'
import { expect, it } from 'vitest'
import { attachToken, axiosTransport, busyRetry } from '../../src/axios.js'
import { fetchTransport, withToken } from '../../src/fetch.js'
import * as root from '../../src/index.js'
import { createTokenSource, selfBuilt, suiteApp } from '../../src/index.js'
import { keyvStore } from '../../src/stores/keyv.js'
import { redisStore } from '../../src/stores/redis.js'
import { fakeClock, fakeQyapi, leaseContract, storeContract } from '../../src/testing.js'
import { sourceWith } from '../support/source.js'

const APP = { corpId: 'ww1', corpSecret: 'secret' }
const keyv = { get: async () => undefined, set: async () => true, delete: async () => true }
const suite = createTokenSource(suiteApp({ suiteId: 'ww-suite', suiteSecret: 's' }))
const app = createTokenSource(selfBuilt(APP))

type Call = (options: never) => unknown

/** Every function that takes options, with a key in the wrong case. */
const takesOptions: [name: string, call: Call, wrongCase: object][] = [
  [
    'createTokenSource',
    (options) => createTokenSource(selfBuilt(APP), options),
    { baseURL: 'https://a.example' },
  ],
  [
    'createSourcePool',
    (options) => root.createSourcePool(() => undefined, options),
    { maxtenants: 1 },
  ],
  ['attachToken', (options) => attachToken(axios.create(), APP, options), { trustedorigins: [] }],
  ['withToken', (options) => withToken(fetch, APP, options), { callertoken: 'keep' }],
  ['busyRetry', (options) => busyRetry(options), { Methods: ['get'] }],
  ['memoryStore', (options) => root.memoryStore(options), { Clock: fakeClock() }],
  ['keyvStore', (options) => keyvStore(keyv, options), { Prefix: 'x' }],
  ['redisStore', (options) => redisStore(async () => null, options), { Prefix: 'x' }],
  ['fakeQyapi', (options) => fakeQyapi(options), { expiresinseconds: 7 }],
  ['source.run', (options) => app.run(async () => 1, options), { endPoint: 'x' }],
]

async function refusal(call: () => unknown): Promise<unknown> {
  try {
    return await call()
  } catch (error) {
    return error
  }
}
const isBadOptions = { name: 'QyapiTokenError', code: 'bad_options' }

it.each(takesOptions)(
  '%s refuses options that are no object, an unknown key, and a key in the wrong case',
  async (_name, call, wrongCase) => {
    for (const wrong of [null, 7, 'text', [], { unknownKey: 1 }])
      expect(await refusal(() => call(wrong as never)), JSON.stringify(wrong)).toMatchObject(
        isBadOptions,
      )
    const error = await refusal(() => call(wrongCase as never))
    expect(error).toMatchObject({
      ...isBadOptions,
      message: expect.stringMatching(/^Unknown key '\w+' in .*: known are /),
    })
  },
)

const nothing = [undefined, null, 7, 'text', {}]

it.each<[string, (given: never) => unknown]>([
  ['fetchTransport', (fetch) => fetchTransport(fetch)],
  ['axiosTransport', (client) => axiosTransport(client)],
  ['withToken', (fetch) => withToken(fetch, APP)],
  ['attachToken', (client) => attachToken(client, APP)],
  ['createTokenSource', (credential) => createTokenSource(credential)],
  ['selfBuilt', (options) => selfBuilt(options)],
  ['suiteApp', (options) => suiteApp(options)],
  ['createSourcePool', (credentialOf) => root.createSourcePool(credentialOf)],
  ['keyvStore', (given) => keyvStore(given)],
  ['redisStore', (client) => redisStore(client)],
  ['storeContract', (open) => storeContract(open)],
  ['leaseContract', (open) => leaseContract(open)],
  ['source.run', (call) => app.run(call)],
  ['replaceCredential', (credential) => app.replaceCredential(credential)],
])('an argument is checked where it is passed: %s', async (_name, call) => {
  for (const given of nothing)
    expect(await refusal(() => call(given as never))).toMatchObject(isBadOptions)
})

it.each([
  null,
  'axios',
  { axios: {} },
  { axios: null },
  { unknown: 1 },
  { headers: 'planted-key' },
  { headers: { 'x-key': 7 } },
  { auth: 'planted-key' },
  { auth: { username: 'u' } },
])('axiosTransport refuses unknown options: %o', async (options) => {
  const error = await refusal(() => axiosTransport(axios.create(), options as never))
  expect(error).toMatchObject(isBadOptions)
  expect(String(error)).not.toContain('planted')
})

const isRetried = (methods: readonly string[], method: string) =>
  busyRetry({ methods }).retryCondition?.({ config: { method }, code: 'ECONNRESET' } as never)

it.each(['get', 'GET', 'Get'])('busyRetry accepts a method in any case: %s', (spelled) => {
  expect(isRetried([spelled], 'get')).toBe(true)
  expect(isRetried([spelled], 'GET')).toBe(true)
  expect(isRetried([spelled], 'post')).toBe(false)
})

it.each([
  { retries: -1 },
  { retries: 1.5 },
  { retries: '3' },
  { retries: null },
  { methods: 'get' },
  { methods: [7] },
  { methods: [''] },
  { methods: null },
])('busyRetry refuses %j', async (options) => {
  expect(await refusal(() => busyRetry(options as never))).toMatchObject(isBadOptions)
})

it('pushTicket refuses the ticket of another suite, and takes its own', async () => {
  const refused = await refusal(() => suite.pushTicket('ticket', { suiteId: 'ww-other' }))
  expect(refused).toMatchObject({
    ...isBadOptions,
    message: expect.stringContaining('suiteId must be ww-suite, got '),
  })
  expect(await suite.pushTicket('ticket', { suiteId: 'ww-suite', timeStamp: 1 })).toBe(true)
  expect(
    await suite
      .pushTicket('ticket', { suiteId: 'ww-other', timeStamp: 2 } as never)
      .catch(() => 'refused'),
  ).toBe('refused')
})

it('pushTicket refuses the ticket of another kind: a suite has no model', async () => {
  for (const wrong of [{ modelId: 'm' }, { suiteId: '' }, { suiteId: 7 }, { suiteId: null }])
    expect(await refusal(() => suite.pushTicket('t', wrong as never))).toMatchObject(isBadOptions)
  const model = createTokenSource(root.hardwareModel({ modelId: 'm', modelSecret: 's' }))
  expect(await refusal(() => model.pushTicket('t', { modelId: 'other' }))).toMatchObject(
    isBadOptions,
  )
  expect(await model.pushTicket('t', { modelId: 'm' })).toBe(true)
})

const thrower = (key: string) =>
  Object.defineProperty({}, key, {
    enumerable: true,
    get() {
      throw new Error('lazy')
    },
  })
const readings: [string, () => object][] = [
  ['a getter errcode that throws', () => thrower('errcode')],
  ['a getter data that throws', () => thrower('data')],
  ['a getter response that throws', () => thrower('response')],
  ['a nested getter that throws', () => ({ data: thrower('errcode') })],
  ['a getter below a response that throws', () => ({ response: thrower('data') })],
  [
    'a class whose fields load lazily',
    () =>
      new (class {
        get data(): never {
          throw new Error('lazy')
        }
      })(),
  ],
  [
    'a proxy that throws but for then',
    () =>
      new Proxy(
        {},
        {
          get: (_, key) => {
            if (key === 'then') return undefined
            throw new Error('lazy')
          },
        },
      ),
  ],
  [
    'a revoked proxy within',
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      return { data: proxy }
    },
  ],
]

it.each(readings)(
  'run returns the value of a finished call, whatever reading it throws: %s',
  async (_name, make) => {
    const { source } = sourceWith('token-1')
    const value = make()
    expect((await source.run(async () => value)) === value).toBe(true)
    const caught = await source
      .run(async () => {
        throw value
      })
      .catch((error) => error)
    expect(caught === value).toBe(true)
  },
)

it('a refusal next to a getter that throws is detected', async () => {
  const { source } = sourceWith((count) => `token-${count}`)
  const seen: string[] = []
  await source.run(async (token) => {
    seen.push(token)
    return Object.assign(thrower('data'), { errcode: seen.length === 1 ? 42001 : 0 })
  })
  expect(seen).toEqual(['token-1', 'token-2'])
})

it('an errcodeOf that throws loses no value', async () => {
  const { source } = sourceWith('token-1')
  const errcodeOf = () => {
    throw new Error('not that shape')
  }
  expect(await source.run(async () => 'sent', { errcodeOf })).toBe('sent')
})

it('an axios response of a mock adapter with a getter that throws is returned', async () => {
  const { source } = sourceWith('token-1')
  const data = thrower('errcode')
  const client = axios.create({
    baseURL: 'https://qyapi.weixin.qq.com/cgi-bin',
    transformResponse: [(given) => given],
    adapter: async (config) => ({ data, status: 200, statusText: 'OK', headers: {}, config }),
  })
  attachToken(client, source)
  expect((await client.get('/user/get')).data === data).toBe(true)
})

const url = 'https://qyapi.weixin.qq.com/cgi-bin/user/get'
const never = new Proxy(
  {},
  {
    get: () => {
      throw new Error('lazy')
    },
    has: () => true,
  },
)
const calls: [string, readonly unknown[]][] = [
  ['no argument', []],
  ['null', [null]],
  ['a symbol', [Symbol('url')]],
  ['an object that is no text', [Object.create(null)]],
  [
    'an object whose toString throws',
    [
      {
        toString() {
          throw new Error('no text')
        },
      },
    ],
  ],
  ['a text that is no url', ['not a url']],
  ['a path alone', ['/cgi-bin/user/get']],
  ['an unknown scheme', ['nope://qyapi.weixin.qq.com/cgi-bin/user/get']],
  ['an init that is a text', [url, 'init']],
  ['an init that is a number', [url, 7]],
  [
    'an init whose keys throw',
    [
      url,
      {
        get method(): never {
          throw new Error('lazy')
        },
      },
    ],
  ],
  ['headers that are a text', [url, { headers: 'x' }]],
  ['headers that are a number', [url, { headers: 7 }]],
  ['headers with half a pair', [url, { headers: [['a']] }]],
  ['headers that are no names', [url, { headers: { 'a b': '1' } }]],
  ['a method that is none', [url, { method: 'sp ace' }]],
  ['a method that is forbidden', [url, { method: 'CONNECT' }]],
  ['a body with GET', [url, { body: 'x' }]],
  ['a mode that is none', [url, { mode: 'nope' }]],
  ['a redirect that is none', [url, { redirect: 'nope' }]],
  ['a stream without duplex', [url, { method: 'POST', body: new ReadableStream() }]],
  [
    'a body whose own form throws',
    [
      url,
      {
        method: 'POST',
        body: Object.assign(new FormData(), {
          entries() {
            throw new Error('lazy')
          },
        }),
      },
    ],
  ],
  ['a signal that is none', [url, { signal: 'x' }]],
  ['a request-like that throws', [never]],
  [
    'a Request whose body was read',
    [
      (() => {
        const used = new Request(url, { method: 'POST', body: 'x' })
        void used.text()
        return used
      })(),
    ],
  ],
]
/** Nothing is sent: what gets so far rejects too. */
const offline = ((input: never, init: never) => {
  const request = new Request(input, init)
  return Promise.reject(new Error(`offline ${request.method}`))
}) as never as typeof fetch
const bare = (async (...args: [never, never]) => offline(...args)) as never as typeof fetch

it.each(calls)(
  'the wrapped fetch rejects where fetch rejects, and never throws: %s',
  async (_name, args) => {
    const plain = await bare(...(args as [never])).catch((error: Error) => error)
    expect(plain).toBeInstanceOf(Error)
    for (const isCold of [true, false]) {
      const { source } = sourceWith('token-1')
      if (!isCold) await source.get()
      const qyFetch = withToken(bare, source)
      const chosen = withToken(bare, async () => source)
      for (const wrapped of [qyFetch, chosen]) {
        const call = wrapped(...(args as [never]))
        expect(call).toBeInstanceOf(Promise)
        const error = await call.catch((failure: Error) => failure)
        expect(error).toBeInstanceOf(Error)
        expect((error as Error).name).toBe((plain as Error).name)
      }
    }
  },
)

it('the wrapped fetch accepts null as an init, and so a function', async () => {
  const { source } = sourceWith('token-1')
  const sent: string[] = []
  const seeing = (async (input: string) => {
    sent.push(input)
    return new Response('{}')
  }) as never as typeof fetch
  for (const init of [null, undefined, () => {}])
    await withToken(seeing, source)(url, init as never)
  expect(sent).toEqual(Array(3).fill(`${url}?access_token=token-1`))
})
