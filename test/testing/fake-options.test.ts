import { expect, it } from 'vitest'
import { fakeClock, fakeQyapi } from '../../src/testing.js'

const SUITE = { suiteId: 'ww-s', suiteSecret: 's' }
const isBadOptions = expect.objectContaining({ code: 'bad_options' })

it.each<[string, object]>([
  ['an unknown kind of tenant', { app: [] }],
  ['apps that are no list', { apps: { corpId: 'ww', corpSecret: 's' } }],
  ['an app without a secret', { apps: [{ corpId: 'ww' }] }],
  ['an app with an unknown key', { apps: [{ corpId: 'ww', corpSecret: 's', agentId: 1 }] }],
  ['an app that is null', { apps: [null] }],
  ['a suite without an id', { suites: [{ suiteSecret: 's' }] }],
  [
    'a corp with a secret in place of its code',
    { suites: [{ ...SUITE, corps: [{ corpId: 'ww', corpSecret: 's' }] }] },
  ],
  ['a provider with a corpSecret', { providers: [{ corpId: 'ww', corpSecret: 's' }] }],
  ['a downstream whose agentId is a text', { downstreams: [{ corpId: 'ww', agentId: '7' }] }],
  ['a model without a secret', { models: [{ modelId: 'm' }] }],
])(
  'the fake refuses what would let a test pass for the wrong reason, such as %s, in its options and in add()',
  (_name, tenants) => {
    expect(() => fakeQyapi(tenants as never)).toThrow(isBadOptions)
    expect(() => fakeQyapi().add(tenants as never)).toThrow(isBadOptions)
  },
)

it.each<object>([
  { tokens: 'NEW' },
  { tokenText: 'text' },
  { expiresInSeconds: '7200' },
  { expiresInSeconds: 0 },
  { errorCodeHeader: 'yes' },
  { now: 5 },
])(
  'the fake refuses what would let a test pass for the wrong reason, such as the option %j',
  (options) => {
    expect(() => fakeQyapi(options as never)).toThrow(isBadOptions)
  },
)

it('the fake refuses what would let a test pass for the wrong reason, such as calls of its methods that would do nothing', () => {
  const wecom = fakeQyapi({ suites: [SUITE] })
  const calls: (() => unknown)[] = [
    () => wecom.addApp({ corpId: 'ww' } as never),
    () => wecom.add(undefined as never),
    () => wecom.install('ww-s', { corpId: 'ww' } as never),
    () => wecom.on('/user/get', {}),
    () => wecom.on('user/get', { json: 'text' } as never),
    () => wecom.on('user/get', undefined as never),
    () => wecom.on('user/get', { errcode: 1 } as never),
    () => wecom.failNext('/cgi-bin/user/get', { errcode: 1 }),
    () => wecom.failNext('cgi-bin/user/get', { errcode: 1 }),
    () => wecom.failNext('user/get', { errCode: 1 } as never),
    () => wecom.failNext('user/get', { errcode: '1' } as never),
    () => wecom.failNext('user/get', { errcode: 1 }, -1),
    () => wecom.failNext('user/get', { delayMs: -1 }),
    () => wecom.failNext('user/get', undefined as never),
    () => wecom.recover('/user/get'),
    () => wecom.count('/user/get'),
    () => wecom.count(undefined as never),
    () => wecom.revoke({ kind: 'App' } as never),
    () => wecom.revoke({ corpID: 'ww' } as never),
    () => wecom.expire(null as never),
    () => wecom.interceptWith(undefined as never),
  ]
  for (const call of calls) expect(call, String(call)).toThrow(isBadOptions)
})

it('the fake refuses what would let a test pass for the wrong reason, such as a fake clock without a time', () => {
  for (const wrong of ['5', null, Number.NaN, {}] as never[]) {
    expect(() => fakeClock(wrong)).toThrow(isBadOptions)
    expect(() => fakeClock().advance(wrong)).toThrow(isBadOptions)
    expect(() => fakeClock().setWallBy(wrong)).toThrow(isBadOptions)
  }
  expect(() => fakeClock().advance(-1)).toThrow(isBadOptions)
})
