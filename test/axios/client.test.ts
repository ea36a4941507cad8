import axios from 'axios'
import { expect, it } from 'vitest'
import { callToChooseFor, eject, withConfig } from '../../src/axios/client.js'
import { attachToken, axiosTransport } from '../../src/axios.js'
import { QyapiTokenError } from '../../src/core/errors.js'
import { APP } from '../support/qyapi.js'
import { API, stubAxios } from '../support/stub-axios.js'

const thrownBy = (call: () => unknown) => {
  try {
    call()
  } catch (error) {
    return error as Error & { code: string }
  }
  return expect.fail('nothing was thrown')
}

const interceptors = { request: { use() {} } }
it.each([
  { interceptors },
  { interceptors, defaults: null },
  { interceptors, defaults: 'none' },
  { defaults: {} },
  { interceptors: {}, defaults: {} },
  { interceptors: { request: {} }, defaults: {} },
])('attachToken refuses a client that is no axios instance, such as %o', (client) => {
  expect(thrownBy(() => attachToken(client as never, APP))).toMatchObject({
    code: 'bad_options',
    message: expect.stringContaining('client must be an axios instance, e.g. axios.create()'),
  })
})

const ofNames = (...names: string[]) =>
  Object.assign(() => {}, Object.fromEntries(names.map((name) => [name, () => {}])))

it.each<[string, unknown]>([
  ['an object with all its names', { getAdapter() {}, create() {}, AxiosError() {} }],
  ['an instance', axios.create()],
  ['null', null],
  ['a function', () => {}],
  ['one without create', ofNames('CancelToken')],
  ['one without CancelToken', ofNames('create')],
])('attachToken refuses an option axios that is no axios, such as %s', (_name, lib) => {
  const error = thrownBy(() => attachToken(axios.create(), APP, { axios: lib as never }))
  expect(error.code).toBe('bad_options')
  expect(error.message).toContain('axios must be the axios that the client was made with')
})

it.each(['getAdapter', 'getUri', 'isAxiosError', 'AxiosError', 'CanceledError'])(
  'an axios that is too old to have %s is refused with the required version and its own',
  (missing) => {
    const lib = Object.assign(() => {}, axios, { VERSION: '0.27.2' })
    Reflect.deleteProperty(lib, missing)
    for (const attach of [
      () => attachToken(axios.create(), APP, { axios: lib as never }),
      () => axiosTransport(axios.create(), { axios: lib as never }),
    ])
      expect(thrownBy(attach)).toMatchObject({
        code: 'bad_options',
        message:
          'attachToken and axiosTransport need axios 1.5 or newer, but this is axios 0.27.2: ' +
          'update axios, or pass { axios } with the newer copy that the client was made with.',
      })
  },
)

it('options of null are an error that says so', () => {
  const error = thrownBy(() => attachToken(axios.create(), APP, null as never))
  expect(error).toMatchObject({
    code: 'bad_options',
    message: expect.stringContaining('options must be an object'),
  })
})

it('a client whose baseURL is elsewhere is refused with what to pass, and without the user name in its address', () => {
  const client = axios.create({
    baseURL: 'https://user:pass@elsewhere.example/user@home/cgi-bin',
  })
  const error = thrownBy(() => attachToken(client, APP))
  expect(error.code).toBe('bad_options')
  expect(error.message).toBe(
    "The client's baseURL 'https://elsewhere.example/user@home/cgi-bin' is not below " +
      'https://qyapi.weixin.qq.com, so its calls would get no token. Pass { baseUrl } with the ' +
      'address of your WeCom API (scheme, host, port and prefix, without /cgi-bin), or ' +
      '{ trustedOrigins } if its origin may receive the token too.',
  )
})

const failed = async (config: object = {}) => {
  const { client } = stubAxios(undefined, { tokens: () => new Error('no connection') })
  let left: object | undefined
  const transformRequest = function keep(this: object) {
    left = this
  }
  const error = await client
    .get('/user/get', { transformRequest, ...config })
    .catch((caught) => caught)
  return { error, left }
}

it('an error of ours has the very config of the request, which is not printed', async () => {
  const { error, left } = await failed()
  expect(error).toMatchObject({ code: 'token_fetch_failed', isAxiosError: false })
  expect(error.config).toBe(left)
  expect(Object.keys(error)).not.toContain('config')
})

it('request rule 8: an error of ours prevents retries by the caller’s axios-retry, and keeps the rest of its state', async () => {
  const state = { retries: 3, retryCount: 1 }
  const { error, left } = await failed({ 'axios-retry': state })
  expect(error.config['axios-retry']).toMatchObject({ retries: 0, retryCount: 1 })
  expect(error.config['axios-retry'].onMaxRetryTimesExceeded()).toBeUndefined()
  expect(left).toMatchObject({ 'axios-retry': state })
})

it('an error of ours that many requests share is copied for each of them, with its own config', () => {
  const error = new QyapiTokenError('token_fetch_failed', 'no', { retryable: true })
  const [first, second] = [{ url: '/a' }, { url: '/b' }]
  const carried = [first, second].map((config) => withConfig(error, config as never))
  expect(carried.map((one) => (one as { config: object }).config)).toEqual([first, second])
  expect(carried[0]).not.toBe(carried[1])
})

const pending = {
  lib: axios,
  config: { baseURL: API, params: { userid: 'x' } },
  url: '/user/get',
}

it('the function in tokens receives the whole url, the method and the config', () => {
  const call = callToChooseFor({ ...pending, query: undefined } as never)
  expect(call).toEqual({
    url: `${API}/user/get?userid=x`,
    method: 'get',
    options: pending.config,
  })
})

it('the function in tokens receives the query as it will be sent', () => {
  const call = callToChooseFor({ ...pending, query: 'userid=by-hand' } as never)
  expect(call.url).toBe(`${API}/user/get?userid=by-hand`)
})

const ours = () => {}
const clientWith = (handlers: unknown) => {
  const ejected: number[] = []
  const request = { handlers, eject: (id: number) => ejected.push(id) }
  return { client: { interceptors: { request } } as never, ejected }
}

it.each<[string, unknown, number[]]>([
  ['our interceptor is removed at its place', [null, { fulfilled: ours }], [1]],
  ['ours is removed among others', [{ fulfilled: () => {} }, { fulfilled: ours }], [1]],
  ['no other interceptor is removed, after a clear', [null, { fulfilled: () => {} }], []],
  ['no interceptor is removed if none is left', [], []],
  ['it is removed also if axios shows no handlers', undefined, [1]],
])('detach calls eject safely: %s', (_name, handlers, expected) => {
  const { client, ejected } = clientWith(handlers)
  eject(client, ours, 1)
  expect(ejected).toEqual(expected)
})
