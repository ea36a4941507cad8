import axios from 'axios'
import { expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import {
  type CredentialOf,
  createSourcePool,
  type SourcePoolOptions,
  selfBuilt,
  type TokenSource,
} from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { ENTRIES, failureOf, paths, through, useEveryKind } from '../support/every-kind.js'
import { hold } from '../support/hold.js'
import { settle } from '../support/qyapi.js'
import { numberedTokens } from '../support/source.js'

const open = useEveryKind()
const appOf = (corpId: string, corpSecret = 'secret') => selfBuilt({ corpId, corpSecret })

/** A pool whose sources never get to ask. */
const idlePool = (credentialOf: CredentialOf = appOf, options: SourcePoolOptions = {}) =>
  createSourcePool(credentialOf, { transport: () => new Promise(() => {}), ...options })

/** A pool of self-built apps that a fake knows. */
async function appPool(corpIds: readonly string[], options: SourcePoolOptions = {}) {
  const apps = corpIds.map((corpId) => ({ corpId, corpSecret: 'secret' }))
  const { wecom, baseUrl, clock } = await open({ apps })
  const asked: string[] = []
  const credentialOf = (corpId: string) => {
    asked.push(corpId)
    return appOf(corpId)
  }
  const pool = createSourcePool(credentialOf, { baseUrl, clock, ...options })
  const get = (tenant: string) => pool.get(tenant) as TokenSource
  return { wecom, baseUrl, clock, pool, get, asked }
}

it.each([
  ['synchronous, so that get is too', (corpId: string) => appOf(corpId)],
  ['promised, so that get returns a promise', async (corpId: string) => appOf(corpId)],
  [
    'promised by a promise of another library',
    (corpId: string) => thenable(appOf(corpId)) as never,
  ],
])(
  'a pool looks up a credential that is %s once for any number of callers',
  async (_name, credentialOf) => {
    let asked = 0
    const pool = idlePool((tenant) => {
      asked += 1
      return credentialOf(tenant)
    })
    const given = await Promise.all(Array.from({ length: 1000 }, () => pool.get('ww-a')))
    expect(new Set(given).size).toBe(1)
    expect(given[0]?.describe().subject).toBe('app of corp ww-a')
    // Once it is known, it is there at once.
    expect(pool.get('ww-a')).toBe(given[0])
    expect(asked).toBe(1)
    expect(pool.size).toBe(1)
  },
)

it('rule 1: a tenant of a pool costs one token request for any number of cold calls', async () => {
  const { wecom, baseUrl, pool } = await appPool(['ww-a', 'ww-b'])
  for (const entry of ENTRIES) {
    const send = through(
      entry,
      baseUrl,
      ({ url }) => pool.get(new URL(url).searchParams.get('corp') ?? ''),
      { baseUrl },
    )
    const corps = Array.from({ length: 40 }, (_, call) => (call % 2 === 0 ? 'ww-a' : 'ww-b'))
    const answers = await Promise.all(corps.map((corp) => send(`user/get?corp=${corp}`)))
    expect(new Set(answers.map(({ errcode }) => errcode))).toEqual(new Set([0]))
  }
  expect(wecom.count('gettoken', 'ww-a')).toBe(1)
  expect(wecom.count('gettoken', 'ww-b')).toBe(1)
  for (const { path, query, corpId } of wecom.requests)
    if (path === 'user/get') expect(corpId).toBe(query.get('corp'))
})

it('a pool looks a credential up again after a failure, once each time', async () => {
  let asked = 0
  const pool = idlePool(async (tenant) => {
    asked += 1
    if (asked === 1) throw new Error('the database is down')
    return appOf(tenant)
  })
  const failures = await Promise.all(['ww-a', 'ww-a'].map((t) => failureOf(pool.get(t) as never)))
  expect(failures.map(({ message }) => message)).toEqual(Array(2).fill('the database is down'))
  expect((await pool.get('ww-a')).describe().state).toBe('empty')
  expect(asked).toBe(2)
})

it('a source of a pool is shared by two names with one credential, but not by names that differ in case', () => {
  const pool = idlePool((name) => appOf(name.replace('alias-', '')))
  expect(pool.get('alias-ww-a')).toBe(pool.get('ww-a'))
  expect(pool.get('WW-A')).not.toBe(pool.get('ww-a'))
  expect(pool.size).toBe(3)
})

it('rule 14: a source of a pool is not shared by two secrets of one corp', () => {
  const pool = idlePool((secret) => appOf('ww-a', secret))
  expect(pool.get('one')).not.toBe(pool.get('two'))
})

it.each([
  ['undefined', () => undefined],
  ['a promise of undefined', async () => undefined],
  ['null', () => null as never],
])(
  'an unknown tenant (%s) is an error with axios and fetch, and nothing is sent',
  async (_name, credentialOf) => {
    const { wecom, baseUrl } = await open()
    const pool = createSourcePool(credentialOf, { baseUrl })
    for (const entry of ENTRIES) {
      const error = await failureOf(
        through(entry, baseUrl, () => pool.get('ww-x'), { baseUrl })('user/get'),
      )
      expect(error).toMatchObject({
        code: 'bad_options',
        message:
          "There is no tenant 'ww-x': credentialOf returned no credential for it. Nothing was sent.",
      })
    }
    expect(pool.size).toBe(0)
    expect(wecom.requests).toEqual([])
  },
)

it('an unknown tenant is an error of each axios call, with the call’s own config', async () => {
  const { baseUrl } = await open()
  const pool = createSourcePool(async () => {
    await settle()
    return undefined
  })
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  attachToken(client, ({ options }) => pool.get(String(options.tenant)), { baseUrl })
  const calls = ['1', '2'].map((userid) =>
    failureOf(client.get('/user/get', { params: { userid }, tenant: 'ww-x' })),
  )
  expect(await Promise.all(calls)).toMatchObject([
    { code: 'bad_options', isAxiosError: false, config: { params: { userid: '1' } } },
    { code: 'bad_options', isAxiosError: false, config: { params: { userid: '2' } } },
  ])
})

it.each([undefined, null, '', '  ', 42, {}])('a pool refuses %o as a tenant name', (tenant) => {
  const never = () => expect.fail('asked')
  expect(() => idlePool(never).get(tenant as string)).toThrow(/^tenant must be the name of a ten/)
})

it.each(['secret', {}, 42])('a pool refuses %o as a credential', (given) => {
  expect(() => idlePool(() => given as never).get('ww-a')).toThrow(
    /^credentialOf must be a function that returns a credential, got something of type \w+ \(not s/,
  )
})

it('a tenant is found as soon as it exists', async () => {
  const known = new Set<string>()
  const pool = idlePool((tenant) => (known.has(tenant) ? appOf(tenant) : undefined))
  expect(() => pool.get('ww-a')).toThrow(/no tenant 'ww-a'/)
  known.add('ww-a')
  expect(pool.get('ww-a')).toBe(pool.get('ww-a'))
})

it('a full pool evicts the least recently used tenant; it comes back with a new source', () => {
  const asked: string[] = []
  const pool = idlePool(
    (tenant) => {
      asked.push(tenant)
      return appOf(tenant)
    },
    { maxTenants: 3 },
  )
  const first = pool.get('a')
  for (const tenant of ['b', 'c', 'a', 'd', 'a']) pool.get(tenant)
  expect(pool.size).toBe(3)
  expect(pool.get('a')).toBe(first)
  expect(asked).toEqual(['a', 'b', 'c', 'd'])
  pool.get('b') // in the place of c
  pool.get('a')
  pool.get('d')
  expect(asked).toEqual(['a', 'b', 'c', 'd', 'b'])
  pool.get('c')
  pool.get('b')
  expect(asked).toEqual(['a', 'b', 'c', 'd', 'b', 'c', 'b'])
  expect(pool.get('d')).not.toBe(first)
  expect(pool.size).toBe(3)
})

it('an evicted source stays usable for callers that still hold it', async () => {
  const { wecom, get } = await appPool(['ww-a', 'ww-b'], { maxTenants: 1 })
  const held = get('ww-a')
  const token = await held.get()
  await get('ww-b').get()
  expect(await held.get()).toBe(token)
  expect(get('ww-a')).not.toBe(held)
  expect(paths(wecom)).toEqual(['gettoken', 'gettoken'])
})

it('a full pool keeps a tenant whose source is fetching', async () => {
  const { wecom, get, asked } = await appPool(['ww-a', 'ww-b', 'ww-c'], { maxTenants: 2 })
  const fetched = hold(wecom, 'gettoken')
  const busy = get('ww-a')
  const token = busy.get()
  await fetched.arrived()
  await get('ww-b').get()
  get('ww-c') // in the place of ww-b, though ww-a was asked for earlier
  expect(get('ww-a')).toBe(busy)
  fetched.release()
  await token
  get('ww-b')
  expect(asked).toEqual(['ww-a', 'ww-b', 'ww-c', 'ww-b'])
  expect(wecom.count('gettoken', 'ww-a')).toBe(1)
})

it('rule 10: a full pool keeps a tenant whose source cools down, so that a wrong secret is not sent again', async () => {
  const { wecom, clock, get } = await appPool(['ww-b', 'ww-c', 'ww-d'], { maxTenants: 2 })
  await failureOf(get('ww-gone').get())
  for (const tenant of ['ww-b', 'ww-c', 'ww-d']) await get(tenant).get()
  expect(await failureOf(get('ww-gone').get())).toMatchObject({ code: 'credential_refused' })
  expect(wecom.count('gettoken', 'ww-gone')).toBe(1)
  clock.advance(60_000)
  for (const tenant of ['ww-b', 'ww-c']) get(tenant)
  await failureOf(get('ww-gone').get())
  expect(wecom.count('gettoken', 'ww-gone')).toBe(2)
})

it('a full pool keeps its size even if all sources are busy', () => {
  const pool = idlePool(appOf, { maxTenants: 2 })
  const call = (tenant: string) => (pool.get(tenant) as TokenSource).get()
  // They get no answer: in a slow run they fail while other tests are at work.
  for (const tenant of ['a', 'b', 'c', 'd']) void failureOf(call(tenant))
  expect(pool.size).toBe(2)
})

it('a full pool checks only the hundred least recently used tenants, so that adding one is fast', () => {
  const pool = idlePool(appOf, { maxTenants: 101 })
  const get = (tenant: string) => pool.get(tenant) as TokenSource
  const oldest = get('ww-0')
  for (let at = 0; at < 100; at += 1) void failureOf(get(`ww-${at}`).get())
  const idle = get('ww-idle')
  get('ww-new')
  expect(get('ww-idle')).toBe(idle)
  expect(get('ww-0')).not.toBe(oldest)
})

it.each([0, -1, 1.5, Number.NaN, '10', null])('a pool refuses a maxTenants of %o', (maxTenants) => {
  expect(() => idlePool(appOf, { maxTenants: maxTenants as number })).toThrow(
    /^maxTenants must be a whole number from 1 up/,
  )
})

it('the other options of a pool are checked like those of a source', () => {
  expect(() => idlePool(appOf, { maxAgeMs: -1 })).toThrow(/^maxAgeMs must be a number of mill/)
  expect(() => idlePool(appOf, { tenants: 1 } as never)).toThrow(/^Unknown key 'tenants'/)
  expect(() => createSourcePool('secret' as never)).toThrow(/^credentialOf must be a function/)
})

it('pool.delete closes the tenant’s source, and the tenant may come back', async () => {
  const { get, pool } = await appPool(['ww-a'])
  const source = get('ww-a')
  await source.get()
  expect(pool.delete('ww-a')).toBe(true)
  expect(pool.delete('ww-a')).toBe(false)
  expect(pool.size).toBe(0)
  expect(await failureOf(source.get())).toMatchObject({ code: 'closed' })
  expect(await get('ww-a').get()).toMatch(/^fake-token_2/)
})

it('a source of a pool that one tenant has left is still shared with new tenants', () => {
  const pool = idlePool(() => appOf('ww-a'))
  const source = pool.get('one')
  pool.get('other')
  pool.delete('one')
  expect(pool.get('third')).toBe(source)
})

it('pool.delete leaves a source alone that another tenant shares', async () => {
  const pool = idlePool((name) => appOf(name.slice(0, 4)))
  const source = pool.get('ww-a-1') as TokenSource
  pool.get('ww-a-2')
  pool.delete('ww-a-1')
  expect(source.describe().state).toBe('empty')
  expect(pool.get('ww-a-2')).toBe(source)
  pool.delete('ww-a-2')
  expect(source.describe().state).toBe('closed')
})

it('pool.delete during the lookup of a credential rejects that lookup', async () => {
  const codes = ['old-code', 'new-code']
  const pool = idlePool(async (tenant) => {
    const code = codes.shift()
    await settle()
    return appOf(tenant, code)
  })
  const before = failureOf(pool.get('ww-a') as Promise<TokenSource>)
  expect(pool.delete('ww-a')).toBe(true)
  const after = pool.get('ww-a')
  const message =
    "Tenant 'ww-a' was deleted while its credential was being looked up. Call get() again."
  expect(await before).toMatchObject({ code: 'closed', message })
  expect(pool.get('ww-a')).toBe(after)
  expect(await after).toBe(pool.get('ww-a'))
  expect(codes).toEqual([])
  expect(pool.size).toBe(1)
})

it('pool.close closes every source, also later ones', async () => {
  const { pool, get } = await appPool(['ww-a', 'ww-b'])
  const sources = [get('ww-a'), get('ww-b')]
  const waiting = failureOf((sources[0] as TokenSource).get())
  pool.close()
  expect(await waiting).toMatchObject({ code: 'closed' })
  for (const source of [...sources, get('ww-a'), get('ww-c')]) {
    expect(source.describe().state).toBe('closed')
    expect(await failureOf(source.get())).toMatchObject({ code: 'closed' })
  }
})

it('pool.close closes a source whose credential is still being looked up', async () => {
  const pool = idlePool(async (tenant) => {
    await settle()
    return appOf(tenant)
  })
  const source = pool.get('ww-a')
  pool.close()
  expect((await source).describe().state).toBe('closed')
})

/** As Bluebird and database clients make them: no `Promise` of this realm. */
function thenable<T>(value: T): PromiseLike<T> {
  // biome-ignore lint/suspicious/noThenProperty: that is what it is
  return { then: (resolve, reject) => Promise.resolve(value).then(resolve, reject) }
}

it('rule 3: the corps of a pool whose first tokens came at once are refreshed over half a lifetime', async () => {
  const clock = fakeClock()
  const { transport, requests } = numberedTokens()
  const pool = createSourcePool(appOf, { clock, transport })
  const corps = Array.from({ length: 200 }, (_, index) => pool.get(`ww-${index}`) as TokenSource)
  const requestedInTenMinutes = async () => {
    const before = requests()
    await Promise.all(corps.map((corp) => corp.get()))
    await settle()
    clock.advance(600_000)
    return requests() - before
  }
  expect(await requestedInTenMinutes()).toBe(200)
  for (let index = 1; index < 24; index += 1)
    expect(await requestedInTenMinutes()).toBeLessThan(index < 6 ? 1 : 80)
  expect(requests()).toBeGreaterThan(400)
})
