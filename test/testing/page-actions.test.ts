import { describe, expect, it } from 'vitest'
import { APP, openedPage } from './page-caller.js'

const OTHER = { corpId: 'ww-other', corpSecret: 'secret-of-another' }
const SUITE = { suiteId: 'ww-suite', suiteSecret: 'secret-of-the-suite' }

it('revoke and expire end all tokens, those of one owner, or the selected ones', async () => {
  const { act, call, gettoken, news } = await openedPage({ apps: [APP, OTHER] })
  const errcodes = async (...tokens: string[]) => {
    const answers = tokens.map((token) => call(`user/get?access_token=${token}`))
    return (await Promise.all(answers)).map(({ errcode }) => errcode)
  }
  const [token, other] = [await gettoken(), await gettoken(OTHER)]
  const { state } = await news()
  const owner = state.owners.find(({ corpId }) => corpId === OTHER.corpId)?.id
  expect(await act({ action: 'expire', owner })).toEqual({ status: 200, ok: true })
  expect(await errcodes(token, other)).toEqual([0, 42001])
  await act({ action: 'revoke', only: { corpId: APP.corpId } })
  expect(await errcodes(token, other)).toEqual([40014, 42001])
  const [again, another] = [await gettoken(), await gettoken(OTHER)]
  await act({ action: 'revoke' })
  expect(await errcodes(again, another)).toEqual([40014, 40014])
})

it('fail plans the next answers of a path, recover forgets them', async () => {
  const { act, call, news } = await openedPage()
  await act({ action: 'fail', path: 'user/get', errcode: 45009, times: 2 })
  expect((await news()).state.planned).toEqual([{ path: 'user/get', times: 2, errcode: 45009 }])
  expect((await call('user/get')).errcode).toBe(45009)
  await act({ action: 'recover' })
  expect((await call('user/get')).errcode).toBe(41001)
  await act({ action: 'fail', path: 'user/get', reset: true })
  await expect(call('user/get')).rejects.toThrow()
  expect((await news()).calls.at(-1)).toMatchObject({ path: 'user/get', cut: true })
})

it('block answers token requests and calls with 60020, but not group robots, until it is lifted', async () => {
  const { act, call, gettoken } = await openedPage()
  const token = await gettoken()
  await act({ action: 'block' })
  expect((await call('gettoken?corpid=x&corpsecret=y')).errcode).toBe(60020)
  expect((await call(`user/get?access_token=${token}`)).errcode).toBe(60020)
  const robot = { msgtype: 'text', text: { content: 'x' } }
  expect((await call('webhook/send?key=k', robot)).errcode).toBe(0)
  await act({ action: 'block', on: false })
  expect((await call(`user/get?access_token=${token}`)).errcode).toBe(0)
})

it('slow delays every answer until it is off', async () => {
  const { act, call, news } = await openedPage()
  await act({ action: 'slow', delayMs: 60 })
  await call('user/get')
  expect((await news()).calls.at(-1)?.ms).toBeGreaterThan(50)
  await act({ action: 'slow', delayMs: 0 })
  expect((await news()).state.faults).toEqual({ isIpBlocked: false, delayMs: 0 })
})

it('ticket pushes a suite_ticket, valid from then on, to whoever pressed the button', async () => {
  const { act, call, news } = await openedPage({ apps: [APP], suites: [SUITE] })
  const owner = (await news()).state.owners.find(({ kind }) => kind === 'suite')?.id
  const { suiteTicket } = await act({ action: 'ticket', owner })
  const body = {
    suite_id: SUITE.suiteId,
    suite_secret: SUITE.suiteSecret,
    suite_ticket: suiteTicket,
  }
  expect(await call('service/get_suite_token', body)).toHaveProperty('suite_access_token')
  expect((await act({ action: 'ticket', suiteId: SUITE.suiteId })).suiteTicket).not.toBe(
    suiteTicket,
  )
})

it('clear empties the page, also one that is open', async () => {
  const { act, call, news } = await openedPage()
  await call('user/get')
  const { id } = await news()
  const cleared = news(id, ({ reset }) => reset === true)
  await act({ action: 'clear' })
  expect(await cleared).toMatchObject({ reset: true, calls: [], messages: [] })
})

describe('a mistake is answered with 400 and what to pass instead', () => {
  it.each<[object, RegExp]>([
    [{}, /action must be one of revoke, expire, fail/],
    [{ action: 'constructor' }, /action must be one of/],
    [{ action: 'revoke', owner: 99 }, /owner must be/],
    [{ action: 'revoke', only: { corp: 'x' } }, /corp/],
    [{ action: 'fail', path: '/user/get', errcode: 1 }, /path must be/],
    [{ action: 'fail', path: '*', errcode: 'x' }, /errcode must be/],
    [{ action: 'fail', path: '*', errcode: 1, times: -1 }, /times must be/],
    [{ action: 'block', on: 'yes' }, /on must be/],
    [{ action: 'slow', delayMs: -5 }, /delayMs must be/],
    [{ action: 'ticket', suiteId: 'unknown' }, /suiteId must be/],
    [{ action: 'ticket', owner: 1 }, /suiteId must be/],
  ])('%j', async (action, words) => {
    const { act } = await openedPage()
    const { status, error } = await act(action)
    expect(status).toBe(400)
    expect(error).toMatch(words)
  })
})
