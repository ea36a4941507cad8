import { describe, expect, it } from 'vitest'
import {
  authorizedCorp,
  memoryStore,
  type SourceOptions,
  type SuiteAppOptions,
  suiteApp,
} from '../../src/index.js'
import {
  CORP,
  ENTRIES,
  failureOf,
  MODEL,
  paths,
  SUITE,
  through,
  transportOf,
  useEveryKind,
} from '../support/every-kind.js'
import { hold } from '../support/hold.js'

const open = useEveryKind()
const GET_SUITE_TOKEN = 'service/get_suite_token'
const PATH = 'service/get_auth_info'
const { suiteId, suiteSecret } = SUITE
const MINUTES = 60_000

describe.each(ENTRIES)('a suite_ticket, through the %s entry', (entry) => {
  const opened = async (
    suiteTicket?: SuiteAppOptions['suiteTicket'],
    options: SourceOptions = {},
  ) => {
    const given = suiteTicket === undefined ? {} : { suiteTicket }
    const { wecom, baseUrl, clock, make } = await open()
    const another = () =>
      make(suiteApp({ suiteId, suiteSecret, ...given }), {
        transport: transportOf(entry),
        ...options,
      })
    const suite = another()
    const send = through(entry, baseUrl, suite)
    /** The tickets that get_suite_token received, in order. */
    const tickets = () =>
      wecom.requests
        .filter(({ path }) => path === GET_SUITE_TOKEN)
        .map(({ body }) => JSON.parse(String(Buffer.from(body))).suite_ticket)
    /** The next request needs a new token. */
    const forget = async () => suite.invalidate(await suite.get())
    return { wecom, baseUrl, clock, make, suite, send, tickets, another, forget }
  }

  describe('that is an option', () => {
    it('a suite_ticket that is an option is sent', async () => {
      const { send, tickets } = await opened('ticket')
      expect((await send(PATH)).errcode).toBe(0)
      expect(tickets()).toEqual(['ticket'])
    })

    it.each([
      ['a function', (ticket: string) => ticket],
      ['an async function', async (ticket: string) => ticket],
    ])('a suite_ticket given as %s is read anew for each token request', async (_name, given) => {
      let newest = 'ticket'
      const { wecom, send, tickets, forget } = await opened(() => given(newest))
      await send(PATH)
      await send(PATH)
      newest = wecom.pushSuiteTicket(suiteId).suiteTicket
      await forget()
      expect((await send(PATH)).errcode).toBe(0)
      expect(tickets()).toEqual(['ticket', newest])
    })

    it.each([
      ['nothing', () => undefined],
      ['a promise of nothing', async () => undefined],
      ['null, as a database does', async () => null],
      ['an empty string', () => ''],
    ])(
      'a suite_ticket function that returns %s sends nothing, and says what to do',
      async (_name, given) => {
        const { wecom, send } = await opened(given)
        const error = await failureOf(send(PATH))
        expect(error).toMatchObject({ code: 'token_fetch_failed', retryable: true })
        expect(error.errcode).toBeUndefined()
        expect(error.message).toContain('there is no suite_ticket yet')
        expect(wecom.requests).toEqual([])
      },
    )

    it.each([
      ['throws', () => expect.fail('planted-error')],
      ['rejects', async () => expect.fail('planted-error')],
    ])('a suite_ticket function that %s sends nothing, and says why', async (_name, given) => {
      const { wecom, send } = await opened(given)
      const error = await failureOf(send(PATH))
      expect(error).toMatchObject({ code: 'token_fetch_failed', retryable: true })
      expect(error.message).toContain('planted-error')
      expect(wecom.requests).toEqual([])
    })

    it('a suite_ticket that is an option is overridden by one that was pushed', async () => {
      const { wecom, suite, send, tickets } = await opened('ticket')
      const { suiteTicket, timeStamp } = wecom.pushSuiteTicket(suiteId)
      expect(await suite.pushTicket(suiteTicket, { timeStamp })).toBe(true)
      await send(PATH)
      expect(tickets()).toEqual([suiteTicket])
    })

    it('a suite_ticket that is an option is used instead of a pushed one that is more than 30 min old', async () => {
      const { wecom, clock, suite, send, tickets } = await opened(() => newest)
      let newest = 'ticket'
      await suite.pushTicket('pushed-ticket')
      clock.advance(30 * MINUTES)
      newest = wecom.pushSuiteTicket(suiteId).suiteTicket
      expect((await send(PATH)).errcode).toBe(0)
      expect(tickets()).toEqual([newest])
    })
  })

  describe('that was pushed', () => {
    it('a suite_ticket that was pushed is sent, and not before there is a request', async () => {
      const { wecom, suite, send, tickets } = await opened()
      const { suiteTicket, timeStamp } = wecom.pushSuiteTicket(suiteId)
      await suite.pushTicket(suiteTicket, { timeStamp })
      expect(wecom.requests).toEqual([])
      expect((await send(PATH)).errcode).toBe(0)
      expect(tickets()).toEqual([suiteTicket])
    })

    it('the last pushed suite_ticket by WeCom’s time counts, in whatever order they arrive', async () => {
      const { wecom, clock, suite, send, tickets } = await opened()
      const first = wecom.pushSuiteTicket(suiteId)
      clock.advance(10 * MINUTES)
      const second = wecom.pushSuiteTicket(suiteId)
      const { timeStamp } = second
      expect(await suite.pushTicket(second.suiteTicket, { timeStamp: String(timeStamp) })).toBe(
        true,
      )
      expect(await suite.pushTicket(first.suiteTicket, { timeStamp: first.timeStamp })).toBe(false)
      expect(await suite.pushTicket('the same second', { timeStamp })).toBe(false)
      await send(PATH)
      expect(tickets()).toEqual([second.suiteTicket])
    })

    it('a pushed suite_ticket without a timeStamp counts as sent now', async () => {
      const { clock, suite, send, tickets } = await opened()
      await suite.pushTicket('older', { timeStamp: clock.wall() / 1000 - 1 })
      expect(await suite.pushTicket('ticket')).toBe(true)
      expect(await suite.pushTicket('late', { timeStamp: clock.wall() / 1000 - 1 })).toBe(false)
      await send(PATH)
      expect(tickets()).toEqual(['ticket'])
    })

    it('a pushed suite_ticket does not affect the current token', async () => {
      const { wecom, clock, suite, send, tickets } = await opened('ticket')
      await send(PATH)
      clock.advance(10 * MINUTES)
      const { suiteTicket, timeStamp } = wecom.pushSuiteTicket(suiteId)
      await suite.pushTicket(suiteTicket, { timeStamp })
      await send(PATH)
      expect(tickets()).toEqual(['ticket'])
    })

    it('a suite_ticket that was pushed more than 30 min ago is not sent: nothing is, and the error says so', async () => {
      const { wecom, clock, suite, send, tickets } = await opened()
      const { suiteTicket, timeStamp } = wecom.pushSuiteTicket(suiteId)
      await suite.pushTicket(suiteTicket, { timeStamp })
      clock.advance(30 * MINUTES - 1)
      expect((await send(PATH)).errcode).toBe(0)
      clock.advance(1)
      wecom.revoke()
      // A refused call that cannot be replaced is the caller's answer; the next one has no token.
      expect((await send(PATH)).errcode).toBe(40082)
      const error = await failureOf(send(PATH))
      expect(error).toMatchObject({ code: 'token_fetch_failed', retryable: true })
      expect(error.message).toContain('the newest suite_ticket is more than 30 min old')
      expect(tickets()).toEqual([suiteTicket])
    })

    it.each([
      ['', 'an empty string'],
      ['   ', 'blanks'],
      [undefined, 'nothing'],
      [42, 'a number'],
    ])('a pushed suite_ticket of %o is refused: %s', async (ticket, _what) => {
      const { suite } = await opened()
      await expect(suite.pushTicket(ticket as string)).rejects.toMatchObject({
        code: 'bad_options',
        message: expect.stringMatching(
          /^ticket must be the suite_ticket, a non-empty string, got /,
        ),
      })
    })

    it.each([
      'yesterday',
      '',
      Number.NaN,
      Number.POSITIVE_INFINITY,
      -1,
      0,
      1.5,
      null,
      {},
      // Milliseconds: every later ticket would seem old.
      1_767_225_600_000,
      '1767225600000',
    ])(
      'a pushed suite_ticket with a timeStamp of %o is refused, and changes nothing',
      async (timeStamp) => {
        const { wecom, suite, send } = await opened()
        await expect(
          suite.pushTicket('ticket', { timeStamp: timeStamp as number }),
        ).rejects.toMatchObject({
          code: 'bad_options',
          message: expect.stringMatching(/^timeStamp /),
        })
        await failureOf(send(PATH))
        expect(wecom.requests).toEqual([])
      },
    )

    it('a suite_ticket pushed to a source that needs none is refused', async () => {
      const { make, suite } = await opened()
      const corp = make(authorizedCorp({ suite, ...CORP }))
      await expect(corp.pushTicket('ticket')).rejects.toMatchObject({
        code: 'bad_options',
        message: expect.stringContaining('authorized-corp ww-corp'),
      })
    })
  })

  describe('that is missing', () => {
    it('a suite_ticket that is missing fails the suite and its corps with what to do, and nothing is sent', async () => {
      const { wecom, baseUrl, make, suite, send } = await opened()
      const corp = through(entry, baseUrl, make(authorizedCorp({ suite, ...CORP })))
      for (const call of [send(PATH), corp('user/get')]) {
        const error = await failureOf(call)
        expect(error).toMatchObject({ code: 'token_fetch_failed', retryable: true })
        expect(error.message).toContain('source.pushTicket(ticket, { timeStamp })')
      }
      expect(wecom.requests).toEqual([])
    })

    it('a suite_ticket that is missing serves both as soon as it is pushed, though the failure is still remembered', async () => {
      const { wecom, baseUrl, make, suite, send } = await opened()
      const corp = through(entry, baseUrl, make(authorizedCorp({ suite, ...CORP })))
      await Promise.all([send(PATH), corp('user/get')].map(failureOf))
      expect(suite.describe().cooldownUntil).toBeDefined()
      await suite.pushTicket('ticket')
      const answers = await Promise.all([send(PATH), corp('user/get')])
      expect(answers.map(({ errcode }) => errcode)).toEqual([0, 0])
      expect(wecom.count(GET_SUITE_TOKEN)).toBe(1)
    })
  })

  describe('that WeCom calls stale (40085)', () => {
    it('a suite_ticket that WeCom calls stale (40085) is requested at most three times for one request, also if each is another wrong one', async () => {
      let given = 0
      const { send, tickets } = await opened(() => {
        given += 1
        return `wrong-${given}`
      })
      expect(await failureOf(send(PATH))).toMatchObject({
        code: 'token_fetch_failed',
        errcode: 40085,
      })
      expect(tickets()).toEqual(['wrong-1', 'wrong-2', 'wrong-3'])
    })

    it('a suite_ticket that WeCom calls stale (40085) is sent once, however many requests wait and however long', async () => {
      const { wecom, clock, suite, send, tickets } = await opened()
      await suite.pushTicket('stale-ticket')
      for (let round = 0; round < 5; round += 1) {
        const errors = await Promise.all(Array.from({ length: 10 }, () => failureOf(send(PATH))))
        for (const error of errors) {
          expect(error).toMatchObject({ code: 'token_fetch_failed', errcode: 40085 })
          expect(error.message).toContain('WeCom refused the newest suite_ticket as stale')
        }
        clock.advance(60_000)
      }
      expect(tickets()).toEqual(['stale-ticket'])
      expect(wecom.count(PATH)).toBe(0)
    })

    it('a suite_ticket that WeCom calls stale (40085) is replaced by a newer one at once, though the failure is still remembered', async () => {
      const { wecom, clock, suite, send, tickets } = await opened()
      await suite.pushTicket('stale-ticket')
      await failureOf(send(PATH))
      clock.advance(1)
      const { suiteTicket } = wecom.pushSuiteTicket(suiteId)
      await suite.pushTicket(suiteTicket)
      expect((await send(PATH)).errcode).toBe(0)
      expect(tickets()).toEqual(['stale-ticket', suiteTicket])
      expect(suite.describe().cooldownUntil).toBeUndefined()
    })

    it('each suite_ticket is sent once: two stale ones cost two token requests', async () => {
      const { clock, suite, send, tickets } = await opened()
      for (const ticket of ['stale-1', 'stale-2']) {
        clock.advance(1_000)
        await suite.pushTicket(ticket)
        await Promise.all(Array.from({ length: 10 }, () => failureOf(send(PATH))))
        clock.advance(60_000)
        await failureOf(send(PATH))
      }
      expect(tickets()).toEqual(['stale-1', 'stale-2'])
    })

    it('a suite_ticket that WeCom calls stale (40085) is replaced by the one in the option, and is not sent again later either', async () => {
      const { suite, send, tickets, forget } = await opened('ticket')
      await suite.pushTicket('stale-ticket')
      expect((await send(PATH)).errcode).toBe(0)
      await forget()
      expect((await send(PATH)).errcode).toBe(0)
      expect(tickets()).toEqual(['stale-ticket', 'ticket', 'ticket'])
    })

    it('a suite_ticket that WeCom calls stale (40085) because it is another suite’s leaves the valid one in use: that is sent right after it', async () => {
      const { wecom, clock, suite, send, tickets, forget } = await opened()
      const { suiteTicket } = wecom.pushSuiteTicket(suiteId)
      await suite.pushTicket(suiteTicket)
      clock.advance(1_000)
      await suite.pushTicket('another-suites')
      expect((await send(PATH)).errcode).toBe(0)
      await forget()
      expect((await send(PATH)).errcode).toBe(0)
      expect(tickets()).toEqual(['another-suites', suiteTicket, suiteTicket])
    })

    it('however many tickets of another suite are pushed, the valid suite_ticket is used for its 30 min', async () => {
      const { wecom, clock, suite, send, forget, tickets } = await opened()
      const { suiteTicket } = wecom.pushSuiteTicket(suiteId)
      await suite.pushTicket(suiteTicket)
      for (const stranger of ['stranger-1', 'stranger-2', 'stranger-3', 'stranger-4']) {
        clock.advance(60_000)
        await suite.pushTicket(stranger)
        expect((await send(PATH)).errcode).toBe(0)
        await forget()
      }
      expect(tickets().filter((ticket) => ticket === suiteTicket)).toHaveLength(4)
      clock.advance(26 * MINUTES)
      expect(await failureOf(send(PATH))).toMatchObject({ errcode: 40085 })
    })

    it('a suite_ticket that WeCom calls stale (40085) because it is another suite’s is removed from the store, and the valid one is stored again', async () => {
      const { wecom, clock, suite, another, send } = await opened(undefined, {
        store: memoryStore(),
      })
      const { suiteTicket } = wecom.pushSuiteTicket(suiteId)
      await suite.pushTicket(suiteTicket)
      clock.advance(1_000)
      await suite.pushTicket('another-suites')
      expect((await send(PATH)).errcode).toBe(0)
      wecom.revoke()
      const newcomer = another()
      await newcomer.invalidate(await newcomer.get())
      expect(await newcomer.get()).toMatch(/^fake-suite/)
      const requested = wecom.requests.filter(({ path }) => path === GET_SUITE_TOKEN).slice(2)
      for (const { body } of requested) expect(String(Buffer.from(body))).toContain(suiteTicket)
    })

    it('a suite_ticket that was called stale long ago is reported as old', async () => {
      const { wecom, clock, suite, send, forget } = await opened()
      await suite.pushTicket('stale-ticket')
      await failureOf(send(PATH))
      clock.advance(1)
      await suite.pushTicket(wecom.pushSuiteTicket(suiteId).suiteTicket)
      await forget()
      clock.advance(30 * MINUTES)
      const error = await failureOf(send(PATH))
      expect(error.message).toContain('more than 30 min old')
      expect(error.errcode).toBeUndefined()
    })

    it('a newer suite_ticket that arrives during the token request is sent right after a stale one', async () => {
      const { wecom, clock, suite, send, tickets } = await opened()
      await suite.pushTicket('stale-ticket')
      const stale = hold(wecom, GET_SUITE_TOKEN, { errcode: 40085 })
      const call = send(PATH)
      await stale.arrived()
      clock.advance(1)
      const { suiteTicket } = wecom.pushSuiteTicket(suiteId)
      await suite.pushTicket(suiteTicket)
      stale.release()
      expect((await call).errcode).toBe(0)
      expect(tickets()).toEqual(['stale-ticket', suiteTicket])
    })
  })

  describe('in a store', () => {
    it('rule 18: a suite_ticket pushed to one source reaches another one through the store, which needs no token request', async () => {
      const store = memoryStore()
      const { wecom, baseUrl, suite, another } = await opened(undefined, { store })
      const { suiteTicket, timeStamp } = wecom.pushSuiteTicket(suiteId)
      await suite.pushTicket(suiteTicket, { timeStamp })
      const elsewhere = through(entry, baseUrl, another())
      expect((await elsewhere(PATH)).errcode).toBe(0)
      expect((await through(entry, baseUrl, suite)(PATH)).errcode).toBe(0)
      expect(paths(wecom)).toEqual([GET_SUITE_TOKEN, PATH, PATH])
    })

    it('rule 18: a suite_ticket in a store counts only if it is newer, whichever source got it first', async () => {
      const store = memoryStore()
      const { wecom, clock, suite, another, tickets } = await opened(undefined, { store })
      const first = wecom.pushSuiteTicket(suiteId)
      clock.advance(10 * MINUTES)
      const second = wecom.pushSuiteTicket(suiteId)
      const other = another()
      expect(await other.pushTicket(second.suiteTicket, { timeStamp: second.timeStamp })).toBe(true)
      expect(await suite.pushTicket(first.suiteTicket, { timeStamp: first.timeStamp })).toBe(false)
      await suite.get()
      expect(tickets()).toEqual([second.suiteTicket])
    })

    it('rule 14: a suite_ticket in a store survives a secret that was rotated', async () => {
      const store = memoryStore()
      const { wecom, suite, make, tickets } = await opened(undefined, { store })
      await suite.pushTicket('ticket')
      await suite.get()
      wecom.add({ suites: [{ suiteId, suiteSecret: 'new-secret' }] })
      await make(suiteApp({ suiteId, suiteSecret: 'new-secret' }), { store }).get()
      expect(tickets()).toEqual(['ticket', 'ticket'])
    })
  })
})

