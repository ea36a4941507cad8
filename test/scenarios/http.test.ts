import { Agent } from 'node:http'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import axiosCurrent, { type AxiosInstance, type AxiosStatic } from 'axios'
import axios15 from 'axios-1.5'
import axios17 from 'axios-1.7'
import axios113 from 'axios-1.13'
import axios118 from 'axios-1.18'
import MockAdapter from 'axios-mock-adapter'
import FormDataPackage from 'form-data'
import nock from 'nock'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AxiosMiddlewareOptions, attachToken } from '../../src/axios.js'
import type { TokenEvent } from '../../src/index.js'
import { type FakeQyapi, fakeClock, fakeQyapi } from '../../src/testing.js'
import { hold } from '../support/hold.js'
import { APP } from '../support/qyapi.js'

const commonJsAxios: AxiosStatic = createRequire(import.meta.url)('axios')

const COPIES: [string, AxiosStatic][] = [
  ['1.5', axios15 as unknown as AxiosStatic],
  ['1.7', axios17 as unknown as AxiosStatic],
  ['1.13', axios113 as unknown as AxiosStatic],
  ['1.18', axios118 as unknown as AxiosStatic],
  ['1.21', axiosCurrent],
]

let wecom: FakeQyapi
let baseUrl: string
beforeAll(async () => {
  nock.restore()
  wecom = fakeQyapi()
  baseUrl = await wecom.listen()
})
afterAll(() => wecom.close())

let fetchesBefore = 0
const fetches = () => wecom.count('gettoken') - fetchesBefore
beforeEach(() => {
  fetchesBefore = wecom.count('gettoken')
})

function attached(lib: AxiosStatic, defaults: object = {}, options: AxiosMiddlewareOptions = {}) {
  const client = lib.create({ baseURL: `${baseUrl}/cgi-bin`, ...defaults }) as AxiosInstance
  const events: TokenEvent[] = []
  const onEvent = (event: TokenEvent) => events.push(event)
  return {
    client,
    events,
    ...attachToken(client, APP, { baseUrl, onEvent, axios: lib, ...options }),
  }
}

const sent = (path: string) => wecom.requests.filter((request) => request.path === path)

