import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  authorizedCorp,
  type Credential,
  downstreamCorp,
  hardwareModel,
  jsapiTicket,
  memoryStore,
  type SourceOptions,
  selfBuilt,
  serviceProvider,
  suiteApp,
  type TokenSource,
} from '../../src/index.js'
import {
  APP,
  CORP,
  DOWNSTREAM,
  ENTRIES,
  failureOf,
  MODEL,
  PROVIDER,
  paths,
  SUITE,
  through,
  useEveryKind,
} from '../support/every-kind.js'
import { hold } from '../support/hold.js'
import { settle } from '../support/qyapi.js'
import { deferred } from '../support/source.js'
import { withParts } from '../support/store.js'

const open = useEveryKind()
const { corpId } = APP
const app = (corpSecret: string | (() => string)) => selfBuilt({ corpId, corpSecret })

describe.each(ENTRIES)('a rotated secret, through the %s entry', (entry) => {
  const opened = async (credential: Credential, options: SourceOptions = {}) => {
    const { wecom, baseUrl, clock, make } = await open()
    const source = make(credential, options)
    const send = through(entry, baseUrl, source)
    /** The secrets that gettoken received. */
    const secrets = () =>
      wecom.requests
        .filter(({ path }) => path === 'gettoken')
        .map(({ query }) => query.get('corpsecret'))
    /** The tokens that business requests carried. */
    const carried = () =>
      wecom.requests
        .filter(({ path }) => path === 'user/get')
        .map(({ query }) => query.get('access_token'))
    /** The corp's app has another secret as well: the old one still works. */
    const rotate = () => wecom.add({ apps: [{ corpId, corpSecret: 'new-secret' }] })
    return { wecom, baseUrl, clock, make, source, send, secrets, carried, rotate }
  }

  describe('from a function', () => {
    it('rule 10: a new secret from a function is requested at once, though the failure of the old one is still remembered', async () => {
      let secret = 'wrong-secret'
      const { source, send, secrets } = await opened(app(() => secret))
      expect(await failureOf(send('user/get'))).toMatchObject({ code: 'credential_refused' })
      expect(await failureOf(send('user/get'))).toMatchObject({ retryAfterMs: 60_000 })
      secret = APP.corpSecret
      expect((await send('user/get')).errcode).toBe(0)
      expect(source.describe().cooldownUntil).toBeUndefined()
      expect(secrets().at(-1)).toBe('app-secret')
    })

    it('a new secret that appears while the old one is being refused does not count as refused', async () => {
      let secret = 'wrong-secret'
      const { wecom, send, secrets } = await opened(app(() => secret))
      const old = hold(wecom, 'gettoken', { errcode: 40001 })
      const call = failureOf(send('user/get'))
      await old.arrived()
      secret = APP.corpSecret
      old.release()
      expect(await call).toMatchObject({ errcode: 40001 })
      expect((await send('user/get')).errcode).toBe(0)
      expect(secrets()).toEqual(['wrong-secret', 'app-secret'])
    })

    it('a new secret from a function leaves a token that is still valid in use', async () => {
      let secret = APP.corpSecret
      const { send, rotate, secrets } = await opened(app(() => secret))
      await send('user/get')
      rotate()
      secret = 'new-secret'
      await send('user/get')
      expect(secrets()).toEqual(['app-secret'])
    })

    it('a new secret from a function works for an authorised corp too: its permanent code was reset', async () => {
      const { wecom, baseUrl, make, sources } = await open()
      const { suite } = sources
      const { authCorpId } = CORP
      let code = CORP.permanentCode
      const corp = make(authorizedCorp({ suite, authCorpId, permanentCode: () => code }))
      const send = through(entry, baseUrl, corp)
      wecom.install(SUITE.suiteId, { corpId: authCorpId, permanentCode: 'new-code' })
      expect(await failureOf(send('user/get'))).toMatchObject({ errcode: 40084 })
      code = 'new-code'
      expect((await send('user/get')).errcode).toBe(0)
      expect(wecom.count('service/get_corp_token')).toBe(2)
    })
  })

  describe('by source.replaceCredential', () => {
    it('rule 10: source.replaceCredential clears the remembered failure, and the new secret is requested at once', async () => {
      const { source, send, secrets } = await opened(app('wrong-secret'))
      await failureOf(send('user/get'))
      source.replaceCredential(app(APP.corpSecret))
      expect((await send('user/get')).errcode).toBe(0)
      expect(secrets()).toEqual(['wrong-secret', 'app-secret'])
    })

    it('rule 6: source.replaceCredential lets requests in flight finish with the old token; new ones wait for the new', async () => {
      const { wecom, source, send, secrets, carried, rotate } = await opened(app(APP.corpSecret))
      const old = await source.get()
      const sent = hold(wecom, 'user/get')
      const before = send('user/get')
      await sent.arrived()
      rotate()
      source.replaceCredential(app('new-secret'))
      expect(source.describe().state).toBe('cleared')
      expect((await send('user/get')).errcode).toBe(0)
      sent.release()
      expect((await before).errcode).toBe(0)
      const now = await source.get()
      expect(now).not.toBe(old)
      expect(carried()).toEqual([old, now])
      expect(secrets()).toEqual(['app-secret', 'new-secret'])
    })

    it('rule 6: source.replaceCredential discards the fetch with the old secret: its waiters get the new token', async () => {
      const { wecom, source, send, secrets, carried, rotate } = await opened(app(APP.corpSecret))
      const old = hold(wecom, 'gettoken')
      const before = send('user/get')
      await old.arrived()
      rotate()
      source.replaceCredential(app('new-secret'))
      old.release()
      const after = send('user/get')
      expect((await Promise.all([before, after])).map(({ errcode }) => errcode)).toEqual([0, 0])
      const newOnes = () => secrets().filter((secret) => secret === 'new-secret')
      expect(newOnes()).toHaveLength(1)
      const now = await source.get()
      expect(carried()).toEqual([now, now])
      wecom.revoke({ corpSecret: APP.corpSecret })
      expect((await send('user/get')).errcode).toBe(0)
      expect(newOnes()).toHaveLength(1)
    })

    it('rule 6: source.replaceCredential discards a late failure of the old secret', async () => {
      const { wecom, source, send, secrets } = await opened(app('wrong-secret'))
      const old = hold(wecom, 'gettoken', { errcode: 40001 })
      const call = send('user/get')
      await old.arrived()
      source.replaceCredential(app(APP.corpSecret))
      old.release()
      expect((await call).errcode).toBe(0)
      expect(source.describe().cooldownUntil).toBeUndefined()
      expect(secrets().at(-1)).toBe('app-secret')
    })

    it('rule 14: a replaced credential has a new key in the store: the old secret’s token is not adopted', async () => {
      const store = memoryStore()
      const { make, source, send, carried, rotate } = await opened(app(APP.corpSecret), { store })
      const old = await make(app(APP.corpSecret), { store }).get()
      rotate()
      source.replaceCredential(app('new-secret'))
      expect((await send('user/get')).errcode).toBe(0)
      expect(carried()).not.toContain(old)
    })

    it('rule 6: source.replaceCredential discards what a slow store returns for the old one', async () => {
      const memory = memoryStore()
      const looked = deferred<void>()
      const given = deferred<void>()
      const slow = withParts(memory, {
        get: async (key) => {
          const stored = await memory.get(key)
          if (stored !== undefined) looked.resolve()
          await given.promise
          return stored
        },
      })
      const { make, source, send, carried, rotate } = await opened(app(APP.corpSecret), {
        store: slow,
      })
      const old = await make(app(APP.corpSecret), { store: memory }).get()
      const before = send('user/get')
      await looked.promise
      rotate()
      source.replaceCredential(app('new-secret'))
      given.resolve()
      await Promise.all([before, send('user/get')])
      expect(carried()).toHaveLength(2)
      expect(carried()).not.toContain(old)
    })

    it('rule 6: source.replaceCredential of a suite uses the new one’s suite_ticket too', async () => {
      const { wecom, source, send } = await opened(
        suiteApp({ ...SUITE, suiteTicket: 'old-ticket' }),
      )
      expect(await failureOf(send('service/get_auth_info'))).toMatchObject({ errcode: 40085 })
      source.replaceCredential(suiteApp(SUITE))
      expect((await send('service/get_auth_info')).errcode).toBe(0)
      expect(wecom.count('service/get_suite_token')).toBe(2)
    })

    it('rule 6: source.replaceCredential of a suite keeps the tickets that were pushed', async () => {
      const { suiteTicket, ...suite } = SUITE
      const { wecom, source, send } = await opened(suiteApp({ ...suite, suiteSecret: 'wrong' }))
      await source.pushTicket(suiteTicket)
      expect(await failureOf(send('service/get_auth_info'))).toMatchObject({ errcode: 40080 })
      source.replaceCredential(suiteApp(suite))
      expect((await send('service/get_auth_info')).errcode).toBe(0)
      expect(wecom.count('service/get_suite_token')).toBe(2)
    })

    it('rule 6: source.replaceCredential of an upstream app reaches the downstream sources that use its token', async () => {
      const { wecom, baseUrl, make } = await open()
      const upstream = make(app('wrong-secret'))
      const branch = through(entry, baseUrl, make(downstreamCorp({ upstream, ...DOWNSTREAM })))
      const tickets = make(jsapiTicket(upstream))
      await Promise.all([branch('user/get'), tickets.get()].map(failureOf))
      upstream.replaceCredential(app(APP.corpSecret))
      expect((await branch('user/get')).errcode).toBe(0)
      expect(await tickets.get()).toMatch(/^fake-ticket_/)
      expect(paths(wecom).filter((path) => path === 'gettoken')).toHaveLength(2)
    })

    it('source.replaceCredential refuses another identity, and nothing changes', async () => {
      const { wecom, baseUrl, make, sources } = await open()
      const { suite, otherCorp } = sources
      const other = make(suiteApp({ suiteId: 'ww-another', suiteSecret: 's' }))
      const cases: [TokenSource, Credential][] = [
        [sources.app, selfBuilt({ corpId: 'ww-another', corpSecret: APP.corpSecret })],
        [sources.app, serviceProvider({ corpId, providerSecret: APP.corpSecret })],
        [sources.app, jsapiTicket(sources.app)],
        [suite, suiteApp({ ...SUITE, suiteId: 'ww-another' })],
        [otherCorp, authorizedCorp({ suite, ...CORP })],
        [sources.corp, authorizedCorp({ suite: other, ...CORP })],
        [
          sources.downstream,
          downstreamCorp({ upstream: sources.app, ...DOWNSTREAM, businessType: 0 }),
        ],
        [sources.downstream, downstreamCorp({ upstream: sources.app, ...DOWNSTREAM, agentId: 8 })],
        [sources.model, hardwareModel({ ...MODEL, modelId: 'model-2' })],
      ]
      for (const [source, credential] of cases) {
        const before = source.describe()
        expect(() => source.replaceCredential(credential)).toThrow(
          expect.objectContaining({ code: 'bad_options' }),
        )
        expect(source.describe()).toEqual(before)
      }
      for (const nothing of [undefined, null, APP, 'secret'])
        expect(() => suite.replaceCredential(nothing as unknown as Credential)).toThrow(
          /^credential must be a credential, e.g. selfBuilt/,
        )
      expect((await through(entry, baseUrl, sources.app)('user/get')).errcode).toBe(0)
      expect(wecom.count('gettoken')).toBe(1)
    })
  })
})

