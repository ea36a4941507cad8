import { PassThrough, Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { inspect } from 'node:util'
import axios, { AxiosError, type InternalAxiosRequestConfig } from 'axios'
import { describe, expect, it } from 'vitest'
import { API, answer, OK, REFUSED, stubAxios } from '../support/stub-axios.js'

const LIMIT = 16 * 1024
const JSON_TYPE = { 'content-type': 'application/json' }
const padded = (length: number) => REFUSED + ' '.repeat(length - REFUSED.length)
const asIs = { transformResponse: [(data: unknown) => data] }

/** What the caller gets for one answer, and whether it was judged a refusal. */
async function judged(data: unknown, headers?: object) {
  const { client, source, sent } = stubAxios((config, count) =>
    answer(count === 1 ? data : OK, {}, { headers })(config),
  )
  await source.get()
  const response = await client.get('/user/get', asIs)
  return { response, isRefusal: sent.length === 2 }
}

describe('a refusal', () => {
  const form = new FormData()
  form.append('errcode', '42001')

  it.each<[string, unknown, object | undefined, boolean]>([
    ['in the header, whatever the body says', OK, { 'error-code': '42001' }, true],
    ['not in the body where the header says otherwise', REFUSED, { 'error-code': '0' }, false],
    ['in text without headers', REFUSED, undefined, true],
    ['in the object of a mock adapter', JSON.parse(REFUSED), undefined, true],
    ['in a Buffer', Buffer.from(REFUSED), {}, true],
    ['in an ArrayBuffer', new TextEncoder().encode(REFUSED).buffer, {}, true],
    ['in a Blob', new Blob([REFUSED]), undefined, true],
    ['in a Blob of 16 kB', new Blob([padded(LIMIT)]), {}, true],
    [
      'in a Blob by the content type of the response',
      new Blob([REFUSED], { type: 'image/png' }),
      JSON_TYPE,
      true,
    ],
    ['not in an image', new Blob([REFUSED], { type: 'image/png' }), {}, false],
    ['not in a form', form, {}, false],
    ['not in a number', 42001, {}, false],
    ['not in null', null, {}, false],
    ['not in nothing', undefined, {}, false],
  ])('request rule 4: a refusal is detected %s', async (_name, data, headers, expected) => {
    const { response, isRefusal } = await judged(data, headers)
    expect(isRefusal).toBe(expected)
    if (!expected) expect(response.data).toBe(data)
  })

  it('request rule 4: a refusal is not looked for in a Blob that is too long, or of another type', async () => {
    const unread = (blob: Blob) => Object.assign(blob, { text: () => expect.fail('was read') })
    const long = unread(new Blob([padded(LIMIT + 1)], { type: 'application/json' }))
    const image = unread(new Blob([REFUSED], { type: 'image/png' }))
    for (const data of [long, image]) expect((await judged(data)).response.data).toBe(data)
  })

  it('request rule 4: a refusal is looked for in JSON streams, Node’s and the web’s', async () => {
    expect(
      (await judged(Readable.from([Buffer.from(REFUSED)], { objectMode: false }))).isRefusal,
    ).toBe(true)
    expect((await judged(new Blob([REFUSED]).stream(), JSON_TYPE)).isRefusal).toBe(true)
  })

  it('request rule 4: a refusal is not looked for in other streams, which are passed on unread', async () => {
    const image = { 'content-type': 'image/png' }
    let reads = 0
    const read = () => {
      reads += 1
    }
    const node = new Readable({ read })
    const web = new ReadableStream({ pull: read }, { highWaterMark: 0 })
    for (const data of [node, web]) expect((await judged(data, image)).response.data).toBe(data)
    expect(reads).toBe(0)
  })

  it.each([
    [new DOMException('expired', 'AbortError'), 'expired'],
    ['by hand', 'by hand'],
    [null, 'canceled'],
  ])(
    'request rule 10: a web stream that is aborted while it is peeked rejects as axios does: %s',
    async (reason, message) => {
      const endless = new ReadableStream({ start: (to) => to.enqueue(new Uint8Array(20_000)) })
      const { client } = stubAxios(async (config) => ({
        ...(await answer(endless)(config)),
        headers,
      }))
      const headers = { 'content-type': 'application/json' }
      const controller = new AbortController()
      const { data } = await client.get('/user/get', { signal: controller.signal })
      controller.abort(reason)
      const error = await new Response(data).text().catch((failed) => failed)
      expect(axios.isCancel(error)).toBe(true)
      expect(error).toMatchObject({ message, code: 'ERR_CANCELED' })
      expect(error).not.toHaveProperty('config')
    },
  )

  it('request rule 5: a refusal in a stream is read to its end before the replay', async () => {
    const refusal = new PassThrough()
    refusal.end(REFUSED)
    expect((await judged(refusal)).isRefusal).toBe(true)
    await finished(refusal)
    expect(refusal.readableEnded).toBe(true)
  })

  it('request rule 5: a refusal in a stream that is no short JSON is destroyed before the replay', async () => {
    const refusal = new PassThrough()
    refusal.end('PNG')
    expect((await judged(refusal, { 'error-code': '42001' })).isRefusal).toBe(true)
    expect(refusal.destroyed).toBe(true)
  })
})

it('request rule 4: a stream that breaks while it is peeked is replaced by one that breaks at the same place', async () => {
  const stream = new Readable({ read() {} })
  stream.push('{"errcode":')
  setImmediate(() => stream.destroy(new Error('cut')))
  const { response } = await judged(stream, JSON_TYPE)
  let read = ''
  const readAll = async () => {
    for await (const chunk of response.data as Readable) read += String(chunk)
  }
  await expect(readAll()).rejects.toThrow('cut')
  expect(read).toBe('{"errcode":')
})

const outcome = async (settle: () => unknown, isBare: boolean) => {
  const client = isBare
    ? axios.create({ baseURL: API, adapter: async () => settle() as never })
    : stubAxios(settle).client
  return client
    .get('/user/get')
    .catch((error: unknown) => (error instanceof Error ? error.message : error))
}
const rejections = [undefined, null, 7].map((reason) => [
  `rejects with ${reason}`,
  () => Promise.reject(reason),
])
const answers = [undefined, null, 'text'].map((given) => [`answers ${given}`, () => given])

it.each([...rejections, ...answers] as [string, () => unknown][])(
  'request rule 10: an adapter that settles with less than axios expects fails as without us: %s',
  async (_name, settle) => {
    expect(await outcome(settle, false)).toEqual(await outcome(settle, true))
  },
)

const failing = async (fail: (config: InternalAxiosRequestConfig) => unknown) => {
  let made: unknown
  const { client, live } = stubAxios((config) => {
    made = fail(config)
    throw made
  })
  const error = await client.get('/user/get', { params: { a: 1 } }).catch((caught) => caught)
  expect(error).toBe(made)
  return { error, outgoing: live[0] }
}

it('request rule 9: an error of a request has the caller’s config, and so have its response and its causes', async () => {
  const { error, outgoing } = await failing((config) => {
    const response = answer(OK)(config)
    const cause = new AxiosError('inner', 'ERR', config, { path: 'x' }, response)
    return Object.assign(new AxiosError('outer', 'ERR', config, {}, response), { cause })
  })
  for (const failed of [error, error.cause]) {
    expect(failed.config).not.toBe(outgoing)
    expect(failed.config).toMatchObject({ url: '/user/get', params: { a: 1 } })
    expect(failed.response.config).toBe(failed.config)
    expect(Object.keys(failed)).not.toContain('request')
  }
  expect(error.cause.request).toEqual({ path: 'x' })
})

it('request rule 9: an error of a request keeps a config that is not ours', async () => {
  const config = { url: 'theirs' }
  const { error } = await failing(() => Object.assign(new Error('mock'), { config }))
  expect(error.config).toBe(config)
})

it('request rule 9: an error of a request keeps what an adapter put in place of a config', async () => {
  const { error } = await failing(() => Object.assign(new Error('mock'), { config: 'none' }))
  expect(error.config).toBe('none')
})

it('request rule 9: an error of a request may be its own cause, or have none', async () => {
  await failing(() => {
    const error = new Error('circular')
    error.cause = error
    return error
  })
  await failing(() =>
    Object.assign(new Error('none'), { cause: null, response: null, request: null }),
  )
})

it('request rule 9: an error of a request contains no token in its texts', async () => {
  const { error } = await failing((config) => new Error(`no mock for ${axios.getUri(config)}`))
  expect(error.message).toBe(`no mock for ${API}/user/get?a=1`)
})

it('request rule 9: a token as short as those in tests changes neither the code nor the message of an error', async () => {
  const fail = (config: InternalAxiosRequestConfig) => {
    throw new AxiosError('a timeout, at t', 'ECONNABORTED', config)
  }
  const { client } = stubAxios(fail, { tokens: () => 't' })
  const error = await client.get('/user/get').catch((caught) => caught)
  expect(error).toMatchObject({ message: 'a timeout, at t', code: 'ECONNABORTED' })
})

const url = `${API}/user/get?access_token=token-1`

it.each([
  ['a plain object', () => ({ errMsg: `request:fail ${url}`, url })],
  ['errors that are gathered', () => new AggregateError([new Error(`at ${url}`)], `of ${url}`)],
  ['its options', () => Object.assign(new Error('failed'), { options: { method: 'GET', url } })],
])('request rule 9: what another adapter reports contains no token: %s', async (_name, thrown) => {
  const error = thrown()
  const { client } = stubAxios(() => Promise.reject(error))
  expect(await client.get('/user/get').catch((caught) => caught)).toBe(error)
  expect(inspect(error, { depth: 10 })).not.toContain('token-1')
})

it.each(['url', 'responseURL'])(
  'request rule 9: what another adapter reports contains no token in the %s of a response',
  async (key) => {
    const { client } = stubAxios((config) => answer(OK, {}, { [key]: url })(config))
    const response = await client.get('/user/get')
    expect(Reflect.get(response, key)).toBe(`${API}/user/get`)
  },
)

type Config = InternalAxiosRequestConfig & Record<string, unknown>
const configOf = async (copy: (config: Config) => object, token = 'token-1') => {
  const respond = (config: object) => answer(OK, {}, { config: copy(config as Config) })
  const { client } = stubAxios((config) => respond(config)(config), { tokens: () => token })
  return (await client.get('/user/get', { params: { a: 1 } })).config
}

it.each<[string, (config: Config) => object]>([
  ['whole', (config) => ({ ...config, own: 1 })],
  ['and its params too', ({ fetchOptions: _, ...config }) => ({ ...config, own: 1 })],
])(
  'request rule 9: a config that an adapter copied has the caller’s values again, and keeps the adapter’s own: %s',
  async (_name, copy) => {
    const config = await configOf(copy)
    expect(config).toMatchObject({ own: 1, url: '/user/get', baseURL: API, params: { a: 1 } })
    expect(config.params).toEqual({ a: 1 })
    expect(config).not.toHaveProperty('fetchOptions')
    expect(config).not.toHaveProperty('beforeRedirect')
  },
)

it.each<[string, string, object]>([
  ['url', 'token-1', { url: '/user/get?access_token=token-1' }],
  ['encoded url', 'to/ken+1', { url: '/user/get?access_token=to%2Fken%2B1' }],
  ['baseURL', 'token-1', { baseURL: `${API}/user/get?access_token=token-1` }],
  ['params', 'to/ken+1', { params: { token: 'to/ken+1', 1: 1 } }],
])(
  'request rule 9: a config that an adapter copied contains no token: in its %s',
  async (_where, token, shown) => {
    const config = await configOf(() => ({ ...shown, own: 1 }), token)
    expect(config).toEqual({
      own: 1,
      url: '/user/get',
      baseURL: API,
      params: { a: 1 },
      timeout: 0,
    })
  },
)

it('request rule 9: a config that an adapter copied stays the same if it has no token', async () => {
  const theirs = { url: '/other', params: { b: 1 }, timeout: 5, fetchOptions: { own: true } }
  expect(await configOf(() => theirs)).toEqual({ ...theirs })
  expect(await configOf(() => ({ url: '/other', params: 'b=1' }))).toEqual({
    url: '/other',
    params: 'b=1',
  })
})

const location = `${API}/user/get?a=1&access_token=token-1`
const headersOf = async (status: unknown, headers: unknown, data: unknown = OK) => {
  const settled = { status: status as number, data, headers: headers as object }
  const { client } = stubAxios((config) => answer(data, {}, { ...settled })(config))
  return client.get('/user/get', { ...asIs, validateStatus: null })
}

it.each([200, 201, 299, 300, 302, 399, 400, 500])(
  'request rule 9: the headers of a response contain no token: %i',
  async (status) => {
    const link = `<${location}>; rel="next"`
    const { headers } = await headersOf(status, { location, link, 'set-cookie': ['a=1'] })
    expect({ ...headers }).toEqual({
      location: `${API}/user/get?a=1`,
      link: `<${API}/user/get?a=1>; rel="next"`,
      'set-cookie': ['a=1'],
    })
  },
)

it('request rule 9: the headers of a response may be missing', async () => {
  for (const none of [undefined, null])
    expect(await headersOf(302, none)).toMatchObject({ status: 302 })
})

it('request rule 9: the headers of a response keep the values that are part of the content', async () => {
  const { data } = await headersOf(302, { location }, { headers: { location } })
  expect(data).toEqual({ headers: { location } })
})

const requestOf = async (request: unknown) => {
  const { client } = stubAxios((config) => answer(OK, {}, { request })(config))
  const response = await client.get('/user/get')
  expect(response.request).toBe(request)
  return response
}

it('request rule 9: the request of a response is readable, but not enumerable', async () => {
  const response = await requestOf({ path: '/?access_token=token-1' })
  expect(Object.keys(response)).not.toContain('request')
  expect(inspect(response)).not.toContain('token-1')
})

it('request rule 9: the request of a response has its url without the token, if it has one', async () => {
  const request = new Request(`${API}/user/get?a=1&access_token=token-1`)
  const { request: given } = await requestOf(request)
  expect(given.url).toBe(`${API}/user/get?a=1`)
  // A getter and a setter, as a Request's own url, so that other libraries can set it too.
  expect(Object.getOwnPropertyDescriptor(given, 'url')?.configurable).toBe(true)
  for (const other of [{ path: '/' }, { url: 7 }]) {
    const before = { ...other }
    await requestOf(other)
    expect(other).toEqual(before)
    expect('url' in other).toBe('url' in before)
  }
})

it('request rule 9: the request of a response may be replaced and deleted', async () => {
  const response = await requestOf({ path: '/' })
  response.request = 'another'
  expect(response.request).toBe('another')
  delete response.request
  expect(response).not.toHaveProperty('request')
})

it('request rule 9: the request of a response may be null', async () => {
  expect(Object.keys(await requestOf(null))).toContain('request')
})

it.each([
  ['of a frozen object', (response: object) => Object.freeze(response)],
  ['that it gives again and again', (response: object) => response],
])(
  'request rule 10: a response that an adapter reuses stays unchanged, and shows no caller the config of another: %s',
  async (_name, made) => {
    const { config: _, ...settled } = answer(OK, {}, { request: { path: '/' } })({} as never)
    const kept = made({ ...settled, tag: 'mine' })
    const before = Object.getOwnPropertyDescriptors(kept)
    const { client } = stubAxios(() => kept)
    const [first, second] = await Promise.all([
      client.get('/user/get?a=1', asIs),
      client.get('/user/get?a=2', asIs),
    ])
    expect([first?.config.url, second?.config.url]).toEqual(['/user/get?a=1', '/user/get?a=2'])
    expect(first).toMatchObject({ tag: 'mine', status: 200, data: OK })
    expect(Object.getOwnPropertyDescriptors(kept)).toEqual(before)
  },
)

it('request rule 10: a response that an adapter reuses keeps its class', async () => {
  class Cached {
    status = 200
    data = OK
    headers = {}
    request = { path: '/?access_token=token-1' }
  }
  const { client } = stubAxios(() => new Cached())
  const response = await client.get('/user/get', asIs)
  expect(response).toBeInstanceOf(Cached)
  expect(inspect(response)).not.toContain('token-1')
})

const copying = (count: number, config: InternalAxiosRequestConfig) => {
  const copy = { ...config, mine: count, params: { ...config.params } }
  if (count === 1) throw new AxiosError('reset', 'ECONNRESET', copy)
  return answer(OK)(copy)
}

it('request rule 9: an adapter of the caller’s that works with a copy of its config keeps its copy, without the token', async () => {
  const { client, sent } = stubAxios((config, count) => copying(count, config))
  const call = () => client.get('/user/get', { params: { a: 1 } })
  const { config: failed } = await call().catch((error) => error)
  const { config } = await call()
  expect([failed.mine, (config as { mine?: number }).mine]).toEqual([1, 2])
  for (const given of [failed, config]) {
    expect(given.params).toEqual({ a: 1 })
    expect(given).toMatchObject({ url: '/user/get', timeout: 0 })
    expect(Object.keys(given)).not.toContain('beforeRedirect')
    expect(Object.keys(given)).not.toContain('fetchOptions')
  }
  await client.request(failed)
  expect(sent[2]?.params).toEqual({ a: 1, access_token: 'token-1' })
})

it('request rule 9: a streamed response has its links to the url, but not enumerable', async () => {
  const known = { req: {}, socket: {}, client: {} }
  const data = Object.assign(Readable.from(['x']), known)
  const { response } = await judged(data, { 'content-type': 'image/png' })
  expect(response.data).toMatchObject(known)
  expect(Object.keys(response.data)).not.toEqual(expect.arrayContaining(['req']))
  for (const key of Object.keys(known)) expect(Object.keys(response.data)).not.toContain(key)
})

it('request rule 9: a streamed response has the responseUrl that it has without us, without the token', async () => {
  const data = Object.assign(Readable.from(['x']), {
    responseUrl: `${API}/user/get?a=1&access_token=token-1`,
  })
  const { response } = await judged(data, { 'content-type': 'image/png' })
  expect({ ...response.data }.responseUrl).toBe(`${API}/user/get?a=1`)
})

it('request rule 9: a streamed response that breaks late rejects with an error without the token', async () => {
  const data = new Readable({ read() {} })
  const { client, live } = stubAxios(answer(data, { 'content-type': 'image/png' }))
  const response = await client.get('/user/get', asIs)
  const errors: AxiosError[] = []
  response.data.on('error', (error: AxiosError) => errors.push(error))
  data.destroy(new AxiosError('late', 'ERR', live[0], { path: '/?access_token=token-1' }))
  await new Promise((resolve) => data.once('close', resolve))
  expect(errors[0]?.config).toBe(response.config)
  expect(inspect(errors[0], { depth: 10 })).not.toContain('token-1')
})
