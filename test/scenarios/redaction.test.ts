import { readFileSync } from 'node:fs'
import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http'
import { inspect } from 'node:util'
import axios, { type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios'
import nock from 'nock'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { withToken } from '../../src/fetch.js'
import { createTokenSource, selfBuilt } from '../../src/index.js'
import { type FakeQyapi, fakeClock, fakeQyapi, type NextAnswer } from '../../src/testing.js'
import { hold } from '../support/hold.js'
import { logged, printed } from '../support/printed.js'
import { APP } from '../support/qyapi.js'

// Characters that each way of encoding a url encodes differently.
const PLANTED = "planted token/+=:$,'~"
const SECRET = 'planted-secret/+=&'

let wecom: FakeQyapi
let baseUrl: string
beforeAll(async () => {
  nock.restore()
  wecom = fakeQyapi({
    errorCodeHeader: false,
    tokenText: (count) => `${PLANTED}${count}`,
    apps: [APP.corpId, 'ww-other'].map((corpId) => ({ corpId, corpSecret: SECRET })),
  })
  baseUrl = await wecom.listen()
  wecom.on('moved', ({ query }) => ({
    status: 301,
    headers: { location: `${baseUrl}/elsewhere?${query}&b=2` },
  }))
})
afterAll(() => wecom.close())
afterEach(() => wecom.recover())

const LEAKED = /planted|%2F%2B%3D|203\.0\.113/i

function expectNothingLeaks(value: unknown) {
  const text = printed(value)
  const found = new RegExp(`.{0,80}(?:${LEAKED.source}).{0,40}`, 'i').exec(text)
  expect(found?.[0]).toBeUndefined()
}

const app = { corpId: APP.corpId, corpSecret: SECRET }

describe.each(['http', 'fetch'])(
  'request rule 9: axios with the %s adapter prints no token',
  (adapter) => {
    const calls: [string, AxiosRequestConfig, (() => void)?][] = [
      ['an answer', { url: '/user/get' }],
      ['an answer as text', { url: '/user/get', responseType: 'text' }],
      ['an answer as bytes', { url: '/user/get', responseType: 'arraybuffer' }],
      ['a streamed answer', { url: '/user/get', responseType: 'stream' }],
      ['a streamed binary answer', { url: '/media/get', responseType: 'stream' }],
      ['a 404', { url: '/no/such' }],
      ['a 500', { url: '/user/get' }, () => wecom.failNext('user/get', { status: 500 })],
      [
        'a redirect',
        { url: '/user/get' },
        () => wecom.failNext('user/get', { status: 302, headers: { location: '/x' } }),
      ],
      ['a redirect that repeats the query', { url: '/moved', params: { a: 1 } }],
      ['a streamed redirect', { url: '/moved', responseType: 'stream' }],
      ['a redirect that is taken for an answer', { url: '/moved', validateStatus: () => true }],
      ['a redirect that is not followed', { url: '/moved', maxRedirects: 0 }],
      ['a cut connection', { url: '/user/get' }, () => wecom.failNext('user/get', { reset: true })],
      ['a cut answer', { url: '/user/get' }, () => wecom.failNext('user/get', { truncate: true })],
      [
        'a timeout',
        { url: '/user/get', timeout: 30 },
        () => wecom.failNext('user/get', { until: new Promise(() => {}) }),
      ],
      [
        'an abort',
        {
          url: '/user/get',
          get signal() {
            return AbortSignal.timeout(50)
          },
        } as AxiosRequestConfig,
        () => wecom.failNext('user/get', { until: new Promise(() => {}) }),
      ],
      ['an answer that is too long', { url: '/user/get', maxContentLength: 5 }],
      [
        'a transform that throws',
        {
          url: '/user/get',
          transformResponse: [
            () => {
              throw new Error('transform')
            },
          ],
        },
      ],
      [
        'a refused request whose replay fails',
        { url: '/user/get' },
        () => {
          wecom.revoke()
          wecom.failNext('user/get', { errcode: 40014 })
          wecom.failNext('user/get', { reset: true })
        },
      ],
      [
        'params as URLSearchParams',
        { url: '/user/get', params: new URLSearchParams({ a: '1' }) },
        () => wecom.failNext('user/get', { reset: true }),
      ],
    ]

    it.each(calls)(
      'request rule 9: axios prints no token of %s',
      async (_name, config, prepare) => {
        const client = axios.create({ baseURL: `${baseUrl}/cgi-bin`, adapter })
        const { source, detach } = attachToken(client, app, { baseUrl })
        await source.get()
        prepare?.()
        const outcome = await client.request({ ...config }).catch((error) => error)
        expectNothingLeaks(outcome)
        expectNothingLeaks(outcome.response)
        expectNothingLeaks(outcome.data)
        expectNothingLeaks(outcome.config)
        detach()
      },
    )

    it('request rule 7: a redirect of axios leads where it led without us', async () => {
      const client = axios.create({ baseURL: `${baseUrl}/cgi-bin`, adapter })
      attachToken(client, app, { baseUrl })
      const config = { params: { a: 1 }, maxRedirects: 0 }
      const { response } = await client.get('/moved', config).catch((error) => error)
      expect(response.headers.location).toBe(`${baseUrl}/elsewhere?a=1&b=2`)
    })

    it('request rule 9: the request of an axios response stays readable', async () => {
      const client = axios.create({ baseURL: `${baseUrl}/cgi-bin`, adapter })
      attachToken(client, app, { baseUrl })
      const { request } = await client.get('/user/get')
      expect(request).toBeDefined()
      if (adapter === 'fetch') expect(request.url).not.toMatch(LEAKED)
    })
  },
)

/** An agent in a caller's own config is printed with it: one of the cases in SECURITY.md. */
const withAgent = (agent: Agent) => ({
  transport: {
    request: (options: RequestOptions, onResponse: (response: IncomingMessage) => void) =>
      request({ ...options, agent }, onResponse),
  },
})

it.each<[string, AxiosRequestConfig, NextAnswer]>([
  ['an answer', {}, { delayMs: 0 }],
  ['a streamed answer', { responseType: 'stream' }, { delayMs: 0 }],
  ['a 500', {}, { status: 500 }],
  ['a cut connection', {}, { reset: true }],
  ['a cut answer', {}, { truncate: true }],
  ['a timeout', { timeout: 30 }, { until: new Promise(() => {}) }],
])(
  'request rule 9: requests in flight on one keep-alive agent print no token of %s',
  async (_name, config, failure) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 6 })
    const clients = ['ww-fake', 'ww-other'].map((corpId) => {
      const client = axios.create({ baseURL: `${baseUrl}/cgi-bin`, ...withAgent(agent) })
      return { client, ...attachToken(client, { ...app, corpId }, { baseUrl }) }
    })
    const tokens = await Promise.all(clients.map(({ source }) => source.get()))
    const called = hold(wecom, 'user/get', {}, 4)
    wecom.failNext('agent/get', failure)
    const inFlight = [...clients, ...clients].map(({ client }) => client.get('/user/get'))
    await called.arrived(4)
    const outcome = await clients[0]?.client
      .get('/agent/get', { ...config })
      .catch((error) => error)
    // The agent holds what all of them have sent, percent-encoded.
    const held = inspect(agent, { depth: 10 })
    for (const token of tokens) expect(held).toContain(token.slice(-3))
    expect(held).toMatch(LEAKED)
    expectNothingLeaks(outcome)
    expectNothingLeaks(outcome.config)
    expectNothingLeaks(outcome.response)
    const { data } = outcome as AxiosResponse
    if (config.responseType === 'stream') data.resume()
    called.release()
    for (const answer of await Promise.all(inFlight)) expectNothingLeaks(answer)
    agent.destroy()
  },
)

