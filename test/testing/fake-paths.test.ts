import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { PATHS } from '../../src/testing/fake-facts.js'
import { ENDPOINT_RULES, TOKEN_PARAMETERS } from '../../src/wecom/endpoints.js'
import { useCaller } from './caller.js'

const open = useCaller()

/** One path for each kind of token, and the errcodes for a missing, an unknown and an expired one. */
const KINDS = [
  { kind: 'app', path: 'user/get', parameter: 'access_token', codes: [41001, 40014, 42001] },
  {
    kind: 'suite',
    path: 'service/get_pre_auth_code',
    parameter: 'suite_access_token',
    codes: [41022, 40082, 42009],
  },
  {
    kind: 'provider',
    path: 'license/list_order',
    parameter: 'provider_access_token',
    codes: [41022, 40082, 42009],
  },
  {
    kind: 'provider',
    path: 'service/get_login_info',
    parameter: 'access_token',
    codes: [41001, 40082, 42009],
  },
  {
    kind: 'model',
    path: 'openhw/model/register_sn',
    parameter: 'model_access_token',
    codes: [710403, 710400, 710401],
  },
  {
    kind: 'device',
    path: 'openhw/device/report',
    parameter: 'device_access_token',
    codes: [41001, 40106, 42021],
  },
] as const

describe.each(KINDS)('the path $path of the fake', ({ kind, path, parameter, codes }) => {
  const [missing, invalid, expired] = codes

  it(`the fake answers the path $path for the ${kind}'s token in ${parameter} only`, async () => {
    const { call, tokens } = await open()
    const { [kind]: good, ...others } = await tokens()
    expect((await call(`${path}?${parameter}=${good}`)).errcode).toBe(0)
    expect((await call(path)).errcode).toBe(missing)
    expect((await call(`${path}?${parameter}=`)).errcode).toBe(missing)
    expect((await call(`${path}?${parameter}=made-up`)).errcode).toBe(invalid)
    for (const name of new Set(KINDS.map((other) => other.parameter)))
      if (name !== parameter) expect((await call(`${path}?${name}=${good}`)).errcode).toBe(missing)
    for (const [other, token] of Object.entries(others)) {
      const isAccessToken = kind === 'app' && ['corp', 'downstream'].includes(other)
      const { errcode } = await call(`${path}?${parameter}=${token}`)
      expect([other, errcode]).toEqual([other, isAccessToken ? 0 : invalid])
    }
  })

  it('the fake refuses on $path a token that was revoked, that was made to expire, and that has expired', async () => {
    const { wecom, clock, call, tokens } = await open()
    const errcode = async (token: string) => (await call(`${path}?${parameter}=${token}`)).errcode
    const first = (await tokens())[kind]
    wecom.revoke({ kind })
    expect(await errcode(first)).toBe(invalid)
    const second = (await tokens())[kind]
    wecom.expire({ kind })
    expect(await errcode(second)).toBe(expired)
    const third = (await tokens())[kind]
    clock.advance(7_199_999)
    expect(await errcode(third)).toBe(0)
    clock.advance(1)
    expect(await errcode(third)).toBe(expired)
  })
})

it.each(
  ENDPOINT_RULES.filter(({ path }) => !/gettoken|get_\w+_token$/.test(path)).map((rule) => [
    rule.path,
    rule,
  ]),
)(
  'the fake’s own path table agrees with the table of the middleware: %s answers 0',
  async (_path, rule) => {
    const { call, tokens } = await open()
    const path = rule.path.endsWith('/') ? `${rule.path}some/thing` : rule.path
    const given = await tokens()
    const query =
      rule.token === 'none'
        ? ''
        : `?${rule.parameter ?? TOKEN_PARAMETERS[rule.token]}=${given[rule.token]}`
    expect((await call(path + query, {})).errcode).toBe(0)
  },
)

