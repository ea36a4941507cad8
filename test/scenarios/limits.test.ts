import axios from 'axios'
import { afterAll, describe, expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { withToken } from '../../src/fetch.js'
import {
  authorizedCorp,
  createSourcePool,
  createTokenSource,
  jsapiTicket,
  selfBuilt,
  suiteApp,
  type TokenEvent,
} from '../../src/index.js'
import { type CallLimitsOptions, callLimits } from '../../src/limits.js'
import { fakeClock, fakeQyapi } from '../../src/testing.js'
import { refuseUnhandled } from '../support/unhandled.js'

refuseUnhandled()

const APP = { corpId: 'ww1', corpSecret: 'secret-1' }
const closes: (() => unknown)[] = []
afterAll(async () => {
  for (const close of closes) await close()
})

const suite = {
  suiteId: 'ww-suite',
  suiteSecret: 'suite-secret',
  corps: ['ww8', 'ww9'].map((corpId) => ({ corpId, permanentCode: `code-of-${corpId}` })),
}

/** A fake WeCom over real HTTP. */
async function wecomServer() {
  const wecom = fakeQyapi({ apps: [APP], suites: [suite] })
  wecom.on('user/list', { json: { errcode: 0, errmsg: 'ok', userlist: [] } })
  const baseUrl = await wecom.listen()
  closes.push(() => wecom.close())
  return { wecom, baseUrl }
}

/** One way to call: resolves with the errcode, or rejects. */
type Call = (
  path: string,
  more?: { signal?: AbortSignal; timeout?: number; body?: unknown; tenant?: string },
) => Promise<number>

type Entry = 'axios http' | 'axios fetch' | 'fetch' | 'run'
const ENTRIES: readonly Entry[] = ['axios http', 'axios fetch', 'fetch', 'run']

async function open(entry: Entry, options: CallLimitsOptions = {}) {
  const { wecom, baseUrl } = await wecomServer()
  const events: TokenEvent[] = []
  const limits = callLimits(options)
  const more = { baseUrl, limits, onEvent: (event: TokenEvent) => void events.push(event) }
  const call: Call = callBy(entry, baseUrl, more)
  const arrived = (path: string) => wecom.count(path)
  return { wecom, baseUrl, limits, events, call, arrived }
}

function callBy(entry: Entry, baseUrl: string, options: object): Call {
  const urlOf = (path: string) => `${baseUrl}/cgi-bin/${path}`
  if (entry === 'run') {
    const source = createTokenSource(selfBuilt(APP), options)
    return (path, { signal, body } = {}) =>
      source
        .run(
          async (token) => {
            const sent = await fetch(`${urlOf(path)}?access_token=${token}`, {
              method: 'POST',
              body: JSON.stringify(body),
            })
            return (await sent.json()) as { errcode: number }
          },
          { endpoint: path, body, ...(signal && { signal }) },
        )
        .then(({ errcode }) => errcode)
  }
  if (entry === 'fetch') {
    const qyFetch = withToken(fetch, APP, options)
    return async (path, { signal, body } = {}) => {
      const init = { method: 'POST', body: JSON.stringify(body), ...(signal && { signal }) }
      return ((await (await qyFetch(urlOf(path), init)).json()) as { errcode: number }).errcode
    }
  }
  const client = axios.create({
    baseURL: `${baseUrl}/cgi-bin`,
    adapter: entry === 'axios http' ? 'http' : 'fetch',
  })
  attachToken(client, APP, options)
  return async (path, { body, ...config } = {}) =>
    (await client.post(`/${path}`, body, config)).data.errcode
}

const user = 'user/get'

describe.each(ENTRIES)('call limits with %s', (entry) => {
  it('no more calls are sent than the table allows, and the rest waits', async () => {
    const { call, arrived, events } = await open(entry, { table: { corpApi: { minute: 3 } } })
    expect(await Promise.all([call(user), call(user), call(user)])).toEqual([0, 0, 0])
    const abort = new AbortController()
    const late = call(user, { signal: abort.signal })
    const reason = late.catch((error: Error) => error)
    expect(
      await Promise.race([late, new Promise((resolve) => setTimeout(resolve, 200, 'waits'))]),
    ).toBe('waits')
    abort.abort()
    expect(((await reason) as Error).name).toMatch(/AbortError|CanceledError/)
    expect(arrived(user)).toBe(3)
    expect(events.filter(({ type }) => type === 'limited')).toMatchObject([
      { limit: 'corpApi', endpoint: user, outcome: 'aborted', kind: 'self-built' },
    ])
  })

  it('a call without a place fails with call_limited if onLimit is fail, and nothing is sent', async () => {
    const { call, arrived } = await open(entry, {
      table: { corpApi: { minute: 1 } },
      onLimit: 'fail',
    })
    await call(user)
    const error = await call(user).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'call_limited', retryable: true })
    expect(error.retryAfterMs).toBeGreaterThan(50_000)
    expect(arrived(user)).toBe(1)
  })

  it('a replay counts as one more call', async () => {
    const { wecom, call, arrived } = await open(entry, {
      table: { corpApi: { minute: 3 } },
      onLimit: 'fail',
    })
    await call(user)
    wecom.revoke()
    expect(await call(user)).toBe(0)
    expect(arrived(user)).toBe(3)
    await expect(call(user)).rejects.toMatchObject({ code: 'call_limited' })
  })

  it('an event says that there was no room for the replay', async () => {
    const { wecom, call, events } = await open(entry, {
      table: { corpApi: { minute: 2 } },
      onLimit: 'fail',
    })
    await call(user)
    wecom.revoke()
    await expect(call(user)).rejects.toMatchObject({ code: 'call_limited' })
    expect(events.filter(({ type }) => type === 'not_replayed')).toMatchObject([
      { endpoint: user, reason: 'call_limited' },
    ])
  })

  it.each([
    ['header', { headers: { 'error-code': '45009' } }],
    ['body', {}],
  ])('an API that answers 45009 in its %s is closed for all callers', async (_where, more) => {
    const { wecom, call, arrived } = await open(entry, { onLimit: 'fail' })
    wecom.failNext(user, { errcode: 45009, ...more })
    expect(await call(user)).toBe(45009)
    const error = await call(user).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'call_limited' })
    expect(error.message).toContain('45009')
    expect(error.retryAfterMs).toBeGreaterThan(50_000)
    expect(await call('user/list')).toBe(0)
    expect(arrived(user)).toBe(1)
  })

  it('a broken connection does not open an API that 45009 has closed: a further 45009 closes it for an hour', async () => {
    const clock = fakeClock()
    const { wecom, call } = await open(entry, { onLimit: 'fail', clock })
    wecom.failNext(user, { errcode: 45009 })
    await call(user)
    clock.advance(60_000)
    wecom.failNext(user, { reset: true })
    await expect(call(user)).rejects.toThrow()
    wecom.failNext(user, { errcode: 45009 })
    expect(await call(user)).toBe(45009)
    await expect(call(user)).rejects.toMatchObject({ retryAfterMs: 3_600_000 })
  })

  it('the receivers of messages are counted', async () => {
    const { call } = await open(entry, {
      table: { messagesToMember: { minute: 2 } },
      onLimit: 'fail',
    })
    const body = { touser: 'a|b', msgtype: 'text', agentid: 1, text: { content: '你好' } }
    await call('message/send', { body })
    await call('message/send', { body: { ...body, touser: 'a' } })
    await expect(call('message/send', { body })).rejects.toMatchObject({ code: 'call_limited' })
    expect(await call('message/send', { body: { ...body, touser: 'b' } })).toBe(0)
  })

  it('token requests are counted, and fail if they get no place', async () => {
    const { wecom, call, arrived } = await open(entry, {
      table: { corpApi: { minute: 1 } },
      onLimit: 'fail',
    })
    await call(user)
    wecom.revoke()
    // The answer that refuses the token is the caller's: gettoken has no place left.
    expect(await call('user/list')).toBe(40014)
    expect(arrived('gettoken')).toBe(1)
  })
})

