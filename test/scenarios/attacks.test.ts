import { inspect } from 'node:util'
import axios, { type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios'
import axios17 from 'axios-1.7'
import axios113 from 'axios-1.13'
import nock from 'nock'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { withToken } from '../../src/fetch.js'
import { hold } from '../support/hold.js'
import { APP } from '../support/qyapi.js'
import { useServers } from '../support/servers.js'
import { deferred, sourceWith, tokenBody } from '../support/source.js'

// Attacks that once succeeded, one test each.

beforeAll(() => nock.restore())
afterAll(() => nock.activate())

const { serve, fake } = useServers()

const JSON_TYPE = { 'content-type': 'application/json' }
const isFetch = (url = '') => url.includes('/gettoken')

it('request rule 10: a URL that is pointed elsewhere while the first token is fetched, or before the replay, takes no token along', async () => {
  const stolen: string[] = []
  const thief = await serve((request, response) => {
    stolen.push(request.url ?? '')
    response.end('{}')
  })
  const { wecom, baseUrl } = await fake()
  const qyFetch = withToken(fetch, APP, { baseUrl })
  const url = new URL(`${baseUrl}/cgi-bin/user/get?userid=a`)
  const cold = qyFetch(url)
  url.host = new URL(thief).host
  expect(((await (await cold).json()) as { userid: string }).userid).toBe('a')
  wecom.revoke()
  const again = new URL(`${baseUrl}/cgi-bin/user/get?userid=b`)
  const replayed = qyFetch(again)
  again.host = new URL(thief).host
  expect(((await (await replayed).json()) as { userid: string }).userid).toBe('b')
  expect(stolen).toEqual([])
})

it('request rule 10: a URL that is reused in a loop while the token is still fetched leads each request to its own address', async () => {
  const { baseUrl } = await fake()
  const qyFetch = withToken(fetch, APP, { baseUrl })
  const url = new URL(`${baseUrl}/cgi-bin/user/get`)
  const calls = ['a', 'b', 'c'].map((userid) => {
    url.searchParams.set('userid', userid)
    return qyFetch(url).then((response) => response.json() as Promise<{ userid: string }>)
  })
  expect((await Promise.all(calls)).map(({ userid }) => userid)).toEqual(['a', 'b', 'c'])
})

it('rule 12: an attached axios client sends token requests, too, with its own env.fetch', async () => {
  const { baseUrl } = await fake()
  const seen: string[] = []
  const ownFetch = async (request: Request) => {
    seen.push(new URL(request.url).pathname)
    return fetch(request)
  }
  const client = axios.create({
    baseURL: `${baseUrl}/cgi-bin`,
    adapter: 'fetch',
    env: { fetch: ownFetch as never },
  })
  attachToken(client, APP, { baseUrl })
  await client.get('/user/get')
  expect(seen).toEqual(['/cgi-bin/gettoken', '/cgi-bin/user/get'])
})

it('request rule 9: the error of a stream that breaks late contains no token', async () => {
  const { wecom, baseUrl } = await fake({ errorCodeHeader: false })
  wecom.on('media/get', {
    headers: { 'content-type': 'image/png' },
    body: new Uint8Array(3_000_000),
  })
  for (const adapter of ['http', 'fetch']) {
    const client = axios.create({ baseURL: `${baseUrl}/cgi-bin`, adapter })
    const { source } = attachToken(client, APP, { baseUrl })
    const token = await source.get()
    const { data } = await client
      .get('/media/get', { responseType: 'stream', maxContentLength: 1_000 })
      .catch((error) => ({ data: error }))
    const read = async () => {
      if (data instanceof Error) throw data
      for await (const _chunk of data);
    }
    const error = await read().catch((caught) => caught)
    expect(error).toBeInstanceOf(Error)
    expect(inspect(error, { depth: 10 }) + JSON.stringify(error)).not.toContain(token)
  }
})

it.each([
  ['1.7', axios17],
  ['1.13', axios113],
])(
  'request rule 9: %s that wraps an AxiosError in another: neither contains the token',
  async (_version, lib) => {
    const { wecom, baseUrl } = await fake()
    const client = lib.create({ baseURL: `${baseUrl}/cgi-bin`, adapter: 'fetch' })
    const { source } = attachToken(client as never, APP, { baseUrl, axios: lib as never })
    const token = await source.get()
    wecom.failNext('user/get', { status: 500 })
    const error = await client.get('/user/get').catch((caught: unknown) => caught)
    expect(inspect(error, { depth: 10 })).not.toContain(token)
  },
)

it('request rule 9: a body that rejects with a promise, a string or a frozen error is passed on without the token', async () => {
  const { source } = sourceWith('planted-token')
  const failWith = (fail: (url: string) => unknown): AxiosRequestConfig => ({
    adapter: ((config: InternalAxiosRequestConfig) => fail(axios.getUri(config))) as never,
  })
  const client = axios.create({ baseURL: 'https://qyapi.weixin.qq.com/cgi-bin' })
  attachToken(client, source)
  const thrown = await client
    .get(
      '/user/get',
      failWith((url) => {
        throw Object.assign(new Error(`no mock for ${url}`), { url })
      }),
    )
    .catch((error) => error)
  expect(thrown.message).toContain('no mock for')
  expect(inspect(thrown)).not.toContain('planted')
  expect(
    await client
      .get(
        '/user/get',
        failWith((url) => Promise.reject(`string ${url}`)),
      )
      .catch((error) => error),
  ).toBe('string https://qyapi.weixin.qq.com/cgi-bin/user/get')
  const frozen = Object.freeze(Object.assign(new Error('frozen'), { config: {} }))
  expect(
    await client
      .get(
        '/user/get',
        failWith(() => Promise.reject(frozen)),
      )
      .catch((error) => error),
  ).toBe(frozen)
})

it.each([
  ['1.7', axios17],
  ['1.13', axios113],
  ['1.21', axios],
])('request rule 10: %s times out while a host name does not resolve', async (_version, lib) => {
  const { baseUrl } = await fake()
  const client = lib.create({ baseURL: `${baseUrl.replace('127.0.0.1', 'localhost')}/cgi-bin` })
  const source = sourceWith('token', {
    baseUrl: baseUrl.replace('127.0.0.1', 'localhost'),
  }).source
  attachToken(client as never, source, { axios: lib as never })
  const call = client.get as (url: string, config: object) => Promise<unknown>
  const error = await call('/user/get', { timeout: 150, lookup: () => {} }).catch(
    (caught: unknown) => caught,
  )
  expect(error).toMatchObject({
    code: 'ECONNABORTED',
    message: 'timeout of 150ms exceeded',
    config: { timeout: 150 },
  })
})

it('request rule 10: an attached axios client accepts a frozen config from an interceptor', async () => {
  const { baseUrl } = await fake()
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, APP, { baseUrl })
  client.interceptors.request.use((config) => Object.freeze({ ...config }) as never)
  expect((await client.get('/user/get')).data.errcode).toBe(0)
})

