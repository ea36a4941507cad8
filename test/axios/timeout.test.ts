import { getEventListeners } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import axios, { type AxiosRequestConfig } from 'axios'
import axios113 from 'axios-1.13'
import { createAuthRefresh } from 'axios-auth-refresh'
import { expect, it, vi } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { callLimits } from '../../src/limits.js'
import { useOwnTimers } from '../support/own-timers.js'
import { deferred } from '../support/source.js'
import { API, answer, OK, REFUSED, stubAxios } from '../support/stub-axios.js'

const timers = useOwnTimers()

/** A request that waits for its first token. */
function waiting(config: AxiosRequestConfig, options: object = {}) {
  const token = deferred<string>()
  const stub = stubAxios(answer(OK), { tokens: () => token.promise, options })
  const call = stub.client.get('/user/get', config)
  const outcome = call.catch((error) => error)
  return { ...stub, call, outcome, token }
}

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

it('rule 11: a request that waits for a token rejects as axios would when its signal is aborted, and is not sent', async () => {
  const controller = new AbortController()
  const { outcome, sent } = waiting({ signal: controller.signal })
  await timers.advance(60_000)
  controller.abort()
  const error = await outcome
  expect(axios.isCancel(error)).toBe(true)
  expect(error).toMatchObject({
    message: 'canceled',
    code: 'ERR_CANCELED',
    isAxiosError: true,
    config: { url: '/user/get', signal: controller.signal },
  })
  expect(sent).toEqual([])
})

it('rule 11: a request that waits for a token rejects as axios would when its cancelToken is cancelled', async () => {
  const { token: cancelToken, cancel } = axios.CancelToken.source()
  const { outcome, sent } = waiting({ cancelToken })
  await timers.advance(60_000)
  cancel('changed my mind')
  expect(await outcome).toBe(cancelToken.reason)
  expect(sent).toEqual([])
})

it.each([
  [{}, 'timeout of 500ms exceeded', 'ECONNABORTED'],
  [{ timeoutErrorMessage: 'late' }, 'late', 'ECONNABORTED'],
  [{ transitional: { clarifyTimeoutError: true } }, 'timeout of 500ms exceeded', 'ETIMEDOUT'],
])(
  'rule 11: a request that waits for a token rejects as axios would when its timeout ends: %o',
  async (config, message, code) => {
    const { outcome, sent } = waiting({ timeout: 500, ...config })
    await timers.advance(499)
    expect(timers.count()).toBe(1)
    await timers.advance(1)
    const error = await outcome
    expect(error).toBeInstanceOf(axios.AxiosError)
    expect(error).toMatchObject({ message, code, isAxiosError: true, config: { timeout: 500 } })
    expect(sent).toEqual([])
  },
)

it('rule 11: a request that waits for a token rejects as canceled, whatever the reason of its signal', async () => {
  const controller = new AbortController()
  const { outcome } = waiting({ signal: controller.signal })
  controller.abort(new Error('changed my mind'))
  expect(await outcome).toMatchObject({
    name: 'CanceledError',
    message: 'canceled',
    code: 'ERR_CANCELED',
  })
})

it('rule 11: a request that waits for a token rejects with a request on its error, as bare axios does, which is not enumerable', async () => {
  const controller = new AbortController()
  const breaking = new PassThrough()
  const closing = new PassThrough()
  const endings: [AxiosRequestConfig, () => unknown][] = [
    [{ timeout: 500 }, () => timers.advance(500)],
    [{ signal: controller.signal }, () => controller.abort()],
    [{ data: breaking }, () => breaking.destroy(new Error('broken'))],
    [{ data: closing }, () => closing.destroy()],
  ]
  for (const [config, end] of endings) {
    const { client } = stubAxios(answer(OK), { tokens: () => new Promise<string>(() => {}) })
    const outcome = client
      .request({ method: 'post', url: '/user/get', params: { userid: 'u' }, ...config })
      .catch((error) => error)
    await timers.advance(0)
    await end()
    const error = await outcome
    // As axios-auth-refresh reads it, without a check.
    expect(error.request.status).toBeUndefined()
    expect(error.request).toMatchObject({
      method: 'POST',
      url: `${API}/user/get?userid=u`,
      protocol: 'https:',
      host: 'qyapi.weixin.qq.com',
      path: '/cgi-bin/user/get?userid=u',
      destroyed: true,
    })
    expect(Object.keys(error)).not.toContain('request')
  }
})

it('rule 11: a request that waits for a token does not break axios-auth-refresh on the same client when it times out', async () => {
  const { client } = stubAxios(answer(OK), { tokens: () => new Promise<string>(() => {}) })
  createAuthRefresh(client, async () => {}, { interceptNetworkError: true })
  const outcome = client.get('/user/get', { timeout: 500 }).catch((error) => error)
  await timers.advance(500)
  expect(await outcome).toMatchObject({
    code: 'ECONNABORTED',
    message: 'timeout of 500ms exceeded',
  })
})

it('rule 11: a request that waits for a token rejects with the errors of the axios that the client came from', async () => {
  const { outcome } = waiting({ timeout: 500 }, { axios: axios113 })
  await timers.advance(500)
  expect(await outcome).toBeInstanceOf(axios113.AxiosError)
  const controller = new AbortController()
  const aborted = waiting({ signal: controller.signal }, { axios: axios113 })
  controller.abort()
  expect(await aborted.outcome).toBeInstanceOf(axios113.CanceledError)
})