describe.each(
  COPIES.flatMap(([version, lib]) =>
    // The fetch adapter exists since 1.7.
    ['http', 'fetch']
      .slice(0, version === '1.5' ? 1 : 2)
      .map((adapter) => ({ version, adapter, lib })),
  ),
)('axios $version, $adapter adapter, over real HTTP', ({ adapter, lib }) => {
  it('rule 1: over real HTTP 100 cold calls make one gettoken, 100 refused ones make one more, and all succeed', async () => {
    const { client, detach } = attached(lib, { adapter })
    const send = () => client.post('/message/send', { touser: 'u' })
    const succeed = async () => {
      const answers = await Promise.all(Array.from({ length: 100 }, send))
      return answers.filter(({ data }) => data.errcode === 0).length
    }
    expect(await succeed()).toBe(100)
    expect(fetches()).toBe(1)
    wecom.revoke()
    expect(await succeed()).toBe(100)
    expect(fetches()).toBe(2)
    detach()
  })

  it('rule 9: a replay that is refused again is the caller’s answer', async () => {
    const { client } = attached(lib, { adapter })
    wecom.failNext('agent/get', { errcode: 42001 }, 2)
    expect((await client.get('/agent/get')).data.errcode).toBe(42001)
    expect(fetches()).toBe(2)
  })

  const bodies: [string, () => unknown][] = [
    ['an object', () => ({ touser: 'u', text: { content: '你好' } })],
    ['a string', () => 'text 你好'],
    ['a Buffer', () => Buffer.from('bytes 你好')],
    ['an ArrayBuffer', () => new TextEncoder().encode('bytes').buffer],
    [
      'a view into a larger buffer',
      () => new Uint8Array(Uint8Array.from(Buffer.from('..view..')).buffer, 2, 4),
    ],
    ['URLSearchParams', () => new URLSearchParams({ a: '1', b: '你' })],
    ['native FormData', () => nativeForm()],
    ['nothing', () => undefined],
    ...(adapter === 'http'
      ? ([['the package form-data', () => packageForm()]] as [string, () => unknown][])
      : []),
  ]
  it.each(bodies)(
    'request rule 5: %s arrives byte-equal on the replay over real HTTP',
    async (_name, body) => {
      const { client, source } = attached(lib, { adapter })
      await source.get()
      wecom.revoke()
      const before = sent('media/upload').length
      const { data } = await client.post('/media/upload?type=file', body())
      expect(data.media_id).toBeDefined()
      const [refused, replayed] = sent('media/upload').slice(before)
      expect(replayed?.query.get('type')).toBe('file')
      expect(withoutBoundary(replayed?.body)).toBe(withoutBoundary(refused?.body))
      if (body() !== undefined) expect(refused?.body.length).toBeGreaterThan(0)
      expect(replayed?.headers['content-type']?.slice(0, 20)).toBe(
        refused?.headers['content-type']?.slice(0, 20),
      )
    },
  )

  it('request rule 5: a stream is sent once; if refused, the caller gets the answer, and an event says why', async () => {
    const { client, source, events } = attached(lib, { adapter })
    const upload = () =>
      client.post('/media/upload', Readable.from([Buffer.from('a'), Buffer.from('b')]), {
        headers: { 'content-type': 'text/plain' },
      })
    if (adapter === 'fetch') return // its streams are the web's, tested with the fetch entry
    expect((await upload()).data.media_id).toBe('fake-media-2')
    wecom.revoke()
    await source.get()
    expect((await upload()).data.errcode).toBe(40014)
    expect(events.at(-1)).toMatchObject({ type: 'not_replayed', reason: 'body_not_replayable' })
    expect((await upload()).data.media_id).toBe('fake-media-2')
  })

  it('request rule 10: errors are of the client’s own copy of axios, with its config and no token', async () => {
    const { client, source } = attached(lib, { adapter })
    const error = await client.get('/no/such/path').catch((caught) => caught)
    expect(error).toBeInstanceOf(lib.AxiosError)
    expect(error).toMatchObject({ response: { status: 404, config: { url: '/no/such/path' } } })
    expect(error.config).toBe(error.response.config)
    expect(JSON.stringify(error)).not.toContain(await source.get())
  })

  it('request rule 7: with fetch a redirect is the answer, since fetch has no hook before it', async () => {
    const { client } = attached(lib, { adapter })
    wecom.failNext('user/get', {
      status: 302,
      headers: { location: `${baseUrl}/cgi-bin/agent/get` },
    })
    const before = sent('agent/get').length
    const status = await client.get('/user/get').then(
      (answer) => answer.status,
      (error) => error.response.status,
    )
    const isFollowed = adapter === 'http'
    expect(status).toBe(isFollowed ? 200 : 302)
    expect(sent('agent/get').length - before).toBe(isFollowed ? 1 : 0)
  })
})

it.each([...COPIES.slice(0, 3), ['CommonJS', commonJsAxios] as [string, AxiosStatic]])(
  'a client of axios %s works without the option axios',
  async (_version, lib) => {
    const client = lib.create({ baseURL: `${baseUrl}/cgi-bin` }) as AxiosInstance
    attachToken(client, APP, { baseUrl })
    await client.get('/user/get')
    wecom.revoke()
    expect((await client.post('/message/send', { a: 1 })).data.errcode).toBe(0)
    const error = await client.get('/no/such/path').catch((caught) => caught)
    expect(lib.isAxiosError(error)).toBe(true)
  },
)