it('request rule 9: fetch prints no token of a response, its clones and its url', async () => {
  const qyFetch = withToken(fetch, app, { baseUrl })
  const answer = await qyFetch(`${baseUrl}/cgi-bin/user/get`)
  for (const response of [answer, answer.clone(), answer.clone().clone()]) {
    expectNothingLeaks(response)
    expect(response.url).toBe(`${baseUrl}/cgi-bin/user/get`)
  }
  const binary = await qyFetch(`${baseUrl}/cgi-bin/media/get`)
  expectNothingLeaks(binary)
})

it('request rule 9: fetch prints no token of an error', async () => {
  const qyFetch = withToken(fetch, app, { baseUrl })
  await qyFetch.source.get()
  wecom.failNext('user/get', { reset: true })
  expectNothingLeaks(await qyFetch(`${baseUrl}/cgi-bin/user/get`).catch((error) => error))
  const failing = withToken(
    (async (url: string) => {
      if (url.includes('/gettoken')) return fetch(url)
      throw new TypeError(`cannot fetch ${url}`, { cause: new Error(`at ${url}`) })
    }) as typeof fetch,
    app,
    { baseUrl },
  )
  const error = await failing(`${baseUrl}/cgi-bin/user/get`).catch((caught) => caught)
  expect(error.message).toContain('cannot fetch')
  expectNothingLeaks(error)
})

