import { expect, it, vi } from 'vitest'
import { memoryStore } from '../../src/index.js'
import { settle } from '../support/qyapi.js'
import { deferred, type Given, sourceWith } from '../support/source.js'
import { withParts } from '../support/store.js'

/** A source whose token requests are answered by hand, and what its `waitUntil` was given. */
function waitingSource(
  answers: (count: number) => Given,
  options: Parameters<typeof sourceWith>[1] = {},
) {
  const given: Promise<void>[] = []
  const waitUntil = (fetched: Promise<void>) => void given.push(fetched)
  return { ...sourceWith(answers, { waitUntil, ...options }), given }
}

/** Its token is about to be replaced. */
async function agedSource(options: Parameters<typeof sourceWith>[1] = {}) {
  const next = deferred<string>()
  const made = waitingSource((count) => (count === 1 ? 'old' : next.promise), options)
  await made.source.get()
  made.given.length = 0
  made.clock.advance(6_900_000)
  return { ...made, next }
}

it('waitUntil receives one promise for a refresh behind the callers, however many callers there are', async () => {
  const { source, given, next } = await agedSource()
  await Promise.all([source.get(), source.get()])
  expect(given).toHaveLength(1)
  next.resolve('new')
  await given[0]
  expect(await source.get()).toBe('new')
})

it('waitUntil receives one promise for a fetch that callers wait for, so that it survives the first of them', async () => {
  const first = deferred<string>()
  const { source, given } = waitingSource(() => first.promise)
  const callers = Promise.all([source.get(), source.get()])
  expect(given).toHaveLength(1)
  first.resolve('new')
  await given[0]
  expect(await callers).toEqual(['new', 'new'])
})

it('waitUntil receives a promise that never rejects, whether callers wait for the fetch or not', async () => {
  const { source, given, next } = await agedSource()
  await source.get()
  next.reject(new Error('no network'))
  await expect(given[0]).resolves.toBeUndefined()
  const failing = waitingSource(() => new Error('no network'))
  await expect(failing.source.get()).rejects.toMatchObject({ code: 'token_fetch_failed' })
  await expect(failing.given[0]).resolves.toBeUndefined()
})

it('waitUntil receives the write to the store too, which no caller waits for', async () => {
  const written = deferred<boolean>()
  const store = withParts(memoryStore(), { lease: undefined, set: () => written.promise })
  const { source, given } = waitingSource(() => 'new', { store })
  expect(await source.get()).toBe('new')
  const isOver = vi.fn()
  const over = Promise.all(given).then(isOver)
  await settle()
  expect(isOver).not.toHaveBeenCalled()
  written.resolve(true)
  await over
})

it('a waitUntil that throws costs no caller its token', async () => {
  const { source } = await agedSource({
    waitUntil: () => {
      throw new Error('no request is being handled')
    },
  })
  expect(await source.get()).toBe('old')
})

/** Like workerd when the request that started the fetch has ended: nothing of it ever settles. */
function cutOffSource() {
  const made = sourceWith((count) => (count === 1 ? new Promise<string>(() => {}) : 'new'))
  const { clock } = made
  const after = vi.spyOn(clock, 'after').mockReturnValue(() => {})
  const lost = made.source.get()
  lost.catch(() => {})
  return { ...made, lost, reviveTimers: () => after.mockRestore() }
}

it('a fetch that its runtime stopped, timers included, does not block later callers for ever: after six times tokenTimeoutMs they fetch again', async () => {
  const { source, clock, fetches, lost, reviveTimers } = cutOffSource()
  await settle()
  reviveTimers()
  clock.advance(60_000)
  expect(await Promise.all([source.get(), source.get()])).toEqual(['new', 'new'])
  expect(fetches()).toBe(2)
  await expect(lost).rejects.toMatchObject({
    code: 'token_fetch_failed',
    retryable: true,
    message: expect.stringContaining('`waitUntil`'),
  })
  expect(source.describe()).toMatchObject({ state: 'usable' })
})

it('a fetch that its runtime stopped, timers included, is replaced and can be closed if its signal cannot be aborted by another request', async () => {
  const { source, clock, fetches, reviveTimers } = cutOffSource()
  await settle()
  reviveTimers()
  const abort = vi.spyOn(AbortController.prototype, 'abort').mockImplementation(() => {
    throw new Error('Cannot perform I/O on behalf of a different request.')
  })
  try {
    clock.advance(60_000)
    expect(await source.get()).toBe('new')
    expect(fetches()).toBe(2)
    const closing = cutOffSource()
    await settle()
    expect(() => closing.source.close()).not.toThrow()
    closing.reviveTimers()
  } finally {
    abort.mockRestore()
  }
})

it('a fetch that its runtime stopped and that ends late leaves the next fetch to all its callers', async () => {
  const answer = deferred<string>()
  const { source, clock, fetches } = sourceWith((count) =>
    count === 1 ? new Promise<string>(() => {}) : answer.promise,
  )
  vi.spyOn(clock, 'after').mockReturnValue(() => {})
  source.get().catch(() => {})
  await settle()
  clock.advance(60_000)
  const first = source.get()
  await settle()
  const second = source.get()
  await settle()
  expect(fetches()).toBe(2)
  answer.resolve('new')
  expect(await Promise.all([first, second])).toEqual(['new', 'new'])
  expect(fetches()).toBe(2)
})

it('a fetch that its runtime stopped, timers included, is waited for until then, so that no two fetches run at once', async () => {
  const { source, clock, fetches, reviveTimers } = cutOffSource()
  await settle()
  reviveTimers()
  clock.advance(59_999)
  source.get().catch(() => {})
  await settle()
  expect(fetches()).toBe(1)
})
