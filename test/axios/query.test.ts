import axios from 'axios'
import MockAdapter from 'axios-mock-adapter'
import { afterEach, describe, expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { sourceWith } from '../support/source.js'
import { API, answer, OK, stubAxios } from '../support/stub-axios.js'

const serializing = (serialize: (params: object) => string) => ({
  params: { a: 1 },
  paramsSerializer: { serialize: serialize as never },
})

describe('params that axios does not serialize by itself', () => {
  it.each<[string, object, string]>([
    ['URLSearchParams', { params: new URLSearchParams({ a: '1 2' }) }, 'a=1+2'],
    ['a serializer', serializing(() => 'by=hand'), 'by=hand'],
    ['a serializer of nothing', serializing(() => ''), ''],
    ['a serializer without params', { ...serializing(() => 'no'), params: undefined }, ''],
  ])(
    'carry the token last, and a mock adapter finds the call by its url: %s',
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

  it('are refused by axios, as without us, if they are a text', async () => {
    const { client, sent } = stubAxios()
    await client.get('/user/get', { params: 'a=b' })
    expect(sent[0]?.params).toBe('a=b')
    await client.get('/user/get', { params: '' })
    expect(sent[1]?.params).toEqual({ access_token: 'token-1' })
  })

  it('are in the answer’s config as the caller gave them', async () => {
    const { client, live } = stubAxios()
    const params = new URLSearchParams({ a: '1' })
    const { config } = await client.get('/user/get', { params })
    expect(String(config.params)).toBe('a=1')
    expect(config.paramsSerializer).toBeUndefined()
    expect(live[0]?.paramsSerializer).toBeUndefined()
  })

  it('are serialized once for a call, whose source is chosen too', async () => {
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

  it('are read when the call is made, not when its source is chosen', async () => {
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

  it('fail as axios fails where a serializer throws', async () => {
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

  it('may bring a token of their own', async () => {
    const { client, urls, events } = stubAxios()
    await client.get(
      '/user/get',
      serializing(() => 'a=1&access_token=MINE'),
    )
    expect(urls()).toEqual([`${API}/user/get?a=1&access_token=MINE`])
    expect(events.map(({ type }) => type)).toEqual(['stood_aside'])
  })

  it('may be URLSearchParams of another realm', async () => {
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
})

describe('a polluted Object.prototype', () => {
  const pollution = Object.prototype as Record<string, unknown>
  afterEach(() => {
    delete pollution.access_token
    delete pollution.onUploadProgress
  })

  it('reaches no adapter through our config, where axios guards its own', async () => {
    pollution.onUploadProgress = () => {}
    const { client, live } = stubAxios()
    await client.get('/user/get')
    expect(live[0]?.onUploadProgress).toBeUndefined()
    expect(live[0]?.hasOwnProperty).toBeTypeOf('function')
  })

  it('is no token that the caller brought', async () => {
    pollution.access_token = 'EVIL'
    const { client, urls } = stubAxios()
    await client.get('/user/get', { params: { a: 1 } })
    expect(urls()[0]).toMatch(/access_token=token-1$/)
  })
})