it('rule 12: token requests use the client’s agent, and nothing else of its defaults', async () => {
  const agent = new Agent({ keepAlive: true })
  let connections = 0
  agent.on('free', () => {
    connections += 1
  })
  const { client } = attached(axiosCurrent, {
    httpAgent: agent,
    headers: { common: { 'x-mine': '1' }, authorization: 'Basic bWluZQ==' },
    params: { mine: '1' },
    auth: { username: 'me', password: 'mine' },
  })
  await client.get('/user/get')
  const call = sent('gettoken').at(-1)
  expect(connections).toBeGreaterThan(0)
  expect(call?.headers).not.toHaveProperty('x-mine')
  expect(call?.headers).not.toHaveProperty('authorization')
  expect([...(call?.query.keys() ?? [])]).toEqual(['corpid', 'corpsecret'])
  agent.destroy()
})

it('rule 12: no interceptor or transform of the client sees a token request', async () => {
  const { client } = attached(axiosCurrent)
  const seen: (string | undefined)[] = []
  client.interceptors.request.use((config) => {
    seen.push(config.url)
    return config
  })
  client.interceptors.response.use((response) => {
    seen.push(response.config.url)
    return response
  })
  client.defaults.transformResponse = [
    function (this: { url?: string }, data: unknown) {
      seen.push(this.url)
      return data
    },
  ]
  const before = sent('gettoken').length
  await client.get('/user/get')
  expect(sent('gettoken')).toHaveLength(before + 1)
  expect(seen).toEqual(['/user/get', '/user/get', '/user/get'])
})

it('rule 12: token requests use the client’s adapter as it is at the time of the request, for example a mock', async () => {
  const client = axiosCurrent.create({ baseURL: 'https://qyapi.weixin.qq.com/cgi-bin' })
  attachToken(client, APP)
  const mock = new MockAdapter(client)
  const tokens = ['one', 'two']
  mock
    .onGet('https://qyapi.weixin.qq.com/cgi-bin/gettoken')
    .reply(() => [
      200,
      { errcode: 0, errmsg: 'ok', access_token: tokens.shift(), expires_in: 7200 },
    ])
  mock.onGet('/user/get').replyOnce(200, { errcode: 42001 })
  mock.onGet('/user/get').reply(({ params }) => [200, { errcode: 0, seen: params }])
  const { data, config } = await client.get('/user/get', { params: { userid: 'u' } })
  expect(data).toEqual({ errcode: 0, seen: { userid: 'u', access_token: 'two' } })
  expect(config.params).toEqual({ userid: 'u' })
})

it('rule 10: axios-retry tries token requests up to three times on 5xx, resets and -1', async () => {
  const { client } = attached(axiosCurrent)
  wecom.failNext('gettoken', { status: 502 })
  wecom.failNext('gettoken', { reset: true })
  expect((await client.get('/user/get')).data.errcode).toBe(0)
  expect(fetches()).toBe(3)
})

it('rule 10: token requests end after tokenTimeoutMs', async () => {
  const clock = fakeClock()
  const { client, source } = attached(axiosCurrent, {}, { clock })
  wecom.failNext('gettoken', { errcode: -1 }, 3)
  await expect(client.get('/user/get')).rejects.toMatchObject({
    code: 'token_fetch_failed',
    errcode: -1,
  })
  expect(fetches()).toBe(3)
  expect(source.describe().cooldownUntil).toBe(clock.wall() + 1_000)
})

it('rule 12: token requests never follow a redirect', async () => {
  for (const adapter of ['http', 'fetch']) {
    const { client } = attached(axiosCurrent, { adapter })
    const location = `${baseUrl}/cgi-bin/gettoken?corpid=ww-fake&corpsecret=fake-secret`
    const before = wecom.count('gettoken')
    wecom.failNext('gettoken', { status: 302, headers: { location } })
    await expect(client.get('/user/get')).rejects.toThrow(/redirected \(HTTP 302\)/)
    expect(wecom.count('gettoken')).toBe(before + 1)
  }
})

