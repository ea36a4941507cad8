import axios, { type InternalAxiosRequestConfig } from 'axios'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { platform } from '../../src/core/platform.js'
import { withToken } from '../../src/fetch.js'
import { createTokenSource, selfBuilt, serviceProvider } from '../../src/index.js'
import { sourceWith } from '../support/source.js'
import { API, answer, REFUSED, stubAxios } from '../support/stub-axios.js'
import { stubFetch } from '../support/stub-fetch.js'

const ORIGIN = 'https://qyapi.weixin.qq.com'
const OWN = 'dead-token-of-an-old-interceptor'

/** Every warning of ours in this test, as `code: message`. */
let said: string[]

beforeEach(() => {
  said = []
  vi.spyOn(process, 'emitWarning').mockImplementation(
    ((message: string, _: string, code: string) => void said.push(`${code}: ${message}`)) as never,
  )
})
afterEach(() => {
  vi.restoreAllMocks()
})

const refusedBy: [name: string, headers: object, data: unknown][] = [
  ['its header', { 'error-code': '40014' }, ''],
  ['a text', {}, REFUSED],
  ['bytes', {}, Buffer.from(REFUSED)],
  ['a mock adapter’s object', {}, JSON.parse(REFUSED)],
]

const call = { params: { access_token: OWN } }

it.each(refusedBy)(
  'a warning names an axios request with a token of its own that is refused by %s',
  async (_, headers, data) => {
    const { client } = stubAxios(answer(data, headers))
    await client.get('/user/get', call)
    expect(said).toHaveLength(1)
    expect(said[0]).toMatch(
      /^QYAPI_TOKEN_CALLER_TOKEN: .*user\/get.*4[02]\d{3}.*callerToken: 'replace'/,
    )
  },
)

it('a request with a token of its own causes a warning also if validateStatus makes an error of its refusal', async () => {
  const { client } = stubAxios((config: InternalAxiosRequestConfig) =>
    Promise.reject(new axios.AxiosError('no', 'E', config, {}, answer(REFUSED)(config) as never)),
  )
  await expect(client.get('/user/get', call)).rejects.toMatchObject({ message: 'no' })
  expect(said).toHaveLength(1)
})

it.each([
  ['its header', { 'error-code': '40014' }, ''],
  ['its body', { 'content-length': '51', 'content-type': 'application/json' }, REFUSED],
])(
  'a warning names a fetch request with a token of its own that is refused by %s, whose answer stays complete',
  async (_, headers, body) => {
    const { qyFetch } = stubFetch(() => new Response(body, { headers }))
    const response = await qyFetch(`${API}/user/get?access_token=${OWN}`)
    expect(await response.text()).toBe(body)
    await vi.waitFor(() => expect(said).toHaveLength(1))
  },
)

it('refused requests with a token of their own cause one warning for each attach, however many they are', async () => {
  const { client } = stubAxios(answer(REFUSED))
  for (let times = 0; times < 3; times += 1) await client.get('/user/get', call)
  expect(said).toHaveLength(1)
  const other = stubAxios(answer(REFUSED))
  await other.client.get('/user/get', call)
  expect(said).toHaveLength(2)
})

it('request rule 9: the warning of a refused token of the caller’s own shows no token', async () => {
  const { client } = stubAxios(answer(REFUSED))
  await client.get(`/user/get?access_token=${OWN}`)
  expect(said).toHaveLength(1)
  expect(said.join()).not.toContain(OWN)
})

it('a token of the caller’s own causes no warning if WeCom accepts it, or if it is replaced', async () => {
  const taken = stubAxios()
  await taken.client.get('/user/get', call)
  const replaced = stubAxios(answer(REFUSED), { options: { callerToken: 'replace' } })
  await replaced.client.get('/user/get', call)
  expect(said).toEqual([])
})

const notFound = answer('', {}, { status: 404 })

it('an axios request that gets 404 because its baseURL lacks /cgi-bin causes a warning, with the baseURL to set', async () => {
  const { client } = stubAxios(notFound, { defaults: { baseURL: ORIGIN } })
  await client.get('/user/get?secret=hidden', { validateStatus: null })
  expect(said).toHaveLength(1)
  expect(said[0]).toMatch(/^QYAPI_TOKEN_BASE_URL: .*\/user\/get was not found/)
  expect(said[0]).toContain(`baseURL '${ORIGIN}/cgi-bin'`)
  expect(said[0]).not.toContain('hidden')
})

it('a baseURL without /cgi-bin causes a warning also if axios makes an error of the 404, which stays the caller’s', async () => {
  const { client } = stubAxios(
    (config: InternalAxiosRequestConfig) =>
      Promise.reject(new axios.AxiosError('404', 'E', config, {}, notFound(config) as never)),
    { defaults: { baseURL: `${ORIGIN}/` } },
  )
  for (let times = 0; times < 2; times += 1)
    await expect(client.get('user/get')).rejects.toMatchObject({ message: '404' })
  expect(said).toHaveLength(1)
})

