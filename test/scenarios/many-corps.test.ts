import { Agent } from 'node:http'
import axios from 'axios'
import { expect, it } from 'vitest'
import { attachToken, axiosTransport } from '../../src/axios.js'
import { authorizedCorp, createSourcePool, createTokenSource, suiteApp } from '../../src/index.js'
import { failureOf, SUITE, useEveryKind } from '../support/every-kind.js'

const open = useEveryKind()
const GET_CORP_TOKEN = 'service/get_corp_token'

const CORPS = Array.from({ length: 1000 }, (_, index) => ({
  corpId: `ww-corp-${index}`,
  permanentCode: `code-${index}`,
}))
const codes = new Map(CORPS.map(({ corpId, permanentCode }) => [corpId, permanentCode]))

const opened = async () => {
  const { wecom, baseUrl, clock } = await open({ suites: [{ ...SUITE, corps: CORPS }] })
  // Not one connection for each: a thousand at once would overrun the listening queue.
  const httpAgent = new Agent({ keepAlive: true, maxSockets: 50 })
  const transport = axiosTransport(axios.create({ httpAgent }))
  const options = { baseUrl, clock, transport }
  const suite = createTokenSource(suiteApp(SUITE), options)
  const corps = createSourcePool(async (authCorpId) => {
    const permanentCode = codes.get(authCorpId)
    return permanentCode === undefined
      ? undefined
      : authorizedCorp({ suite, authCorpId, permanentCode })
  }, options)
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin`, httpAgent })
  attachToken(client, [suite, ({ options: { tenant } }) => corps.get(tenant as string)])
  const call = async (tenant: string): Promise<number> =>
    (await client.get('/user/get', { params: { tenant }, tenant })).data.errcode
  return { wecom, clock, suite, corps, call, close: () => httpAgent.destroy() }
}

it('a thousand authorised corps without tokens and all at once cost one token request each, and one for the suite', async () => {
  const { wecom, corps, call, close } = await opened()
  const shuffled = CORPS.map(({ corpId }) => corpId).sort(() => Math.random() - 0.5)
  // Some send two requests.
  const tenants = [...shuffled, ...shuffled.slice(0, 100)]
  const errcodes = await Promise.all(tenants.map(call))
  expect(errcodes.filter((errcode) => errcode === 0)).toHaveLength(1100)
  expect(wecom.count('service/get_suite_token')).toBe(1)
  const tokenRequests = wecom.requests.filter(({ path }) => path === GET_CORP_TOKEN)
  expect(tokenRequests).toHaveLength(1000)
  expect(new Set(tokenRequests.map(({ corpId }) => corpId)).size).toBe(1000)
  // Each request was answered for its own corp.
  const strangers = wecom.requests.filter(
    ({ path, query, corpId }) => path === 'user/get' && query.get('tenant') !== corpId,
  )
  expect(strangers).toEqual([])
  expect(corps.size).toBe(1000)
  close()
})

it.each([
  ['whose permanent code is gone (40084)', 40084],
  ['whose permanent code is missing (41025)', 41025],
])('one corp of a thousand %s cools down, and the others continue', async (_name, errcode) => {
  const { wecom, clock, suite, call, close } = await opened()
  const gone = 'ww-corp-7'
  if (errcode === 40084) wecom.uninstall(SUITE.suiteId, gone)
  else wecom.failNext(GET_CORP_TOKEN, { errcode }, 1)
  const failures = await Promise.all(Array.from({ length: 10 }, () => failureOf(call(gone))))
  for (const failure of failures)
    expect(failure).toMatchObject({ code: 'credential_refused', errcode, retryable: false })
  expect(failures[0]?.message).toContain('ww-corp-7 of suite ww-suite')
  expect(failures[0]?.message).toContain('reset_permanent_code')
  const others = CORPS.slice(10, 30).map(({ corpId }) => call(corpId))
  expect(new Set(await Promise.all(others))).toEqual(new Set([0]))
  expect(await failureOf(call(gone))).toMatchObject({ code: 'credential_refused' })
  expect(wecom.count(GET_CORP_TOKEN, gone)).toBe(1)
  expect(suite.describe().cooldownUntil).toBeUndefined()
  expect(wecom.count('service/get_suite_token')).toBe(1)

  wecom.install(SUITE.suiteId, { corpId: gone, permanentCode: codes.get(gone) as string })
  clock.advance(60_000)
  expect(await call(gone)).toBe(0)
  close()
})

it('a corp that authorises again is fetched with its new code once it was deleted', async () => {
  const { wecom, corps, call, close } = await opened()
  const corpId = 'ww-corp-7'
  await call(corpId)
  wecom.uninstall(SUITE.suiteId, corpId)
  // Its token is refused, and there is no other: the answer is the caller's.
  expect(await call(corpId)).toBe(40014)
  expect(await failureOf(call(corpId))).toMatchObject({ errcode: 40084 })
  wecom.install(SUITE.suiteId, { corpId, permanentCode: 'new-code' })
  codes.set(corpId, 'new-code')
  corps.delete(corpId)
  expect(await call(corpId)).toBe(0)
  codes.set(corpId, 'code-7')
  close()
})
