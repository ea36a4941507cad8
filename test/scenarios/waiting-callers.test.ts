import { setImmediate } from 'node:timers/promises'
import axios from 'axios'
import { afterAll, describe, expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { withToken } from '../../src/fetch.js'
import { createTokenSource, selfBuilt } from '../../src/index.js'
import { type CallLimitsOptions, callLimits } from '../../src/limits.js'
import { fakeClock, fakeQyapi } from '../../src/testing.js'
import { refuseUnhandled } from '../support/unhandled.js'

refuseUnhandled()

const APP = { corpId: 'ww1', corpSecret: 'secret-1' }
const closes: (() => unknown)[] = []
afterAll(async () => {
  for (const close of closes) await close()
})

/** A fake WeCom over real HTTP, and limits that report a caller as soon as it waits. */
async function open(options: CallLimitsOptions) {
  const wecom = fakeQyapi({ apps: [APP] })
  wecom.on('webhook/send', { json: { errcode: 0 } })
  const baseUrl = await wecom.listen()
  closes.push(() => wecom.close())
  const real = callLimits(options)
  let hasToWait = () => {}
  const waiting = new Promise<void>((resolve) => {
    hasToWait = resolve
  })
  const limits: typeof real = {
    enter(call) {
      const entered = real.enter(call)
      if ('place' in entered) hasToWait()
      return entered
    },
  }
  return { wecom, limits, waiting, baseUrl, urlOf: (path: string) => `${baseUrl}/cgi-bin/${path}` }
}

type Opened = Awaited<ReturnType<typeof open>>

const USER = 'user/get?userid=zhangsan'
const CALLERS = {
  fetch({ baseUrl, limits, urlOf }: Opened) {
    const qyFetch = withToken(fetch, APP, { baseUrl, limits })
    return { call: () => qyFetch(urlOf(USER)), close: () => qyFetch.source.close() }
  },
  axios({ baseUrl, limits, urlOf }: Opened) {
    const client = axios.create({ baseURL: urlOf('') })
    const attached = attachToken(client, APP, { baseUrl, limits })
    return { call: () => client.get(USER), close: () => attached.detach() }
  },
  run({ baseUrl, limits, urlOf }: Opened) {
    const source = createTokenSource(selfBuilt(APP), { baseUrl, limits })
    const send = (token: string) => fetch(urlOf(`${USER}&access_token=${token}`))
    return {
      call: () => source.run(send, { endpoint: 'user/get' }),
      close: () => source.close(),
    }
  },
}

describe.each(Object.entries(CALLERS))('closing a source of %s', (_name, by) => {
  it('a caller that waits for a place gets `closed` when its source is closed, nothing is sent, and its place in the queue is free', async () => {
    const opened = await open({ table: { corpApi: { minute: 1 } }, maxQueue: 1 })
    const { call, close } = by(opened)
    await call()
    const late = call()
    const outcome = late.catch((error) => error)
    await opened.waiting
    close()
    expect(await outcome).toMatchObject({ name: 'QyapiTokenError', code: 'closed' })
    expect(opened.wecom.count('user/get')).toBe(1)
    const next = opened.limits.enter({
      endpoint: 'user/get',
      credential: selfBuilt(APP),
      emit: () => {},
    })
    if (!('place' in next)) throw new Error('there is no room')
    expect(await Promise.race([next.place, setImmediate('waits')])).toBe('waits')
    next.cancel()
  })
})

it('the signal of a Request ends its wait for a place, also where the call takes no token', async () => {
  const { urlOf, baseUrl, limits, waiting, wecom } = await open({
    table: { robotMessages: { minute: 1 } },
  })
  const qyFetch = withToken(fetch, APP, { baseUrl, limits })
  const robot = urlOf('webhook/send?key=k1')
  await qyFetch(robot)
  const controller = new AbortController()
  const late = qyFetch(new Request(robot, { signal: controller.signal })).catch((error) => error)
  await waiting
  controller.abort()
  expect(await late).toMatchObject({ name: 'AbortError' })
  expect(wecom.count('webhook/send')).toBe(1)
})

it('a token request that gets no place in time fails with the limit that is full, not with the network', async () => {
  const { baseUrl, limits, wecom } = await open({ table: { corpApi: { minute: 1 } } })
  const options = { baseUrl, limits, tokenTimeoutMs: 1_000 }
  await createTokenSource(selfBuilt(APP), options).get()
  const error = await createTokenSource(selfBuilt(APP), options)
    .get()
    .catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'call_limited', message: expect.stringMatching(/corpApi/) })
  expect(error.message).not.toMatch(/network/)
  expect(wecom.count('gettoken')).toBe(1)
})

it('the receivers of a message count, also where it is an object of an SDK’s class', async () => {
  class TextMessage {
    touser = 'zhangsan'
  }
  const { baseUrl, limits } = await open({
    table: { messagesToMember: { minute: 1 } },
    onLimit: 'fail',
  })
  const source = createTokenSource(selfBuilt(APP), { baseUrl, limits })
  const send = () =>
    source.run(() => ({ errcode: 0 }), { endpoint: 'message/send', body: new TextMessage() })
  await send()
  await expect(send()).rejects.toMatchObject({ code: 'call_limited' })
})

it.each([
  '/user/get',
  'cgi-bin/user/get',
  '/cgi-bin/user/get?userid=lisi',
  'https://wecom.test/cgi-bin/user/get',
])(
  'an API that run calls is the same one, however its endpoint is written: %s',
  async (endpoint) => {
    const { baseUrl, limits } = await open({ table: { corpApi: { minute: 1 } }, onLimit: 'fail' })
    const source = createTokenSource(selfBuilt(APP), { baseUrl, limits })
    await source.run(() => ({ errcode: 0 }), { endpoint: 'user/get' })
    const again = source.run(() => ({ errcode: 0 }), { endpoint })
    await expect(again).rejects.toMatchObject({ code: 'call_limited' })
  },
)

it('a caller that finds a minute used up by a burst gets its place, without any option', async () => {
  const clock = fakeClock()
  const limits = callLimits({ clock })
  const call = { endpoint: 'message/send', credential: selfBuilt(APP), emit: () => {} }
  const enter = () => limits.enter({ ...call, body: { touser: 'zhangsan' } })
  for (let count = 0; count < 30; count += 1) {
    const place = enter()
    if ('place' in place) throw new Error('there is room for 30 a minute')
    clock.advance(100)
    place.end()
  }
  const late = enter()
  if (!('place' in late)) throw new Error('there is no room for 31 a minute')
  for (let seconds = 0; seconds < 62; seconds += 1) clock.advance(1_000)
  expect(await late.place).toHaveProperty('end')
})
