import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { waitFor } from '../../src/core/wait.js'
import { deferred } from '../support/source.js'

describe('waiting for a promise', () => {
  it.each([undefined, null])('without a signal (%s) is the promise itself', (signal) => {
    const promise = Promise.resolve(1)
    expect(waitFor(promise, signal)).toBe(promise)
  })

  it('ends as the promise ends', async () => {
    const { signal } = new AbortController()
    expect(await waitFor(Promise.resolve(1), signal)).toBe(1)
    const error = new Error('no')
    await expect(waitFor(Promise.reject(error), signal)).rejects.toBe(error)
  })

  it('ends with signal.reason when the signal is aborted, and the promise goes on', async () => {
    const { promise, resolve } = deferred<number>()
    const controller = new AbortController()
    const waiting = waitFor(promise, controller.signal)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    resolve(2)
    expect(await promise).toBe(2)
  })

  it('does not begin if the signal is aborted already', async () => {
    const reason = new Error('enough')
    await expect(waitFor(Promise.resolve(1), AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  it('leaves no listener on the signal, which may live for longer', async () => {
    const { signal } = new AbortController()
    const { promise, resolve } = deferred<number>()
    const waiting = waitFor(promise, signal)
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    resolve(1)
    await waiting
    await Promise.resolve()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})
