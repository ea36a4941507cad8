import { getEventListeners } from 'node:events'
import axios, { type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios'
import axios113 from 'axios-1.13'
import axios118 from 'axios-1.18'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deferred } from '../support/source.js'
import { answer, OK, REFUSED, stubAxios } from '../support/stub-axios.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A call that waits for its first token. */
function waiting(config: AxiosRequestConfig, options: object = {}) {
  const token = deferred<string>()
  const door = stubAxios(answer(OK), { tokens: () => token.promise, options })
  const call = door.client.get('/user/get', config)
  const outcome = call.catch((error) => error)
  return { ...door, call, outcome, token }
}

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

describe('a call that waits for a token', () => {
  it('ends as axios would when its signal is aborted, and is not sent', async () => {
    const controller = new AbortController()
    const { outcome, sent } = waiting({ signal: controller.signal })
    await vi.advanceTimersByTimeAsync(60_000)
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

  it('ends as axios would when its cancelToken is cancelled', async () => {
    const { token: cancelToken, cancel } = axios.CancelToken.source()
    const { outcome, sent } = waiting({ cancelToken })
    await vi.advanceTimersByTimeAsync(60_000)
    cancel('changed my mind')
    expect(await outcome).toBe(cancelToken.reason)
    expect(sent).toEqual([])
  })

  it.each([
    [{}, 'timeout of 500ms exceeded', 'ECONNABORTED'],
    [{ timeoutErrorMessage: 'late' }, 'late', 'ECONNABORTED'],
    [{ transitional: { clarifyTimeoutError: true } }, 'timeout of 500ms exceeded', 'ETIMEDOUT'],
  ])('ends as axios would when its time is over: %o', async (config, message, code) => {
    const { outcome, sent } = waiting({ timeout: 500, ...config })
    await vi.advanceTimersByTimeAsync(499)
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    const error = await outcome
    expect(error).toBeInstanceOf(axios.AxiosError)
    expect(error).toMatchObject({ message, code, isAxiosError: true, config: { timeout: 500 } })
    expect(sent).toEqual([])
  })

  it('ends with the errors of the axios that the client came from', async () => {
    const { outcome } = waiting({ timeout: 500 }, { axios: axios113 })
    await vi.advanceTimersByTimeAsync(500)
    expect(await outcome).toBeInstanceOf(axios113.AxiosError)
    const controller = new AbortController()
    const aborted = waiting({ signal: controller.signal }, { axios: axios113 })
    controller.abort()
    expect(await aborted.outcome).toBeInstanceOf(axios113.CanceledError)
  })

  it('ends so too where transitional options were taken away', async () => {
    const { client } = stubAxios(answer(OK), { tokens: () => deferred<string>().promise })
    client.interceptors.request.use(({ transitional: _, ...config }) => config)
    const outcome = client.get('/user/get', { timeout: 500 }).catch((error) => error)
    await vi.advanceTimersByTimeAsync(500)
    expect(await outcome).toMatchObject({ code: 'ECONNABORTED' })
  })

  it('leaves no timer and no listener behind', async () => {
    const { signal } = new AbortController()
    const { token: cancelToken } = axios.CancelToken.source()
    const unsubscribe = vi.spyOn(cancelToken, 'unsubscribe')
    const { call, token } = waiting({ timeout: 500, signal, cancelToken })
    expect(listeners(signal)).toBe(1)
    token.resolve('token-1')
    await call
    expect(vi.getTimerCount()).toBe(0)
    expect(listeners(signal)).toBe(0)
    expect(unsubscribe).toHaveBeenCalledTimes(1)
  })

  it('waits on with a signal and a cancelToken of the least make', async () => {
    const signal = { aborted: false }
    const cancelToken = { promise: new Promise(() => {}), throwIfRequested() {} }
    const { call, token } = waiting({ signal, cancelToken: cancelToken as never })
    token.resolve('token-1')
    expect((await call).data.errcode).toBe(0)
  })

  it('as a replay is not waited for once its caller is gone', async () => {
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
})

describe('the deadline of a call, with an axios that times it only once it is connected', () => {
  /** Answers when told to; ends when its signal is aborted. */
  const sending = async (config: AxiosRequestConfig, lib: unknown = axios113) => {
    const answered = deferred<unknown>()
    const door = stubAxios(
      ({ signal }: InternalAxiosRequestConfig) => {
        signal?.addEventListener?.('abort', () => answered.reject(new Error('aborted')))
        if (signal?.aborted) answered.reject(new Error('aborted at once'))
        return answered.promise
      },
      { options: { axios: lib as never } },
    )
    await door.source.get()
    const outcome = door.client.get('/user/get', config).catch((error) => error)
    const respond = () => answered.resolve(answer(OK)(door.live[0] as never))
    return { ...door, outcome, respond, fail: answered.reject }
  }

  it('is kept by us, with the caller’s figure', async () => {
    const { outcome } = await sending({ timeout: 500 })
    await vi.advanceTimersByTimeAsync(500)
    expect(await outcome).toMatchObject({
      message: 'timeout of 500ms exceeded',
      code: 'ECONNABORTED',
      config: { timeout: 500 },
    })
  })

  const ofVersion = (VERSION: string) => Object.assign(() => {}, axios, { VERSION })
  it.each([
    ['1.17.9', ofVersion('1.17.9'), true],
    ['1.18.1', axios118, false],
    ['1.21.1', axios, false],
    ['2.0.0', ofVersion('2.0.0'), false],
  ])('is ours in version %s: %s', async (_version, lib, isOurs) => {
    const { signal } = new AbortController()
    const { sent, live, outcome, respond } = await sending({ timeout: 500, signal }, lib)
    expect(sent[0]?.signal === signal).toBe(!isOurs)
    expect(vi.getTimerCount()).toBe(isOurs ? 1 : 0)
    expect(live).toHaveLength(1)
    respond()
    await outcome
  })

  it('is none for a call without a timeout', async () => {
    const { sent, outcome, respond } = await sending({})
    expect(sent[0]?.signal).toBeUndefined()
    respond()
    await outcome
  })

  it('leaves other errors as they are', async () => {
    const { outcome, fail } = await sending({ timeout: 500 })
    const error = new Error('reset')
    fail(error)
    expect(await outcome).toBe(error)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('lets the caller’s own abort through', async () => {
    const controller = new AbortController()
    const { outcome } = await sending({ timeout: 500, signal: controller.signal })
    controller.abort()
    expect(axios.isCancel(await outcome)).toBe(true)
  })

  it('lets an abort through that came just before', async () => {
    const controller = new AbortController()
    const transformRequest = () => controller.abort()
    const config = { timeout: 500, signal: controller.signal, transformRequest }
    const { outcome, live } = await sending(config)
    expect(axios.isCancel(await outcome)).toBe(true)
    expect(live[0]?.signal?.aborted).toBe(true)
  })

  it.each([
    ['json', 0],
    ['stream', 1],
  ] as const)('leaves no timer; a caller may still end its %s: %i', async (responseType, left) => {
    const { signal } = new AbortController()
    const { outcome, respond } = await sending({ timeout: 500, signal, responseType })
    respond()
    await outcome
    expect(vi.getTimerCount()).toBe(0)
    expect(listeners(signal)).toBe(left)
  })

  it('takes a signal of the least make', async () => {
    const { outcome, respond } = await sending({ timeout: 500, signal: { aborted: false } })
    respond()
    expect(await outcome).toMatchObject({ status: 200 })
  })
})