it('request rule 4: a stalled JSON stream is passed on after a second, unjudged', async () => {
  const baseUrl = await serve((request, response) => {
    response.writeHead(200, JSON_TYPE)
    if (isFetch(request.url)) response.end(tokenBody('token'))
    else response.write('{"a":1')
  })
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, APP, { baseUrl })
  const { data } = await client.get('/user/get', { responseType: 'stream' })
  const response = await withToken(fetch, APP, { baseUrl })(`${baseUrl}/cgi-bin/user/get`)
  expect(String((await data[Symbol.asyncIterator]().next()).value)).toBe('{"a":1')
  const { value } = (await response.body?.getReader().read()) ?? {}
  expect(new TextDecoder().decode(value)).toBe('{"a":1')
})

it('request rule 5: a refused stream is destroyed also if its caller aborts', async () => {
  const { wecom, baseUrl } = await fake({ errorCodeHeader: false })
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin`, responseType: 'stream' })
  const { source } = attachToken(client, APP, { baseUrl })
  await source.get()
  wecom.revoke()
  hold(wecom, 'gettoken')
  const destroyed = deferred<void>()
  client.interceptors.request.use((config) => {
    const { adapter } = config
    config.adapter = async (sent) => {
      const answer = await axios.getAdapter(adapter)(sent)
      answer.data.on('close', destroyed.resolve)
      return answer
    }
    return config
  })
  await expect(client.get('/user/get', { timeout: 100 })).rejects.toMatchObject({
    code: 'ECONNABORTED',
  })
  await destroyed.promise
})

it('request rule 10: an attached fetch keeps the method, headers and body of a Request that is passed as init', async () => {
  const { wecom, baseUrl } = await fake()
  const qyFetch = withToken(fetch, APP, { baseUrl })
  const url = `${baseUrl}/cgi-bin/message/send`
  const request = new Request(url, { method: 'POST', body: 'content', headers: { 'x-own': '1' } })
  await qyFetch(url, request)
  const inherited = Object.create({ method: 'POST', body: 'inherited' })
  await qyFetch(url, inherited)
  const sent = wecom.requests.filter(({ path }) => path === 'message/send')
  expect(sent.map(({ method, body }) => `${method} ${body.length}`)).toEqual(['POST 7', 'POST 9'])
  expect(sent[0]?.headers['x-own']).toBe('1')
})

it('request rule 10: an attached fetch stops reading a long answer, and a Request’s own body, when it is aborted', async () => {
  const { wecom, baseUrl } = await fake({ errorCodeHeader: false })
  wecom.on('user/simplelist', { json: { errcode: 0, rows: 'x'.repeat(200_000) } })
  const qyFetch = withToken(fetch, APP, { baseUrl })
  const controller = new AbortController()
  const response = await qyFetch(`${baseUrl}/cgi-bin/user/simplelist`, {
    signal: controller.signal,
  })
  controller.abort()
  await expect(response.text()).rejects.toMatchObject({ name: 'AbortError' })
  const endless = new ReadableStream({ pull: () => new Promise(() => {}) })
  const stuck = new Request(`${baseUrl}/cgi-bin/media/upload`, {
    method: 'POST',
    body: endless,
    duplex: 'half',
    signal: AbortSignal.timeout(50),
  } as RequestInit)
  await expect(qyFetch(stuck)).rejects.toMatchObject({ name: 'TimeoutError' })
})

it('request rule 10: an attached fetch waits for the new token with a body that can be sent once while a refresh is running', async () => {
  const { source, clock, fetches } = sourceWith((count) => `token-${count}`)
  await source.get()
  clock.advance(6_900_000)
  const seen: string[] = []
  const stub = async (url: string) => {
    seen.push(new URL(url).searchParams.get('access_token') ?? '')
    return new Response('{"errcode":0}')
  }
  const qyFetch = withToken(stub as never, source) as unknown as typeof fetch
  const init = { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' } as RequestInit
  await qyFetch('https://qyapi.weixin.qq.com/cgi-bin/media/upload', init)
  expect(seen).toEqual(['token-2'])
  expect(fetches()).toBe(2)
})

it('request rule 10: an attached fetch passes an unusual status or reason phrase on', async () => {
  const baseUrl = await serve((request, response) => {
    if (isFetch(request.url)) return response.writeHead(200, JSON_TYPE).end(tokenBody('token'))
    return response
      .writeHead(999, Buffer.from('成功').toString('latin1'), JSON_TYPE)
      .end('{"errcode":0}')
  })
  const response = await withToken(fetch, APP, { baseUrl })(`${baseUrl}/cgi-bin/user/get`)
  expect([response.status, response.ok]).toEqual([999, false])
  expect(response.statusText).toBe((await fetch(`${baseUrl}/cgi-bin/user/get`)).statusText)
  expect(await response.json()).toEqual({ errcode: 0 })
})

it('request rule 10: an attached fetch sends the body of a polyfilled Request that has no body property', async () => {
  const bodies: unknown[] = []
  const stub = async (url: string, init: RequestInit) => {
    if (isFetch(url)) return new Response(tokenBody('token'))
    bodies.push(Buffer.from(init.body as ArrayBuffer).toString())
    return new Response('{"errcode":0}')
  }
  const request = {
    url: 'https://qyapi.weixin.qq.com/cgi-bin/message/send',
    method: 'POST',
    headers: new Headers(),
    arrayBuffer: async () => Uint8Array.from(Buffer.from('hidden')).buffer,
  }
  await (withToken(stub as never, APP) as unknown as (request: unknown) => Promise<unknown>)(
    request,
  )
  expect(bodies).toEqual(['hidden'])
})

it.each([
  null,
  {},
  'text',
  { generation: 3, ageMs: 0, expiresInMs: 7_200_000 },
  { value: '', generation: 1, ageMs: 0, expiresInMs: 1 },
  { value: 't', generation: 1.5, ageMs: 0, expiresInMs: 1e9 },
  { value: 't', generation: 1, ageMs: Number.NaN, expiresInMs: 1e9 },
])('rule 20: a store that returns garbage such as %j counts as empty', async (given) => {
  const store = {
    get: async () => given as never,
    set: async () => true,
    delete: async () => true,
  }
  const { source, types } = sourceWith('good', { store })
  expect(await source.get()).toBe('good')
  expect(types().filter((type) => type === 'store_error')).toHaveLength(given === null ? 0 : 1)
})
