import { Agent } from 'node:http'
import { Readable } from 'node:stream'
import axios, {
  type AxiosInstance,
  type AxiosRequestConfig,
  type InternalAxiosRequestConfig,
} from 'axios'
import FormDataPackage from 'form-data'
import nock from 'nock'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { someOf } from '../support/exhaustive.js'
import { ANSWERS, startPlainServer } from '../support/plain-server.js'
import { APP } from '../support/qyapi.js'
import { configOf, type Make, seenBy } from '../support/seen.js'
import { atLeast } from '../support/turns.js'

let server: Awaited<ReturnType<typeof startPlainServer>>
beforeAll(async () => {
  nock.restore()
  server = await startPlainServer()
})
afterAll(() => server.close())

const bodies: Record<string, () => unknown> = {
  object: () => ({ touser: 'u', nested: { 文: ['字'] } }),
  string: () => 'a string',
  buffer: () => Buffer.from('bytes'),
  'array buffer': () => Uint8Array.from([1, 2, 3]).buffer,
  'url search params': () => new URLSearchParams({ a: '1', b: '文' }),
  'native form': () => {
    const form = new FormData()
    form.append('media', new File(['content'], 'a.txt', { lastModified: 0 }))
    return form
  },
  blob: () => new Blob(['blob'], { type: 'text/x-own' }),
  file: () => new File(['file'], 'a.txt', { type: 'text/x-own', lastModified: 0 }),
  'package form': () => {
    const form = new FormDataPackage()
    form.append('media', Buffer.from('content'), 'a.txt')
    return form
  },
  stream: () => Readable.from([Buffer.from('one'), Buffer.from('two')]),
  null: () => null,
  number: () => 7,
}

