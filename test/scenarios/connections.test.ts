import { Agent as HttpAgent, type RequestListener } from 'node:http'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import axios, { type AxiosRequestConfig } from 'axios'
import nock from 'nock'
import {
  Agent as Dispatcher,
  Request as UndiciRequest,
  Response as UndiciResponse,
  fetch as undiciFetch,
} from 'undici'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { withToken } from '../../src/fetch.js'
import { useServers } from '../support/servers.js'
import { tokenBody } from '../support/source.js'

const { serve } = useServers()
// It has agents of its own.
beforeAll(() => nock.restore())

const APP = { corpId: 'ww-fake', corpSecret: 'fake-secret' }
const REFUSAL = '{"errcode":42001,"errmsg":"expired"}'

const ends: (() => unknown)[] = []
afterEach(() => Promise.all(ends.splice(0).map((end) => end())))

/** Issues `t-1`, `t-2`, …, and accepts those that are valid. */
function wecom(isGood: (token: string | null) => boolean, headers: object = {}): RequestListener {
  let count = 0
  return (request, response) => {
    const url = new URL(request.url ?? '', 'http://wecom.test')
    request.resume()
    response.setHeader('content-type', 'application/json')
    if (url.pathname === '/cgi-bin/gettoken') {
      count += 1
      return response.end(tokenBody(`t-${count}`))
    }
    if (isGood(url.searchParams.get('access_token'))) return response.end('{"errcode":0}')
    response.writeHead(200, { ...headers }).end(REFUSAL)
  }
}

const byHeader = { 'error-code': '42001' }

it.each([
  ['http', 'by its body', {}],
  ['http', 'by its header', byHeader],
  ['fetch', 'by its body', {}],
  ['fetch', 'by its header', byHeader],
])(
  'request rule 5: a refused stream of axios’ %s adapter does not occupy the connection that the token request needs, refused %s',
  async (adapter, _by, headers) => {
    const baseUrl = await serve(wecom((token) => token === 't-2', headers))
    const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 })
    const dispatcher = new Dispatcher({ connections: 1 })
    ends.push(
      () => agent.destroy(),
      () => dispatcher.close(),
    )
    const connection = {
      http: { adapter, httpAgent: agent },
      fetch: {
        adapter,
        env: { fetch: undiciFetch, Request: UndiciRequest, Response: UndiciResponse },
        fetchOptions: { dispatcher },
      },
    }[adapter] as AxiosRequestConfig
    const client = axios.create({
      ...connection,
      baseURL: `${baseUrl}/cgi-bin`,
      responseType: 'stream',
    })
    attachToken(client, APP, { baseUrl })
    const { data } = await client.get<Readable>('/user/get')
    expect(await text(data)).toBe('{"errcode":0}')
  },
)

it.each([
  ['by its body', {}],
  ['by its header', byHeader],
])(
  'request rule 5: a refused response of fetch does not occupy the connection that the token request needs, refused %s',
  async (_by, headers) => {
    const baseUrl = await serve(wecom((token) => token === 't-2', headers))
    const dispatcher = new Dispatcher({ connections: 1 })
    ends.push(() => dispatcher.close())
    const byOne = ((url: string, init?: object) =>
      undiciFetch(url, { ...init, dispatcher })) as unknown as typeof globalThis.fetch
    const qyFetch = withToken(byOne, APP, { baseUrl })
    const response = await qyFetch(`${baseUrl}/cgi-bin/user/get`)
    expect(await response.text()).toBe('{"errcode":0}')
  },
)

it('request rule 5: a refused answer stays complete for a caller whose request is not replayed', async () => {
  const baseUrl = await serve(wecom(() => false))
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin`, responseType: 'stream' })
  const { source } = attachToken(client, APP, { baseUrl, refreshBudget: 0 })
  await source.get()
  const bare = await axios.get(`${baseUrl}/cgi-bin/user/get`, { responseType: 'stream' })
  const { data } = await client.get('/user/get')
  const { date: _date, ...headers } = bare.data.headers
  expect(data).toMatchObject({
    statusCode: 200,
    statusMessage: 'OK',
    headers,
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    complete: true,
  })
  expect(data.rawHeaders).toEqual(expect.arrayContaining(['content-type', 'application/json']))
  expect(await text(data)).toBe(REFUSAL)
})
