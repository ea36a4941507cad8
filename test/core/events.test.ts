import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { emitEvent, listenerOf, type OnEvent } from '../../src/core/events.js'
import { platform } from '../../src/core/platform.js'
import { withToken } from '../../src/fetch.js'
import { createTokenSource, selfBuilt, type TokenEvent } from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { settle } from '../support/qyapi.js'
import { sourceWith, tokenBody } from '../support/source.js'
import { refuseUnhandled } from '../support/unhandled.js'

refuseUnhandled()

const fail = () => {
  throw new Error('a listener’s mistake')
}

/** What another library takes for a promise. */
const thenable = (then: (resolve: unknown, reject: (reason: unknown) => void) => void) =>
  Object.fromEntries([['then', then]])

it.each<[string, (event?: unknown) => unknown]>([
  ['throws', fail],
  ['rejects', async () => fail()],
  ['gives a promise of another library that rejects', () => thenable((_, reject) => reject('no'))],
  ['gives what only looks like a promise', () => thenable(fail)],
  ['gives a number', () => 7],
])('a listener does not break a call if it %s', async (_name, onEvent) => {
  const { source } = sourceWith('token', { onEvent: onEvent as OnEvent })
  expect(await source.get()).toBe('token')
})

const SUBJECT = { kind: 'self-built', subject: 'app of corp ww-fake' }
const SKIPPED = { type: 'skipped', endpoint: 'user/get', reason: 'caller_token' } as const
const channelWith = (hasSubscribers: boolean) => {
  const published: unknown[] = []
  return { hasSubscribers, published, publish: (event: unknown) => void published.push(event) }
}

it('a listener and the channel get the same object, with the subject in it', () => {
  const events: unknown[] = []
  const channel = channelWith(true)
  emitEvent(SUBJECT, SKIPPED, { onEvent: (event) => events.push(event), channel })
  expect(events).toEqual([{ ...SUBJECT, ...SKIPPED }])
  expect(channel.published).toEqual(events)
  expect(channel.published[0]).toBe(events[0])
})

it('where the events of a source go with a listener alone nothing is published, and with subscribers alone the event is', () => {
  const [silent, heard] = [channelWith(false), channelWith(true)]
  emitEvent(SUBJECT, SKIPPED, { onEvent: () => {}, channel: silent })
  emitEvent(SUBJECT, SKIPPED, { channel: heard })
  expect([silent.published.length, heard.published.length]).toEqual([0, 1])
})

it('no event is built while there is neither a listener nor a subscriber', () => {
  const kind = vi.fn(() => 'self-built')
  const subject = Object.defineProperty({ ...SUBJECT }, 'kind', { get: kind })
  for (const channel of [undefined, channelWith(false)]) emitEvent(subject, SKIPPED, { channel })
  expect(kind).not.toHaveBeenCalled()
  emitEvent(subject, SKIPPED, { onEvent: () => {} })
  expect(kind).toHaveBeenCalledTimes(1)
})

it('a listener that throws keeps neither the next one nor the channel from the event', () => {
  const events: unknown[] = []
  const channel = channelWith(true)
  const both = listenerOf([fail, undefined, (event) => events.push(event)])
  emitEvent(SUBJECT, SKIPPED, { onEvent: both, channel })
  expect([events.length, channel.published.length]).toEqual([1, 1])
})

it('a listener that stands there twice is called once', () => {
  const events: unknown[] = []
  const listener = (event: unknown) => void events.push(event)
  const onEvent = listenerOf([listener, listener, () => {}, listener])
  emitEvent(SUBJECT, SKIPPED, { onEvent })
  expect(events).toHaveLength(1)
  expect(listenerOf([listener, undefined, listener])).toBe(listener)
  expect(listenerOf([undefined])).toBeUndefined()
})

describe('the diagnostics channel of the process', () => {
  const CORP = { corpId: 'ww-channel', corpSecret: 'secret-of-the-channel' }
  const restore: (() => void)[] = []
  afterEach(() => {
    for (const back of restore.splice(0)) back()
  })

  /** Collects what is published for the corp of this test: other files share the process. */
  function subscribed(listener: (event: TokenEvent) => void = () => {}) {
    const published: TokenEvent[] = []
    const onMessage = (message: unknown) => {
      const event = message as TokenEvent
      if (!event.subject.includes(CORP.corpId)) return
      published.push(event)
      listener(event)
    }
    subscribe('qyapi-token', onMessage)
    restore.push(() => unsubscribe('qyapi-token', onMessage))
    return published
  }

  function source(onEvent?: OnEvent) {
    const tokens = ['t0ken-1', 't0ken-2']
    return createTokenSource(selfBuilt(CORP), {
      clock: fakeClock(),
      transport: async () => ({ status: 200, body: tokenBody(tokens.shift()) }),
      ...(onEvent && { onEvent }),
    })
  }

  const refusedOnce = async (one: ReturnType<typeof source>) => {
    const answers = [{ errcode: 42001 }, { errcode: 0 }]
    return one.run(async () => answers.shift() ?? expect.fail(), { endpoint: 'user/get' })
  }

  it('the diagnostics channel of the process gets the objects that onEvent gets, without a token or the secret in any', async () => {
    const events: TokenEvent[] = []
    const published = subscribed()
    await refusedOnce(source((event) => void events.push(event)))
    expect(events.map(({ type }) => type)).toEqual(['fetched', 'refused', 'fetched', 'replayed'])
    expect(published).toHaveLength(events.length)
    for (const [index, event] of events.entries()) expect(published[index]).toBe(event)
    expect(JSON.stringify(published)).not.toMatch(/t0ken|secret-of-the-channel/)
  })

  it('the diagnostics channel of the process gets events without onEvent too, from the moment on at which a subscriber comes', async () => {
    const one = source()
    await one.get()
    const published = subscribed()
    await refusedOnce(one)
    expect(published.map(({ type }) => type)).toEqual(['refused', 'fetched', 'replayed'])
  })

  it('the diagnostics channel of the process gets the calls that an entry skips', async () => {
    const published = subscribed()
    const url = 'https://qyapi.weixin.qq.com/cgi-bin/user/get?access_token=theirs'
    const stub: typeof fetch = async () => new Response('{}')
    await withToken(stub, CORP)(url)
    expect(published).toMatchObject([
      { type: 'skipped', endpoint: 'user/get', reason: 'caller_token' },
    ])
  })

  it('a subscriber that throws breaks no call: Node reports its error as uncaught', async () => {
    const uncaught: unknown[] = []
    process.setUncaughtExceptionCaptureCallback((error) => uncaught.push(error))
    restore.push(() => process.setUncaughtExceptionCaptureCallback(null))
    subscribed(fail)
    expect(await refusedOnce(source())).toEqual({ errcode: 0 })
    await settle()
    expect(uncaught).toHaveLength(4)
  })

  it('the diagnostics channel of the process is absent, without harm, on a runtime without the module', () => {
    for (const value of [undefined, {}, { getBuiltinModule: () => undefined }]) {
      vi.stubGlobal('process', value)
      expect(platform.channel('qyapi-token')).toBeUndefined()
      vi.unstubAllGlobals()
    }
    expect(platform.channel('qyapi-token')).toMatchObject({ name: 'qyapi-token' })
  })
})
