import { expect, it } from 'vitest'
import { authorizedCorp, createTokenSource, selfBuilt, suiteApp } from '../../src/index.js'
import { appOf, limited } from '../support/limited.js'
import { refuseUnhandled } from '../support/unhandled.js'

refuseUnhandled()

const TABLE = { corpApi: { minute: 3, hour: 5 }, ipApi: { minute: 6 } }
/** A window and the bucket in which a call ended. */
const MINUTE = 60_250
const ww1 = appOf('ww1')
const ww2 = appOf('ww2')
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index))

it('the windows of an API give a place back a minute after the answer, not after the sending', async () => {
  const { call, pass } = limited({ table: TABLE })
  const first = times(3, () => call('user/get', ww1))
  expect(first.map(({ sent }) => sent)).toEqual([true, true, true])
  await pass(30_000)
  const late = call('user/get', ww1)
  for (const one of first) one.end()
  await pass(59_900)
  expect(late.sent).toBe(false)
  await pass(350)
  expect(late.sent).toBe(true)
})

it('the windows of an API count a call as now for as long as it has no answer', async () => {
  const { call, pass } = limited({ table: TABLE, maxWaitMs: 1_000_000 })
  times(3, () => call('user/get', ww1))
  const late = call('user/get', ww1)
  await pass(500_000)
  expect(late.sent).toBe(false)
})

it('the windows of an hour hold while those of a minute have room', async () => {
  const { call, pass } = limited({ table: TABLE })
  for (const count of [3, 2]) {
    for (const one of times(count, () => call('user/get', ww1))) one.end()
    await pass(MINUTE)
  }
  const sixth = call('user/get', ww1)
  await pass(0)
  expect(sixth.sent).toBe(false)
  expect(sixth.error).toMatchObject({ code: 'call_limited', retryable: true })
  expect(sixth.error?.message).toContain('the 5 calls of one API by one corp')
})

it('other APIs and other corps have windows of their own', () => {
  const { call } = limited({ table: { corpApi: { minute: 1 } } })
  expect(call('user/get', ww1).sent).toBe(true)
  expect(call('user/list', ww1).sent).toBe(true)
  expect(call('user/get', ww2).sent).toBe(true)
  expect(call('user/get', appOf('ww1')).sent).toBe(false)
})

it('the windows of a call are taken all or none: a call that waits for its IP takes no place of its corp', async () => {
  const { call, pass } = limited({ table: { corpApi: { minute: 3 }, ipApi: { minute: 2 } } })
  for (const one of times(2, () => call('user/get', ww1))) one.end()
  const waiting = call('user/get', ww2)
  waiting.cancel()
  await pass(MINUTE)
  // Both places of the IP are the other corp's.
  expect(times(3, () => call('user/get', ww2).sent)).toEqual([true, true, false])
})

it('the windows of an API take back a place whose call was not sent', () => {
  const { call } = limited({ table: { corpApi: { minute: 1 } } })
  call('user/get', ww1).cancel()
  expect(call('user/get', ww1).sent).toBe(true)
})

it('callers that wait go in the order in which they came', async () => {
  const { call, pass, sent } = limited({ table: { corpApi: { minute: 2 } } })
  const calls = times(6, () => call('user/get', ww1))
  for (let minutes = 0; minutes < 3; minutes += 1) {
    for (const one of sent) one.end()
    await pass(minutes === 0 ? 59_000 : 1_250)
    await pass(1)
  }
  expect(sent).toEqual(calls.slice(0, sent.length))
  expect(sent.length).toBeGreaterThan(3)
})

it('callers that wait are not overtaken by one that comes when there is room again', async () => {
  const { call, clock, settle } = limited({ table: { corpApi: { minute: 1 } } })
  call('user/get', ww1).end()
  const first = call('user/get', ww1)
  // The timer of the first one fires in this call.
  clock.advance(MINUTE - 1)
  const second = call('user/get', ww1)
  clock.advance(1)
  await settle()
  expect([first.sent, second.sent]).toEqual([true, false])
})