it.each<[string, Error | { body: string; status?: number }]>([
  [
    'a network error that contains the url',
    new Error(
      `connect ECONNREFUSED https://x/cgi-bin/gettoken?corpsecret=${encodeURIComponent(SECRET)}`,
    ),
  ],
  ['one in form encoding', new Error(`failed: corpsecret=${new URLSearchParams({ '': SECRET })}`)],
  [
    'one in the cause',
    Object.assign(new Error('fetch failed', { cause: new Error(`for ${SECRET}`) })),
  ],
  [
    'an errmsg',
    { body: JSON.stringify({ errcode: 40068, errmsg: `bad ${SECRET}, from ip: 203.0.113.9` }) },
  ],
  ['HTTP 500', { status: 500, body: SECRET }],
])('request rule 9: an error of a token request prints no secret: %s', async (_name, answer) => {
  const events: unknown[] = []
  const source = createTokenSource(selfBuilt(app), {
    onEvent: (event) => events.push(event),
    clock: fakeClock(),
    transport: async () => {
      if (answer instanceof Error) throw answer
      return { status: 200, ...answer }
    },
  })
  const error = await source.get().catch((caught) => caught)
  expect(error.code).toBe('token_fetch_failed')
  expect(events).not.toEqual([])
  for (const shown of [error, events, source, source.describe()]) expectNothingLeaks(shown)
})

it('request rule 9: an error of a token request prints no secret of an axios error underneath', async () => {
  const client = axios.create({ baseURL: 'http://127.0.0.1:9/cgi-bin' }) as AxiosInstance
  attachToken(client, app, { baseUrl: 'http://127.0.0.1:9' })
  const error = await client.get('/user/get').catch((caught) => caught)
  expect(error).toMatchObject({ code: 'token_fetch_failed', cause: { code: 'ECONNREFUSED' } })
  expectNothingLeaks(error)
  expectNothingLeaks(error.config)
})

it('request rule 9: an error of a token request prints no wrong secret', async () => {
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, { ...app, corpSecret: 'planted-wrong-one' }, { baseUrl })
  expectNothingLeaks(await client.get('/user/get').catch((caught) => caught))
})

const advice = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8')

it('request rule 9: the advice of SECURITY.md keeps pino from printing the requests in flight on a keep-alive agent', async () => {
  const [, list = ''] = /redact: (\[[^\]]*\])/.exec(advice) ?? []
  const paths: string[] = JSON.parse(list.replaceAll("'", '"'))
  const httpAgent = new Agent({ keepAlive: true })
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin`, httpAgent })
  const { source } = attachToken(client, { ...APP, corpSecret: SECRET }, { baseUrl })
  await source.get()
  const held = hold(wecom, 'user/list')
  const inFlight = client.get('/user/list').catch(() => {})
  await held.arrived()
  const response = await client.get('/user/get')
  const error = await client.get('/moved').catch((caught) => caught)
  const lines: string[] = []
  const logger = pino({ redact: paths }, { write: (line: string) => void lines.push(line) })
  logger.error({ err: error }, 'failed')
  logger.info({ response }, 'got')
  expect(lines).toHaveLength(2)
  expect(lines.join('')).not.toMatch(LEAKED)
  // What a log is for.
  expect(logged(error)).toMatch(LEAKED)
  held.release()
  await inFlight
  httpAgent.destroy()
})

it('request rule 9: the advice of SECURITY.md keeps no url of a global fetch', async () => {
  expect(advice).toContain('performance.setResourceTimingBufferSize(0)')
  performance.clearResourceTimings()
  performance.setResourceTimingBufferSize(0)
  const qyFetch = withToken(fetch, { ...APP, corpSecret: SECRET }, { baseUrl })
  await (await qyFetch(`${baseUrl}/cgi-bin/user/get`)).text()
  expect(performance.getEntriesByType('resource')).toEqual([])
  performance.setResourceTimingBufferSize(250)
})