it('a fetch request that gets 404 because its url lacks /cgi-bin causes a warning', async () => {
  const { qyFetch } = stubFetch(() => new Response('', { status: 404 }))
  for (let times = 0; times < 2; times += 1) await qyFetch(`${ORIGIN}/user/get?userid=u`)
  expect(said).toHaveLength(1)
  expect(said[0]).toMatch(/^QYAPI_TOKEN_BASE_URL: /)
})

it('a 404 below /cgi-bin or elsewhere, or another status, causes no warning', async () => {
  const below = stubAxios(notFound)
  await below.client.get('/user/gett', { validateStatus: null })
  await below.client.get('https://other.example/user', { validateStatus: null })
  const found = stubAxios(answer('ok'), { defaults: { baseURL: ORIGIN } })
  await found.client.get('/health')
  const { qyFetch } = stubFetch(() => new Response('', { status: 404 }))
  await qyFetch(`${API}/user/gett`)
  await qyFetch('https://other.example/user')
  await qyFetch('https://user:password@qyapi.weixin.qq.com/user/get')
  expect(said).toEqual([])
})

const APP = { corpId: 'ww1', corpSecret: 'secret-of-the-first' }
const other = { corpId: 'ww2', corpSecret: 'secret-of-the-second' }

it('a second attachToken on one client causes a warning, and the first attach handles the requests', async () => {
  const { client, urls } = stubAxios()
  attachToken(client, other)
  attachToken(client, other)
  expect(said).toHaveLength(1)
  expect(said[0]).toMatch(/^QYAPI_TOKEN_SECOND_ATTACH: .*detach\(\)/)
  expect(said.join()).not.toMatch(/secret-of/)
  await client.get('/user/get')
  expect(urls()).toEqual([`${API}/user/get?access_token=token-1`])
})

it('a second attachToken with the same source and other options causes a warning', () => {
  const { client, source } = stubAxios()
  attachToken(client, source)
  expect(said).toEqual([])
  attachToken(client, source, { onEvent: () => {} })
  expect(said).toHaveLength(1)
})

it('a second attachToken causes a warning if a function handles all the requests already', () => {
  const client = axios.create({ baseURL: API })
  const { source } = sourceWith(() => 'token')
  attachToken(client, () => source)
  attachToken(client, APP)
  expect(said).toHaveLength(1)
})

it('a second attachToken causes no warning after detach(), for another address or client, or for other kinds of token', () => {
  const client = axios.create()
  const { detach } = attachToken(client, APP)
  detach()
  attachToken(client, other)
  attachToken(client, other, { baseUrl: 'https://wecom.example' })
  const provider = serviceProvider({ corpId: 'ww3', providerSecret: 'secret' })
  attachToken(client, createTokenSource(provider))
  attachToken(axios.create(), createTokenSource(selfBuilt(APP)))
  expect(said).toEqual([])
})

it('withToken with an axios client in place of a fetch causes a warning at once', () => {
  withToken(axios.create() as never, { corpId: 'ww1', corpSecret: 'secret' })
  expect(said).toHaveLength(1)
  expect(said[0]).toMatch(/^QYAPI_TOKEN_NOT_FETCH: .*an axios client.*attachToken/)
})

it.each([
  ['parsed data', { errcode: 0 }],
  ['another library’s answer', { statusCode: 200, headers: {}, body: '' }],
  ['nothing', undefined],
])(
  'withToken with a fetch that returns %s causes one warning, and what it returns is passed on',
  async (_, given) => {
    const { qyFetch } = stubFetch(() => given)
    for (let times = 0; times < 2; times += 1)
      expect(await qyFetch(`${API}/user/get`)).toEqual(given)
    expect(said).toHaveLength(1)
    expect(said[0]).toMatch(/^QYAPI_TOKEN_NOT_FETCH: /)
  },
)

it('withToken causes no warning if fetch returns responses, or a mock that has a part of one', async () => {
  for (const given of [new Response('{"errcode":0}'), { json: async () => ({ errcode: 0 }) }]) {
    const { qyFetch } = stubFetch(() => given)
    await qyFetch(`${API}/user/get`)
  }
  expect(said).toEqual([])
})

it('a warning goes to the console on a runtime without process.emitWarning', () => {
  const printed = vi.spyOn(console, 'warn').mockImplementation(() => {})
  vi.mocked(process.emitWarning).mockImplementation(() => {
    throw new Error('not supported in the edge runtime')
  })
  platform.emitWarning('something is wrong', 'QYAPI_TOKEN_BASE_URL')
  vi.stubGlobal('process', undefined)
  platform.emitWarning('something is wrong', 'QYAPI_TOKEN_BASE_URL')
  vi.unstubAllGlobals()
  expect(printed.mock.calls).toEqual([
    ['[QYAPI_TOKEN_BASE_URL] something is wrong'],
    ['[QYAPI_TOKEN_BASE_URL] something is wrong'],
  ])
})
