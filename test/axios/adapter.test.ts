import axios, { AxiosError, type InternalAxiosRequestConfig } from 'axios'
import axiosRetry from 'axios-retry'
import { expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { sourceWith } from '../support/source.js'
import { API, answer, OK, stubAxios } from '../support/stub-axios.js'

it('request rule 3: two attaches to one client leave the caller’s own adapter on the config, and report no token that the caller did not bring', async () => {
  const { client, events, sent } = stubAxios()
  const second = sourceWith('other')
  attachToken(client, second.source)
  const { config } = await client.get('/user/get')
  expect(config.adapter).toBe(client.defaults.adapter)
  expect([...events, ...second.events].map(({ type }) => type)).toEqual(['fetched'])
  expect(sent).toHaveLength(1)
  await axios.create().request(config)
  expect(sent[1]?.params).toBeUndefined()
})

it('two attaches to one client each handle the paths of their own source', async () => {
  const { client, urls } = stubAxios(answer(OK), { defaults: {} })
  attachToken(client, sourceWith('elsewhere', { baseUrl: 'https://wecom.example' }).source)
  await client.get(`${API}/user/get`)
  await client.get('https://wecom.example/cgi-bin/user/get')
  expect(urls()).toEqual([
    `${API}/user/get?access_token=token-1`,
    'https://wecom.example/cgi-bin/user/get?access_token=elsewhere',
  ])
})

it('request rule 3: two attaches to one client are retried by axios-retry as a single attach is', async () => {
  const fail = (config: InternalAxiosRequestConfig) => {
    throw new AxiosError('reset', 'ECONNRESET', config)
  }
  const { client, events, sent } = stubAxios((config, count) =>
    count < 4 ? fail(config) : answer(OK)(config),
  )
  const second = sourceWith('other')
  attachToken(client, second.source)
  axiosRetry(client, { retries: 3 })
  expect((await client.get('/user/get')).data.errcode).toBe(0)
  expect(sent.map(({ params }) => params)).toEqual(Array(4).fill({ access_token: 'token-1' }))
  expect([...events, ...second.events].map(({ type }) => type)).toEqual(['fetched'])
})

it('request rule 3: a config that never reached its adapter carries one token if it is sent again', async () => {
  const controller = new AbortController()
  const { client, events, urls } = stubAxios(answer(OK), {
    before: ({ interceptors }) =>
      interceptors.request.use(async (config) => {
        controller.abort()
        return config
      }),
  })
  const { config } = await client
    .get('/user/get', { signal: controller.signal })
    .catch((error) => error)
  await client.request({ ...config, signal: undefined })
  expect(urls()).toEqual([`${API}/user/get?access_token=token-1`])
  expect(events.map(({ type }) => type)).toEqual(['fetched'])
})

it('request rule 3: detach after a clear() of the interceptors removes no other interceptor', async () => {
  const { client, detach, urls } = stubAxios()
  client.interceptors.request.clear()
  client.interceptors.request.use((config) => Object.assign(config, { params: { mine: 1 } }))
  detach()
  await client.get('/user/get')
  expect(urls()).toEqual([`${API}/user/get?mine=1`])
})