const script: [string, Make][] = [
  ...['get', 'delete', 'head', 'options', 'post', 'put', 'patch'].map((method): [string, Make] => [
    method,
    () => ({ method, url: '/echo' }),
  ]),
  ...['post', 'put', 'patch'].flatMap((method) =>
    Object.entries(bodies).map(([name, body]): [string, Make] => [
      `${method} ${name}`,
      () => ({ method, url: '/echo', data: body() }),
    ]),
  ),
  ...ANSWERS.flatMap((url) =>
    ['json', 'text', 'arraybuffer', 'stream', 'blob', 'formdata'].map(
      (responseType): [string, Make] => [
        `${url} as ${responseType}`,
        () => ({ url, responseType: responseType as 'json' }),
      ],
    ),
  ),
  [
    'params',
    () => ({
      url: '/echo',
      params: { a: 'b c', list: [1, 2], nested: { x: 1 }, date: new Date(0), nothing: null },
    }),
  ],
  [
    'params as URLSearchParams',
    () => ({ url: '/echo?z=1', params: new URLSearchParams({ a: 'b c' }) }),
  ],
  [
    'paramsSerializer',
    () => ({ url: '/echo', params: { a: 1 }, paramsSerializer: { serialize: () => 'own=1' } }),
  ],
  [
    'paramsSerializer options',
    () => ({ url: '/echo', params: { list: [1, 2] }, paramsSerializer: { indexes: null } }),
  ],
  ['a hash', () => ({ url: '/echo?x=1#hash' })],
  [
    'an absolute url',
    () => ({ url: `${server.baseUrl}/cgi-bin/echo`, baseURL: 'http://elsewhere.example' }),
  ],
  ['headers', () => ({ url: '/echo', headers: { 'X-Own': 'yes', 'User-Agent': 'mine' } })],
  ['auth', () => ({ url: '/echo', auth: { username: 'u', password: 'p' } })],
  ['validateStatus none', () => ({ url: '/500', validateStatus: null })],
  [
    'validateStatus only 400',
    () => ({ url: '/echo', validateStatus: (status: number) => status === 400 }),
  ],
  [
    'transformRequest',
    () => ({
      method: 'post',
      url: '/echo',
      data: { a: 1 },
      transformRequest: [(data: object) => `t:${JSON.stringify(data)}`],
    }),
  ],
  [
    'transformResponse',
    () => ({ url: '/echo', transformResponse: [(text: string) => text.length > 0] }),
  ],
  [
    'transformResponse that throws',
    () => ({
      url: '/echo',
      transformResponse: [
        () => {
          throw new Error('transform')
        },
      ],
    }),
  ],
  [
    'transformRequest that throws',
    () => ({
      method: 'post',
      url: '/echo',
      data: {},
      transformRequest: [
        () => {
          throw new Error('transform')
        },
      ],
    }),
  ],
  [
    'strict JSON of a broken answer',
    () => ({
      url: '/broken-json',
      transitional: { silentJSONParsing: false },
      responseType: 'json',
    }),
  ],
  ['maxContentLength', () => ({ url: '/long', maxContentLength: 1000 })],
  [
    'maxContentLength of a stream',
    () => ({ url: '/long', maxContentLength: 1000, responseType: 'stream' }),
  ],
  [
    'maxBodyLength',
    () => ({ method: 'post', url: '/echo', data: 'x'.repeat(3000), maxBodyLength: 1000 }),
  ],
  [
    'parseReviver',
    () =>
      ({
        url: '/long',
        parseReviver: (key: string, value: unknown) => (key === 'rows' ? 'revived' : value),
      }) as never,
  ],
  [
    'upload progress',
    () => ({ method: 'post', url: '/echo', data: 'x'.repeat(100_000), onUploadProgress: () => {} }),
  ],
  ['decompress false', () => ({ url: '/gzip', decompress: false, responseType: 'arraybuffer' })],
  ['timeout', () => ({ url: '/never', timeout: 300 })],
  [
    'timeout with a message',
    () => ({ url: '/never', timeout: 300, timeoutErrorMessage: 'own words' }),
  ],
  [
    'timeout clarified',
    () => ({ url: '/never', timeout: 300, transitional: { clarifyTimeoutError: true } }),
  ],
  ['a timeout that suffices', () => ({ url: '/slow', timeout: 5000 })],
  ['signal aborted before', () => ({ url: '/echo', signal: AbortSignal.abort() })],
  ['signal aborted meanwhile', () => ({ url: '/never', signal: abortedIn(60) })],
  ['AbortSignal.timeout', () => ({ url: '/never', signal: AbortSignal.timeout(300) })],
  ['cancelToken', () => ({ url: '/never', cancelToken: cancelledIn(60) })],
  ['responseEncoding', () => ({ url: '/text', responseEncoding: 'latin1' as const })],
  ['a port without a server', () => ({ url: '/echo', baseURL: undefined, ...closedPort() })],
  [
    'a custom adapter',
    () => ({
      url: '/echo',
      adapter: async (config) => ({
        data: '{"a":1}',
        status: 200,
        statusText: 'OK',
        headers: {},
        config,
      }),
    }),
  ],
  [
    'a custom adapter that rejects',
    () => ({ url: '/echo', adapter: () => Promise.reject(new Error('own adapter')) }),
  ],
  ['an unknown adapter', () => ({ url: '/echo', adapter: 'nope' as never })],
  ['a stream that is aborted while it arrives', () => ({ ...stream, signal: abortedIn(60) })],
  [
    'a stream that is cancelled while it comes',
    () => ({ ...stream, cancelToken: cancelledIn(60) }),
  ],
  ['a stream that takes too long', () => ({ ...slowStream, timeout: 1_200 })],
  ['a body that takes too long', () => ({ url: '/stuck', timeout: 600 })],
  ['a body that is aborted while it arrives', () => ({ url: '/stuck', signal: abortedIn(60) })],
  ['params as text', () => ({ url: '/echo', params: 'a=b' })],
  ['params as a list', () => ({ url: '/echo', params: ['a', 'b'] })],
  ['params that are a cycle', () => ({ url: '/echo', params: cycle() })],
  ['params: null', () => ({ url: '/echo', params: null })],
  [
    'a url as URL',
    () => ({ baseURL: '', url: new URL(`${server.baseUrl}/cgi-bin/echo`) as never }),
  ],
  [
    'white space around an absolute url',
    () => ({ baseURL: '', url: ` \n${server.baseUrl}/cgi-bin/echo\t ` }),
  ],
  ['two slashes below a baseURL', () => ({ url: '//echo', allowAbsoluteUrls: false })],
  ['a path that climbs', () => ({ url: '/user/../echo' })],
  ['a timeout as text', () => ({ url: '/never', timeout: '300' as never })],
  ['a timeout that is none', () => ({ url: '/echo', timeout: 'soon' as never })],
  ['a method that is none', () => ({ url: '/echo', method: 'sp ace' })],
  ['a header that is none', () => ({ url: '/echo', headers: { 'a b': 'c' } })],
  ['an async iterable', () => ({ method: 'post', url: '/echo', data: pieces() })],
  ['a body that breaks', () => ({ method: 'post', url: '/echo', data: breaking() })],
  ['a symbol as key', () => ({ url: '/echo', [Symbol.for('own')]: 1 }) as AxiosRequestConfig],
  ['baseURL with slashes', () => ({ baseURL: `${server.baseUrl}/cgi-bin///`, url: '///echo' })],
  // The caller wants no redirects: that a request with our token never follows one in fetch is the one
  // stated difference.
  ['a redirect', () => ({ url: '/moved', ...unmoved })],
  ['a redirect as a stream', () => ({ url: '/moved', responseType: 'stream', ...unmoved })],
  [
    // On a socket of its own: the package follow-redirects leaves a listener on reused sockets, which
    // ends a later request on them when its timeout passes, with us and without.
    'unredirected: a stream that takes too long',
    () => ({ ...slowStream, ...unmoved, timeout: 1_200, httpAgent: new Agent() }),
  ],
  ['unredirected: a body that takes too long', () => ({ url: '/stuck', ...unmoved, timeout: 600 })],
  [
    'unredirected: an answer that takes too long',
    () => ({ url: '/never', ...unmoved, timeout: 300 }),
  ],
  ['an expectation', () => ({ method: 'post', url: '/echo', headers: { Expect: 'x' }, data: 'a' })],
  ['insecureHTTPParser', () => ({ url: '/echo', insecureHTTPParser: true })],
  ['xsrf', () => ({ url: '/echo', xsrfCookieName: 'c', withXSRFToken: true })],
  ['formSerializer', () => ({ method: 'post', url: '/echo', ...asForm, data: { a: { b: [1] } } })],
  ['postForm', () => ({ method: 'post', url: '/echo', ...multipart, data: { a: 1 } })],
  ['maxRate', () => ({ method: 'post', url: '/echo', maxRate: 1e6, data: 'x'.repeat(1000) })],
  ['an unknown config key', () => ({ url: '/echo', ownKey: { deep: true } }) as AxiosRequestConfig],
]