it('callers of several corps take turns where the IP is full, so that a busy one delays no other', async () => {
  const { call, pass, sent } = limited({ table: { ipApi: { minute: 4 } } })
  for (const one of times(4, () => call('user/get', ww1))) one.end()
  const busy = times(40, () => call('user/get', ww1))
  const other = times(2, () => call('user/get', ww2))
  await pass(30_000)
  await pass(MINUTE - 30_000)
  const names = sent.slice(4).map((one) => [busy, other].map((of) => of.indexOf(one)))
  expect(names).toEqual([
    [0, -1],
    [-1, 0],
    [1, -1],
    [-1, 1],
  ])
})

it('callers that wait for an API that only their corp has filled do not stop others at the IP', async () => {
  const { call } = limited({ table: { corpApi: { minute: 1 }, ipApi: { minute: 100 } } })
  call('user/get', ww1)
  times(10, () => call('user/get', ww1))
  expect(call('user/get', ww2).sent).toBe(true)
})

it('callers that wait leave the queue when they abort, and the next one goes', async () => {
  const { call, pass, events } = limited({ table: { corpApi: { minute: 1 } } })
  call('user/get', ww1).end()
  const [first, second] = times(2, () => call('user/get', ww1))
  await pass(1_000)
  first?.cancel()
  await pass(MINUTE - 1_000)
  expect([first?.sent, second?.sent]).toEqual([false, true])
  expect(events).toEqual([
    {
      type: 'limited',
      limit: 'corpApi',
      endpoint: 'user/get',
      waitMs: 1_000,
      outcome: 'aborted',
    },
    { type: 'limited', limit: 'corpApi', endpoint: 'user/get', waitMs: MINUTE, outcome: 'sent' },
  ])
})

it('callers that wait give their place back if they abort in the moment in which they get it', async () => {
  const { call, clock, settle } = limited({ table: { corpApi: { minute: 1 } } })
  call('user/get', ww1).end()
  const waiting = call('user/get', ww1)
  clock.advance(MINUTE)
  waiting.cancel()
  await settle()
  expect(call('user/get', ww1).sent).toBe(true)
})

it('callers that wait fail after maxWaitMs, with the time until there is room', async () => {
  const { call, pass, events } = limited({ table: { corpApi: { minute: 1 } }, maxWaitMs: 5_000 })
  call('user/get', ww1)
  const waiting = call('user/get', ww1)
  await pass(4_999)
  expect(waiting.error).toBeUndefined()
  await pass(1)
  expect(waiting.error).toMatchObject({ code: 'call_limited', retryable: true })
  expect(waiting.error?.message).toMatch(
    /^The call of user\/get for self-built app of corp ww1 was not sent: /,
  )
  expect(events).toMatchObject([{ type: 'limited', waitMs: 5_000, outcome: 'failed' }])
})

it('callers that wait fail at once if there is certainly no room within twice maxWaitMs', async () => {
  const { call, settle } = limited({ table: { corpApi: { minute: 1 } }, maxWaitMs: 30_000 })
  call('user/get', ww1).end()
  const late = call('user/get', ww1)
  await settle()
  expect(late.error).toMatchObject({ code: 'call_limited', retryAfterMs: MINUTE })
})

it('callers that wait fail at once with onLimit: ’fail’, and nothing is sent', async () => {
  const { call, pass, events } = limited({ table: { corpApi: { minute: 1 } }, onLimit: 'fail' })
  call('user/get', ww1).end()
  await pass(20_000)
  const late = call('user/get', ww1)
  await pass(0)
  expect(late.error).toMatchObject({ code: 'call_limited', retryAfterMs: MINUTE - 20_000 })
  expect(events).toMatchObject([{ type: 'limited', waitMs: 0, outcome: 'failed' }])
})

