import axios, { AxiosHeaders, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios'
import nock from 'nock'
import { expect, it } from 'vitest'
import { type AxiosMiddlewareOptions, attachToken } from '../../src/axios.js'
import type { TokenEvent, Transport } from '../../src/index.js'
import { middlewareContract } from '../support/middleware-contract.js'
import { APP, interceptQyapi, ORIGIN, useNock, type Wire } from '../support/qyapi.js'

useNock()

const message = { touser: 'zhangsan', msgtype: 'text', agentid: 1, text: { content: '你好' } }

function attached(wire: Wire, options: AxiosMiddlewareOptions = {}, defaults: object = {}) {
  const client = axios.create({ baseURL: `${ORIGIN}/cgi-bin`, ...defaults })
  const events: TokenEvent[] = []
  const onEvent = (event: TokenEvent) => events.push(event)
  const result = attachToken(client, APP, { clock: wire.clock, onEvent, ...options })
  return { client, events, ...result }
}

middlewareContract('the axios entry', (wire, options, corpSecret = APP.corpSecret) => {
  const client = axios.create({ baseURL: `${ORIGIN}/cgi-bin` })
  const { source } = attachToken(client, { ...APP, corpSecret }, { clock: wire.clock, ...options })
  const send = async (url: string, data?: object, signal?: AbortSignal) => {
    const method = data === undefined ? 'get' : 'post'
    const answer = await client.request({ method, url, data, ...(signal && { signal }) })
    return answer.data.errcode as number
  }
  return { source, send }
})

it('rule 1: 10,000 cold calls of an axios client make one gettoken', async () => {
  const wire = interceptQyapi()
  const adapter = async (config: InternalAxiosRequestConfig) => ({
    data: '{"errcode":0}',
    status: 200,
    statusText: 'OK',
    headers: new AxiosHeaders(),
    config,
  })
  const client = axios.create({ baseURL: `${ORIGIN}/cgi-bin`, adapter })
  attachToken(client, APP, { transport: nockTransport(wire) })
  const calls = Array.from({ length: 10_000 }, () => client.get('/user/get'))
  expect((await Promise.all(calls)).filter(({ data }) => data.errcode === 0)).toHaveLength(10_000)
  expect(wire.fetches()).toBe(1)
})

function nockTransport(_wire: Wire): Transport {
  return async ({ url }) => {
    const asText = { responseType: 'text', transformResponse: (text: string) => text } as const
    const { status, data } = await axios.get(url, asText)
    return { status, body: data }
  }
}

it.each([true, false])(
  'request rule 4: a refusal is detected with the error-code header present: %s, for every responseType',
  async (header) => {
    const wire = interceptQyapi({ errorCodeHeader: header })
    const { client } = attached(wire)
    for (const responseType of ['json', 'text', 'arraybuffer', 'stream'] as const) {
      wire.wecom.revoke()
      const { data } = await client.get('/user/get?userid=lisi', { responseType })
      expect(JSON.parse(await asText(data))).toMatchObject({ errcode: 0, userid: 'lisi' })
    }
  },
)

it.each([true, false])(
  'request rule 4: a refusal is detected in axios’ fetch adapter too, with the header present: %s',
  async (header) => {
    const wire = interceptQyapi({ errorCodeHeader: header })
    const { client } = attached(wire, {}, { adapter: 'fetch' })
    for (const responseType of ['json', 'text', 'arraybuffer', 'blob', 'stream'] as const) {
      wire.wecom.revoke()
      const { data } = await client.get('/user/get?userid=lisi', { responseType })
      expect(JSON.parse(await asText(data))).toMatchObject({ errcode: 0, userid: 'lisi' })
    }
  },
)

it('request rule 4: a refusal is detected whatever validateStatus says', async () => {
  const wire = interceptQyapi()
  const { client } = attached(wire)
  wire.wecom.failNext('user/get', { errcode: 42001, status: 500 })
  expect((await client.get('/user/get')).data.errcode).toBe(0)
  wire.wecom.failNext('user/get', { errcode: 42001, status: 500 }, 2)
  await expect(client.get('/user/get')).rejects.toMatchObject({
    isAxiosError: true,
    response: { data: { errcode: 42001 } },
  })
})

const tokenOf = async (
  wire: Wire,
  call: (client: AxiosInstance) => Promise<unknown>,
  options?: object,
) => {
  const { client, source } = attached(wire, options)
  await call(client)
  const { query } = wire.wecom.requests.at(-1) ?? expect.fail('nothing was sent')
  return { query, token: await source.get() }
}

it.each<[string, (client: AxiosInstance) => Promise<unknown>]>([
  ['params as an object', (client) => client.get('/user/get', { params: { userid: 'a b' } })],
  [
    'params as URLSearchParams',
    (client) => client.get('/user/get', { params: new URLSearchParams({ userid: 'a b' }) }),
  ],
  ['a url with its own query', (client) => client.get('/user/get?userid=a%20b')],
  ['a url with a query and a hash', (client) => client.get('/user/get?userid=a%20b#top')],
  [
    'a paramsSerializer',
    (client) =>
      client.get('/user/get', {
        params: { id: 'a b' },
        paramsSerializer: { serialize: ({ id }) => `userid=${encodeURIComponent(id)}` },
      }),
  ],
  [
    'a paramsSerializer as a function',
    (client) =>
      client.get('/user/get', {
        params: { id: 'a b' },
        paramsSerializer: (({ id }: { id: string }) => `userid=${encodeURIComponent(id)}`) as never,
      }),
  ],
  [
    'an empty token parameter in the url',
    (client) => client.get('/user/get?access_token=&userid=a%20b'),
  ],
  [
    'an empty token parameter in params',
    (client) => client.get('/user/get', { params: { access_token: '', userid: 'a b' } }),
  ],
  ['client(url)', (client) => client('/user/get?userid=a+b')],
  ['client(config)', (client) => client({ url: '/user/get', params: { userid: 'a b' } })],
  [
    'client.request(config)',
    (client) => client.request({ url: `${ORIGIN}/cgi-bin/user/get`, params: { userid: 'a b' } }),
  ],
])(
  'request rule 1: a request with %s has exactly one token, and the rest is unchanged',
  async (_name, call) => {
    const { query, token } = await tokenOf(interceptQyapi(), call)
    expect(query.getAll('access_token')).toEqual([token])
    expect(query.get('userid')).toBe('a b')
  },
)

it('request rule 2: a request with a token of its own passes through unchanged, and an event says so', async () => {
  const wire = interceptQyapi()
  const { client, events } = attached(wire)
  const calls = [
    client.get('/user/get?access_token=mine'),
    client.get('/user/get', { params: { access_token: 'mine' } }),
    client.get('/user/get', { params: new URLSearchParams({ access_token: 'mine' }) }),
  ]
  for (const { data } of await Promise.all(calls)) expect(data.errcode).toBe(40014)
  expect(wire.fetches()).toBe(0)
  expect(events.map(({ type }) => type)).toEqual(['skipped', 'skipped', 'skipped'])
})

it("request rule 2: callerToken 'replace' replaces the request’s own token", async () => {
  for (const call of [
    (client: AxiosInstance) => client.get('/user/get?access_token=theirs&userid=u'),
    (client: AxiosInstance) =>
      client.get('/user/get?userid=u', { params: { access_token: 'theirs' } }),
    (client: AxiosInstance) =>
      client.get('/user/get?userid=u', {
        params: new URLSearchParams({ access_token: 'theirs' }),
      }),
  ]) {
    const { query, token } = await tokenOf(interceptQyapi(), call, { callerToken: 'replace' })
    expect(query.getAll('access_token')).toEqual([token])
    expect(query.get('userid')).toBe('u')
  }
})

it.each([302, 307])(
  'request rule 7: a %s leads where it leads without us, but without our token, and with fetch it is the answer',
  async (status) => {
    for (const adapter of ['http', 'fetch']) {
      const wire = interceptQyapi()
      const { client, source } = attached(wire, {}, { adapter })
      const token = await source.get()
      wire.wecom.failNext('user/get', {
        status,
        headers: { location: `https://evil.example/steal?access_token=${token}&b=2` },
      })
      const foreign = nock('https://evil.example').get('/steal').query({ b: '2' }).reply(200)
      const answer = await client.get('/user/get').catch(({ response }) => response)
      expect(answer.status).toBe(adapter === 'http' ? 200 : status)
      expect(foreign.isDone()).toBe(adapter === 'http')
    }
  },
)

it('request rule 3: an attach leaves no trace in the configs of the caller or of the response', async () => {
  const wire = interceptQyapi()
  const { client } = attached(wire)
  const given = Object.freeze({
    params: Object.freeze({ userid: 'u' }),
    headers: Object.freeze({ 'x-own': '1' }),
  })
  const { config, request } = await client.get('/user/get', given)
  expect(config.params).toEqual({ userid: 'u' })
  expect(config.url).toBe('/user/get')
  expect(config.beforeRedirect).toBeUndefined()
  expect(config.fetchOptions).toBeUndefined()
  expect(config.adapter).toEqual(axios.defaults.adapter)
  expect(request.path).toBe('/cgi-bin/user/get?userid=u')
})

it('request rule 3: an attach keeps the order and the synchrony of the user’s own interceptors', async () => {
  for (const before of [true, false]) {
    const wire = interceptQyapi()
    const client = axios.create({ baseURL: `${ORIGIN}/cgi-bin` })
    const order: string[] = []
    const own = () => {
      client.interceptors.request.use(
        (config) => {
          order.push('request 1')
          return config
        },
        undefined,
        { synchronous: true },
      )
      client.interceptors.request.use(
        (config) => {
          order.push('request 2')
          return config
        },
        undefined,
        { synchronous: true },
      )
      client.interceptors.response.use((response) => {
        order.push('response')
        return response.data
      })
    }
    if (before) own()
    attachToken(client, APP, { clock: wire.clock })
    if (!before) own()
    const answer = client.get('/user/get')
    expect(order).toEqual(['request 2', 'request 1'])
    expect(await answer).toMatchObject({ errcode: 0 })
    wire.wecom.revoke()
    order.length = 0
    expect(await client.get('/user/get')).toMatchObject({ errcode: 0 })
    expect(order).toEqual(['request 2', 'request 1', 'response'])
  }
})

it('request rule 3: an attach runs transforms once, also when the request is replayed', async () => {
  const wire = interceptQyapi()
  const ran: string[] = []
  const { client, source } = attached(
    wire,
    {},
    {
      transformRequest: [
        (data: object) => {
          ran.push('request')
          return JSON.stringify({ wrapped: data })
        },
      ],
      transformResponse: [
        (text: string) => {
          ran.push('response')
          return JSON.parse(text)
        },
      ],
    },
  )
  await source.get()
  wire.wecom.revoke()
  const { data } = await client.post('/message/send', message, {
    headers: { 'content-type': 'application/json' },
  })
  expect(data.errcode).toBe(0)
  expect(ran).toEqual(['request', 'response'])
  const bodies = wire.wecom.requests
    .filter(({ path }) => path === 'message/send')
    .map(({ body }) => String(body))
  expect(bodies).toEqual([
    JSON.stringify({ wrapped: message }),
    JSON.stringify({ wrapped: message }),
  ])
})

it('request rule 3: an attach is undone by detach, and a second detach does nothing', async () => {
  const wire = interceptQyapi()
  const { client, source, detach } = attached(wire)
  const { config } = await client.get('/user/get')
  detach()
  detach()
  expect((await client.get('/user/get')).data.errcode).toBe(41001)
  expect((await client.request(config)).data.errcode).toBe(41001)
  await expect(source.get()).rejects.toMatchObject({ code: 'closed' })
})

it('request rule 10: an error of an attached client carries the caller’s config and is no AxiosError if it is ours', async () => {
  const wire = interceptQyapi()
  const client = axios.create({ baseURL: `${ORIGIN}/cgi-bin` })
  attachToken(client, { ...APP, corpSecret: 'wrong-secret' }, { clock: wire.clock })
  const error = await client.get('/user/get', { params: { userid: 'u' } }).catch((caught) => caught)
  expect(error).toMatchObject({
    name: 'QyapiTokenError',
    code: 'credential_refused',
    errcode: 40001,
    isAxiosError: false,
  })
  expect(error.config).toMatchObject({ url: '/user/get', params: { userid: 'u' } })
  expect(axios.isAxiosError(error)).toBe(false)
  expect(wire.fetches()).toBe(1)
  await expect(client.get('/user/get')).rejects.toMatchObject({ code: 'credential_refused' })
  expect(wire.fetches()).toBe(1)
})

it('request rule 10: an error of an attached client stays the same object if it is axios’ own, with the caller’s config and no token', async () => {
  const wire = interceptQyapi()
  const { client, source } = attached(wire)
  wire.wecom.failNext('user/get', { reset: true })
  const error = await client.get('/user/get', { params: { userid: 'u' } }).catch((caught) => caught)
  expect(error).toMatchObject({
    isAxiosError: true,
    code: 'ECONNRESET',
    config: { params: { userid: 'u' } },
  })
  const token = await source.get()
  expect(JSON.stringify(error)).not.toContain(token)
  expect(error.stack).not.toContain(token)
})

async function asText(data: unknown): Promise<string> {
  if (typeof data === 'string') return data
  if (data instanceof Uint8Array || data instanceof ArrayBuffer)
    return Buffer.from(data as ArrayBuffer).toString()
  if (data instanceof Blob) return data.text()
  if (data instanceof ReadableStream) return new Response(data).text()
  if (typeof (data as AsyncIterable<Buffer>)[Symbol.asyncIterator] !== 'function')
    return JSON.stringify(data)
  let text = ''
  for await (const chunk of data as AsyncIterable<Buffer>) text += String(chunk)
  return text
}