/** Its first part is too long to be buffered for judging. */
const stream = { url: '/long-stuck', responseType: 'stream' } as const
/** It ends, since not every timeout ends a stream. */
const slowStream = { ...stream, url: '/long-dripping' } as const
const unmoved = { maxRedirects: 0, fetchOptions: { redirect: 'manual' } }
const asForm = { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }
const multipart = { headers: { 'Content-Type': 'multipart/form-data' } }

function cycle() {
  const params: Record<string, unknown> = { a: 1 }
  params.self = params
  return params
}

async function* pieces() {
  yield Buffer.from('one')
  yield Buffer.from('two')
}

function breaking() {
  return Readable.from(
    (async function* () {
      yield Buffer.from('one')
      throw new Error('the body broke')
    })(),
  )
}

function abortedIn(ms: number): AbortSignal {
  const controller = new AbortController()
  void atLeast(ms).then(() => controller.abort())
  return controller.signal
}

function cancelledIn(ms: number) {
  const { token, cancel } = axios.CancelToken.source()
  void atLeast(ms).then(() => cancel('enough'))
  return token
}

function closedPort() {
  return { httpAgent: undefined, socketPath: 'no-such-socket.sock' }
}

function clientOf(adapter: 'http' | 'fetch') {
  // An agent of its own, since axios leaves its timeouts on the connections that it reuses.
  const httpAgent = new Agent({ keepAlive: true })
  return axios.create({ baseURL: `${server.baseUrl}/cgi-bin`, adapter, httpAgent })
}

const adapters = ['http', 'fetch'] as const

describe.each(adapters)('attached and bare do the same, %s adapter', (adapter) => {
  // A form of the package form-data: bare, the fetch adapter sends its name; a call that waited, its bytes.
  const applicable = script.filter(
    ([name]) =>
      adapter === 'http' ||
      !/^\w+ stream$|package form|postForm|cancelToken|listens|maxBodyLength|auth|timeout that is none|as URL/.test(
        name,
      ),
  )

  it.concurrent.each(someOf(applicable))(
    'request rule 10: attached and bare axios do the same: %s',
    async (_name, make) => {
      const bare = await seenBy(clientOf(adapter), make)
      const cold = clientOf(adapter)
      const { source } = attachToken(cold, APP, { baseUrl: server.baseUrl })
      expect(await seenBy(cold, make), 'before there is a token').toEqual(bare)
      await source.get()
      expect(await seenBy(cold, make), 'with a token').toEqual(bare)
    },
  )
})

/** What users do to their clients, before or after they attach. */
type SetUp = (client: AxiosInstance, note: (what: string) => void) => void
type Config = InternalAxiosRequestConfig

