import { expect, expectTypeOf, it } from 'vitest'
import { type TokenEvent, wrapSdk } from '../../src/index.js'
import { sourceWith } from '../support/source.js'

/** An SDK as they are: the token first, errcodes in what it resolves with or throws. */
function sdk({ stale = ['token-1'] }: { stale?: string[] } = {}) {
  const sent: unknown[][] = []
  const answer = (token: string) =>
    stale.includes(token) ? { errcode: 42001 } : { errcode: 0, msgid: token }
  return {
    sent,
    version: '1.2.3',
    send(token: string, message: { text: string }, to?: string) {
      sent.push([token, message, to])
      return Promise.resolve(answer(token))
    },
    plain(token: string): number {
      return token.length
    },
    message: {
      prefix: 'm-',
      async recall(token: string, id: string) {
        if (stale.includes(token)) throw Object.assign(new Error('expired'), { code: 42001 })
        return this.prefix + id
      },
    },
  }
}

const wrapped = (given = sdk()) => {
  const { source, fetches, events } = sourceWith((count) => `token-${count}`)
  return { given, wecom: wrapSdk(given, source), fetches, events }
}

it('wrapSdk passes the current token first, and a newer one if it is refused', async () => {
  const { given, wecom, fetches } = wrapped()
  expect(await wecom.send({ text: 'hi' }, 'zhangsan')).toEqual({ errcode: 0, msgid: 'token-2' })
  expect(given.sent).toEqual([
    ['token-1', { text: 'hi' }, 'zhangsan'],
    ['token-2', { text: 'hi' }, 'zhangsan'],
  ])
  expect(fetches()).toBe(2)
})

it('wrapSdk wraps methods of nested objects, with the object that they belong to', async () => {
  const { wecom } = wrapped()
  expect(await wecom.message.recall('7')).toBe('m-7')
  expect(wecom.message.prefix).toBe('m-')
  expect(wecom.version).toBe('1.2.3')
})

it('wrapSdk starts a cooldown for a method that keeps being refused, under its name', async () => {
  const { wecom, events } = wrapped(sdk({ stale: ['token-1', 'token-2', 'token-3'] }))
  await wecom.send({ text: 'hi' })
  await wecom.message.recall('7').catch(() => {})
  const cooldowns = events.filter((event: TokenEvent) => event.type === 'endpoint_cooldown')
  expect(cooldowns.map((event) => 'endpoint' in event && event.endpoint)).toEqual([
    'send',
    'message/recall',
  ])
})

it('wrapSdk always returns promises', async () => {
  const { wecom } = wrapped()
  expect(wecom.plain()).toBeInstanceOf(Promise)
  expect(await wecom.plain()).toBe('token-1'.length)
  expect('send' in wecom).toBe(true)
  expect('then' in wecom).toBe(false)
})

it('wrapSdk leaves null and properties under symbols alone', () => {
  const inspected = Symbol('inspected')
  const given = { agent: null, [inspected]: () => 'an SDK' }
  const wecom = wrapSdk(given, sourceWith('token').source)
  expect(wecom.agent).toBeNull()
  expect(wecom[inspected]).toBe(given[inspected])
})

it('wrapSdk accepts a frozen SDK', async () => {
  const { source } = sourceWith('token')
  const wecom = wrapSdk(Object.freeze({ send: async (token: string) => token }), source)
  expect(await wecom.send()).toBe('token')
})

it('wrapSdk finds errcodes with the errcodeOf option', async () => {
  const { source, fetches } = sourceWith((count) => `token-${count}`)
  const odd = {
    send: async (token: string) => ({ state: { wecom: token === 'token-1' ? 40014 : 0 } }),
  }
  const errcodeOf = (outcome: unknown) => (outcome as { state: { wecom: number } }).state.wecom
  expect(await wrapSdk(odd, source, { errcodeOf }).send()).toEqual({ state: { wecom: 0 } })
  expect(fetches()).toBe(2)
})

it('wrapSdk is typed: the same parameters without the first', () => {
  const { wecom } = wrapped()
  expectTypeOf(wecom.send).parameters.toEqualTypeOf<[message: { text: string }, to?: string]>()
  expectTypeOf(wecom.plain).returns.toEqualTypeOf<Promise<number>>()
  expectTypeOf(wecom.message.recall).parameters.toEqualTypeOf<[id: string]>()
  expectTypeOf(wecom.version).toEqualTypeOf<string>()
})

it.each([
  [undefined, 'sdk must be an object with methods, got undefined'],
  [null, 'sdk must be an object with methods, got null'],
  ['sdk', 'sdk must be an object with methods, got a string of 3 characters'],
])('wrapSdk refuses %s', (given, message) => {
  const { source } = sourceWith('token')
  expect(() => wrapSdk(given as never, source)).toThrow(message)
  expect(() => wrapSdk({}, {} as never)).toThrow('source must be a token source, got an object')
})

it('a wrapped method cools down by its own name, though another name stands for the same function', async () => {
  const { source, events } = sourceWith((count) => `token-${count}`)
  const refuse = async (_token: string) => ({ errcode: 42001 })
  const wecom = wrapSdk({ send: refuse, deliver: refuse }, source)
  await wecom.send()
  await wecom.deliver()
  const cooldowns = events.filter(({ type }) => type === 'endpoint_cooldown')
  expect(cooldowns).toMatchObject([{ endpoint: 'send' }, { endpoint: 'deliver' }])
})

it('the result of a call is not a refusal because of its own `code`; an error’s code is', async () => {
  const { source, fetches } = sourceWith((count) => `token-${count}`)
  expect(await source.run(() => ({ code: 42001 }))).toEqual({ code: 42001 })
  expect(fetches()).toBe(1)
  const thrown = source.run(() => Promise.reject(Object.assign(new Error('no'), { code: 42001 })))
  await expect(thrown).rejects.toThrow('no')
  expect(fetches()).toBe(2)
})
