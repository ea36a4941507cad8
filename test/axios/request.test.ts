import { Readable } from 'node:stream'
import axios, {
  type AxiosRequestConfig,
  type AxiosStatic,
  type InternalAxiosRequestConfig,
} from 'axios'
import axios17 from 'axios-1.7'
import FormDataPackage from 'form-data'
import { afterEach, expect, it, vi } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { judgeDestinations } from '../../src/request/destination.js'
import { deferred, sourceWith } from '../support/source.js'
import { API, answer, OK, REFUSED, refuseFirst, stubAxios } from '../support/stub-axios.js'

const USER = `${API}/user/get`

afterEach(() => void vi.restoreAllMocks())

const params = () => new URLSearchParams({ a: 'b c' })
const serialize = (given: object) => `own=${Object.keys(given)}`

it.each<[string, AxiosRequestConfig]>([
  ['a path', { url: '/user/get' }],
  ['a path without a slash', { url: 'user/get', params: params() }],
  ['a baseURL with trailing slashes', { baseURL: `${API}//`, url: '/user/get', params: params() }],
  ['a url that names another', { url: 'user/get?next=http://x.example', params: params() }],
  ['an empty url', { baseURL: USER, params: params() }],
  ['no url', { baseURL: USER }],
  ['an absolute url', { url: USER, params: params() }],
  ['an absolute url and no baseURL', { baseURL: undefined as never, url: USER, params: params() }],
  ['a hash and URLSearchParams', { url: '/user/get?x=1#top', params: params() }],
  [
    'a hash and a serializer',
    { url: '/user/get#top', params: { a: 1 }, paramsSerializer: { serialize } },
  ],
  ['a serializer without params', { url: '/user/get', paramsSerializer: { serialize } }],
  [
    'a serializer that returns nothing',
    {
      url: '/user/get',
      params: { a: 1 },
      paramsSerializer: { serialize: () => undefined as never },
    },
  ],
  [
    'options of the serializer',
    { url: '/user/get', params: { a: [1, 2] }, paramsSerializer: { indexes: null } },
  ],
])(
  'request rule 1: a request goes where it would go without us, with the token last: %s',
  async (_name, config) => {
    const { client, urls } = stubAxios()
    await client.request(config)
    const bare = axios.getUri({ baseURL: API, ...config })
    const [address = '', hash] = bare.split('#')
    const separator = address.includes('?') ? '&' : '?'
    expect(urls()[0]?.split('#')[0]).toBe(`${address}${separator}access_token=token-1`)
    expect(hash).toBeUndefined()
  },
)

it('request rule 1: a request without a url takes its endpoint from the baseURL', async () => {
  const { client, events } = stubAxios(refuseFirst())
  await client.request({ baseURL: USER })
  expect(events.find(({ type }) => type === 'refused')).toMatchObject({ endpoint: 'user/get' })
})

it('request rule 1: a url is sent without its hash, which axios removes before it appends a query', async () => {
  const { client, urls } = stubAxios()
  await client.get('/user/get#top', { params: new URLSearchParams() })
  expect(urls()).toEqual([`${USER}?access_token=token-1`])
})

it('request rule 1: a serializer that an interceptor has set as a function is used, with the token last', async () => {
  const { client, urls } = stubAxios()
  client.interceptors.request.use((config) => {
    config.paramsSerializer = serialize as never
    return config
  })
  await client.get('/user/get', { params: { a: 1 } })
  expect(urls()).toEqual([`${USER}?own=a&access_token=token-1`])
})

it('request rule 1: a serializer gets its options, and the token comes last', async () => {
  const { client } = stubAxios()
  const own = vi.fn(() => 'own=1')
  const paramsSerializer = { serialize: own, indexes: null }
  await client.get('/user/get', { params: { a: 1 }, paramsSerializer })
  expect(own).toHaveBeenCalledWith({ a: 1 }, expect.objectContaining(paramsSerializer))
})

