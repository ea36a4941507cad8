import axios, { type AxiosRequestConfig, type AxiosStatic } from 'axios'
import axios17 from 'axios-1.7'
import axiosRetry from 'axios-retry'
import { describe, expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { withToken } from '../../src/fetch.js'
import {
  selfBuilt,
  serviceProvider,
  suiteApp,
  type TokenEvent,
  type TokenSource,
} from '../../src/index.js'
import type { FakeQyapi } from '../../src/testing.js'
import {
  APP,
  type Attachable,
  CUSTOM_APP,
  ENTRIES,
  type EntryName,
  failureOf,
  PROVIDER,
  paths,
  SUITE,
  through,
  useEveryKind,
} from '../support/every-kind.js'
import { settle } from '../support/qyapi.js'
import { deferred } from '../support/source.js'
import { watchUnhandled } from '../support/unhandled.js'

const open = useEveryKind()
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** The tokens that requests to a path carried. */
const carried = ({ requests }: FakeQyapi, path = 'user/get') =>
  requests.filter((request) => request.path === path).map(({ query }) => Object.fromEntries(query))

const thrownBy = (attach: () => unknown): Error => {
  try {
    attach()
  } catch (error) {
    return error as Error
  }
  return expect.fail('nothing was thrown')
}

describe.each(ENTRIES)('several sources, through the %s entry', (entry) => {
  describe('in an array', () => {
    it('request rule 2: several sources in an array each provide the token for the paths of their kind', async () => {
      const { wecom, baseUrl, sources } = await open()
      const { app, suite, provider } = sources
      const send = through(entry, baseUrl, [app, suite, provider])
      for (const path of ['user/get', 'service/get_auth_info', 'license/list_order'])
        expect((await send(path)).errcode).toBe(0)
      expect(carried(wecom, 'license/list_order')).toEqual([
        { provider_access_token: await provider.get() },
      ])
    })

    it('request rule 2: several sources of one kind are refused, and the message says what to do', async () => {
      const { baseUrl, sources } = await open()
      const { app, corp } = sources
      const error = thrownBy(() => through(entry, baseUrl, [app, corp]))
      expect(error).toMatchObject({ code: 'bad_options' })
      expect(error.message).toBe(
        'tokens must be sources of different kinds: self-built app of corp ww-app and authorized-corp ww-corp of suite ww-suite serve the same paths. ' +
          'Attach a function ({ url, method, options }) => source in their place.',
      )
    })

    it('request rule 2: several sources of two baseUrls are refused, while another spelling of the same is not', async () => {
      const { wecom, baseUrl, make, sources } = await open()
      const { app, suite } = sources
      const elsewhere = make(selfBuilt(APP), { baseUrl: 'https://proxy.example.com' })
      expect(thrownBy(() => through(entry, baseUrl, [suite, elsewhere]))).toMatchObject({
        code: 'bad_options',
        message: `tokens must be sources of one baseUrl (${baseUrl}), got 'https://proxy.example.com'.`,
      })
      const provider = make(selfBuilt(APP), { baseUrl: `${baseUrl}/cgi-bin/` })
      expect((await through(entry, baseUrl, [suite, provider])('user/get')).errcode).toBe(0)
      expect(wecom.count('gettoken')).toBe(1)
      expect(app.describe().state).toBe('empty')
    })

    it.each([
      [
        'a ticket',
        ({ jsapi }: { jsapi: TokenSource }) => [jsapi],
        /tokens that calls carry, got 'j/,
      ],
      ['nothing', () => [], /^tokens must be at least one source, got an empty array\.$/],
      ['what is no source', () => [APP], /an array of token sources, got an object/],
      [
        'two functions',
        () => [() => null, () => null],
        /^tokens must hold one function at most, got two\.$/,
      ],
    ] as const)('an array of tokens with %s is refused', async (_name, tokens, message) => {
      const { baseUrl, sources } = await open()
      const error = thrownBy(() => through(entry, baseUrl, tokens(sources) as Attachable))
      expect(error).toMatchObject({ code: 'bad_options' })
      expect(error.message).toMatch(message)
    })

    it('an array of sources refuses options that belong to a source', async () => {
      const { baseUrl, sources } = await open()
      for (const options of [{ maxAgeMs: 1 }, { baseUrl }, { store: undefined }])
        expect(thrownBy(() => through(entry, baseUrl, [sources.app], options)).message).toMatch(
          /^Unknown key '\w+' in options: it belongs to the source: pass it to createTokenSource/,
        )
    })
  })

  describe('a function in tokens', () => {
    it.each([
      ['returns', (source: TokenSource) => source],
      ['promises', async (source: TokenSource) => source],
      ['promises by a promise of another library', (source: TokenSource) => thenable(source)],
    ])(
      'request rule 2: a function in tokens that %s a source: the request carries its token, and a refused one is replayed',
      async (_name, give) => {
        const { wecom, baseUrl, sources } = await open()
        const { app, corp } = sources
        const send = through(
          entry,
          baseUrl,
          ({ url }) => give(url.includes('userid=a') ? app : corp) as TokenSource,
          { baseUrl },
        )
        await Promise.all([send('user/get?userid=a'), send('user/get?userid=c')])
        wecom.revoke({ kind: 'app' })
        const answers = await Promise.all([send('user/get?userid=a'), send('user/get?userid=c')])
        expect(answers.map(({ errcode }) => errcode)).toEqual([0, 0])
        for (const { userid, access_token } of carried(wecom).slice(-2))
          expect(access_token).toBe(await (userid === 'a' ? app : corp).get())
        expect(wecom.count('gettoken')).toBe(2)
        expect(wecom.count('service/get_corp_token')).toBe(2)
      },
    )

    it('request rule 2: a function in tokens gets the final url, the method and the caller’s options', async () => {
      const { baseUrl, sources } = await open()
      const received: { url: string; method: string; options: unknown }[] = []
      const send = through(
        entry,
        baseUrl,
        (call) => {
          received.push(call)
          return sources.app
        },
        { baseUrl },
      )
      await send('user/get?userid=zhangsan')
      await send('message/send', { text: 'body' })
      expect(received.map(({ url, method }) => [url, method.toLowerCase()])).toEqual([
        [`${baseUrl}/cgi-bin/user/get?userid=zhangsan`, 'get'],
        [`${baseUrl}/cgi-bin/message/send`, 'post'],
      ])
      expect(JSON.stringify(received[1]?.options)).toContain('body')
      expect(JSON.stringify(received)).not.toContain('token')
    })

    it('request rule 2: a function in tokens that returns null sends the request without a token', async () => {
      for (const give of [() => null, async () => null]) {
        const { wecom, baseUrl } = await open()
        const send = through(entry, baseUrl, give, { baseUrl })
        expect((await send('user/get')).errcode).toBe(41001)
        expect(carried(wecom)).toEqual([{}])
      }
    })

    it('request rule 2: a function in tokens is called only if no attached source matches the path', async () => {
      const { wecom, baseUrl, sources } = await open()
      const received: string[] = []
      const send = through(entry, baseUrl, [
        sources.suite,
        ({ url }) => {
          received.push(new URL(url).pathname)
          return sources.corp
        },
      ])
      for (const path of ['service/get_auth_info', 'user/get', 'webhook/send']) await send(path)
      expect(received).toEqual(['/cgi-bin/user/get'])
      expect(carried(wecom, 'webhook/send')).toEqual([{}])
    })

    it.each([
      [
        'undefined',
        () => undefined,
        /^The call of user\/get was not sent: the function in tokens returned undefined, not a token source, or null for "no token"\.$/,
      ],
      ['a promise of undefined', async () => undefined, /returned undefined/],
      ['a credential', () => selfBuilt(APP), /returned something of type object/],
      ['a token', () => 'planted-token', /returned something of type string/],
    ])(
      'request rule 2: a function in tokens that returns %s is an error, and nothing is sent',
      async (_name, give, message) => {
        const { wecom, baseUrl } = await open()
        const send = through(entry, baseUrl, give as never, { baseUrl })
        const error = await failureOf(send('user/get'))
        expect(error).toMatchObject({ code: 'bad_options', retryable: false })
        expect(error.message).toMatch(message)
        expect(error.message).not.toContain('planted')
        expect(wecom.requests).toEqual([])
      },
    )

    it('request rule 2: a function in tokens that returns a source of a kind that the path does not take is an error', async () => {
      const { wecom, baseUrl, sources } = await open()
      const send = through(entry, baseUrl, () => sources.app, { baseUrl })
      expect(await failureOf(send('license/list_order'))).toMatchObject({
        code: 'bad_options',
        message:
          "The call of license/list_order was not sent: it takes a token of kind 'provider', and that of self-built app of corp ww-app is of kind 'app'. " +
          'Return a source of that kind, attach one next to the function ([source, function]), or return null.',
      })
      const jsapi = through(entry, baseUrl, () => sources.jsapi, { baseUrl })
      expect((await failureOf(jsapi('user/get'))).message).toContain('tokens that calls carry')
      expect(wecom.requests).toEqual([])
    })

    it('request rule 2: a function in tokens that returns a source of another baseUrl is an error, unless it is another spelling of the same', async () => {
      const { wecom, baseUrl, make } = await open()
      const elsewhere = make(selfBuilt(APP), { baseUrl: 'https://proxy.example.com' })
      const send = through(entry, baseUrl, () => elsewhere, { baseUrl })
      expect(await failureOf(send('user/get'))).toMatchObject({
        code: 'bad_options',
        message: `The call of user/get was not sent: the token of self-built app of corp ww-app is for https://proxy.example.com, not for ${baseUrl}.`,
      })
      expect(wecom.requests).toEqual([])
      const same = make(selfBuilt(APP), { baseUrl: `${baseUrl}/` })
      expect((await through(entry, baseUrl, () => same, { baseUrl })('user/get')).errcode).toBe(0)
    })

    it.each([
      [
        'throws',
        (error: Error) => {
          throw error
        },
      ],
      [
        'rejects',
        async (error: Error) => {
          throw error
        },
      ],
    ])(
      'request rule 2: a function in tokens that %s rejects the request with that very error',
      async (_name, fail) => {
        const { wecom, baseUrl } = await open()
        const failure = new Error('the database is down')
        const send = through(entry, baseUrl, () => fail(failure) as never, { baseUrl })
        expect(await failureOf(send('user/get'))).toBe(failure)
        expect(wecom.requests).toEqual([])
      },
    )

    it('request rule 2: a function in tokens is not called for a request with a token of its own, which passes through, and an event says so', async () => {
      const { wecom, baseUrl } = await open()
      const events: TokenEvent[] = []
      const never = () => expect.fail('asked')
      const options = { baseUrl, onEvent: (event: TokenEvent) => void events.push(event) }
      const send = through(entry, baseUrl, never, options)
      expect((await send('user/get?access_token=theirs')).errcode).toBe(40014)
      expect(carried(wecom)).toEqual([{ access_token: 'theirs' }])
      expect(events).toEqual([
        {
          type: 'skipped',
          reason: 'caller_token',
          kind: 'app',
          subject: 'a call with a token of its own',
          endpoint: 'user/get',
        },
      ])
    })

    it('request rule 2: a function in tokens is not called for requests to other addresses', async () => {
      const { baseUrl } = await open()
      const { wecom: another, baseUrl: elsewhere } = await open()
      const never = () => expect.fail('asked')
      if (entry === 'axios') {
        const client = axios.create()
        attachToken(client, never, { baseUrl })
        await client.get(`${elsewhere}/cgi-bin/user/get`)
      } else await withToken(fetch, never, { baseUrl })(`${elsewhere}/cgi-bin/user/get`)
      expect(carried(another)).toEqual([{}])
    })
  })
})

/** Sends a GET with a `tenant` in axios' config, or in fetch's init; returns WeCom's errcode. */
function tenantSender(entry: EntryName, baseUrl: string, tokens: Attachable, options = {}) {
  const root = `${baseUrl}/cgi-bin`
  if (entry === 'axios') {
    const client = axios.create({ baseURL: root })
    attachToken(client, tokens as TokenSource, options)
    return async (path: string, tenant: unknown) =>
      (await client.get(path, { tenant: tenant as never })).data.errcode
  }
  const qyFetch = withToken(fetch, tokens as TokenSource, options)
  return async (path: string, tenant: unknown) => {
    const answer = await qyFetch(`${root}/${path}`, { tenant } as RequestInit)
    return ((await answer.json()) as { errcode: number }).errcode
  }
}

describe.each(ENTRIES)('a request that names a tenant, through the %s entry', (entry) => {
  const opened = async () => {
    const { wecom, baseUrl, sources } = await open()
    const { app, suite, provider, corp } = sources
    const choose = ({ options }: { options: unknown }) =>
      (options as { tenant?: unknown }).tenant === 'c' ? corp : (undefined as never)
    return { wecom, baseUrl, app, corp, suite, provider, choose }
  }

  it('request rule 2: for a request that names a tenant the function decides, also if another source matches the path', async () => {
    const { wecom, baseUrl, app, corp, choose } = await opened()
    const send = tenantSender(entry, baseUrl, [app, choose])
    expect(await send('user/get', 'c')).toBe(0)
    expect(await send('user/get', undefined)).toBe(0)
    expect(carried(wecom)).toEqual([
      { access_token: await corp.get() },
      { access_token: await app.get() },
    ])
  })

  it.each([
    ['an unknown tenant', 'ww-unknown', /the function in tokens returned undefined/],
    ['an empty name', '', /tenant must be a tenant's name .*, got ''\.$/],
    ['a blank name', ' ', /tenant must be a tenant's name .*, got something of type string\.$/],
    ['a number', 7, /tenant must be a tenant's name .*, got something of type number\.$/],
    ['false', false, /got something of type boolean\.$/],
    ['an object', { corpId: 'c' }, /got something of type object\.$/],
    ['a function that gives no source', () => 'c', /returned something of type string/],
  ])(
    'request rule 2: a request that names a tenant is an error if %s, and nothing is sent',
    async (_what, tenant, message) => {
      const { wecom, baseUrl, app, choose } = await opened()
      const send = tenantSender(entry, baseUrl, [app, choose])
      const error = await failureOf(send('user/get', tenant))
      expect(error).toMatchObject({ code: 'bad_options', message: expect.stringMatching(message) })
      expect(error.message).toMatch(/^The call of user\/get was not sent: /)
      expect(wecom.requests).toEqual([])
    },
  )

  it('request rule 2: a path of another kind than the tenant’s is an error, although a source matches it', async () => {
    const { wecom, baseUrl, app, suite, provider, choose } = await opened()
    const send = tenantSender(entry, baseUrl, [app, suite, provider, choose])
    for (const [path, kind] of [
      ['service/get_auth_info', 'suite'],
      ['license/list_order', 'provider'],
    ] as const)
      expect(await failureOf(send(path, 'c'))).toMatchObject({
        code: 'bad_options',
        message:
          `The call of ${path} was not sent: it takes a token of kind '${kind}', and that of authorized-corp ww-corp of suite ww-suite is of kind 'app'. ` +
          'Return a source of that kind, make the call without a tenant, or return null.',
      })
    expect(wecom.requests).toEqual([])
  })

  it.each(['c', '', 7])(
    'request rule 2: tenant %j without a function that chooses is an error, and nothing is sent',
    async (tenant) => {
      const { wecom, baseUrl, app, suite } = await opened()
      for (const tokens of [app, [app], [app, suite], [suite]]) {
        const send = tenantSender(entry, baseUrl, tokens)
        expect(await failureOf(send('user/get', tenant))).toMatchObject({ code: 'bad_options' })
      }
      expect(wecom.requests).toEqual([])
    },
  )

  it('request rule 2: a tenant of null, and a function of the request’s own, override every source', async () => {
    const { wecom, baseUrl, app, corp, choose } = await opened()
    const send = tenantSender(entry, baseUrl, [app, choose])
    expect(await send('user/get', null)).toBe(41001)
    expect(await send('user/get', () => corp)).toBe(0)
    expect(carried(wecom)).toEqual([{}, { access_token: await corp.get() }])
  })
})

describe.each(ENTRIES)('a path that no attached source matches, through the %s entry', (entry) => {
  it('request rule 2: a path that no attached source matches is requested without a token, and a skipped event says so once to each listener', async () => {
    const { wecom, baseUrl, make } = await open()
    const heard: [string, TokenEvent][] = []
    const listener = (name: string) => (event: TokenEvent) => void heard.push([name, event])
    const ofSource = listener('source')
    const suite = make(suiteApp(SUITE), { onEvent: ofSource })
    const provider = make(serviceProvider(PROVIDER), { onEvent: ofSource })
    const send = through(entry, baseUrl, [suite, provider], { onEvent: listener('attached') })
    expect((await send('user/get')).errcode).toBe(41001)
    const skipped = {
      type: 'skipped',
      reason: 'no_source',
      endpoint: 'user/get',
      kind: 'app',
      subject: 'a call that none of the sources serves',
    }
    expect(heard).toEqual([
      ['source', skipped],
      ['attached', skipped],
    ])
    expect(carried(wecom)).toEqual([{}])
  })

  it('request rule 2: a path that no attached source matches is reported by the one source that was attached, or made of a credential', async () => {
    const { baseUrl, clock, make } = await open()
    const types: string[] = []
    const onEvent = ({ type }: TokenEvent) => void types.push(type)
    const source = make(selfBuilt(APP), { onEvent })
    await through(entry, baseUrl, source)('license/list_order')
    await through(entry, baseUrl, [source])('license/list_order')
    await through(entry, baseUrl, selfBuilt(APP), { baseUrl, clock, onEvent })('license/list_order')
    expect(types).toEqual(['skipped', 'skipped', 'skipped'])
  })

  it('request rule 2: a path that no attached source matches is not reported if it takes no token, or if a function was called', async () => {
    const { baseUrl, sources } = await open()
    const events: TokenEvent[] = []
    const onEvent = (event: TokenEvent) => void events.push(event)
    await through(entry, baseUrl, [sources.suite], { onEvent })('webhook/send')
    await through(entry, baseUrl, [sources.suite, () => null], { onEvent })('user/get')
    expect(events).toEqual([])
  })
})

const opened = async (defaults: AxiosRequestConfig = {}) => {
  const { wecom, baseUrl, sources } = await open()
  const tenants: Record<string, TokenSource> = { a: sources.app, c: sources.corp }
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin`, ...defaults })
  const received: unknown[] = []
  const choose = ({ options }: { options: AxiosRequestConfig }) => {
    received.push(options.tenant)
    return typeof options.tenant === 'string' ? (tenants[options.tenant] ?? null) : null
  }
  attachToken(client, [sources.suite, choose])
  return { wecom, baseUrl, sources, client, asked: received }
}

it('request rule 2: the axios option tenant as a name reaches the function that was attached', async () => {
  const { wecom, client, sources, asked: received } = await opened()
  for (const tenant of ['a', 'c']) await client.get('/user/get', { tenant })
  expect(received).toEqual(['a', 'c'])
  expect(carried(wecom)).toEqual([
    { access_token: await sources.app.get() },
    { access_token: await sources.corp.get() },
  ])
})

it('request rule 2: the axios option tenant may be a default of the client', async () => {
  const { wecom, client, sources } = await opened({ tenant: 'c' })
  await client.get('/user/get')
  await client.get('/user/get', { tenant: 'a' })
  expect(carried(wecom).map(({ access_token }) => access_token)).toEqual([
    await sources.corp.get(),
    await sources.app.get(),
  ])
})

it('request rule 2: the axios option tenant as a function of its own is called instead', async () => {
  const { wecom, client, sources, asked: received } = await opened()
  await client.get('/user/get', {
    tenant: async ({ method }) => sources[method as never] ?? sources.app,
  })
  expect(received).toEqual([])
  expect(carried(wecom)).toEqual([{ access_token: await sources.app.get() }])
})

it('request rule 2: the axios option tenant as a function of its own works also if a source is attached', async () => {
  const { wecom, baseUrl, sources } = await open()
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, sources.app)
  await client.get('/user/get', { tenant: () => sources.corp })
  expect(carried(wecom)).toEqual([{ access_token: await sources.corp.get() }])
})

it('request rule 2: the axios option tenant of null sends the request without a token', async () => {
  const { wecom, client, asked: received } = await opened({ tenant: 'a' })
  expect((await client.get('/user/get', { tenant: null })).data.errcode).toBe(41001)
  expect(carried(wecom)).toEqual([{}])
  expect(received).toEqual([])
  expect(paths(wecom)).toEqual(['user/get'])
})

it('request rule 2: the axios option tenant as a name without a function that chooses is an error, as axios’ errors are, and nothing is sent', async () => {
  const { wecom, baseUrl, sources } = await open()
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, sources.app)
  const seen: unknown[] = []
  client.interceptors.response.use(undefined, (error) => {
    seen.push(error)
    throw error
  })
  const error = await failureOf(client.get('/user/get', { tenant: 'c' }))
  expect(error).toMatchObject({
    code: 'bad_options',
    message:
      "The call of user/get for tenant 'c' was not sent: there is no function that chooses among tenants. " +
      'Attach one: ({ options }) => tenants.get(options.tenant).',
    isAxiosError: false,
    config: { url: '/user/get', tenant: 'c' },
  })
  expect(seen).toEqual([error])
  expect(wecom.requests).toEqual([])
})

it('request rule 2: the axios option tenant is kept by axios 1.7 as well', async () => {
  const { wecom, baseUrl, sources } = await open()
  const old = axios17 as unknown as AxiosStatic
  const client = old.create({ baseURL: `${baseUrl}/cgi-bin`, tenant: 'a' })
  const choose = ({ options }: { options: AxiosRequestConfig }) =>
    options.tenant === 'a' ? sources.app : null
  attachToken(client, [sources.suite, choose], { axios: old })
  await client.get('/user/get')
  await client.get('/user/get', { tenant: () => sources.corp })
  await client.get('/user/get', { tenant: null })
  expect(carried(wecom)).toEqual([
    { access_token: await sources.app.get() },
    { access_token: await sources.corp.get() },
    {},
  ])
})

it('request rule 2: the axios option tenant stays in the caller’s config, which gains nothing', async () => {
  const { client } = await opened()
  const config = Object.freeze({ url: '/user/get', tenant: 'a', params: Object.freeze({ x: 1 }) })
  const bare = axios.create({ baseURL: client.defaults.baseURL as string })
  const { config: without } = await bare.request(config)
  const { config: returned } = await client.request(config)
  expect(Object.keys(returned).sort()).toEqual(Object.keys(without).sort())
  expect(returned).toMatchObject({ tenant: 'a', params: { x: 1 } })
  expect(JSON.stringify(returned)).not.toContain('access_token')
})

it('an error of ours has the config of its own request, however many share a cause', async () => {
  const { baseUrl } = await open()
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  const shared = settle().then(() => undefined as never)
  attachToken(client, () => shared, { baseUrl })
  const calls = ['1', '2', '3'].map((userid) => client.get('/user/get', { params: { userid } }))
  const errors = await Promise.all(calls.map(failureOf))
  expect(errors).toMatchObject(
    ['1', '2', '3'].map((userid) => ({ isAxiosError: false, config: { params: { userid } } })),
  )
})

it('an error of ours has the config of its own request also if one error object is passed to all of them', async () => {
  const { baseUrl, sources } = await open()
  sources.app.close()
  const closed = await failureOf(sources.app.get())
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, () => Promise.reject(closed), { baseUrl })
  const calls = ['1', '2'].map((userid) => client.get('/user/get', { params: { userid } }))
  const errors = await Promise.all(calls.map(failureOf))
  expect(errors).toMatchObject(
    ['1', '2'].map((userid) => ({ code: 'closed', config: { params: { userid } } })),
  )
})

/** The source resolves when the test says so. */
const later = () => {
  const { promise, resolve } = deferred<TokenSource>()
  return { choose: () => promise, give: resolve }
}
/** Whatever was in flight has arrived. */
const roundTrip = async (baseUrl: string) => void (await fetch(baseUrl))

it('rule 11: a request that waits longer than its timeout for a promised source ends as axios ends a request', async () => {
  const { wecom, baseUrl, sources } = await open()
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  const { choose, give } = later()
  attachToken(client, choose, { baseUrl })
  const error = await failureOf(client.get('/user/get', { timeout: 20, tenant: 'a' }))
  expect(error).toBeInstanceOf(axios.AxiosError)
  expect(error).toMatchObject({
    code: 'ECONNABORTED',
    message: 'timeout of 20ms exceeded',
    config: { timeout: 20, tenant: 'a', url: '/user/get' },
  })
  give(sources.app)
  await roundTrip(baseUrl)
  expect(wecom.requests).toEqual([])
})

it('rule 11: waiting for a promised source counts against the timeout, also if its token is memoized', async () => {
  const { wecom, baseUrl, sources } = await open()
  await sources.app.get()
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  const choose = async () => {
    await sleep(150)
    return sources.app
  }
  attachToken(client, choose, { baseUrl })
  wecom.failNext('user/get', { delayMs: 150 })
  const error = await failureOf(client.get('/user/get', { timeout: 200 }))
  expect(error).toMatchObject({ code: 'ECONNABORTED', message: 'timeout of 200ms exceeded' })
})

it('rule 11: an axios request that is aborted while it waits for a promised source ends with a CanceledError', async () => {
  const { wecom, baseUrl, sources } = await open()
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  const { choose, give } = later()
  attachToken(client, choose, { baseUrl })
  const controller = new AbortController()
  const call = failureOf(client.get('/user/get', { signal: controller.signal }))
  await settle()
  controller.abort()
  const error = await call
  expect(axios.isCancel(error)).toBe(true)
  expect(error).toMatchObject({ code: 'ERR_CANCELED', config: { url: '/user/get' } })
  give(sources.app)
  await roundTrip(baseUrl)
  expect(wecom.requests).toEqual([])
})

it.each(['init', 'Request'])(
  'rule 11: a fetch that is aborted by its %s while it waits for a promised source ends with signal.reason',
  async (by) => {
    const { wecom, baseUrl, sources } = await open()
    const { choose, give } = later()
    const qyFetch = withToken(fetch, choose, { baseUrl })
    const controller = new AbortController()
    const { signal } = controller
    const url = `${baseUrl}/cgi-bin/user/get`
    const call = failureOf(
      by === 'init' ? qyFetch(url, { signal }) : qyFetch(new Request(url, { signal })),
    )
    await settle()
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await call).toBe(reason)
    give(sources.app)
    await roundTrip(baseUrl)
    expect(wecom.requests).toEqual([])
  },
)

it('rule 11: a promised source that rejects after all callers have aborted is no unhandled rejection', async () => {
  const { baseUrl } = await open()
  const unhandled = watchUnhandled()
  const { promise, reject } = deferred<TokenSource>()
  const fails = () => promise
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, fails, { baseUrl })
  await failureOf(client.get('/user/get', { timeout: 5 }))
  const signal = AbortSignal.timeout(5)
  await failureOf(withToken(fetch, fails, { baseUrl })(`${baseUrl}/cgi-bin/user/get`, { signal }))
  reject(new Error('too late'))
  await settle()
  expect(await unhandled.stop()).toEqual([])
})

it('a user’s own axios-retry calls the function again for each try, with the same tenant', async () => {
  const { wecom, baseUrl, sources } = await open()
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  axiosRetry(client, { retries: 2, retryDelay: () => 1 })
  const received: unknown[] = []
  const given = [sources.app, sources.corp]
  attachToken(
    client,
    ({ options: { tenant } }) => {
      received.push(tenant)
      return given.shift() ?? null
    },
    { baseUrl },
  )
  wecom.failNext('user/get', { status: 503 })
  const { data, config } = await client.get('/user/get', { tenant: 'a' })
  expect(data.errcode).toBe(0)
  expect(config.tenant).toBe('a')
  expect(received).toEqual(['a', 'a'])
  expect(carried(wecom)).toEqual([
    { access_token: await sources.app.get() },
    { access_token: await sources.corp.get() },
  ])
})

it('a user’s own axios-retry does not retry an error of the function', async () => {
  const { wecom, baseUrl } = await open()
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  axiosRetry(client, { retries: 2, retryDelay: () => 1, retryCondition: () => true })
  let received = 0
  const choose = () => {
    received += 1
    return undefined as never
  }
  attachToken(client, choose, { baseUrl })
  expect(await failureOf(client.get('/user/get'))).toMatchObject({ code: 'bad_options' })
  expect(received).toBe(1)
  expect(wecom.requests).toEqual([])
})

it('detach closes the source that attachToken or withToken made, and none that was passed to it', async () => {
  const { baseUrl, sources } = await open()
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  const made = attachToken(client, CUSTOM_APP, { baseUrl })
  const given = attachToken(client, sources.app)
  const several = attachToken(client, [sources.suite, () => sources.corp])
  expect(several).not.toHaveProperty('source')
  expect(given.source).toBe(sources.app)
  for (const { detach } of [several, given, made]) {
    detach()
    detach()
  }
  expect(made.source.describe().state).toBe('closed')
  await Promise.all([sources.app, sources.suite, sources.corp].map((source) => source.get()))
  expect((await client.get('/user/get')).data.errcode).toBe(41001)
})

it('one source may serve any number of clients', async () => {
  const { wecom, baseUrl, sources } = await open()
  const sends = ENTRIES.flatMap((entry) => [
    through(entry, baseUrl, sources.provider),
    through(entry, baseUrl, [sources.app, sources.provider]),
    through(entry, baseUrl, () => sources.provider, { baseUrl }),
  ])
  await Promise.all(sends.map((send) => send('license/list_order')))
  expect(PROVIDER.corpId).toBe(sources.provider.describe().subject)
  expect(paths(wecom).filter((path) => path === 'service/get_provider_token')).toHaveLength(1)
})

/** As Bluebird and database clients make them: not a `Promise` of this realm. */
function thenable<T>(value: T): PromiseLike<T> {
  // biome-ignore lint/suspicious/noThenProperty: that is what it is
  return { then: (resolve, reject) => Promise.resolve(value).then(resolve, reject) }
}