const setUps: Record<string, SetUp> = {
  'an asynchronous one': ({ interceptors }, note) =>
    interceptors.request.use(async (config) => {
      await null
      note('asynchronous')
      return config
    }),
  'one for some calls': ({ interceptors }, note) =>
    interceptors.request.use(noting(note, 'posted'), null, {
      runWhen: ({ method }) => method === 'post',
    }),
  'one that throws': ({ interceptors }) =>
    interceptors.request.use(() => {
      throw new Error('no call today')
    }),
  'one that throws at once': ({ interceptors }) =>
    interceptors.request.use(
      () => {
        throw new Error('no call today')
      },
      undefined,
      { synchronous: true },
    ),
  'one that observes the errors of others': ({ interceptors }, note) => {
    interceptors.request.use(noting(note, 'went on'), (error) => {
      note(error.message)
      throw error
    })
    interceptors.request.use(() => Promise.reject(new Error('rejected')))
  },
  'one that was ejected': ({ interceptors }, note) => {
    interceptors.request.eject(interceptors.request.use(noting(note, 'never')))
    interceptors.response.eject(interceptors.response.use(noting(note, 'never')))
  },
  'one that gives a copy': ({ interceptors }) =>
    interceptors.request.use((config) => ({ ...config })),
  'one that gives a frozen copy': ({ interceptors }) =>
    interceptors.request.use((config) => Object.freeze({ ...config })),
  'one that leads elsewhere': ({ interceptors }) =>
    interceptors.request.use((config) =>
      Object.assign(config, { url: '/errcode', params: { a: 1 } }),
    ),
  'one that leads to another host': ({ interceptors }) =>
    interceptors.request.use((config) =>
      Object.assign(config, {
        baseURL: server.baseUrl.replace('127.0.0.1', 'localhost'),
        family: 4,
      }),
    ),
  'one that adds headers': ({ interceptors }) =>
    interceptors.request.use((config) => {
      config.headers.set('X-Trace', '7')
      return config
    }),
  'one that changes the body': ({ interceptors }) =>
    interceptors.request.use((config) => Object.assign(config, { data: { other: true } })),
  'one that ANSWERS by itself': ({ interceptors }) =>
    interceptors.request.use((config) =>
      Object.assign(config, {
        adapter: async (given: Config) => ({ data: '1', status: 200, config: given, headers: {} }),
      }),
    ),
  'one that unwraps': ({ interceptors }) => interceptors.response.use(({ data }) => data),
  'one that unwraps and throws': ({ interceptors }) =>
    interceptors.response.use(({ data }) => {
      if (data?.errcode === 0) return data
      throw Object.assign(new Error('business error'), { data })
    }),
  'one that saves': ({ interceptors }) =>
    interceptors.response.use(undefined, ({ message }) => ({ saved: message })),
  'one that throws another error': ({ interceptors }) =>
    interceptors.response.use(undefined, (error) => {
      throw new Error('in other words', { cause: error })
    }),
  'one that sends again': (client, note) => {
    client.interceptors.response.use(undefined, (error) => {
      const { config } = error as { config?: Config & { isAgain?: boolean } }
      if (config === undefined || config.isAgain) throw error
      note(`again ${configOf(config)}`)
      return client.request(Object.assign({ ...config }, { url: '/echo', isAgain: true }))
    })
  },
  'a default that is set late': ({ defaults }) =>
    Object.assign(defaults, { params: { late: 1 }, timeout: 5_000 }),
  'none of them any more': ({ interceptors }, note) => {
    interceptors.request.use(noting(note, 'never'))
    interceptors.request.clear()
    interceptors.response.clear()
  },
}

function noting<T>(note: (what: string) => void, what: string) {
  return (given: T) => {
    note(what)
    return given
  }
}

const requests: [string, Make][] = [
  ['a get', () => ({ url: '/echo', params: { b: 2 } })],
  ['a post', () => ({ method: 'post', url: '/echo', data: { a: 1 } })],
  ['a refusal of its own', () => ({ url: '/404' })],
  ['a broken connection', () => ({ url: '/reset' })],
  ['one that is aborted', () => ({ url: '/never', signal: abortedIn(60) })],
]

describe.each(adapters)(
  'with interceptors attached and bare do the same, %s adapter',
  (adapter) => {
    const cases = Object.entries(setUps).flatMap(([name, setUp]) =>
      requests.map(([request, make]) => ({ name, request, setUp, make })),
    )

    it.concurrent.each(someOf(cases))(
      'request rule 10: with interceptors attached and bare axios do the same: $name: $request',
      async ({ setUp, make }) => {
        const notes: string[][] = []
        const noted = () => {
          const those: string[] = []
          notes.push(those)
          return (what: string) => void those.push(what)
        }
        const plain = clientOf(adapter)
        setUp(plain, noted())
        const bare = await seenBy(plain, make)
        for (const when of ['before', 'after']) {
          for (const isCold of [true, false]) {
            const client = clientOf(adapter)
            const note = noted()
            if (when === 'before') setUp(client, note)
            const { source } = attachToken(client, APP, { baseUrl: server.baseUrl })
            if (when === 'after') setUp(client, note)
            if (!isCold) await source.get()
            const which = `${when} the attach, ${isCold ? 'before there is' : 'with'} a token`
            expect(await seenBy(client, make), which).toEqual(bare)
            expect(notes.at(-1), which).toEqual(notes[0])
          }
        }
      },
    )
  },
)

it('the differential script of axios has several hundred requests', () => {
  expect(script.length + requests.length * Object.keys(setUps).length).toBeGreaterThan(250)
})
