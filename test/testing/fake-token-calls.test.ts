import { expect, it } from 'vitest'
import { hold } from '../support/hold.js'
import { APP, SUITE, TENANTS, useCaller } from './caller.js'

const open = useCaller()
const MINUTE_MS = 60_000
const absent = undefined

it('a provider in the fake gets its token, in an answer without an errcode', async () => {
  const { calls } = await open()
  expect(await calls.provider()).toEqual({
    provider_access_token: expect.stringMatching(/^fake-provider_1-ww-provider-/),
    expires_in: 7200,
  })
})

it.each([
  ['no corpid', { corpid: absent }, 41002],
  ['no secret', { provider_secret: '' }, 41004],
  ['an unknown corpid', { corpid: 'ww-other' }, 40013],
  ['a wrong secret', { provider_secret: 'wrong' }, 40001],
])('a provider in the fake is refused for %s', async (_name, fields, errcode) => {
  const { calls } = await open()
  expect((await calls.provider(fields)).errcode).toBe(errcode)
})

it('a suite in the fake gets its token for its first ticket, in an answer without an errcode', async () => {
  const { calls } = await open()
  expect(await calls.suite()).toEqual({
    suite_access_token: expect.stringMatching(/^fake-suite_1-wwsuite-/),
    expires_in: 7200,
  })
})

it.each([
  ['no id', { suite_id: absent }, 41021],
  ['no secret', { suite_secret: absent }, 41024],
  ['no ticket', { suite_ticket: '' }, 41023],
  ['an unknown id', { suite_id: 'other' }, 40083],
  ['a wrong secret', { suite_secret: 'wrong' }, 40080],
  ['a ticket that was never pushed', { suite_ticket: 'made up' }, 40085],
])('a suite in the fake is refused for %s', async (_name, fields, errcode) => {
  const { calls } = await open()
  expect((await calls.suite(fields)).errcode).toBe(errcode)
})

it('a suite in the fake gets a token for any ticket of the last 30 minutes, and for no older one', async () => {
  const { wecom, clock, calls } = await open()
  const suite = async (suite_ticket: string) => (await calls.suite({ suite_ticket })).errcode
  clock.advance(20 * MINUTE_MS)
  const { suiteTicket } = wecom.pushSuiteTicket(SUITE.suiteId)
  expect([await suite(SUITE.suiteTicket), await suite(suiteTicket)]).toEqual([absent, absent])
  clock.advance(10 * MINUTE_MS)
  expect([await suite(SUITE.suiteTicket), await suite(suiteTicket)]).toEqual([40085, absent])
  clock.advance(20 * MINUTE_MS)
  expect(await suite(suiteTicket)).toBe(40085)
  expect(await suite(wecom.pushSuiteTicket(SUITE.suiteId).suiteTicket)).toBe(absent)
})

it('a suite in the fake gets a new ticket with each push, with the seconds of the fake’s clock', async () => {
  const { wecom, clock } = await open()
  const first = wecom.pushSuiteTicket(SUITE.suiteId)
  clock.advance(600_900)
  const second = wecom.pushSuiteTicket(SUITE.suiteId)
  expect(second.suiteTicket).not.toBe(first.suiteTicket)
  expect([first.timeStamp, second.timeStamp]).toEqual([1767225600, 1767226200])
  expect(() => wecom.pushSuiteTicket('other')).toThrow('knows no suite other')
})

it('a suite in the fake never gets a token for the ticket of another suite', async () => {
  const { wecom, calls } = await open()
  wecom.add({ suites: [{ suiteId: 'second', suiteSecret: 's2', suiteTicket: 'ticket-2' }] })
  const wrong = await calls.suite({ suite_ticket: 'ticket-2' })
  const right = await calls.suite({
    suite_id: 'second',
    suite_secret: 's2',
    suite_ticket: 'ticket-2',
  })
  expect([wrong.errcode, right.errcode]).toEqual([40085, absent])
})