it('rule 11: a request that waits for a token rejects as axios would also without transitional options', async () => {
  const { client } = stubAxios(answer(OK), { tokens: () => deferred<string>().promise })
  client.interceptors.request.use(({ transitional: _, ...config }) => config)
  const outcome = client.get('/user/get', { timeout: 500 }).catch((error) => error)
  await timers.advance(500)
  expect(await outcome).toMatchObject({ code: 'ECONNABORTED' })
})

it('request rule 10: a call without our token that waited for its place in the call limits has the rest of its timeout, and its own config', async () => {
  const limits = callLimits({ table: { robotMessages: { minute: 1 } } })
  const stub = stubAxios(
    (config, count) => {
      if (count > 1) throw new axios.AxiosError(config.timeoutErrorMessage, 'ECONNABORTED', config)
      return answer(OK)(config)
    },
    { options: { limits } },
  )
  const send = () => stub.client.post('/webhook/send?key=k', {}, { timeout: 70_000 })
  const first = await send()
  expect(first.config.timeout).toBe(70_000)
  const late = send().catch((error) => error)
  await timers.advance(61_000)
  const { message, config } = await late
  expect(stub.sent.map(({ timeout }) => timeout)).toEqual([70_000, 9_000])
  expect(message).toBe('timeout of 70000ms exceeded')
  expect(config).toMatchObject({ timeout: 70_000, url: '/webhook/send?key=k' })
  expect(config.timeoutErrorMessage).toBeUndefined()
})

it('rule 11: a request that waits for a token leaves no timer and no listener behind', async () => {
  const { signal } = new AbortController()
  const { token: cancelToken } = axios.CancelToken.source()
  const unsubscribe = vi.spyOn(cancelToken, 'unsubscribe')
  const { call, token } = waiting({ timeout: 500, signal, cancelToken })
  expect(listeners(signal)).toBe(1)
  token.resolve('token-1')
  await call
  expect(timers.count()).toBe(0)
  expect(listeners(signal)).toBe(0)
  expect(unsubscribe).toHaveBeenCalledTimes(1)
})

it('rule 11: a request that waits for a token accepts a signal and a cancelToken with the fewest possible methods', async () => {
  const signal = { aborted: false }
  const cancelToken = { promise: new Promise(() => {}), throwIfRequested() {} }
  const { call, token } = waiting({ signal, cancelToken: cancelToken as never })
  token.resolve('token-1')
  expect((await call).data.errcode).toBe(0)
})

it('rule 11: a request that waits for the token of its replay stops waiting when its caller aborts', async () => {
  const controller = new AbortController()
  const { client, source, sent } = stubAxios(
    (config) => {
      controller.abort()
      return answer(REFUSED)(config)
    },
    { tokens: (count) => (count === 1 ? 'token-1' : deferred<string>().promise) },
  )
  await source.get()
  const error = await client
    .get('/user/get', { signal: controller.signal })
    .catch((caught) => caught)
  expect(axios.isCancel(error)).toBe(true)
  expect(sent).toHaveLength(1)
})

const uploading = (body: Readable, tokens?: object) => {
  const token = deferred<string>()
  const stub = stubAxios(answer(OK), { tokens: () => token.promise, ...tokens })
  const outcome = stub.client.post('/media/upload', body).catch((error) => error)
  return { ...stub, outcome, token }
}

it('rule 11: a request whose stream breaks while it waits for a token rejects as axios would, with the stream’s error', async () => {
  const body = new PassThrough()
  const { outcome, sent } = uploading(body)
  await timers.advance(10)
  body.destroy(Object.assign(new Error('no such file'), { code: 'ENOENT' }))
  const error = await outcome
  expect(error).toBeInstanceOf(axios.AxiosError)
  expect(error).toMatchObject({
    message: 'no such file',
    code: 'ENOENT',
    config: { url: '/media/upload' },
  })
  expect(sent).toEqual([])
})

it('rule 11: a request whose stream is destroyed while it waits for a token rejects as axios would', async () => {
  const body = new PassThrough()
  const { outcome, sent } = uploading(body)
  await timers.advance(10)
  body.destroy()
  expect(axios.isCancel(await outcome)).toBe(true)
  expect(await outcome).toMatchObject({ message: 'Request stream has been aborted' })
  expect(sent).toEqual([])
})

it('rule 11: a request continues to wait for its token if other code has read its stream to the end', async () => {
  const body = Readable.from(['content'])
  const { outcome, sent, token } = uploading(body)
  body.resume()
  await timers.advance(10)
  expect(body.destroyed).toBe(true)
  token.resolve('token-1')
  expect(await outcome).toMatchObject({ status: 200 })
  expect(sent).toHaveLength(1)
})

it('rule 11: a request whose stream breaks while its source is chosen rejects', async () => {
  const client = axios.create({ baseURL: API, adapter: async (config) => answer(OK)(config) })
  attachToken(client, () => new Promise<never>(() => {}))
  const body = new PassThrough()
  const outcome = client.post('/media/upload', body).catch((error) => error)
  await timers.advance(10)
  body.destroy(new Error('gone'))
  expect(await outcome).toMatchObject({ message: 'gone', isAxiosError: true })
})

it('rule 11: a request that waits for a token leaves no listener on a stream that does not break', async () => {
  const body = new PassThrough()
  const before = body.eventNames()
  const { outcome, token, sent } = uploading(body)
  await timers.advance(10)
  expect(body.listenerCount('error')).toBe(1)
  token.resolve('token-1')
  expect(await outcome).toMatchObject({ status: 200 })
  expect(sent).toHaveLength(1)
  expect(body.eventNames()).toEqual(before)
})
