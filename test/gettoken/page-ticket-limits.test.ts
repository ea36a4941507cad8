import { expect, it } from 'vitest'
import { hourlyCalls } from '../../src/core/hourly-calls.js'
import {
  agentTicket,
  type Credential,
  createTokenSource,
  jsapiTicket,
  memoryStore,
  type SourceOptions,
  selfBuilt,
  type TokenSource,
} from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/** A WeCom that gives tokens and tickets, each call noted with its moment. */
function wecom() {
  const clock = fakeClock()
  const asked: { path: string; token: string; at: number }[] = []
  let count = 0
  const transport: SourceOptions['transport'] = async ({ url }) => {
    const { pathname, searchParams } = new URL(url)
    count += 1
    const isToken = pathname.endsWith('/gettoken')
    const token = searchParams.get('access_token') ?? ''
    if (!isToken) asked.push({ path: pathname, token, at: clock.monotonic() })
    const given = isToken
      ? { access_token: `token-of-${searchParams.get('corpsecret')}-${count}` }
      : { ticket: `ticket-${count}` }
    return { status: 200, body: JSON.stringify({ ...given, expires_in: 7200 }) }
  }
  const make = (credential: Credential, more: SourceOptions = {}) =>
    createTokenSource(credential, { clock, transport, ...more })
  const appOf = (corpSecret: string, corpId = 'ww1') => make(selfBuilt({ corpId, corpSecret }))
  /** The most calls within any hour. */
  const mostWithinAnHour = () =>
    Math.max(
      ...asked.map(({ at }) => asked.filter((one) => one.at > at - HOUR_MS && one.at <= at).length),
    )
  return { clock, asked, make, appOf, mostWithinAnHour }
}

/** Pages report each ticket as dead, every few seconds, and always get one all the same. */
async function report(
  sources: readonly TokenSource[],
  clock: ReturnType<typeof fakeClock>,
  forMs: number,
) {
  for (let passed = 0; passed < forMs; passed += 15_000) {
    for (const source of sources) {
      await source.invalidate(await source.get())
      expect(await source.get()).toMatch(/^ticket-/)
    }
    clock.advance(15_000)
  }
}

it('page tickets are requested less than 100 times in any hour by an app, both kinds together, however often pages report them as invalid', async () => {
  const { clock, make, appOf, mostWithinAnHour } = wecom()
  const app = appOf('app')
  await report([make(jsapiTicket(app)), make(agentTicket(app))], clock, 3 * HOUR_MS)
  expect(mostWithinAnHour()).toBeLessThan(100)
  expect(mostWithinAnHour()).toBeGreaterThan(20)
})

it('page tickets are requested less than 100 times an hour by an app with many sources', async () => {
  const { clock, make, appOf, mostWithinAnHour } = wecom()
  const sources = Array.from({ length: 10 }, () => make(jsapiTicket(appOf('app'))))
  await report(sources, clock, 2 * HOUR_MS)
  expect(mostWithinAnHour()).toBeLessThan(100)
})

it('page tickets are requested less than 400 times in any hour by a corp, however many apps it has', async () => {
  const { clock, make, appOf, mostWithinAnHour } = wecom()
  const apps = Array.from({ length: 30 }, (_, index) => appOf(`app-${index}`))
  await report(
    apps.flatMap((app) => [make(jsapiTicket(app)), make(agentTicket(app))]),
    clock,
    HOUR_MS / 2,
  )
  expect(mostWithinAnHour()).toBeLessThan(400)
})

it('page tickets of four processes with one app, each counting by itself, stay below 100 too', async () => {
  const { clock, asked, make, appOf } = wecom()
  const store = memoryStore()
  for (let process = 0; process < 4; process += 1) {
    const own = { ...clock }
    await report([make(jsapiTicket(appOf('app')), { clock: own, store })], clock, MINUTE_MS * 14)
  }
  expect(asked.length).toBeLessThanOrEqual(100)
})

it('page tickets of one corp do not affect those of another', async () => {
  const { clock, make, appOf } = wecom()
  const [one, other] = ['ww1', 'ww2'].map((corpId) => make(jsapiTicket(appOf('app', corpId))))
  if (one === undefined || other === undefined) return expect.fail('no source')
  await report([one], clock, HOUR_MS / 2)
  expect(await one.invalidate(await one.get())).toBe(false)
  expect(await other.invalidate(await other.get())).toBe(true)
})

it('page tickets stay in use while the limit allows no other: invalidate resolves with false', async () => {
  const { clock, asked, make, appOf } = wecom()
  const tickets = make(jsapiTicket(appOf('app')))
  await report([tickets], clock, HOUR_MS / 2)
  const ticket = await tickets.get()
  const before = asked.length
  expect(await tickets.invalidate(ticket)).toBe(false)
  expect(await tickets.get()).toBe(ticket)
  expect(asked.length).toBe(before)
  clock.advance(HOUR_MS)
  expect(await tickets.invalidate(ticket)).toBe(true)
  expect(await tickets.get()).not.toBe(ticket)
})

it('page tickets that cannot be fetched at all reject with rate_limited before WeCom’s limit, until there is room', async () => {
  const { clock, make, appOf } = wecom()
  let sent = 0
  const transport = async () => {
    sent += 1
    return { status: 200, body: '{"errcode":99999}' }
  }
  const tickets = make(jsapiTicket(appOf('app')), { transport })
  let error: unknown
  for (let passed = 0; passed < HOUR_MS - 60_000; passed += 30_000) {
    error = await tickets.get().catch((thrown) => thrown)
    clock.advance(30_000)
  }
  expect(sent).toBe(100)
  expect(error).toMatchObject({ code: 'rate_limited', retryable: true })
  clock.advance((error as { retryAfterMs: number }).retryAfterMs)
  await tickets.get().catch(() => {})
  expect(sent).toBe(101)
})

const limits = [
  { of: 'app', most: 2 },
  { of: 'corp', most: 3 },
]

it('the count of calls within an hour has room until a limit is reached, and again when its oldest call is an hour old', () => {
  const clock = fakeClock()
  const calls = hourlyCalls(clock)
  calls.count(limits)
  clock.advance(1_000)
  expect(calls.roomInMs(limits)).toBe(0)
  calls.count(limits)
  expect(calls.roomInMs(limits)).toBe(HOUR_MS - 1_000)
  expect(calls.roomInMs([{ of: 'corp', most: 3 }])).toBe(0)
  clock.advance(HOUR_MS - 1_001)
  expect(calls.roomInMs(limits)).toBe(1)
  clock.advance(1)
  expect(calls.roomInMs(limits)).toBe(0)
})

it('the count of calls within an hour has room in a share of each limit', () => {
  const calls = hourlyCalls(fakeClock())
  calls.count([{ of: 'app', most: 4 }])
  expect(calls.roomInMs([{ of: 'app', most: 4 }], 1 / 4)).toBe(HOUR_MS)
  expect(calls.roomInMs([{ of: 'app', most: 8 }], 1 / 4)).toBe(0)
})