it('a model_ticket is stored like a suite’s', async () => {
  const { wecom, clock, sources } = await open()
  const { model } = sources
  expect((await failureOf(model.get())).message).toContain('there is no model_ticket yet')
  expect(wecom.requests).toEqual([])
  const { modelTicket, timeStamp } = wecom.pushModelTicket(MODEL.modelId)
  expect(await model.pushTicket(modelTicket, { timeStamp })).toBe(true)
  expect(await model.pushTicket('late', { timeStamp: timeStamp - 1 })).toBe(false)
  expect(await model.get()).toMatch(/^fake-model_/)
  await model.invalidate(await model.get())
  clock.advance(30 * MINUTES)
  expect((await failureOf(model.get())).message).toContain('more than 30 min old')
  expect(wecom.count('openhw/get_model_token')).toBe(1)
})

it('a model_ticket that WeCom calls stale (710402) is sent once, and a newer one replaces it', async () => {
  const { wecom, clock, sources } = await open()
  const { model } = sources
  await model.pushTicket('stale-ticket')
  for (let round = 0; round < 3; round += 1) {
    const error = await failureOf(model.get())
    expect(error).toMatchObject({ code: 'token_fetch_failed', errcode: 710402, retryable: true })
    expect(error.message).toContain('WeCom refused the newest model_ticket as stale')
    clock.advance(60_000)
  }
  expect(wecom.count('openhw/get_model_token')).toBe(1)
  await model.pushTicket(wecom.pushModelTicket(MODEL.modelId).modelTicket)
  expect(await model.get()).toMatch(/^fake-model_/)
  expect(wecom.count('openhw/get_model_token')).toBe(2)
})