it('request rule 1: a request with an absolute url that is appended to the baseURL gets no token', async () => {
  const { client, urls } = stubAxios(answer(OK), { defaults: {} })
  const elsewhere = { baseURL: 'https://elsewhere.example/proxy', allowAbsoluteUrls: false }
  await client.get(USER, elsewhere)
  expect(urls().join()).not.toContain('token')
  await client.get('/user/get', { ...elsewhere, baseURL: API })
  expect(urls()[1]).toContain('access_token=token-1')
  // Without a baseURL, axios uses the url as it is.
  await client.get(USER, { allowAbsoluteUrls: false })
  expect(urls()[2]).toContain('access_token=token-1')
})

/** What bare axios, of that version, would send. */
const sends = (lib: AxiosStatic, config: AxiosRequestConfig) => {
  try {
    return new URL(lib.getUri(config)).href
  } catch {
    return undefined
  }
}
const base = { baseURL: API }
const cases: [string, AxiosRequestConfig][] = [
  [
    'a url with two slashes that stays below the baseURL',
    { ...base, url: '//user/get', allowAbsoluteUrls: false },
  ],
  ['three slashes below the baseURL', { ...base, url: '///user/get', allowAbsoluteUrls: false }],
  ['two slashes, that name a host', { ...base, url: '//user/get' }],
  ['white space before an absolute url', { url: ` \n${USER}` }],
  ['white space after an absolute url', { url: `${USER}\t  ` }],
  ['white space after a path', { ...base, url: '/user/get ' }],
  ['white space before a path', { ...base, url: ' user/get' }],
  ['white space before an absolute url, below a baseURL', { ...base, url: ` ${USER}` }],
  ['line breaks within', { url: `https://qyapi.weixin.\nqq.com/cgi-bin/\tuser/get` }],
  ['backslashes', { url: 'https:\\\\qyapi.weixin.qq.com\\cgi-bin\\user\\get' }],
  ['a host in capitals', { url: 'HTTPS://QYAPI.weixin.qq.com:443/cgi-bin/user/get' }],
  ['a baseURL with three slashes at its end', { baseURL: `${API}///`, url: 'user/get' }],
  ['a url that climbs', { ...base, url: '../user/get' }],
  ['a url that climbs, encoded', { ...base, url: '/user/..%2fget' }],
  ['another host', { ...base, url: 'https://elsewhere.example/cgi-bin/user/get' }],
  ['another host behind white space', { url: ' https://elsewhere.example/cgi-bin/user/get' }],
]
const judge = judgeDestinations('https://qyapi.weixin.qq.com', [])

it.each(
  [axios, axios17 as unknown as AxiosStatic].flatMap((lib) =>
    cases.map(([name, config]) => [lib.VERSION, name, lib, config] as const),
  ),
)(
  'request rule 1: axios’ own getUri combines the url, and that url is judged: axios %s: %s',
  async (_version, _name, lib, config) => {
    const bare = sends(lib, config)
    const isCovered = bare !== undefined && judge(lib.getUri(config)) !== undefined
    const { client, sent } = stubAxios(answer(OK), { defaults: {}, options: { axios: lib } })
    await client.request(config)
    const url = sends(lib, sent[0] as AxiosRequestConfig)
    expect(url).toBe(isCovered ? `${bare}?access_token=token-1` : bare)
  },
)

it('request rule 2: a token parameter of the caller’s own is replaced if it is empty, in the url and in the baseURL', async () => {
  const { client, urls } = stubAxios()
  await client.request({ baseURL: `${USER}?access_token=&a=1` })
  await client.get('/user/get?suite_access_token=&b=1', {
    params: new URLSearchParams({ c: '1' }),
  })
  expect(urls()).toEqual([
    `${USER}?a=1&access_token=token-1`,
    `${USER}?b=1&c=1&access_token=token-1`,
  ])
})

