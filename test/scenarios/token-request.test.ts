import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import axios, { type AxiosInstance, type AxiosStatic } from 'axios'
import axios17 from 'axios-1.7'
import axios113 from 'axios-1.13'
import axios118 from 'axios-1.18'
import nock from 'nock'
import { beforeAll, describe, expect, it } from 'vitest'
import { axiosTransport } from '../../src/axios.js'
import { createTokenSource, selfBuilt } from '../../src/index.js'
import { APP } from '../support/qyapi.js'
import { useServers } from '../support/servers.js'
import { tokenBody } from '../support/source.js'

const { serve } = useServers()
beforeAll(() => nock.restore())

/** The copy that axios uses. It has no types. */
const followRedirects: { http: { request(...given: unknown[]): unknown } } = createRequire(
  import.meta.url,
)('follow-redirects')

const VERSIONS = [
  ['1.7', axios17],
  ['1.13', axios113],
  ['1.18', axios118],
  ['1.21', axios],
] as unknown as [string, AxiosStatic][]

describe.each(VERSIONS)('a token request over real HTTP, axios %s', (_version, lib) => {
  const sourceOf = (baseUrl: string, defaults: object, options: object = {}) => {
    const client = lib.create(defaults) as AxiosInstance
    const transport = axiosTransport(client, { axios: lib, ...options })
    return createTokenSource(selfBuilt(APP), { baseUrl, transport })
  }

  it('rule 10: a gzip answer to a token request that breaks off is tried again at once', async () => {
    let count = 0
    const zipped = gzipSync(tokenBody('token-1'))
    const baseUrl = await serve((_request, response) => {
      count += 1
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      if (count > 1) response.end(zipped)
      else response.write(zipped.subarray(0, -12), () => response.destroy())
    })
    expect(await sourceOf(baseUrl, {}).get()).toBe('token-1')
    expect(count).toBe(2)
  })

  const rewritten = {
    request: (options: object, onResponse: unknown) =>
      followRedirects.http.request({ ...options, beforeRedirect: () => {} }, onResponse),
  }
  it.each<[string, object]>([
    ['axios’ own transport', {}],
    ['follow-redirects', { transport: followRedirects.http }],
    ['follow-redirects with options of its own', { transport: rewritten }],
    ['a number of redirects', { maxRedirects: 9 }],
    ['the fetch adapter', { adapter: 'fetch' }],
  ])('rule 12: a token request is never redirected: %s', async (_name, defaults) => {
    const seen: string[] = []
    const baseUrl = await serve((request, response) => {
      seen.push(request.url ?? '')
      response.writeHead(302, { location: `/elsewhere?${request.url}` }).end()
    })
    await expect(sourceOf(baseUrl, defaults).get()).rejects.toThrow(/redirected \(HTTP 302\)/)
    expect(seen).toHaveLength(1)
  })

  it.each(['http', 'fetch'])(
    'rule 12: a token request has the headers and the auth for a gateway, asks for a fresh answer, and uses no caching hint: %s',
    async (adapter) => {
      const seen: NodeJS.Dict<string | string[]>[] = []
      const baseUrl = await serve(({ headers }, response) => {
        seen.push(headers)
        response.writeHead(200, { 'content-type': 'application/json' }).end(tokenBody('token-1'))
      })
      const defaults = {
        adapter,
        headers: { 'x-own': '1' },
        fetchOptions: { cache: 'force-cache', next: { revalidate: 60 } },
      }
      const auth = { username: 'u', password: 'p' }
      const options = { headers: { 'X-Api-Key': 'key' }, auth }
      expect(await sourceOf(baseUrl, defaults, options).get()).toBe('token-1')
      expect(seen[0]).toMatchObject({
        'x-api-key': 'key',
        authorization: `Basic ${btoa('u:p')}`,
        'cache-control': 'no-cache, no-store',
      })
      expect(seen[0]).not.toHaveProperty('x-own')
    },
  )

  it.each([
    [401, 'text/plain', 'no'],
    [403, 'text/plain', 'no'],
    [407, 'text/plain', 'no'],
    [200, 'text/html', '<html>sign in</html>'],
  ])(
    'the error of a gateway’s %s of %s names the options for headers and auth',
    async (status, type, body) => {
      const baseUrl = await serve((_request, response) => {
        response.writeHead(status, { 'content-type': type }).end(body)
      })
      await expect(sourceOf(baseUrl, {}).get()).rejects.toThrow(
        /axiosTransport\(client, \{ headers, auth \}\), or fetchTransport\(fetch, \{ headers \}\)/,
      )
    },
  )
})

it('rule 12: a token request of a client that sends by HTTP/2 uses HTTP/2 too', async () => {
  const { createServer } = await import('node:http2')
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(tokenBody('token-1'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const client = axios.create({ httpVersion: 2, http2Options: { sessionTimeout: 20 } } as never)
  const source = createTokenSource(selfBuilt(APP), {
    baseUrl: `http://127.0.0.1:${port}`,
    transport: axiosTransport(client),
  })
  expect(await source.get()).toBe('token-1')
  server.close()
})