it('call limits of one object count several clients, sources and entries together', async () => {
  const { baseUrl, limits, call } = await open('fetch', {
    table: { corpApi: { minute: 2 } },
    onLimit: 'fail',
  })
  const other = callBy('axios http', baseUrl, { baseUrl, limits })
  expect([await call(user), await other(user)]).toEqual([0, 0])
  await expect(call(user)).rejects.toMatchObject({ code: 'call_limited' })
  await expect(other(user)).rejects.toMatchObject({ code: 'call_limited' })
})

it('call limits of a pool count each corp by itself, and get_corp_token for the suite', async () => {
  const { wecom, baseUrl } = await wecomServer()
  const limits = callLimits({ table: { corpApi: { minute: 2 } }, onLimit: 'fail' })
  const options = { baseUrl, limits }
  const { suiteTicket } = wecom.pushSuiteTicket(suite.suiteId)
  const suiteSource = createTokenSource(
    suiteApp({ suiteId: suite.suiteId, suiteSecret: suite.suiteSecret, suiteTicket }),
    options,
  )
  const corps = createSourcePool(
    (authCorpId) =>
      authorizedCorp({ suite: suiteSource, authCorpId, permanentCode: `code-of-${authCorpId}` }),
    options,
  )
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, [suiteSource, ({ options }) => corps.get(options.tenant)])
  const get = (tenant: string) => client.get(`/${user}`, { tenant })
  await get('ww8')
  await get('ww9')
  await get('ww8')
  await expect(get('ww8')).rejects.toMatchObject({ code: 'call_limited' })
  await get('ww9')
  corps.delete('ww8')
  // The suite's third get_corp_token.
  await expect(get('ww8')).rejects.toMatchObject({ code: 'call_limited' })
})