it('rule 14: no secret, code or ticket is in a description, a printed source or a store’s key', async () => {
  const keys = new Set<string>()
  const memory = memoryStore()
  const store = withParts(memory, {
    set: (key, token) => {
      keys.add(key)
      return memory.set(key, token)
    },
  })
  const { make } = await open()
  const app = make(selfBuilt(APP), { store })
  const suite = make(suiteApp(SUITE), { store })
  const model = make(hardwareModel(MODEL), { store })
  await suite.pushTicket('pushed-ticket', { timeStamp: 1 })
  await suite.pushTicket(SUITE.suiteTicket)
  await model.pushTicket('model-ticket')
  const sources = [
    app,
    suite,
    model,
    make(serviceProvider(PROVIDER), { store }),
    make(authorizedCorp({ suite, ...CORP }), { store }),
    make(downstreamCorp({ upstream: app, ...DOWNSTREAM }), { store }),
    make(jsapiTicket(app), { store }),
  ]
  const tokens = await Promise.all(sources.map((source) => source.get()))
  await settle()
  // One for each token, and one for each kind of pushed ticket.
  expect(keys.size).toBe(sources.length + 2)
  const printed = sources.map((source) => [
    inspect(source, { depth: 10, showHidden: true }),
    JSON.stringify(source),
    JSON.stringify(source.describe()),
  ])
  const text = [...keys, ...printed.flat()].join('\n')
  const secrets = [
    APP.corpSecret,
    SUITE.suiteSecret,
    MODEL.modelSecret,
    PROVIDER.providerSecret,
    CORP.permanentCode,
    'pushed-ticket',
    'model-ticket',
    ...tokens,
  ]
  for (const secret of secrets) {
    expect(text).not.toContain(secret)
    expect(text).not.toContain(Buffer.from(secret).toString('base64').slice(0, -2))
  }
})