it('a suite in the fake that is added again has the new secret, and keeps its corps', async () => {
  const { wecom, calls } = await open()
  wecom.add({ suites: [{ suiteId: SUITE.suiteId, suiteSecret: 'rotated' }] })
  expect((await calls.suite()).errcode).toBe(40080)
  const { suite_access_token } = await calls.suite({ suite_secret: 'rotated' })
  expect((await calls.corp(suite_access_token)).errcode).toBe(absent)
})

it('an authorised corp in the fake gets its token only for a valid suite token', async () => {
  const { wecom, clock, call, calls, tokens } = await open()
  const { suite, app } = await tokens()
  expect(await calls.corp(suite)).toEqual({
    access_token: expect.stringMatching(/^fake-token_\d+-ww-a-/),
    expires_in: 7200,
  })
  expect((await calls.corp('')).errcode).toBe(41022)
  expect((await calls.corp('made up')).errcode).toBe(40082)
  expect((await calls.corp(app)).errcode).toBe(40082)
  const inTheWrongPlace = `service/get_corp_token?access_token=${suite}`
  expect((await call(inTheWrongPlace, {})).errcode).toBe(41022)
  clock.advance(7_200_000)
  expect((await calls.corp(suite)).errcode).toBe(42009)
  wecom.revoke({ kind: 'suite', suiteId: SUITE.suiteId })
  expect((await calls.corp(suite)).errcode).toBe(40082)
})

it('an authorised corp in the fake is refused for an invalid suite token before its code is checked', async () => {
  const { calls } = await open()
  expect((await calls.corp('made up', { permanent_code: 'wrong' })).errcode).toBe(40082)
})

it.each([
  ['no corp', { auth_corpid: absent }, 41002],
  ['no permanent code', { permanent_code: absent }, 41025],
  ['an unknown permanent code', { permanent_code: 'wrong' }, 40084],
  ['the code of another corp', { permanent_code: 'code-b' }, 40084],
  ['a corp that never authorised it', { auth_corpid: 'ww-c' }, 40084],
])('an authorised corp in the fake is refused for %s', async (_name, fields, errcode) => {
  const { calls, tokens } = await open()
  expect((await calls.corp((await tokens()).suite, fields)).errcode).toBe(errcode)
})

it('an authorised corp in the fake is refused for the token of a suite that it did not authorise', async () => {
  const { wecom, calls } = await open()
  const second = { suiteId: 'second', suiteSecret: 's2', suiteTicket: 'ticket-2' }
  wecom.add({ suites: [second] })
  const { suite_access_token } = await calls.suite({
    suite_id: 'second',
    suite_secret: 's2',
    suite_ticket: 'ticket-2',
  })
  expect((await calls.corp(suite_access_token)).errcode).toBe(40084)
  wecom.install('second', { corpId: 'ww-a', permanentCode: 'code-a' })
  expect((await calls.corp(suite_access_token)).errcode).toBe(absent)
})

it('an authorised corp in the fake that cancels its authorisation loses its code and its tokens, until it authorises again', async () => {
  const { wecom, call, calls, tokens } = await open()
  const { suite, corp } = await tokens()
  wecom.uninstall(SUITE.suiteId, 'ww-a')
  expect((await calls.corp(suite)).errcode).toBe(40084)
  expect((await call(`user/get?access_token=${corp}`)).errcode).toBe(40014)
  wecom.install(SUITE.suiteId, { corpId: 'ww-a', permanentCode: 'code-a2' })
  expect((await calls.corp(suite)).errcode).toBe(40084)
  expect((await calls.corp(suite, { permanent_code: 'code-a2' })).errcode).toBe(absent)
  expect((await call(`user/get?access_token=${corp}`)).errcode).toBe(40014)
})

it('an authorised corp in the fake whose permanent code is reset keeps its tokens', async () => {
  const { wecom, call, calls, tokens } = await open()
  const { suite, corp } = await tokens()
  wecom.install(SUITE.suiteId, { corpId: 'ww-a', permanentCode: 'reset' })
  expect((await calls.corp(suite)).errcode).toBe(40084)
  expect((await call(`user/get?access_token=${corp}`)).errcode).toBe(0)
})

