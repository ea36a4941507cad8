import {
  defaultMaxListeners,
  getEventListeners,
  getMaxListeners,
  setMaxListeners,
} from 'node:events'
import { expect, it } from 'vitest'
import { waitFor } from '../../src/core/wait.js'
import { deferred } from '../support/source.js'
import { watchUnhandled } from '../support/unhandled.js'

it('rule 11: waiting for a promise rejects if a signal cannot be listened to, without an unhandled rejection of the promise', async () => {
  const watch = watchUnhandled()
  const failing = Promise.reject(new Error('gettoken is down'))
  await expect(waitFor(failing, {} as AbortSignal)).rejects.toThrow(TypeError)
  expect(await watch.stop()).toEqual([])
})

it.each([undefined, null])(
  'rule 11: waiting for a promise returns the promise itself without a signal (%s)',
  (signal) => {
    const promise = Promise.resolve(1)
    expect(waitFor(promise, signal)).toBe(promise)
  },
)

it('rule 11: waiting for a promise settles as the promise does', async () => {
  const { signal } = new AbortController()
  expect(await waitFor(Promise.resolve(1), signal)).toBe(1)
  const error = new Error('no')
  await expect(waitFor(Promise.reject(error), signal)).rejects.toBe(error)
})

it('rule 11: waiting for a promise rejects with signal.reason when the signal is aborted, and the promise continues', async () => {
  const { promise, resolve } = deferred<number>()
  const controller = new AbortController()
  const waiting = waitFor(promise, controller.signal)
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  resolve(2)
  expect(await promise).toBe(2)
})

it('rule 11: waiting for a promise rejects with an AbortError if a polyfill’s signal has no reason', async () => {
  const silent = new EventTarget()
  const signal = Object.assign(silent, { aborted: false }) as AbortSignal
  const waiting = waitFor(new Promise(() => {}), signal)
  silent.dispatchEvent(new Event('abort'))
  await expect(waiting).rejects.toMatchObject({
    name: 'AbortError',
    message: 'This operation was aborted',
  })
})

it('rule 11: waiting for a promise does not start if the signal is aborted already', async () => {
  const reason = new Error('enough')
  await expect(waitFor(Promise.resolve(1), AbortSignal.abort(reason))).rejects.toBe(reason)
})

it('rule 11: waiting for a promise leaves no listener on the signal, which may live for longer', async () => {
  const { signal } = new AbortController()
  const { promise, resolve } = deferred<number>()
  const waiting = waitFor(promise, signal)
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  resolve(1)
  await waiting
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})

it('rule 11: waiting for a promise thousands of times with one signal adds one listener, and keeps the signal’s limit', async () => {
  const { signal } = new AbortController()
  const { promise, resolve } = deferred<number>()
  const waiting = Array.from({ length: 3_000 }, () => waitFor(promise, signal))
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  expect(getMaxListeners(signal)).toBe(defaultMaxListeners)
  resolve(1)
  await Promise.all(waiting)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  expect(getMaxListeners(signal)).toBe(defaultMaxListeners)
})

it('rule 11: waiting for a promise thousands of times with one signal rejects each of them once', async () => {
  const controller = new AbortController()
  const { signal } = controller
  const reason = new Error('enough')
  const waiting = Array.from({ length: 100 }, () => waitFor(deferred<number>().promise, signal))
  const ended = waitFor(Promise.resolve(1), signal)
  expect(await ended).toBe(1)
  controller.abort(reason)
  const outcomes = await Promise.allSettled(waiting)
  expect(outcomes).toEqual(waiting.map(() => ({ status: 'rejected', reason })))
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})

it('rule 11: waiting for a promise accepts a signal without a listener limit', async () => {
  const { signal } = new AbortController()
  setMaxListeners(0, signal)
  expect(await waitFor(Promise.resolve(1), signal)).toBe(1)
})

it('rule 11: waiting for a promise rejects with the signal of a polyfill too', async () => {
  const { promise } = deferred<number>()
  let abort = () => {}
  const signal = {
    aborted: false,
    reason: new Error('enough'),
    addEventListener: (_type: string, listener: () => void) => {
      abort = listener
    },
    removeEventListener: () => {},
  }
  const waiting = waitFor(promise, signal as unknown as AbortSignal)
  abort()
  await expect(waiting).rejects.toBe(signal.reason)
})