it('call limits of a middleware count calls without a token: group robots by their key', async () => {
  const { wecom, baseUrl } = await wecomServer()
  wecom.on('webhook/send', { json: { errcode: 0 } })
  const limits = callLimits({ table: { robotMessages: { minute: 2 } }, onLimit: 'fail' })
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, APP, { baseUrl, limits })
  const qyFetch = withToken(fetch, () => null, { baseUrl, limits })
  const say = (key: string) => client.post('/webhook/send', {}, { params: { key } })
  await say('k1')
  await qyFetch(`${baseUrl}/cgi-bin/webhook/send?key=k1`, { method: 'POST', body: '{}' })
  const error = await say('k1').catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'call_limited' })
  expect(error.message).not.toContain('k1')
  await say('k2')
})

it('call limits close a robot that answers 45009, by its body too', async () => {
  const { wecom, baseUrl } = await wecomServer()
  wecom.on('webhook/send', { json: { errcode: 45009, errmsg: 'api freq out of limit' } })
  const limits = callLimits({ onLimit: 'fail' })
  const qyFetch = withToken(fetch, APP, { baseUrl, limits })
  const say = (key: string) => qyFetch(`${baseUrl}/cgi-bin/webhook/send?key=${key}`)
  expect(await (await say('k1')).json()).toMatchObject({ errcode: 45009 })
  await expect
    .poll(() =>
      say('k1').then(
        () => 'sent',
        ({ code }) => code,
      ),
    )
    .toBe('call_limited')
  expect(await (await say('k2')).json()).toMatchObject({ errcode: 45009 })
})

it('call limits count the page tickets of an app an hour', async () => {
  const { baseUrl } = await wecomServer()
  const limits = callLimits({ table: { pageTicketsOfApp: { hour: 1 } }, onLimit: 'fail' })
  const app = createTokenSource(selfBuilt(APP), { baseUrl, limits })
  const tickets = () => createTokenSource(jsapiTicket(app), { baseUrl })
  expect(await tickets().get()).toBeTypeOf('string')
  await expect(tickets().get()).rejects.toMatchObject({ code: 'call_limited' })
})

it('call limits of an axios call are within its own timeout, which ends it as axios would', async () => {
  const { call, arrived } = await open('axios http', { table: { corpApi: { minute: 1 } } })
  await call(user)
  await expect(call(user, { timeout: 50 })).rejects.toMatchObject({
    code: 'ECONNABORTED',
    message: 'timeout of 50ms exceeded',
  })
  expect(arrived(user)).toBe(1)
})
