/** Fetches of every make, over real sockets: each gets the kinds of objects that the caller passed. */
import { createRequire } from 'node:module'
import ky from 'ky'
import * as undici from 'undici'
import { describe, expect, it } from 'vitest'
import { type MiddlewareOptions, withToken } from '../../src/fetch.js'
import type { FakeQyapi } from '../../src/testing.js'
import { APP } from '../support/qyapi.js'
import { useServers } from '../support/servers.js'

const servers = useServers()
const MESSAGE = JSON.stringify({ touser: 'zhangsan', text: { content: '你好' } })

// node-fetch itself, which comes with ofetch.
const nodeFetch = createRequire(createRequire(import.meta.url).resolve('ofetch'))(
  'node-fetch-native/node',
) as { fetch: typeof fetch; Request: typeof Request }

const MAKES: [string, typeof fetch, typeof Request][] = [
  ['the global fetch', fetch, Request],
  ['undici', undici.fetch as unknown as typeof fetch, undici.Request as unknown as typeof Request],
  ['node-fetch', nodeFetch.fetch, nodeFetch.Request],
]

/** Wraps a fetch that takes nothing but a Request, as some wrappers do; its first request is refused. */
async function refusingOnce(plain: typeof fetch, options: MiddlewareOptions = {}) {
  const { wecom, baseUrl } = await servers.fake({ errorCodeHeader: false })
  const requestsOnly = (request: string | URL | Request) => plain(request)
  const qyFetch = withToken(requestsOnly as typeof fetch, APP, { baseUrl, ...options })
  await qyFetch.source.get()
  wecom.revoke()
  return { wecom, qyFetch, url: `${baseUrl}/cgi-bin/message/send` }
}

const sent = ({ requests }: FakeQyapi) => requests.filter(({ path }) => path === 'message/send')

describe.each(MAKES)('a Request of %s', (_name, plain, SomeRequest) => {
  it('request rule 5: a Request of another implementation is sent and replayed as one, with its body in one piece', async () => {
    const { wecom, qyFetch, url } = await refusingOnce(plain)
    const headers = { 'x-own': '1', 'content-type': 'application/json' }
    const response = await qyFetch(new SomeRequest(url, { method: 'POST', body: MESSAGE, headers }))
    expect(await response.json()).toMatchObject({ errcode: 0 })
    expect(sent(wecom)).toHaveLength(2)
    for (const { method, body, headers: arrived } of sent(wecom)) {
      expect([method, String(Buffer.from(body))]).toEqual(['POST', MESSAGE])
      expect(arrived).toMatchObject({
        'x-own': '1',
        'content-length': String(Buffer.byteLength(MESSAGE)),
        'content-type': 'application/json',
      })
      expect(arrived).not.toHaveProperty('transfer-encoding')
    }
  })

  it('request rule 10: a Request of another implementation whose body was read is not sent', async () => {
    const { wecom, qyFetch, url } = await refusingOnce(plain)
    const request = new SomeRequest(url, { method: 'POST', body: MESSAGE })
    await request.text()
    await expect(qyFetch(request)).rejects.toThrow(TypeError)
    expect(sent(wecom)).toEqual([])
  })
})

it('withToken passes ky’s requests on, and its errors contain no token', async () => {
  const { wecom, qyFetch, url } = await refusingOnce(fetch)
  const client = ky.create({ fetch: qyFetch })
  expect(await client.post(url, { body: MESSAGE }).json()).toMatchObject({ errcode: 0 })
  expect(sent(wecom).map(({ method }) => method)).toEqual(['POST', 'POST'])
})

it('withToken works on ky as on any fetch', async () => {
  const { wecom, baseUrl } = await servers.fake()
  const below = (input: string | URL | Request, init?: RequestInit) =>
    ky(input, { ...init, retry: 0 })
  const qyFetch = withToken(below as typeof fetch, APP, { baseUrl })
  wecom.failNext('user/get', { status: 500 })
  const error = await qyFetch(`${baseUrl}/cgi-bin/user/get`).catch((failure) => failure)
  const token = await qyFetch.source.get()
  expect(error).toMatchObject({ name: 'HTTPError' })
  expect(error.message).not.toContain(token)
  expect(error.request.url).toBe(`${baseUrl}/cgi-bin/user/get`)
  expect(error.response.url).toBe(`${baseUrl}/cgi-bin/user/get`)
  expect(error.response.status).toBe(500)
  expect(Object.keys(error)).not.toContain('request')
})
