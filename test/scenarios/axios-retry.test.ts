import axios, { type AxiosInstance } from 'axios'
import axiosRetry, { type IAxiosRetryConfig } from 'axios-retry'
import nock from 'nock'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { attachToken, type BusyRetryOptions, busyRetry } from '../../src/axios.js'
import { type FakeQyapi, fakeQyapi, type NextAnswer } from '../../src/testing.js'
import { APP } from '../support/qyapi.js'

let wecom: FakeQyapi
let baseUrl: string
beforeAll(async () => {
  nock.restore()
  wecom = fakeQyapi()
  baseUrl = await wecom.listen()
})
afterAll(() => wecom.close())

type Order = 'retry first' | 'token first' | 'bare'

function clientWith(
  order: Order,
  retry: IAxiosRetryConfig,
  { corpSecret = APP.corpSecret, server = baseUrl } = {},
): AxiosInstance {
  const client = axios.create({ baseURL: `${server}/cgi-bin` })
  const attach = () => attachToken(client, { ...APP, corpSecret }, { baseUrl: server })
  if (order === 'token first') attach()
  axiosRetry(client, retry)
  if (order === 'retry first') attach()
  return client
}

const sent = (path: string) => wecom.count(path)

/** What a user's axios-retry saw and did, as text; on a server of its own. */
async function history(
  order: Order,
  plan: NextAnswer[],
  more: IAxiosRetryConfig = {},
  timeout = 0,
) {
  const seen: string[] = []
  const wecom = fakeQyapi()
  const server = await wecom.listen()
  const retry: IAxiosRetryConfig = {
    retries: 2,
    retryDelay: () => 1,
    onRetry: (count, error, config) => {
      seen.push(
        `retry ${count} ${error.code} ${error.response?.status} ${config.url} ${JSON.stringify(config.params)}`,
      )
    },
    onMaxRetryTimesExceeded: (error, count) => {
      seen.push(`stopped after ${count} ${error.code}`)
    },
    ...more,
  }
  const client = clientWith(order, retry, { server })
  // Bare requests have a token of their own; a webhook takes none, so that all three see the same endpoint.
  wecom.on('user/list_id', { json: { errcode: 0, errmsg: 'ok' } })
  const warm = order === 'bare' ? undefined : await client.get('/user/get')
  expect(warm?.data.errcode ?? 0).toBe(0)
  for (const answer of plan) wecom.failNext('user/list_id', answer)
  const token = order === 'bare' ? await tokenByHand(server) : undefined
  const outcome = await client
    .get('/user/list_id', { timeout, params: { cursor: 1, ...(token && { access_token: token }) } })
    .then(({ status, data }) => `${status} ${data.errcode}`)
    .catch(({ code, response }) => `${code} ${response?.status}`)
  await wecom.close()
  const clean = seen.map((line) => line.replace(/,"access_token":"[^"]+"/, ''))
  return { seen: clean, outcome, sent: wecom.count('user/list_id') }
}

async function tokenByHand(server: string): Promise<string> {
  const { data } = await axios.get(`${server}/cgi-bin/gettoken`, {
    params: { corpid: APP.corpId, corpsecret: APP.corpSecret },
  })
  return data.access_token
}

const never = { until: new Promise(() => {}) }
const plans: [string, NextAnswer[], IAxiosRetryConfig?, number?][] = [
  ['nothing wrong', []],
  ['one 503', [{ status: 503 }]],
  ['two resets', [{ reset: true }, { reset: true }]],
  ['more 503 than tries', Array(3).fill({ status: 503 })],
  ['a 404', [{ status: 404 }]],
  [
    'validateResponse',
    [{ errcode: 45033 }],
    { validateResponse: ({ data }) => data.errcode === 0, retryCondition: () => true },
  ],
  [
    'a timeout, which starts anew',
    [never],
    { retryCondition: () => true, shouldResetTimeout: true },
    1_000,
  ],
  ['a timeout, the time used up', [never], { retryCondition: () => true }, 1_000],
]
it.concurrent.each(
  plans.flatMap(([name, plan, more, timeout]) =>
    (['retry first', 'token first'] as const).map(
      (order) => [name, order, plan, more, timeout] as const,
    ),
  ),
)(
  'request rule 8: a user’s own axios-retry does exactly what it does without us: %s, %s',
  async (name, order, plan, more, timeout) => {
    const orders = ['bare', order] as const
    const [bare, attached] = await Promise.all(
      orders.map((each) => history(each, plan, more, timeout)),
    )
    expect(attached).toEqual(bare)
    if (timeout !== undefined)
      expect(bare).toMatchObject(
        name.endsWith('anew')
          ? { seen: [expect.stringContaining('ECONNABORTED')], outcome: '200 0', sent: 2 }
          : { outcome: 'ECONNABORTED undefined', sent: 1 },
      )
  },
)

it.each(['retry first', 'token first'] as const)(
  'request rule 8: a refused request is replayed by us, not retried by the user’s axios-retry (%s)',
  async (order) => {
    let retries = 0
    const client = clientWith(order, {
      retries: 3,
      retryDelay: () => 1,
      onRetry: () => {
        retries += 1
      },
    })
    await client.get('/user/get')
    wecom.revoke()
    const before = sent('user/get')
    expect((await client.get('/user/get')).data.errcode).toBe(0)
    expect(sent('user/get') - before).toBe(2)
    expect(retries).toBe(0)
  },
)

it.each(['retry first', 'token first'] as const)(
  'request rule 8: with a user’s axios-retry whose validateResponse rejects every answer, a refusal is detected (%s)',
  async (order) => {
    const client = clientWith(order, {
      retries: 1,
      retryDelay: () => 1,
      validateResponse: ({ status }) => status === 200,
    })
    await client.get('/user/get')
    wecom.revoke()
    expect((await client.get('/user/get')).data.errcode).toBe(0)
  },
)

it.each(['retry first', 'token first'] as const)(
  'request rule 8: our errors are never retried by the user’s axios-retry (%s)',
  async (order) => {
    const called: string[] = []
    const client = clientWith(
      order,
      {
        retries: 5,
        retryDelay: () => 1,
        retryCondition: () => true,
        onRetry: () => void called.push('retry'),
        onMaxRetryTimesExceeded: () => void called.push('stopped'),
      },
      { corpSecret: 'wrong-secret' },
    )
    const before = sent('gettoken')
    const error = await client.get('/user/get').catch((caught) => caught)
    expect(error).toMatchObject({ code: 'credential_refused', config: { url: '/user/get' } })
    expect(called).toEqual([])
    expect(sent('gettoken') - before).toBe(1)
  },
)

const run = async (
  call: (client: AxiosInstance) => Promise<{ data: { errcode: number } }>,
  plan: NextAnswer[],
  options?: BusyRetryOptions,
) => {
  const client = clientWith('token first', { ...busyRetry(options), retryDelay: () => 1 })
  for (const answer of plan) wecom.failNext('user/get', answer)
  const before = sent('user/get')
  const outcome = await call(client)
    .then(({ data }) => data.errcode)
    .catch(({ response, code }) => response?.status ?? code)
  return { outcome, sent: sent('user/get') - before }
}

it.each([
  -1, 45033, 45035, 6000, 2000111, 2000141, 2010003, 301096, 90304, 710682, 2090726, 2040035,
  2543337,
])('request rule 8: busyRetry retries a GET that was answered with %i', async (errcode) => {
  expect(await run((client) => client.get('/user/get'), [{ errcode }])).toEqual({
    outcome: 0,
    sent: 2,
  })
})

it('request rule 8: busyRetry does not retry 45036, abnormal traffic', async () => {
  expect(await run((client) => client.get('/user/get'), [{ errcode: 45036 }])).toEqual({
    outcome: 45036,
    sent: 1,
  })
})

it('request rule 8: busyRetry returns the busy answer when three retries are used up', async () => {
  expect(await run((client) => client.get('/user/get'), Array(9).fill({ errcode: -1 }))).toEqual({
    outcome: -1,
    sent: 4,
  })
  for (let left = 0; left < 5; left += 1) await run((client) => client.get('/user/get'), [])
})

it('request rule 8: busyRetry does not retry a POST by default, since it may be executed twice', async () => {
  const post = (client: AxiosInstance) => client.post('/user/get', {})
  expect(await run(post, [{ errcode: -1 }])).toEqual({ outcome: -1, sent: 1 })
  expect(await run(post, [{ errcode: -1 }], { methods: ['get', 'post'] })).toEqual({
    outcome: 0,
    sent: 2,
  })
})

it('request rule 8: busyRetry does not retry any other answer: business errcodes, 404, 500', async () => {
  expect(await run((client) => client.get('/user/get'), [{ errcode: 60011 }])).toEqual({
    outcome: 60011,
    sent: 1,
  })
  expect(await run((client) => client.get('/user/get'), [{ status: 404 }])).toEqual({
    outcome: 404,
    sent: 1,
  })
  expect(await run((client) => client.get('/user/get'), [{ status: 500 }])).toEqual({
    outcome: 500,
    sent: 1,
  })
})

it('request rule 8: busyRetry waits 250 ms and more, doubling', () => {
  const { retryDelay } = busyRetry()
  for (const [times, least] of [
    [1, 250],
    [2, 500],
    [3, 1000],
  ] as const) {
    const delay = retryDelay(times)
    expect(delay).toBeGreaterThanOrEqual(least)
    expect(delay).toBeLessThanOrEqual(least * 1.5)
  }
})