it('callers that wait are at most maxQueue for one API of one corp: one more is an error, not memory', async () => {
  const { call, settle } = limited({ table: { corpApi: { minute: 1 } }, maxQueue: 100 })
  call('user/get', ww1)
  const calls = times(100_000, () => call('user/get', ww1))
  await settle()
  expect(calls.filter(({ error }) => error === undefined)).toHaveLength(100)
  expect(calls[100]?.error?.message).toContain('100 calls wait for a place there already')
  expect(calls[100]?.error).toMatchObject({ code: 'call_limited', retryable: true })
})

it('WeCom’s answer 45009 closes that API of that corp for a minute, and the first call then opens it', async () => {
  const { call, pass, settle } = limited()
  const refused = call('user/get', ww1)
  expect(call('user/list', ww1).sent).toBe(true)
  refused.end(45009)
  const [first, second] = times(2, () => call('user/get', ww1))
  expect(call('user/get', ww2).sent).toBe(true)
  await pass(59_999)
  expect(first?.sent).toBe(false)
  await pass(1)
  expect([first?.sent, second?.sent]).toEqual([true, false])
  first?.end()
  await settle()
  expect(second?.sent).toBe(true)
})

it('WeCom’s answer 45009 closes it for an hour if it comes at once again, then until the day ends in China', async () => {
  const { clock, call, pass, settle } = limited()
  call('user/get', ww1).end(45009)
  await pass(60_000)
  call('user/get', ww1).end(45009)
  const second = call('user/get', ww1)
  await settle()
  expect(second.error).toMatchObject({ code: 'call_limited', retryAfterMs: 3_600_000 })
  await pass(3_600_000)
  call('user/get', ww1).end(45009)
  const third = call('user/get', ww1)
  await settle()
  const endOfDay = Date.UTC(2026, 0, 1, 16)
  expect(third.error).toMatchObject({ retryAfterMs: endOfDay - clock.wall() })
})

it('WeCom’s answer 45009 closes it for a minute again once a call has succeeded meanwhile', async () => {
  const { call, pass, settle } = limited({ onLimit: 'fail' })
  for (let round = 0; round < 5; round += 1) {
    call('user/get', ww1).end(45009)
    const late = call('user/get', ww1)
    await settle()
    expect(late.error).toMatchObject({ retryAfterMs: 60_000 })
    await pass(60_000)
    call('user/get', ww1).end()
  }
})

it('a call without an answer does not open what WeCom’s answer 45009 has closed: the next one finds out', async () => {
  const { call, pass, settle } = limited()
  call('user/get', ww1).end(45009)
  const [first, second, third] = times(3, () => call('user/get', ww1))
  await pass(60_000)
  first?.fail()
  await settle()
  expect([second?.sent, third?.sent]).toEqual([true, false])
  second?.end(45009)
  await settle()
  expect(third?.error).toMatchObject({ code: 'call_limited', retryAfterMs: 3_600_000 })
})

it('WeCom’s answer 45009 for calls in flight together counts once', async () => {
  const { call, settle } = limited({ onLimit: 'fail' })
  for (const one of times(50, () => call('user/get', ww1))) one.end(45009)
  const late = call('user/get', ww1)
  await settle()
  expect(late.error).toMatchObject({ retryAfterMs: 60_000 })
})

it('WeCom’s answer 45009 for ever neither loops nor hangs: each opening costs one call', async () => {
  const { call, pass, sent } = limited({ maxWaitMs: 50_000 })
  const calls = [call('user/get', ww1)]
  sent[0]?.end(45009)
  for (let minutes = 0; minutes < 3 * 24 * 60; minutes += 10) {
    calls.push(call('user/get', ww1))
    for (const one of sent) one.end(45009)
    await pass(600_000)
  }
  expect(sent.length).toBeLessThan(8)
  expect(calls.every(({ sent, error }) => sent || error?.code === 'call_limited')).toBe(true)
})