it('request rule 2: a token parameter of the caller’s own of another kind is replaced too, in params of each form and in the baseURL', async () => {
  const { client, urls } = stubAxios(answer(OK), { options: { callerToken: 'replace' } })
  const theirs = { suite_access_token: 'theirs', model_access_token: 'theirs', a: '1' }
  await client.get('/user/get', { params: theirs })
  await client.get('/user/get', { params: new URLSearchParams(theirs) })
  await client.get('', { baseURL: `${USER}?access_token=theirs&a=1` })
  expect(urls()).toEqual(Array(3).fill(`${USER}?a=1&access_token=token-1`))
})

it('request rule 2: a token parameter of the caller’s own does not count if it is null or undefined', async () => {
  const { client, urls } = stubAxios()
  await client.get('/user/get', { params: { access_token: null, suite_access_token: undefined } })
  await client.get('/user/get', { params: null })
  expect(urls()).toEqual(Array(2).fill(`${USER}?access_token=token-1`))
})

it('request rule 3: the config in the response is the very one that axios passed to us', async () => {
  const { client } = stubAxios()
  let dispatched: unknown
  function keep(this: unknown, data: unknown) {
    dispatched = this
    return data
  }
  const { config } = await client.get('/user/get', { transformRequest: [keep] })
  expect(config).toBe(dispatched)
})

it.each([
  ['1.7', axios17 as unknown as AxiosStatic],
  ['1.21', axios],
])(
  'request rule 3: the config for the adapter has the prototype of axios %s’ configs, and no more',
  async (_version, lib) => {
    const seen: InternalAxiosRequestConfig[] = []
    const adapter = async (config: InternalAxiosRequestConfig) => {
      seen.push(config)
      return answer(OK)(config)
    }
    const client = lib.create({ baseURL: API, adapter })
    await client.get('/user/get')
    attachToken(client, sourceWith('token-1').source, { axios: lib })
    await client.get('/user/get')
    const [bare, attached] = seen.map((config) => ({
      isInherited: 'toString' in config,
      // biome-ignore lint/suspicious/noPrototypeBuiltins: adapters call it so.
      isItsOwn: config.hasOwnProperty('url'),
    }))
    expect(attached).toEqual(bare)
  },
)

it.each([
  [undefined, 'manual'],
  ['follow', 'manual'],
  ['error', 'error'],
])(
  'request rule 7: fetchOptions.redirect %s becomes %s, and the other fetchOptions stay',
  async (redirect, expected) => {
    const { client, sent } = stubAxios()
    const fetchOptions = { cache: 'no-store', ...(redirect && { redirect }) }
    await client.get('/user/get', { fetchOptions })
    expect(sent[0]?.fetchOptions).toEqual({ cache: 'no-store', redirect: expected })
  },
)

it.each([undefined, 0, 3])(
  'request rule 7: maxRedirects stays the caller’s: %s',
  async (maxRedirects) => {
    const { client, sent } = stubAxios()
    await client.get('/user/get', { maxRedirects })
    expect(sent[0]?.maxRedirects).toBe(maxRedirects)
  },
)

it('request rule 9: the config that an adapter keeps is without the token once the adapter has settled', async () => {
  const { client, live, sent } = stubAxios()
  await client.get('/user/get', { params: { a: 1 } })
  await client.get('/user/get', { params: new URLSearchParams({ a: '1' }) })
  expect(sent.map((config) => axios.getUri(config))).toEqual(
    Array(2).fill(`${USER}?a=1&access_token=token-1`),
  )
  expect(live.map((config) => axios.getUri(config))).toEqual(Array(2).fill(`${USER}?a=1`))
  expect(live.map(({ baseURL }) => baseURL)).toEqual([API, API])
})

const send = async (data: unknown) => {
  const { client, source, sent, types } = stubAxios(refuseFirst())
  await source.get()
  const answered = await client.post('/media/upload', data)
  return { errcode: answered.data.errcode, sent, types: types() }
}

it('request rule 5: a body that is a stream is sent once', async () => {
  const { errcode, sent, types } = await send(Readable.from(['once']))
  expect([errcode, sent.length, types.at(-1)]).toEqual([42001, 1, 'not_replayed'])
})