it('an authorised corp in the fake has its own count', async () => {
  const { wecom, calls, tokens } = await open()
  const { suite } = await tokens()
  const b = { auth_corpid: 'ww-b', permanent_code: 'code-b' }
  await Promise.all([calls.corp(suite, b), calls.corp(suite, b), calls.corp('made up', b)])
  expect(wecom.count('service/get_corp_token')).toBe(4)
  expect(wecom.count('service/get_corp_token', 'ww-a')).toBe(1)
  expect(wecom.count('service/get_corp_token', 'ww-b')).toBe(3)
})

it('an authorised corp in the fake can be one of 100,000 without a delay', async () => {
  const { wecom, calls, tokens } = await open()
  for (let corp = 0; corp < 100_000; corp += 1)
    wecom.install(SUITE.suiteId, { corpId: `ww-${corp}`, permanentCode: `code-${corp}` })
  const { suite } = await tokens()
  const fields = { auth_corpid: 'ww-99999', permanent_code: 'code-99999' }
  expect((await calls.corp(suite, fields)).errcode).toBe(absent)
})

it('a downstream corp in the fake gets its token only for a valid access token', async () => {
  const { wecom, calls, tokens } = await open()
  const { app, suite } = await tokens()
  expect(await calls.downstream(app)).toEqual({
    errcode: 0,
    errmsg: 'ok',
    access_token: expect.stringMatching(/^fake-token_\d+-ww-down-/),
    expires_in: 7200,
  })
  expect((await calls.downstream('')).errcode).toBe(41001)
  expect((await calls.downstream(suite)).errcode).toBe(40014)
  wecom.expire({ corpId: APP.corpId })
  expect((await calls.downstream(app)).errcode).toBe(42001)
  wecom.revoke({ corpId: APP.corpId })
  expect((await calls.downstream(app)).errcode).toBe(40014)
})

it.each([
  ['no corpid', { corpid: absent }, 41002],
  ['no agentid', { agentid: absent }, 41011],
  ['an unknown corpid', { corpid: 'ww-other' }, 40013],
  ['an app that is not shared', { agentid: 8 }, 40056],
  ['another business type', { business_type: 0 }, 40056],
  ['no business type, which is 0', { business_type: absent }, 40056],
])('a downstream corp in the fake is refused for %s', async (_name, fields, errcode) => {
  const { calls, tokens } = await open()
  expect((await calls.downstream((await tokens()).app, fields)).errcode).toBe(errcode)
})

it('a downstream corp in the fake gets its token only from the corp that shares the app, if one is given', async () => {
  const { wecom, calls, tokens } = await open({ downstreams: [] })
  const other = { corpId: 'ww-other', corpSecret: 'other-secret' }
  wecom.addApp(other)
  wecom.add({ downstreams: [{ corpId: 'ww-down', agentId: 7, upstreamCorpId: APP.corpId }] })
  const { app } = await tokens()
  const { access_token } = await calls.gettoken(other)
  expect((await calls.downstream(app, { business_type: 0 })).errcode).toBe(0)
  expect((await calls.downstream(access_token, { business_type: 0 })).errcode).toBe(40056)
})

it('a downstream corp in the fake has its own count', async () => {
  const { wecom, tokens } = await open()
  await tokens()
  expect(wecom.count('corpgroup/corp/gettoken', 'ww-down')).toBe(1)
  expect(wecom.count('corpgroup/corp/gettoken', APP.corpId)).toBe(0)
})

it('a hardware model in the fake gets its token, in an answer without an errcode', async () => {
  const { calls } = await open()
  expect(await calls.model()).toEqual({
    model_access_token: expect.stringMatching(/^fake-model_1-m1-/),
    expires_in: 7200,
  })
})

