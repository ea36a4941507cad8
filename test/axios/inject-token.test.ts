import axios, { type AxiosStatic, type InternalAxiosRequestConfig } from 'axios'
import axios17 from 'axios-1.7'
import axios113 from 'axios-1.13'
import axios118 from 'axios-1.18'
import MockAdapter from 'axios-mock-adapter'
import { afterEach, describe, expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { sourceWith } from '../support/source.js'
import { API, answer, OK, stubAxios } from '../support/stub-axios.js'

const VERSIONS = [
  ['1.7', axios17],
  ['1.13', axios113],
  ['1.18', axios118],
  ['1.21', axios],
] as unknown as [string, AxiosStatic][]

const serializing = (serialize: (params: object) => string) => ({
  params: { a: 1 },
  paramsSerializer: { serialize: serialize as never },
})

it.each<[string, object, string]>([
  ['URLSearchParams', { params: new URLSearchParams({ a: '1 2' }) }, 'a=1+2'],
  ['a serializer', serializing(() => 'by=hand'), 'by=hand'],
  ['a serializer of nothing', serializing(() => ''), ''],
  ['a serializer without params', { ...serializing(() => 'no'), params: undefined }, ''],
])(
  'request rule 1: params that axios does not serialize itself carry the token last, and a mock adapter matches the request by its url: %s',
  async (_name, config, query) => {
    const { client, urls } = stubAxios()
    await client.get('/user/get', config)
    expect(urls()).toEqual([`${API}/user/get?${query}${query && '&'}access_token=token-1`])
    const mocked = axios.create({ baseURL: API })
    new MockAdapter(mocked).onGet('/user/get').reply(200, {})
    attachToken(mocked, sourceWith('token-1').source)
    expect((await mocked.get('/user/get', config)).status).toBe(200)
  },
)

it('request rule 1: params that axios does not serialize itself are refused by axios, as without us, if they are a string', async () => {
  const { client, sent } = stubAxios()
  await client.get('/user/get', { params: 'a=b' })
  expect(sent[0]?.params).toBe('a=b')
  await client.get('/user/get', { params: '' })
  expect(sent[1]?.params).toEqual({ access_token: 'token-1' })
})

it('request rule 1: params that axios does not serialize itself are unchanged in the config of the response', async () => {
  const { client, live } = stubAxios()
  const params = new URLSearchParams({ a: '1' })
  const { config } = await client.get('/user/get', { params })
  expect(String(config.params)).toBe('a=1')
  expect(config.paramsSerializer).toBeUndefined()
  expect(live[0]?.paramsSerializer).toBeUndefined()
})

it('request rule 1: params that axios does not serialize itself are serialized once for a request, also if a function chooses its source', async () => {
  let times = 0
  const client = axios.create({ baseURL: API, adapter: async (config) => answer(OK)(config) })
  const urls: string[] = []
  attachToken(client, ({ url }) => {
    urls.push(url)
    return sourceWith('token-1').source
  })
  await client.get(
    '/user/get',
    serializing(() => `times=${++times}`),
  )
  expect(urls).toEqual([`${API}/user/get?times=1`])
  expect(times).toBe(1)
})

it('request rule 1: params that axios does not serialize itself are read when the request is made, not when its source is chosen', async () => {
  const seen: string[] = []
  const client = axios.create({
    baseURL: API,
    adapter: async (config) => {
      seen.push(axios.getUri(config))
      return answer(OK)(config)
    },
  })
  attachToken(client, async () => sourceWith('t').source)
  const params = new URLSearchParams()
  const calls = ['a', 'b', 'c'].map((userid) => {
    params.set('userid', userid)
    return client.get('/user/get', { params })
  })
  await Promise.all(calls)
  expect(seen.map((url) => new URL(url).searchParams.get('userid'))).toEqual(['a', 'b', 'c'])
})

it('request rule 1: params that axios does not serialize itself fail as axios fails if a serializer throws', async () => {
  const failing = serializing(() => {
    throw new Error('cannot serialize')
  })
  const bare = axios.create({ baseURL: 'http://127.0.0.1:9/cgi-bin' })
  const attached = axios.create({ baseURL: 'http://127.0.0.1:9/cgi-bin' })
  attachToken(attached, sourceWith('token-1', { baseUrl: 'http://127.0.0.1:9' }).source)
  const [expected, error] = await Promise.all(
    [bare, attached].map((client) => client.get('/user/get', failing).catch((caught) => caught)),
  )
  const { message, code, name } = expected
  expect(error).toMatchObject({ message, name, ...(code && { code }) })
})

it('request rule 1: params that axios does not serialize itself may contain a token of their own', async () => {
  const { client, urls, events } = stubAxios()
  await client.get(
    '/user/get',
    serializing(() => 'a=1&access_token=MINE'),
  )
  expect(urls()).toEqual([`${API}/user/get?a=1&access_token=MINE`])
  expect(events.map(({ type }) => type)).toEqual(['skipped'])
})

it('request rule 1: params that axios does not serialize itself may be URLSearchParams of another realm', async () => {
  class Polyfill {
    readonly [Symbol.toStringTag] = 'URLSearchParams'
    toString() {
      return 'a=1'
    }
  }
  const { client, urls } = stubAxios()
  await client.get('/user/get', { params: new Polyfill() })
  expect(urls()).toEqual([`${API}/user/get?a=1&access_token=token-1`])
})

interface Helpers {
  defaultVisitor(...given: unknown[]): boolean
}

const seen: string[] = []
const note = (value: unknown) => String(seen.push(String(value)) && value)
const serializers = {
  encode: { encode: (value: string) => note(value).toUpperCase() },
  visitor: {
    visitor(this: unknown, value: unknown, key: string, path: unknown, helpers: Helpers) {
      note(value)
      note(key)
      return helpers.defaultVisitor.call(this, value, key, path)
    },
  },
  both: { encode: note, visitor: () => false, indexes: null },
}

it.each(
  VERSIONS.flatMap(([version, lib]) =>
    Object.entries(serializers).map(([name, given]) => ({ version, lib, name, given })),
  ),
)(
  'rule 12: a serializer of axios with the user’s own code never sees the token, which is appended as text: $name, axios $version',
  async ({ lib, given }) => {
    seen.length = 0
    const urls: string[] = []
    const adapter = async (config: InternalAxiosRequestConfig) => {
      urls.push(lib.getUri(config))
      return answer(OK)(config)
    }
    const client = lib.create({ baseURL: API, adapter })
    const paramsSerializer = given as never
    const bare = [{ a: ['b c', 1], n: { x: null } }, undefined].map((params) =>
      lib.getUri({ url: `${API}/user/get`, params, paramsSerializer }),
    )
    attachToken(client, sourceWith('Token-1').source, { axios: lib })
    await client.get('/user/get', { params: { a: ['b c', 1], n: { x: null } }, paramsSerializer })
    await client.get('/user/get', { paramsSerializer })
    const expected = bare.map((url) => `${url}${url.includes('?') ? '&' : '?'}access_token=Token-1`)
    expect(urls).toEqual(expected)
    expect(seen.join()).not.toMatch(/token/i)
  },
)

it('rule 12: a serializer of axios with the user’s own code does not see the token after it has thrown, when axios calls it again', async () => {
  seen.length = 0
  let times = 0
  const encode = (value: string) => {
    times += 1
    if (times === 1) throw new Error('not now')
    return note(value)
  }
  const { client } = stubAxios(async (config) => {
    axios.getUri(config)
    return answer(OK)(config)
  })
  await client.get('/user/get', { params: { a: 1 }, paramsSerializer: { encode } })
  expect(seen).toEqual(['a', '1'])
})

describe('a polluted Object.prototype', () => {
  const pollution = Object.prototype as Record<string, unknown>
  afterEach(() => {
    delete pollution.access_token
    delete pollution.onUploadProgress
  })

  it('request rule 1: a polluted Object.prototype reaches no adapter through our config if axios protects its own', async () => {
    pollution.onUploadProgress = () => {}
    const { client, live } = stubAxios()
    await client.get('/user/get')
    expect(live[0]?.onUploadProgress).toBeUndefined()
    expect(live[0]?.hasOwnProperty).toBeTypeOf('function')
  })

  it('request rule 1: a polluted Object.prototype does not count as a token of the caller', async () => {
    pollution.access_token = 'EVIL'
    const { client, urls } = stubAxios()
    await client.get('/user/get', { params: { a: 1 } })
    expect(urls()[0]).toMatch(/access_token=token-1$/)
  })
})
