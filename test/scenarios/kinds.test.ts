import { describe, expect, it } from 'vitest'
import {
  agentTicket,
  authorizedCorp,
  type Credential,
  downstreamCorp,
  hardwareDevice,
  hardwareModel,
  isQyapiTokenError,
  jsapiTicket,
  selfBuilt,
  serviceProvider,
  suiteApp,
} from '../../src/index.js'
import type { FakeTokenSelector } from '../../src/testing.js'
import {
  APP,
  CORP,
  CUSTOM_APP,
  DEVICE,
  DOWNSTREAM,
  ENTRIES,
  failureOf,
  MODEL,
  MODEL_TICKET,
  type oneOfEachKind,
  onWire,
  PROVIDER,
  paths,
  SUITE,
  through,
  transportOf,
  useEveryKind,
} from '../support/every-kind.js'
import { hold } from '../support/hold.js'

const open = useEveryKind()
type Sources = ReturnType<typeof oneOfEachKind>

/** A kind of token, as in WeCom's documentation. */
interface Kind {
  readonly name: string
  readonly credential: (sources: Sources) => Credential
  /** The token request; `token`: the one that it carries. */
  readonly asks: (token: string) => object
  /** The source of the token that the token request carries. */
  readonly parent?: keyof Sources
  /** A path that takes such a token, and its parameter. */
  readonly path: string
  readonly parameter: string
  /** The fake's tokens of that kind. */
  readonly only: FakeTokenSelector
  /** Its source needs pushed tickets, so that a credential alone is not enough. */
  readonly takesTickets?: boolean
}

const KINDS: readonly Kind[] = [
  {
    name: 'a self-built app',
    credential: () => selfBuilt(APP),
    asks: () => ({
      method: 'GET',
      path: 'gettoken',
      query: { corpid: 'ww-app', corpsecret: 'app-secret' },
    }),
    path: 'user/get',
    parameter: 'access_token',
    only: { corpSecret: 'app-secret' },
  },
  {
    name: 'a 代开发 app',
    credential: () => selfBuilt(CUSTOM_APP),
    asks: () => ({
      method: 'GET',
      path: 'gettoken',
      query: { corpid: 'ww-custom', corpsecret: 'custom-code' },
    }),
    path: 'user/get',
    parameter: 'access_token',
    only: { corpSecret: 'custom-code' },
  },
  {
    name: 'a service provider',
    credential: () => serviceProvider(PROVIDER),
    asks: () => ({
      method: 'POST',
      path: 'service/get_provider_token',
      query: {},
      body: { corpid: 'ww-provider', provider_secret: 'provider-secret' },
    }),
    path: 'license/list_order',
    parameter: 'provider_access_token',
    only: { kind: 'provider' },
  },
  {
    name: 'a suite',
    credential: () => suiteApp(SUITE),
    asks: () => ({
      method: 'POST',
      path: 'service/get_suite_token',
      query: {},
      body: { suite_id: 'ww-suite', suite_secret: 'suite-secret', suite_ticket: 'ticket' },
    }),
    path: 'service/get_pre_auth_code',
    parameter: 'suite_access_token',
    only: { kind: 'suite' },
  },
  {
    name: 'an authorised corp',
    credential: ({ suite }) => authorizedCorp({ suite, ...CORP }),
    asks: (token) => ({
      method: 'POST',
      path: 'service/get_corp_token',
      query: { suite_access_token: token },
      body: { auth_corpid: 'ww-corp', permanent_code: 'corp-code' },
    }),
    parent: 'suite',
    path: 'message/send',
    parameter: 'access_token',
    only: { corpId: 'ww-corp' },
  },
  {
    name: 'a downstream corp',
    credential: ({ app }) => downstreamCorp({ upstream: app, ...DOWNSTREAM }),
    asks: (token) => ({
      method: 'POST',
      path: 'corpgroup/corp/gettoken',
      query: { access_token: token },
      body: { corpid: 'ww-down', agentid: 7, business_type: 1 },
    }),
    parent: 'app',
    path: 'user/get',
    parameter: 'access_token',
    only: { corpId: 'ww-down' },
  },
  {
    name: 'a hardware model',
    credential: () => hardwareModel(MODEL),
    asks: () => ({
      method: 'POST',
      path: 'openhw/get_model_token',
      query: {},
      body: { model_id: 'model-1', model_secret: 'model-secret', model_ticket: 'model-ticket' },
    }),
    path: 'openhw/model/register_sn',
    parameter: 'model_access_token',
    only: { kind: 'model' },
    takesTickets: true,
  },
  {
    name: 'one device of a hardware model',
    credential: ({ model }) => hardwareDevice({ model, ...DEVICE }),
    asks: (token) => ({
      method: 'POST',
      path: 'openhw/get_device_token',
      query: { model_access_token: token },
      body: { device_sn: 'sn-1', device_secret: 'device-secret' },
    }),
    parent: 'model',
    path: 'openhw/device/report',
    parameter: 'device_access_token',
    only: { deviceSn: 'sn-1' },
  },
]