it('WeCom’s answer 45009 on a token request closes it for that credential alone', () => {
  const { call } = limited()
  const tokenRequest = { isTokenRequest: true }
  call('gettoken', ww1, tokenRequest).end(45009)
  expect(call('gettoken', appOf('ww1'), tokenRequest).sent).toBe(false)
  const other = selfBuilt({ corpId: 'ww1', corpSecret: 'another-app' })
  expect(call('gettoken', other, tokenRequest).sent).toBe(true)
})

it('WeCom’s answer 45033 halves the calls in flight, which grow again by one with each round of successes', async () => {
  const { call, settle, sent } = limited()
  const first = times(8, () => call('user/get', ww1))
  for (const one of first) one.end(45033)
  const then = times(20, () => call('user/get', ww1))
  await settle()
  expect(then.filter((one) => one.sent)).toHaveLength(4)
  for (const one of sent.slice(8, 12)) one.end()
  await settle()
  expect(then.filter((one) => one.sent)).toHaveLength(4 + 5)
})

it('WeCom’s answer 45033 leaves at least one in flight', async () => {
  const { call } = limited()
  for (let round = 0; round < 5; round += 1) {
    const one = call('user/get', ww1)
    expect(one.sent).toBe(true)
    one.end(45033)
  }
})

const message = (touser: string, more: object = {}) => ({
  body: JSON.stringify({ touser, msgtype: 'text', agentid: 7, ...more }),
})
const send = 'message/send'

it('messages to one member are 30 a minute, and those to others go on', () => {
  const { call } = limited()
  for (const one of times(30, () => call(send, ww1, message('zhangsan')))) {
    expect(one.sent).toBe(true)
    one.end()
  }
  expect(call(send, ww1, message('ZhangSan')).sent).toBe(false)
  expect(call(send, ww1, message('lisi')).sent).toBe(true)
  expect(call(send, ww2, message('zhangsan')).sent).toBe(true)
})

it('a message counts a member who is named twice once', () => {
  const { call } = limited({ table: { messagesToMember: { minute: 2 } } })
  expect(call(send, ww1, message('a|a|a')).sent).toBe(true)
  expect(call(send, ww1, message('a')).sent).toBe(true)
  expect(call(send, ww1, message('a')).sent).toBe(false)
})

it('messages to many members wait as a whole while one of them is full, and keep their order', async () => {
  const { call, pass, sent } = limited({ table: { messagesToMember: { minute: 1 } } })
  call(send, ww1, message('full')).end()
  const toAll = call(
    send,
    ww1,
    message(times(1_000, (index) => (index === 500 ? 'full' : `m${index}`)).join('|')),
  )
  const behind = call(send, ww1, message('m3'))
  expect(call(send, ww1, message('another')).sent).toBe(true)
  expect([toAll.sent, behind.sent]).toEqual([false, false])
  await pass(MINUTE - 10_000)
  await pass(10_000)
  expect([toAll.sent, behind.sent]).toEqual([true, false])
  toAll.end()
  await pass(1)
  expect(behind.sent).toBe(false)
  expect(sent).toHaveLength(3)
})

it('messages of an app are 200 receivers for each account a day, if accounts is given', async () => {
  const { call, settle, clock, pass } = limited({ accounts: 3 })
  for (let sent = 0; sent < 199; sent += 1) {
    call(send, ww1, message('@all')).end()
    clock.advance(60_000)
  }
  expect(call(send, ww1, message('a|b')).sent).toBe(true)
  expect(call(send, ww1, message('a', { agentid: 8 })).sent).toBe(true)
  const over = call(send, ww1, message('a|b'))
  await settle()
  expect(over.error?.message).toContain('the 600 receivers of the messages of one app')
  // 2026-01-01 in UTC began eight hours into the day in China.
  await pass(Date.UTC(2026, 0, 1, 16) - clock.wall())
  expect(call(send, ww1, message('a|b')).sent).toBe(true)
})

it('messages to more receivers than a day allows fail at once: waiting would not help', async () => {
  const { call, settle } = limited({ accounts: 1, table: { messagesOfApp: { day: 2 } } })
  const over = call(send, ww1, message('a|b|c'))
  await settle()
  expect(over.error).toMatchObject({ code: 'call_limited', retryable: false })
})