it.each([
  ['no secret', { model_secret: absent }, 41004],
  ['no ticket', { model_ticket: absent }, 41023],
  ['an unknown id', { model_id: 'm2' }, 40001],
  ['a wrong secret', { model_secret: 'wrong' }, 40001],
  ['a ticket that was never pushed', { model_ticket: 'made up' }, 710402],
])('a hardware model in the fake is refused for %s', async (_name, fields, errcode) => {
  const { calls } = await open()
  expect((await calls.model(fields)).errcode).toBe(errcode)
})

it('a hardware model in the fake gets a token only for a ticket of the last 30 minutes', async () => {
  const { wecom, clock, calls } = await open()
  clock.advance(30 * MINUTE_MS)
  expect((await calls.model()).errcode).toBe(710402)
  const { modelTicket, timeStamp } = wecom.pushModelTicket('m1')
  expect(timeStamp).toBe(clock.wall() / 1000)
  expect((await calls.model({ model_ticket: modelTicket })).errcode).toBe(absent)
  expect(() => wecom.pushModelTicket('other')).toThrow('knows no model other')
})

it('a device of a hardware model in the fake gets its token only for a valid token of its model', async () => {
  const { calls, tokens } = await open()
  const { app, model } = await tokens()
  expect(await calls.device(model)).toMatchObject({
    device_access_token: expect.stringMatching(/^fake-device_\d+-sn1-/),
    expires_in: 7200,
  })
  expect((await calls.device('')).errcode).toBe(710403)
  expect((await calls.device(app)).errcode).toBe(710400)
})

it.each([
  ['no serial number', { device_sn: absent }, 41004],
  ['no secret', { device_secret: absent }, 41004],
  ['an unknown serial number', { device_sn: 'sn2' }, 40001],
  ['a wrong secret', { device_secret: 'wrong' }, 40001],
])('a device of a hardware model in the fake is refused for %s', async (_name, fields, errcode) => {
  const { calls, tokens } = await open()
  const { model } = await tokens()
  expect((await calls.device(model, fields)).errcode).toBe(errcode)
})

it('a device of a hardware model in the fake is refused for the token of another model', async () => {
  const { wecom, call, calls } = await open()
  wecom.add({ models: [{ modelId: 'm2', modelSecret: 's2', modelTicket: 't2' }] })
  const fields = { model_id: 'm2', model_secret: 's2', model_ticket: 't2' }
  const { model_access_token } = await call('openhw/get_model_token', fields)
  expect((await calls.device(model_access_token)).errcode).toBe(40001)
})

it.each(['get_jsapi_ticket?', 'ticket/get?type=agent_config&'])(
  'the page tickets of the fake are only issued for a valid access token: %s',
  async (path) => {
    const { wecom, call, tokens } = await open()
    const { app, corp, provider } = await tokens()
    for (const good of [app, corp]) {
      expect(await call(`${path}access_token=${good}`)).toEqual({
        errcode: 0,
        errmsg: 'ok',
        ticket: expect.stringMatching(/^fake-ticket_/),
        expires_in: 7200,
      })
    }
    expect((await call(path)).errcode).toBe(41001)
    expect((await call(`${path}access_token=${provider}`)).errcode).toBe(40014)
    expect(wecom.count(path.split('?')[0] ?? '', 'ww-a')).toBe(1)
  },
)

it('the page tickets of the fake are different for agentConfig, and there is none for another type', async () => {
  const { call, tokens } = await open({ tokens: 'same' })
  const { app } = await tokens()
  const jsapi = await call(`get_jsapi_ticket?access_token=${app}`)
  const again = await call(`get_jsapi_ticket?access_token=${app}`)
  const agent = await call(`ticket/get?type=agent_config&access_token=${app}`)
  expect(again.ticket).toBe(jsapi.ticket)
  expect(agent.ticket).not.toBe(jsapi.ticket)
  expect((await call(`ticket/get?access_token=${app}`)).errcode).toBe(40058)
})

it('the page tickets of the fake are no access tokens', async () => {
  const { call, tokens } = await open()
  const { ticket } = await call(`get_jsapi_ticket?access_token=${(await tokens()).app}`)
  expect((await call(`user/get?access_token=${ticket}`)).errcode).toBe(40014)
})