describe.each(ENTRIES)('through the %s entry', (entry) => {
  describe.each(KINDS)(
    '$name',
    ({ credential, asks, parent, path, parameter, only, takesTickets }) => {
      /** An entry for that kind alone, whose token requests use the client's own network settings. */
      const opened = async () => {
        const { wecom, baseUrl, sources, make } = await open()
        const source = make(credential(sources), { transport: transportOf(entry) })
        await sources.model.pushTicket(MODEL_TICKET)
        const lent = parent && (await sources[parent].get())
        if (takesTickets) await source.pushTicket(MODEL_TICKET)
        const send = through(entry, baseUrl, source)
        const before = wecom.requests.length
        return { wecom, source, send, lent, since: () => wecom.requests.slice(before).map(onWire) }
      }

      it('a token of each kind is fetched as documented, and requests carry it in its parameter', async () => {
        const { source, send, lent = '', since } = await opened()
        expect((await send(`${path}?userid=zhangsan`)).errcode).toBe(0)
        const token = await source.get()
        expect(since()).toEqual([
          asks(lent),
          { method: 'GET', path, query: { userid: 'zhangsan', [parameter]: token } },
        ])
      })

      it.each(['revoke', 'expire'] as const)(
        'rule 5: after %s of a token of each kind one token request serves one refused request, and twenty at once',
        async (end) => {
          const { wecom, source, send, since } = await opened()
          const first = await source.get()
          wecom[end](only)
          expect((await send(path, { to: 'zhangsan' })).errcode).toBe(0)
          const second = await source.get()
          expect(second).not.toBe(first)
          const [tokenRequest] = since()
          const call = (token: string) => ({
            method: 'POST',
            path,
            query: { [parameter]: token },
            body: { to: 'zhangsan' },
          })
          expect(since()).toEqual([tokenRequest, call(first), tokenRequest, call(second)])

          wecom[end](only)
          const answers = await Promise.all(Array.from({ length: 20 }, () => send(path)))
          expect(answers.map(({ errcode }) => errcode)).toEqual(Array(20).fill(0))
          expect(since().filter((call) => call.path === tokenRequest?.path)).toHaveLength(3)
        },
      )

      it.skipIf(takesTickets)(
        'a token of each kind works with a credential instead of its source',
        async () => {
          const { wecom, baseUrl, sources, clock } = await open()
          const options = { baseUrl, clock }
          await sources.model.pushTicket(MODEL_TICKET)
          const send = through(entry, baseUrl, credential(sources), options)
          expect((await send(path)).errcode).toBe(0)
          wecom.revoke(only)
          expect((await send(path)).errcode).toBe(0)
        },
      )
    },
  )

  describe.each([
    {
      name: 'the jsapi ticket of a corp',
      credential: jsapiTicket,
      path: 'get_jsapi_ticket',
      query: {},
    },
    {
      name: 'the ticket of an app',
      credential: agentTicket,
      path: 'ticket/get',
      query: { type: 'agent_config' },
    },
  ])('$name', ({ credential, path, query }) => {
    const opened = async () => {
      const { wecom, sources, make } = await open()
      const tickets = make(credential(sources.app), { transport: transportOf(entry) })
      return { wecom, tickets, app: sources.app }
    }

    it('a page ticket is fetched with the token of an app, once for all callers', async () => {
      const { wecom, tickets, app } = await opened()
      const given = await Promise.all(Array.from({ length: 50 }, () => tickets.get()))
      expect(new Set(given).size).toBe(1)
      expect(given[0]).toMatch(/^fake-ticket_/)
      expect(wecom.requests.map(onWire).slice(1)).toEqual([
        { method: 'GET', path, query: { access_token: await app.get(), ...query } },
      ])
      expect(wecom.count('gettoken')).toBe(1)
    })

    it('a page ticket is another one after it was invalidated, unnoticed by other requests', async () => {
      const { wecom, tickets } = await opened()
      const first = await tickets.get()
      expect(await tickets.invalidate(first)).toBe(true)
      expect(await tickets.invalidate(first)).toBe(false)
      const second = await tickets.get()
      expect(second).not.toBe(first)
      expect(await tickets.invalidate(first)).toBe(false)
      expect(await tickets.get()).toBe(second)
      expect(paths(wecom)).toEqual(['gettoken', path, path])
    })

    it.each(['revoke', 'expire'] as const)(
      'a page ticket is fetched after a %s of the app’s token meanwhile, which is replaced once',
      async (end) => {
        const { wecom, tickets, app } = await opened()
        const token = await app.get()
        wecom[end]({ kind: 'app' })
        expect(await tickets.get()).toMatch(/^fake-ticket_/)
        expect(paths(wecom)).toEqual(['gettoken', path, 'gettoken', path])
        expect(await app.get()).not.toBe(token)
      },
    )
  })

  describe('a suite’s token that is refused while a corp’s is fetched', () => {
    it.each([
      ['40082', 'revoke'],
      ['42009', 'expire'],
    ] as const)(
      'rule 5: a suite’s token that is refused while a corp’s is fetched by %s is replaced once, and the caller is served',
      async (_errcode, end) => {
        const { wecom, baseUrl, sources } = await open()
        const old = await sources.suite.get()
        wecom[end]({ kind: 'suite' })
        const send = through(entry, baseUrl, sources.corp)
        expect((await send('user/get')).errcode).toBe(0)
        expect(paths(wecom)).toEqual([
          'service/get_suite_token',
          'service/get_corp_token',
          'service/get_suite_token',
          'service/get_corp_token',
          'user/get',
        ])
        const carried = wecom.requests.map(({ query }) => query.get('suite_access_token'))
        expect([carried[1], carried[3]]).toEqual([old, await sources.suite.get()])
      },
    )

    it('rule 5: a suite’s token that is refused while a corp’s is fetched is replaced once for many corps, and the corps’ own tokens with it', async () => {
      const { wecom, baseUrl, sources } = await open()
      const corps = [sources.corp, sources.otherCorp].map((corp) => through(entry, baseUrl, corp))
      const all = () => Promise.all(corps.flatMap((send) => [send('user/get'), send('user/get')]))
      await all()
      wecom.revoke({ suiteId: SUITE.suiteId })
      // Both corps' requests start before the first of them learns of the suite's refused token.
      const tokenRequest = hold(wecom, 'service/get_corp_token', {}, 2)
      const called = all()
      await tokenRequest.arrived(2)
      tokenRequest.release()
      expect((await called).map(({ errcode }) => errcode)).toEqual([0, 0, 0, 0])
      expect(wecom.count('service/get_suite_token')).toBe(2)
      // Once cold, once refused for the suite's token, once with the new one.
      expect(wecom.count('service/get_corp_token', 'ww-corp')).toBe(3)
      expect(wecom.count('service/get_corp_token', 'ww-other')).toBe(3)
    })

    it('a suite’s token that is refused twice while a corp’s is fetched is the corp’s failure, which is remembered: no more token requests', async () => {
      const { wecom, baseUrl, sources } = await open()
      const send = through(entry, baseUrl, sources.corp)
      wecom.failNext('service/get_corp_token', { errcode: 40082 }, 100)
      for (let call = 0; call < 5; call += 1)
        expect(await failureOf(send('user/get'))).toMatchObject({
          code: 'token_fetch_failed',
          errcode: 40082,
        })
      expect(wecom.count('service/get_suite_token')).toBe(2)
      expect(wecom.count('service/get_corp_token')).toBe(2)
      expect(wecom.count('user/get')).toBe(0)
    })
  })

  it.each([
    ['710400', 'revoke'],
    ['710401', 'expire'],
  ] as const)(
    'rule 5: a model’s token refused by %s while a device’s is fetched is replaced once',
    async (_errcode, end) => {
      const { wecom, baseUrl, sources } = await open()
      await sources.model.pushTicket(MODEL_TICKET)
      await sources.model.get()
      wecom[end]({ kind: 'model' })
      const send = through(entry, baseUrl, [sources.model, sources.device])
      expect((await send('openhw/device/report')).errcode).toBe(0)
      expect(paths(wecom)).toEqual([
        'openhw/get_model_token',
        'openhw/get_device_token',
        'openhw/get_model_token',
        'openhw/get_device_token',
        'openhw/device/report',
      ])
    },
  )

  it('a request with a device_access_token of its own passes through unchanged', async () => {
    const { wecom, baseUrl, sources } = await open()
    const send = through(entry, baseUrl, [sources.app, sources.device])
    for (const path of ['openhw/device/report', 'user/get']) {
      await send(`${path}?device_access_token=theirs`)
      const { query } = wecom.requests.at(-1) as { query: URLSearchParams }
      expect([...query]).toEqual([['device_access_token', 'theirs']])
    }
    expect(paths(wecom)).toEqual(['openhw/device/report', 'user/get'])
  })

  it.each([
    ['40014', 'revoke'],
    ['42001', 'expire'],
  ] as const)(
    'rule 5: an upstream app’s token refused by %s while a downstream one is fetched is replaced once',
    async (_errcode, end) => {
      const { wecom, baseUrl, sources } = await open()
      await sources.app.get()
      wecom[end]({ corpId: 'ww-app' })
      const send = through(entry, baseUrl, sources.downstream)
      const answers = await Promise.all([send('user/get'), send('user/get')])
      expect(answers.map(({ errcode }) => errcode)).toEqual([0, 0])
      expect(wecom.count('gettoken')).toBe(2)
      expect(wecom.count('corpgroup/corp/gettoken')).toBe(2)
    },
  )

  describe('a suite whose secret is wrong', () => {
    const wrong = suiteApp({ ...SUITE, suiteSecret: 'wrong-secret' })

    it('a suite whose secret is wrong fails its corps with its own message and cause, and is requested once', async () => {
      const { wecom, baseUrl, make } = await open()
      const suite = make(wrong)
      const corp = make(authorizedCorp({ suite, ...CORP }))
      const send = through(entry, baseUrl, corp)
      const errors = await Promise.all([send('user/get'), send('user/get')].map(failureOf))
      for (const error of [...errors, await failureOf(send('user/get'))]) {
        expect(error).toMatchObject({
          code: 'credential_refused',
          errcode: 40080,
          retryable: false,
          retryAfterMs: 60_000,
        })
        expect(error.message).toMatch(
          /^Could not get the access_token of authorized-corp ww-corp of suite ww-suite: Could not get the suite_access_token of suite-app ww-suite: WeCom answered 40080, the suite secret is wrong/,
        )
        expect(isQyapiTokenError(error.cause) && error.cause.message).toMatch(
          /^Could not get the s/,
        )
        expect(`${error.stack}${JSON.stringify(error)}`).not.toContain('wrong-secret')
      }
      expect(paths(wecom)).toEqual(['service/get_suite_token'])
    })

    it('a suite whose secret is wrong is remembered at the suite alone: once it is repaired, the corps work at once', async () => {
      const { wecom, baseUrl, make } = await open()
      const suite = make(wrong)
      const corp = make(authorizedCorp({ suite, ...CORP }))
      const send = through(entry, baseUrl, corp)
      await failureOf(send('user/get'))
      expect(suite.describe().cooldownUntil).toBeDefined()
      expect(corp.describe()).toEqual({
        kind: 'authorized-corp',
        subject: 'ww-corp of suite ww-suite',
        state: 'empty',
      })
      suite.replaceCredential(suiteApp(SUITE))
      expect((await send('user/get')).errcode).toBe(0)
      expect(paths(wecom)).toEqual([
        'service/get_suite_token',
        'service/get_suite_token',
        'service/get_corp_token',
        'user/get',
      ])
    })
  })

  it('a corp’s own failure is remembered at the corp: the suite continues for the others', async () => {
    const { wecom, baseUrl, sources } = await open()
    wecom.uninstall(SUITE.suiteId, CORP.authCorpId)
    const gone = through(entry, baseUrl, sources.corp)
    const other = through(entry, baseUrl, sources.otherCorp)
    for (let call = 0; call < 3; call += 1) {
      const error = await failureOf(gone('user/get'))
      expect(error).toMatchObject({ code: 'credential_refused', errcode: 40084 })
      expect(error.cause).toBeUndefined()
    }
    expect((await other('user/get')).errcode).toBe(0)
    expect(sources.suite.describe().cooldownUntil).toBeUndefined()
    expect(wecom.count('service/get_corp_token', 'ww-corp')).toBe(1)
    expect(wecom.count('service/get_suite_token')).toBe(1)
  })
})