it('axios itself is a client like any other, until it is detached', async () => {
  const { detach } = attachToken(axiosCurrent, APP, { baseUrl })
  const url = `${baseUrl}/cgi-bin/message/send`
  const form = { media: Buffer.from('content') }
  const calls = [
    () => axiosCurrent(url),
    () => axiosCurrent.post(url, { a: 1 }),
    () => axiosCurrent.postForm(`${baseUrl}/cgi-bin/media/upload`, form),
  ]
  for (const call of calls) expect((await call()).data.errcode).toBe(0)
  wecom.revoke()
  for (const call of calls) expect((await call()).data.errcode).toBe(0)
  detach()
  expect((await axiosCurrent(url)).data.errcode).toBe(41001)
})

it('a client made by create() does not inherit the interceptors of axios, and so gets no token until it is attached itself', async () => {
  const { client } = attached(axiosCurrent)
  const child = client.create({ timeout: 1000 })
  expect((await child.get('/user/get')).data.errcode).toBe(41001)
  const { detach } = attachToken(child, APP, { baseUrl })
  expect((await child.get('/user/get')).data.errcode).toBe(0)
  detach()
  expect((await client.get('/user/get')).data.errcode).toBe(0)
})

it('rule 11: a timeout that was partly spent waiting for a token ends as axios ends one', async () => {
  const { client, source } = attached(axiosCurrent)
  const fetched = hold(wecom, 'gettoken')
  const error = await client.get('/user/get', { timeout: 60 }).catch((caught) => caught)
  expect(error).toBeInstanceOf(axiosCurrent.AxiosError)
  expect(error).toMatchObject({
    code: 'ECONNABORTED',
    message: 'timeout of 60ms exceeded',
    config: { timeout: 60, url: '/user/get' },
  })
  fetched.release()
  await source.get()
  const called = hold(wecom, 'user/get')
  const later = await client
    .get('/user/get', { timeout: 200, transitional: { clarifyTimeoutError: true } })
    .catch((caught) => caught)
  expect(later).toMatchObject({
    code: 'ETIMEDOUT',
    message: 'timeout of 200ms exceeded',
    config: { timeout: 200 },
  })
  called.release()
  expect(fetches()).toBe(1)
})

it('rule 11: a caller’s timeoutErrorMessage is kept', async () => {
  const { client, source } = attached(axiosCurrent)
  const fetched = hold(wecom, 'gettoken')
  await expect(
    client.get('/user/get', { timeout: 20, timeoutErrorMessage: 'too slow' }),
  ).rejects.toThrow('too slow')
  fetched.release()
  await source.get()
})

it('rule 11: an abort by signal or cancelToken ends that caller’s wait, never the shared fetch', async () => {
  const { client } = attached(axiosCurrent)
  const fetched = hold(wecom, 'gettoken')
  const controller = new AbortController()
  const cancel = axiosCurrent.CancelToken.source()
  const aborted = client.get('/user/get', { signal: controller.signal }).catch((caught) => caught)
  const cancelled = client.get('/user/get', { cancelToken: cancel.token }).catch((caught) => caught)
  const patient = client.get('/user/get')
  await fetched.arrived()
  controller.abort()
  cancel.cancel('enough')
  expect(await aborted).toMatchObject({
    code: 'ERR_CANCELED',
    name: 'CanceledError',
    config: { url: '/user/get' },
  })
  expect(axiosCurrent.isCancel(await cancelled)).toBe(true)
  expect(await cancelled).toMatchObject({ message: 'enough' })
  fetched.release()
  expect((await patient).data.errcode).toBe(0)
  expect(fetches()).toBe(1)
})

function nativeForm(): FormData {
  const form = new FormData()
  form.append('media', new Blob(['file content 内容']), 'a.txt')
  form.append('name', '名字')
  return form
}

function packageForm(): FormDataPackage {
  const form = new FormDataPackage()
  form.append('media', Buffer.from('file content 内容'), { filename: 'a.txt' })
  form.append('name', '名字')
  return form
}

/** Each FormData that is sent has a boundary of its own. */
function withoutBoundary(body: Uint8Array | undefined): string {
  return Buffer.from(body ?? [])
    .toString('utf8')
    .replace(/-{2,}(axios|formdata|-)[\w.-]+/g, 'boundary')
}