it('a token request to the fake in mode new returns a new token each time, and the older ones stay valid', async () => {
  const { call, calls, tokens } = await open()
  const { suite } = await tokens()
  const first = await calls.corp(suite)
  const second = await calls.corp(suite)
  expect(second.access_token).not.toBe(first.access_token)
  for (const { access_token } of [first, second])
    expect((await call(`user/get?access_token=${access_token}`)).errcode).toBe(0)
})

it('a token request to the fake in mode same repeats the token of that owner while it lives', async () => {
  const { wecom, clock, tokens } = await open({ tokens: 'same' })
  const first = await tokens()
  expect(new Set(Object.values(first)).size).toBe(7)
  wecom.revoke()
  expect(await tokens()).toEqual(first)
  clock.advance(7_200_000)
  wecom.add(TENANTS) // their tickets are pushed anew
  const later = await tokens()
  for (const kind of Object.keys(first) as (keyof typeof first)[])
    expect(later[kind]).not.toBe(first[kind])
})

it('a token request to the fake in mode same returns another token once the first was made to expire', async () => {
  const { wecom, tokens } = await open({ tokens: 'same' })
  const first = await tokens()
  wecom.expire()
  const second = await tokens()
  expect(new Set([...Object.values(first), ...Object.values(second)]).size).toBe(14)
})

it('a token request to the fake in mode same repeats it also for an owner that is added again', async () => {
  const { wecom, tokens } = await open({ tokens: 'same' })
  const first = await tokens()
  wecom.add(TENANTS)
  wecom.addApp(APP)
  expect(await tokens()).toEqual(first)
})

it('a token request to the fake names tokens by tokenText, with the kind and the id', async () => {
  const seen: string[] = []
  const { tokens } = await open({
    tokenText: (count, { corpId }, kind) => {
      seen.push(`${kind} ${corpId}`)
      return `text-${count}`
    },
  })
  expect((await tokens()).app).toBe('text-2')
  expect(seen).toEqual([
    'suite wwsuite',
    'app ww-up',
    'model m1',
    'app ww-a',
    'app ww-down',
    'provider ww-provider',
    'device sn1',
  ])
})

it('a token request to the fake is counted when it arrives, for its corp, and is answered by the state at the time of the answer', async () => {
  const { wecom, call, tokens } = await open()
  const { app } = await tokens()
  const held = hold(wecom, 'user/get')
  const answer = call(`user/get?access_token=${app}`)
  await held.arrived()
  expect(wecom.count('user/get', 'ww-up')).toBe(1)
  wecom.revoke()
  held.release()
  expect((await answer).errcode).toBe(40014)
  expect(wecom.count('user/get')).toBe(1)
})

it("a token request to the fake can be planned to fail, and ignores what is planned for '*'", async () => {
  const { wecom, call, calls } = await open()
  wecom.failNext('service/get_suite_token', { errcode: -1 })
  wecom.failNext('*', { errcode: 45009 })
  expect((await calls.suite()).errcode).toBe(-1)
  expect((await calls.suite()).errcode).toBe(absent)
  expect((await call('webhook/send?key=robot', {})).errcode).toBe(45009)
})

it('a token request to the fake is answered by `on`, once its own token is valid', async () => {
  const { wecom, calls, tokens } = await open()
  wecom.on('service/get_corp_token', { json: { errcode: 48004, errmsg: 'no authorization' } })
  const { suite } = await tokens()
  expect((await calls.corp(suite)).errcode).toBe(48004)
  expect((await calls.corp('made up')).errcode).toBe(40082)
})

it('a token request to the fake treats a body that is no JSON as empty', async () => {
  const { wecom, call } = await open()
  expect((await call('service/get_suite_token')).errcode).toBe(41021)
  expect((await call('service/get_provider_token', [1])).errcode).toBe(41002)
  expect((await call('service/get_provider_token', 'x' as unknown as object)).errcode).toBe(41002)
  expect(wecom.requests.map(({ corpId }) => corpId)).toEqual([absent, absent, absent])
})