it('request rule 5: a body of the form-data package is sent again with the same bytes', async () => {
  const form = new FormDataPackage()
  form.append('text', 'content')
  form.append('media', Buffer.from('bytes'), 'a.txt')
  const bytes = form.getBuffer()
  const { errcode, sent } = await send(form)
  expect([errcode, sent.length]).toEqual([0, 2])
  expect(sent[0]?.data).toBe(form)
  expect(Buffer.from(sent[1]?.data)).toEqual(bytes)
})

it('request rule 5: a body of the form-data package with a stream in it is sent once', async () => {
  const form = new FormDataPackage()
  form.append('media', Readable.from(['once']), 'a.txt')
  const { errcode, sent } = await send(form)
  expect([errcode, sent.length]).toEqual([42001, 1])
})

/** A request that waits for its first token, and whose answers the test makes. */
const waiting = (config: object, respond = answer(OK) as Parameters<typeof stubAxios>[0]) => {
  let now = 1_000
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const token = deferred<string>()
  const stub = stubAxios(respond, { tokens: () => token.promise })
  const call = stub.client.get('/user/get', config)
  const tokenComesAfter = async (ms: number) => {
    await Promise.resolve()
    now += ms
    token.resolve('token-1')
  }
  return { ...stub, call, tokenComesAfter }
}

it('rule 11: a request that waited for its token is sent with the rest of its timeout, and messages name the caller’s figure', async () => {
  const { call, sent, tokenComesAfter } = waiting({ timeout: 5_000 })
  await tokenComesAfter(300.5)
  const { config } = await call
  expect(sent[0]).toMatchObject({
    timeout: 4_700,
    timeoutErrorMessage: 'timeout of 5000ms exceeded',
  })
  expect(config.timeout).toBe(5_000)
  expect(config.timeoutErrorMessage).toBeUndefined()
})

it('rule 11: a request with a timeout keeps the caller’s own message', async () => {
  const { call, sent, tokenComesAfter } = waiting({ timeout: 5_000, timeoutErrorMessage: 'late' })
  await tokenComesAfter(300)
  await call
  expect(sent[0]?.timeoutErrorMessage).toBe('late')
})

it('rule 11: a request with nothing left of its timeout is sent with 1 ms, since 0 would mean no timeout', async () => {
  const { call, sent, tokenComesAfter } = waiting({ timeout: 5_000 })
  await tokenComesAfter(6_000)
  await call
  expect(sent[0]?.timeout).toBe(1)
})

it('rule 11: an error with the remaining time says the caller’s timeout', async () => {
  const { call, tokenComesAfter } = waiting({ timeout: 5_000 }, () => {
    throw new Error('timeout of 4700ms exceeded')
  })
  await tokenComesAfter(300)
  await expect(call).rejects.toThrow('timeout of 5000ms exceeded')
})

it('rule 11: a request is sent with its own timeout if a token is memoized', async () => {
  const { client, source, sent } = stubAxios()
  await source.get()
  await client.get('/user/get', { timeout: 5_000 })
  expect([sent[0]?.timeout, sent[0]?.timeoutErrorMessage]).toEqual([5_000, undefined])
})

it('rule 11: a request with a timeout of 0 has none after it waited for its token either', async () => {
  const { call, sent, tokenComesAfter } = waiting({})
  await tokenComesAfter(300)
  await call
  expect([sent[0]?.timeout, sent[0]?.timeoutErrorMessage]).toEqual([0, undefined])
})

it('rule 11: a replay has the rest of the request’s timeout', async () => {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const { client, source, sent } = stubAxios((config, count) => {
    now += 1_000
    return answer(count === 1 ? REFUSED : OK)(config)
  })
  await source.get()
  await client.get('/user/get', { timeout: 5_000 })
  expect(sent.map(({ timeout }) => timeout)).toEqual([5_000, 4_000])
})