it('messages do not count in the base limit', () => {
  const { call } = limited({ table: { corpApi: { minute: 1, except: [send] } } })
  expect(times(5, () => call(send, ww1, message('a')).sent)).not.toContain(false)
})

it.each<[string, unknown]>([
  ['an object', { touser: 'a' }],
  ['text', '{"touser":"a"}'],
  ['bytes', new TextEncoder().encode('{"touser":"a"}')],
  ['an ArrayBuffer', new TextEncoder().encode('{"touser":"a"}').buffer],
])('messages are read if the body is %s', (_name, body) => {
  const { call } = limited({ table: { messagesToMember: { minute: 1 } } })
  expect(call(send, ww1, { body }).sent).toBe(true)
  expect(call(send, ww1, { body }).sent).toBe(false)
})

it.each<[string, unknown]>([
  ['a stream', new ReadableStream()],
  ['a form', new FormData()],
  ['text that is no JSON', 'touser=a'],
  ['a list', '[1]'],
  ['nothing', undefined],
])('messages are not counted by receiver if the body is %s', (_name, body) => {
  const { call } = limited({ table: { messagesToMember: { minute: 1 } } })
  expect(times(3, () => call(send, ww1, { body }).sent)).toEqual([true, true, true])
})

it('limits of group robots count by the key in the url, without a token', () => {
  const { call } = limited()
  const robot = (key: string) => ({
    url: `https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=${key}`,
  })
  for (const one of times(20, () => call('webhook/send', undefined, robot('k1')))) {
    expect(one.sent).toBe(true)
  }
  expect(call('webhook/send', undefined, robot('k1')).sent).toBe(false)
  expect(call('webhook/send', undefined, robot('k2')).sent).toBe(true)
})

it('limits of page tickets count both kinds together, for an app and for its corp', () => {
  const { call } = limited({
    table: { pageTicketsOfApp: { hour: 2 }, pageTicketsOfCorp: { hour: 3 } },
  })
  const other = selfBuilt({ corpId: 'ww1', corpSecret: 'another-app' })
  expect(call('get_jsapi_ticket', ww1).sent).toBe(true)
  expect(call('ticket/get', ww1).sent).toBe(true)
  expect(call('ticket/get', ww1).sent).toBe(false)
  expect(call('ticket/get', other).sent).toBe(false)
})

it('limits of an IP are a service provider’s own', () => {
  const suite = createTokenSource(
    suiteApp({ suiteId: 's', suiteSecret: 'suite-secret', suiteTicket: 't' }),
  )
  const customer = authorizedCorp({ suite, authCorpId: 'ww9', permanentCode: 'code-of-ww9' })
  const { call } = limited({ table: { ipApi: { minute: 1 }, providerIpApi: { minute: 2 } } })
  expect(times(3, () => call('user/get', customer).sent)).toEqual([true, true, false])
  expect(times(2, () => call('user/get', ww1).sent)).toEqual([true, false])
})

it('limits do not count a login', () => {
  const { call } = limited()
  expect(times(20_001, () => call('auth/getuserinfo', ww1).sent)).not.toContain(false)
})

it('limits of accounts created count only if accounts is given', () => {
  const once = (options: object) => times(4, () => limited(options).call('user/create', ww1).sent)
  expect(once({})).not.toContain(false)
  const { call } = limited({ accounts: 1 })
  expect(times(4, () => call('user/create', ww1).sent)).toEqual([true, true, true, false])
})

it('a message whose receivers cannot be read is sent, and counts for no member', () => {
  const { call } = limited({ table: { messagesToMember: { minute: 1 } } })
  const throwing = {
    get touser(): string {
      throw new Error('not loaded')
    },
  }
  const unreadable = [throwing, new Blob(['{"touser":"a"}']), new FormData()]
  for (const body of unreadable)
    expect(call('message/send', ww1, { body })).toMatchObject({ sent: true, error: undefined })
})
