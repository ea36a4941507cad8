import { inspect } from 'node:util'
import axios, { type AxiosStatic, type InternalAxiosRequestConfig } from 'axios'
import axios17 from 'axios-1.7'
import { expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { deferred, sourceWith } from '../support/source.js'
import { API, answer, OK, stubAxios } from '../support/stub-axios.js'

it('the object that attachToken returns prints what describe() of its source returns', () => {
  const attached = attachToken(axios.create(), { corpId: 'ww-fake', corpSecret: 'planted' })
  const shown = inspect(attached).replace(/\s+/g, ' ')
  expect(shown).toContain("source: TokenSource { kind: 'self-built', subject:")
  expect(JSON.parse(JSON.stringify(attached))).toEqual({ source: attached.source.describe() })
  expect(shown).not.toContain('planted')
})

it('request rule 3: a request of an attached client is sent in the same turn if a token is memoized', async () => {
  const { client, source, sent } = stubAxios()
  await source.get()
  const call = client.get('/user/get')
  expect(sent).toHaveLength(1)
  await call
})

it('request rule 3: a request of an attached client with a body that can be sent once waits for the new token while a refresh is running', async () => {
  const { client, source, clock, urls } = stubAxios()
  await source.get()
  clock.advance(6_900_000)
  await client.post('/media/upload', new Blob(['once']).stream())
  expect(urls()).toEqual([`${API}/media/upload?access_token=token-2`])
})

it('request rule 3: a request of an attached client that was aborted before it was sent keeps its own adapter', async () => {
  const adapters: unknown[] = []
  const { client, sent } = stubAxios(answer(OK), {
    // Registered before us, so it runs after us and sees the config that we return.
    before: ({ interceptors }) =>
      interceptors.request.use((config) => {
        adapters.push(config.adapter)
        return config
      }),
  })
  const { token: cancelToken, cancel } = axios.CancelToken.source()
  cancel()
  for (const config of [{ signal: AbortSignal.abort() }, { cancelToken }]) {
    const error = await client.get('/user/get', config).catch((caught) => caught)
    expect(axios.isCancel(error)).toBe(true)
  }
  const { adapter } = client.defaults
  expect(adapters).toEqual([adapter, adapter])
  expect(sent).toEqual([])
})

it('request rule 3: a request of an attached client without an adapter of its own has none in the config of its response', async () => {
  const used: string[] = []
  const adapter = async (config: never) => {
    used.push(axios.getUri(config))
    return answer(OK)(config)
  }
  const lib = Object.assign(() => {}, axios, {
    defaults: { ...axios.defaults, adapter },
  }) as unknown as AxiosStatic
  const { client } = stubAxios(undefined, { options: { axios: lib } })
  client.interceptors.request.use(({ adapter: _, ...config }) => config)
  const { config } = await client.get('/user/get')
  expect(used).toEqual([`${API}/user/get?access_token=token-1`])
  expect(config).not.toHaveProperty('adapter')
})

it('request rule 3: a request of an attached client with a URL object keeps the very config, and goes where the URL pointed when the request was made', async () => {
  const { client, urls } = stubAxios()
  const url = new URL(`${API}/user/get?a=1`)
  let intercepted: unknown
  const remember = (config: InternalAxiosRequestConfig) => {
    intercepted = config
    return config
  }
  client.interceptors.request.use(remember, undefined, { synchronous: true })
  const call = client.request({ url: url as never })
  url.pathname = '/elsewhere'
  const { config } = await call
  expect(config).toBe(intercepted)
  expect(urls()).toEqual([`${API}/user/get?a=1&access_token=token-1`])
})

it('request rule 3: a request of an attached client is not replayed if the body that had to be read is no refusal', async () => {
  const read = () => new Blob([OK]).stream()
  const { client, sent } = stubAxios((config) => answer(read())(config))
  await client.get('/user/get', { responseType: 'stream' })
  expect(sent).toHaveLength(1)
})

it('request rule 3: detach also applies to requests that are still in flight', async () => {
  const gate = deferred<void>()
  const { client, detach, urls } = stubAxios(answer(OK), {
    before: ({ interceptors }) =>
      interceptors.request.use((config) => gate.promise.then(() => config)),
  })
  const call = client.get('/user/get')
  detach()
  gate.resolve()
  await call
  expect(urls()).toEqual([`${API}/user/get`])
})

it('request rule 3: detach called a second time removes no other interceptor', async () => {
  // Axios 1.5 reuses ids after a clear.
  const client = axios17.create({
    baseURL: API,
    adapter: async (config) => answer(OK)(config as never) as never,
  })
  const { detach } = attachToken(client as never, sourceWith('token').source)
  detach()
  client.interceptors.request.clear()
  client.interceptors.request.use((config) => Object.assign(config, { params: { their: 1 } }))
  detach()
  expect((await client.get('/user/get')).config.params).toEqual({ their: 1 })
})
