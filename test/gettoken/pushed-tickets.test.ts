import { expect, it } from 'vitest'
import { pushedTicketsFor } from '../../src/gettoken/pushed-tickets.js'
import {
  createTokenSource,
  type StoredToken,
  suiteApp,
  type TokenStore,
  type Transport,
} from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'

const HALF_AN_HOUR_MS = 1_800_000

/** Tickets without a push: only those of the option. */
function ticketsGiven(given: () => string) {
  return pushedTicketsFor(
    { name: 'suite_ticket', staleErrcodes: [40085], given },
    undefined,
    fakeClock(),
  )
}

/** A suite whose ticket another process has put into the store. */
function suiteOver(ticket: StoredToken) {
  const store: TokenStore = {
    get: async (key) => (key.endsWith(':suite_ticket') ? ticket : undefined),
    set: async () => true,
    delete: async () => true,
  }
  const clock = fakeClock()
  const tickets: unknown[] = []
  const transport: Transport = async ({ body = '' }) => {
    tickets.push(JSON.parse(body).suite_ticket)
    return { status: 200, body: '{"suite_access_token":"token","expires_in":7200}' }
  }
  const credential = suiteApp({ suiteId: 'ww-suite', suiteSecret: 'secret' })
  const suite = createTokenSource(credential, { store, clock, transport })
  return { suite, clock, tickets }
}
const aged = (ageMs: number): StoredToken => ({
  value: 'pushed elsewhere',
  generation: 1_767_225_600_000,
  ageMs,
  expiresInMs: HALF_AN_HOUR_MS,
})

it.each([
  ['the wall clock', (clock: ReturnType<typeof fakeClock>) => clock.setWallBy(1)],
  [
    'the monotonic clock',
    (clock: ReturnType<typeof fakeClock>) => {
      clock.setWallBy(-1)
      clock.advance(1)
    },
  ],
])(
  'a ticket from the store is valid for half an hour from when it was pushed, by %s too',
  async (_name, pass) => {
    const { suite, clock, tickets } = suiteOver(aged(HALF_AN_HOUR_MS - 1))
    await suite.invalidate(await suite.get())
    expect(tickets).toEqual(['pushed elsewhere'])
    pass(clock)
    await expect(suite.get()).rejects.toThrow('the newest suite_ticket is more than 30 min old')
    expect(tickets).toHaveLength(1)
  },
)

it('a ticket that is pushed late, during a cooldown, causes no request unless it is newer', async () => {
  const answer = { status: 200, body: '{"errcode":40085}' }
  const clock = fakeClock()
  const suite = createTokenSource(suiteApp({ suiteId: 'ww-suite', suiteSecret: 'secret' }), {
    clock,
    transport: async () => answer,
  })
  const timeStamp = 1_767_225_600
  await suite.pushTicket('stale', { timeStamp })
  await suite.get().catch(() => {})
  const { cooldownUntil } = suite.describe()
  expect(cooldownUntil).toBeGreaterThan(clock.wall())
  expect(await suite.pushTicket('late', { timeStamp: timeStamp - 1 })).toBe(false)
  expect(suite.describe().cooldownUntil).toBe(cooldownUntil)
  expect(await suite.pushTicket('newer', { timeStamp: timeStamp + 1 })).toBe(true)
  expect(suite.describe()).not.toHaveProperty('cooldownUntil')
})

it.each([
  [new Error('no database'), /: the function that gives the suite_ticket failed: no database$/],
  ['no database', /: the function that gives the suite_ticket failed$/],
])('a function for the ticket that throws %o is reported', async (thrown, message) => {
  const tickets = ticketsGiven(() => {
    throw thrown
  })
  const failure = { code: 'token_fetch_failed', cause: thrown, retryable: true }
  const error = await tickets.newest('Could not').catch((caught) => caught)
  expect(error).toMatchObject(failure)
  expect(error.message).toMatch(message)
})

it('a ticket that WeCom refused is not sent again, nor are the others that were refused', async () => {
  let given = ''
  const tickets = ticketsGiven(() => given)
  for (let at = 1; at <= 100; at += 1) tickets.refuse(`ticket-${at}`)
  for (let at = 1; at <= 100; at += 1) {
    given = `ticket-${at}`
    await expect(tickets.newest('Could not')).rejects.toMatchObject({ errcode: 40085 })
  }
})

it('a ticket that WeCom refused is forgotten after a hundred more, so that memory is bounded', async () => {
  let given = 'ticket-1'
  const tickets = ticketsGiven(() => given)
  for (let at = 1; at <= 101; at += 1) tickets.refuse(`ticket-${at}`)
  expect(await tickets.newest('Could not')).toBe('ticket-1')
  given = 'ticket-101'
  await expect(tickets.newest('Could not')).rejects.toMatchObject({ errcode: 40085 })
})
