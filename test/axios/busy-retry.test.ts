import { expect, it } from 'vitest'
import { type BusyRetryOptions, busyRetry } from '../../src/axios.js'

const isRetried = (error: object, options?: BusyRetryOptions) =>
  busyRetry(options).retryCondition?.(error as never)
const isAnswer = (response: object, options?: BusyRetryOptions) =>
  busyRetry(options).validateResponse?.({ status: 200, config: {}, ...response } as never)

it.each([
  ['ECONNRESET', true],
  ['ECONNREFUSED', true],
  ['ENETDOWN', true],
  ['ENETUNREACH', true],
  ['EAI_AGAIN', true],
  ['EPIPE', true],
  ['ECONNABORTED', false],
  ['ETIMEDOUT', false],
  ['ERR_CANCELED', false],
  [undefined, false],
])('request rule 8: busyRetry() retries a failed request by its code: %s: %s', (code, expected) => {
  expect(isRetried({ config: { method: 'get' }, code })).toBe(expected)
  expect(isRetried({ code })).toBe(expected)
  expect(isRetried({ config: { method: 'post' }, code })).toBe(false)
})

it('request rule 8: busyRetry() retries a failed request whose answer is a busy one, whatever its code', () => {
  const config = { method: 'get' }
  const code = 'ECONNRESET'
  expect(isRetried({ config, code, response: { data: { errcode: -1 } } })).toBe(true)
  expect(isRetried({ config, code, response: { data: { errcode: 0 } } })).toBe(false)
})

const busy = { data: { errcode: -1 } }

it.each([
  [199, false],
  [200, true],
  [299, true],
  [300, false],
])('request rule 8: busyRetry() accepts an answer by its status: %i: %s', (status, expected) => {
  expect(isAnswer({ status, data: {} })).toBe(expected)
})

it('request rule 8: busyRetry() accepts an answer unless it is busy, by its header before its body', () => {
  expect(isAnswer(busy)).toBe(false)
  expect(isAnswer({ ...busy, headers: { 'error-code': '0' } })).toBe(true)
  expect(isAnswer({ data: {}, headers: { 'error-code': '45033' } })).toBe(false)
  expect(isAnswer({ data: 'no JSON' })).toBe(true)
})

it('request rule 8: busyRetry() accepts a busy answer if the method is not retried, or when the retries are used up', () => {
  const afterTries = (retryCount: number) => ({
    ...busy,
    config: { 'axios-retry': { retryCount } },
  })
  expect(isAnswer({ ...busy, config: { method: 'GET' } })).toBe(false)
  expect(isAnswer({ ...busy, config: { method: 'post' } })).toBe(true)
  expect(isAnswer({ ...busy, config: { 'axios-retry': {} } })).toBe(false)
  expect([afterTries(2), afterTries(3)].map((answer) => isAnswer(answer))).toEqual([false, true])
  expect(isAnswer(afterTries(1), { retries: 1 })).toBe(true)
  expect(busyRetry({ retries: 1 }).retries).toBe(1)
})