it('the fake’s own path table has no row that the table of the middleware does not have', () => {
  const ours = ENDPOINT_RULES.map(({ path }) => path).sort()
  expect(PATHS.flatMap(({ paths }) => paths).sort()).toEqual(ours)
})

it('the fake’s own path table is no copy: the fake imports no facts of the code that it tests', () => {
  const folder = new URL('../../src/testing/', import.meta.url)
  const importing = readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .filter((name) => readFileSync(new URL(name, folder), 'utf8').includes('/wecom/'))
  expect(importing).toEqual([])
})

it('the fake’s own path table answers an unknown path with 404 and an empty body', async () => {
  const { send, tokens } = await open()
  for (const path of ['no/such/path', 'service/no_such', 'webhooks/send']) {
    const response = await send(`${path}?access_token=${(await tokens()).app}`)
    expect([response.status, await response.text()]).toEqual([404, ''])
  }
})

it('a request that takes no token is answered without one', async () => {
  const { call } = await open()
  for (const path of ['webhook/send?key=robot', 'aibot/response?response_code=x'])
    expect((await call(path, {})).errcode).toBe(0)
})

it('a second token in a request is refused, with an answer that does not repeat the tokens', async () => {
  const { send, tokens } = await open()
  const { app, suite, provider } = await tokens()
  for (const [call, names] of [
    [`user/get?access_token=${app}&suite_access_token=${suite}`, 'access_token, suite'],
    [`user/get?access_token=${app}&access_token=${app}`, 'access_token, access_token'],
    [`user/get?access_token=${app}&provider_access_token=`, 'access_token, provider'],
    [`service/get_login_info?access_token=${provider}&provider_access_token=x`, 'access_token'],
  ] as const) {
    const response = await send(call)
    const text = await response.text()
    expect(response.status).toBe(400)
    expect(text).toContain(`came with more than one token: ${names}`)
    for (const token of [app, suite, provider]) expect(text).not.toContain(token)
  }
})

describe('revoke and expire', () => {
  const PATHS = {
    app: 'user/get?access_token=',
    corp: 'user/get?access_token=',
    downstream: 'user/get?access_token=',
    suite: 'service/get_pre_auth_code?suite_access_token=',
    provider: 'license/list_order?provider_access_token=',
    model: 'openhw/model/register_sn?model_access_token=',
    device: 'openhw/device/report?device_access_token=',
  } as const

  it.each([
    [undefined, ['app', 'suite', 'corp', 'downstream', 'provider', 'model', 'device']],
    [{ kind: 'app' }, ['app', 'corp', 'downstream']],
    [{ kind: 'suite' }, ['suite']],
    [{ kind: 'suite', suiteId: 'other' }, []],
    [{ suiteId: 'wwsuite' }, ['suite', 'corp']],
    [{ kind: 'app', suiteId: 'wwsuite' }, ['corp']],
    [{ kind: 'provider' }, ['provider']],
    [{ corpId: 'ww-provider' }, ['provider']],
    [{ corpId: 'ww-a' }, ['corp']],
    [{ corpId: 'ww-up', corpSecret: 'up-secret' }, ['app']],
    [{ corpId: 'ww-down', agentId: 7 }, ['downstream']],
    [{ modelId: 'm1' }, ['model', 'device']],
    [{ kind: 'model', modelId: 'm1' }, ['model']],
    [{ deviceSn: 'sn1' }, ['device']],
  ] as const)('revoke and expire of the fake: %j mean %j', async (only, meant) => {
    const { wecom, call, tokens } = await open()
    const given = await tokens()
    const refused = async () => {
      const kinds = Object.keys(given) as (keyof typeof given)[]
      const answers = kinds.map(async (kind) => {
        const { errcode } = await call(PATHS[kind] + given[kind])
        return errcode === 0 ? [] : [kind]
      })
      return (await Promise.all(answers)).flat()
    }
    wecom.expire(only)
    expect(await refused()).toEqual(meant)
    wecom.revoke(only)
    expect(await refused()).toEqual(meant)
  })
})
