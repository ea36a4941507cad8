import {
  Agent,
  createServer,
  type IncomingMessage,
  type RequestListener,
  type RequestOptions,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import axiosCurrent, { type AxiosInstance, type AxiosRequestConfig, type AxiosStatic } from 'axios'
import axios15 from 'axios-1.5'
import axios17 from 'axios-1.7'
import axios113 from 'axios-1.13'
import axios118 from 'axios-1.18'
import nock from 'nock'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { someOf } from '../support/exhaustive.js'
import { type Make, seenBy } from '../support/seen.js'
import { sourceWith } from '../support/source.js'

const VERSIONS = [
  ['1.5', axios15],
  ['1.7', axios17],
  ['1.13', axios113],
  ['1.18', axios118],
  ['1.21', axiosCurrent],
] as unknown as [string, AxiosStatic][]

const TOKEN = 'planted-token-of-the-call'

/** The copy that axios uses. It has no types. */
const followRedirects: { http: { request(...given: unknown[]): unknown } } = createRequire(
  import.meta.url,
)('follow-redirects')

const servers: Server[] = []
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

let baseUrl: string
let elsewhere: string
/** The paths that the foreign server received. */
let seenElsewhere: string[] = []
beforeAll(async () => {
  nock.restore()
  elsewhere = await serve((incoming, response) => {
    seenElsewhere.push(`${incoming.method} ${incoming.url} ${JSON.stringify(incoming.rawHeaders)}`)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"errcode":0}')
  })
  baseUrl = await serve((incoming, response) => {
    answer(incoming, response).catch(() => response.destroy())
  })
})

const GZIP = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
const ZIPPED = gzipSync('{"errcode":0,"text":"half of it"}')

/** The paths that the covered server received, and whether with the token. */
let seenHere: string[] = []

async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(incoming.url ?? '/', baseUrl)
  seenHere.push(`${url.pathname} ${url.searchParams.get('access_token') === TOKEN}`)
  const [, , route = '', to = ''] = url.pathname.split('/')
  const move = (status: number, location: string) =>
    response.writeHead(status, { location }).end('moved')
  const half = () => response.writeHead(200, GZIP).write(ZIPPED.subarray(0, -12))
  const routes: Record<string, () => unknown> = {
    // Each of them repeats the query of its request, the token included.
    relative: () => move(Number(to || 302), `/cgi-bin/echo${url.search}`),
    covered: () => move(302, `${baseUrl}/cgi-bin/echo${url.search}`),
    outside: () => move(302, `/public/echo${url.search}`),
    foreign: () => move(Number(to || 302), `${elsewhere}/cgi-bin/echo${url.search}`),
    nested: () => move(302, `${elsewhere}/login?back=${encodeURIComponent(url.href)}`),
    chain: () => move(302, `/cgi-bin/foreign${url.search}`),
    endless: () => move(302, `/cgi-bin/endless${url.search}`),
    broken: () => move(302, `http://[${url.search}`),
    'cut-gzip': () => half() && setTimeout(() => response.destroy(), 50),
    'stalled-gzip': half,
    'no-gzip': () => response.writeHead(200, GZIP).end('not zipped'),
    silent: () => {},
    echo: () => echo(incoming, url, response),
  }
  await (routes[route] ?? routes.echo)?.()
}

async function echo(incoming: IncomingMessage, url: URL, response: ServerResponse) {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  url.searchParams.delete('access_token')
  const { method, headers } = incoming
  const seen = {
    errcode: 0,
    method,
    headers,
    url: url.pathname + url.search,
    body: String(Buffer.concat(chunks)),
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(seen))
}

const query = { params: { a: '1' } }
const transports: Record<string, object> = {
  'follow-redirects': followRedirects.http,
  'follow-redirects, wrapped': {
    request: (options: never, onResponse: never) =>
      followRedirects.http.request(options, onResponse),
  },
  'follow-redirects with options of its own': {
    request: (options: RequestOptions, onResponse: never) =>
      followRedirects.http.request({ ...options, timeout: 5_000, maxRedirects: 2 }, onResponse),
  },
  'follow-redirects with no redirects': {
    request: (options: RequestOptions, onResponse: never) =>
      followRedirects.http.request({ ...options, maxRedirects: 0 }, onResponse),
  },
  'follow-redirects with a hook of its own': {
    request: (options: RequestOptions, onResponse: never) =>
      followRedirects.http.request({ ...options, beforeRedirect: () => {} } as never, onResponse),
  },
  'follow-redirects with a url': {
    request: ({ hostname, port, path, method, headers }: RequestOptions, onResponse: never) =>
      followRedirects.http.request(
        `http://${hostname}:${port}${path}`,
        { method, headers } as never,
        onResponse,
      ),
  },
  'Node’s own': { request },
  'Node’s own with an agent': {
    request: (options: RequestOptions, onResponse: never) =>
      request({ ...options, agent: new Agent() }, onResponse),
  },
  'one that follows by itself': {
    request: (options: RequestOptions, onResponse: (response: IncomingMessage) => void) =>
      request(options, (response) => {
        const { location } = response.headers
        if (location === undefined) return onResponse(response)
        request(new URL(location, baseUrl), onResponse).end()
      }),
  },
}

const targets = ['relative', 'covered', 'outside', 'foreign', 'chain', 'endless', 'broken']
const noting = (
  options: Record<string, unknown>,
  { headers }: { headers: Record<string, string> },
  more?: object,
) => {
  options.headers = {
    ...(options.headers as object),
    'x-noted': [options.path, headers.location, JSON.stringify(more ?? {})]
      .join(' ')
      .replaceAll(/\s+/g, ' '),
  }
}

const rows: [string, Make][] = [
  ...targets.map((to): [string, Make] => [
    `a redirect: ${to}`,
    () => ({ url: `/${to}`, ...query }),
  ]),
  ...['covered', 'foreign'].map((to): [string, Make] => [
    `a streamed answer of a redirect: ${to}`,
    () => ({ url: `/${to}`, ...query, responseType: 'stream' }),
  ]),
  ...[301, 303, 307, 308].flatMap((status) =>
    ['relative', 'foreign'].map((to): [string, Make] => [
      `a post that is redirected: ${status}, ${to}`,
      () => ({ method: 'post', url: `/${to}/${status}`, ...query, data: { a: 1 } }),
    ]),
  ),
  ['redirects of which there are too many', () => ({ url: '/chain', ...query, maxRedirects: 1 })],
  [
    'redirects that the caller does not want',
    () => ({ url: '/foreign', ...query, maxRedirects: 0 }),
  ],
  ...['covered', 'foreign', 'chain'].map((to): [string, Make] => [
    `a beforeRedirect of the caller’s: ${to}`,
    () => ({ url: `/${to}`, ...query, beforeRedirect: noting as never }),
  ]),
  [
    'a beforeRedirect that leads elsewhere',
    () => ({
      url: '/covered',
      ...query,
      beforeRedirect: (options) =>
        Object.assign(options, { port: Number(new URL(elsewhere).port) }),
    }),
  ],
  [
    'a beforeRedirect that throws',
    () => ({
      url: '/foreign',
      ...query,
      beforeRedirect: () => {
        throw new Error('no redirects, please')
      },
    }),
  ],
  ...Object.entries(transports).flatMap(([name, transport]) =>
    ['covered', 'foreign', 'chain'].map((to): [string, Make] => [
      `a client’s own transport, ${name}: ${to}`,
      () => ({ url: `/${to}`, ...query, transport }),
    ]),
  ),
  [
    'follow-redirects as transport and no redirects',
    () => ({ url: '/foreign', ...query, maxRedirects: 0, transport: followRedirects.http }),
  ],
  ...['json', 'text', 'arraybuffer', 'stream'].flatMap((responseType) =>
    ['cut-gzip', 'no-gzip'].map((url): [string, Make] => [
      `${url} as ${responseType}`,
      () => ({ url: `/${url}`, responseType: responseType as 'json' }),
    ]),
  ),
  ...['json', 'text', 'arraybuffer'].map((responseType): [string, Make] => [
    `stalled-gzip as ${responseType}`,
    () => ({ url: '/stalled-gzip', responseType: responseType as 'json', timeout: 200 }),
  ]),
  ['a timeout', () => ({ url: '/silent', timeout: 200 })],
  [
    'a lookup that takes too long',
    () =>
      ({
        url: '/echo',
        baseURL: `http://wecom.test/cgi-bin`,
        lookup: () => {},
        timeout: 200,
      }) as AxiosRequestConfig,
  ],
  [
    'a stream beyond maxBodyLength',
    () => ({
      method: 'post',
      url: '/echo',
      data: Readable.from([Buffer.alloc(3000)]),
      maxBodyLength: 1000,
    }),
  ],
  [
    'an agent with a timeout of its own',
    () => ({
      url: '/silent',
      httpAgent: new Agent({ keepAlive: true, timeout: 300 }),
      timeout: 900,
    }),
  ],
]

const clientOf = (lib: AxiosStatic): AxiosInstance =>
  lib.create({ baseURL: `${baseUrl}/cgi-bin`, adapter: 'http' })

function attachedOf(lib: AxiosStatic): AxiosInstance {
  const client = clientOf(lib)
  const { source } = sourceWith(TOKEN, { baseUrl })
  attachToken(client, source, { axios: lib })
  return client
}

async function doTheSame(lib: AxiosStatic, make: Make): Promise<void> {
  const run = async (client: AxiosInstance) => {
    seenElsewhere = []
    const seen = await seenBy(client, make)
    return { ...seen, elsewhere: seenElsewhere }
  }
  const bare = await run(clientOf(lib))
  const client = clientOf(lib)
  const origin = make().baseURL === undefined ? baseUrl : 'http://wecom.test'
  const { source } = sourceWith(TOKEN, { baseUrl: origin })
  attachToken(client, source, { axios: lib, trustedOrigins: [baseUrl] })
  expect(await run(client), 'before there is a token').toEqual(bare)
  await source.get()
  const attached = await run(client)
  expect(attached, 'with a token').toEqual(bare)
  expect(JSON.stringify(attached)).not.toContain(TOKEN)
}

// 1.5 is tried for what a redirect may carry away.
const COMPARED = VERSIONS.slice(1)

describe.each(COMPARED)('attached and bare do the same on the network, axios %s', (_, lib) => {
  it.each(someOf(rows))(
    'request rule 10: attached and bare axios do the same on the network: %s',
    (_name, make) => doTheSame(lib, make),
  )
})

// A stream's answer comes before its timeout, on a busy machine too.
it.concurrent.each(COMPARED)(
  'request rule 10: attached and bare axios do the same on the network: stalled-gzip as stream, axios %s',
  (_, lib) =>
    doTheSame(lib, () => ({ url: '/stalled-gzip', responseType: 'stream', timeout: 2_000 })),
)

describe.each(VERSIONS)(
  'a redirect carries the token to no other origin, axios %s',
  (_version, lib) => {
    const all = Object.entries({ 'axios’ own': undefined, ...transports })
    const cases = all.flatMap(([name, transport]) =>
      ['foreign', 'nested', 'chain', 'outside'].map((to) => ({ name, transport, to })),
    )

    it.each(cases)(
      'request rule 7: a redirect carries the token to no other origin: $to, $name transport',
      async ({ transport, to }) => {
        seenElsewhere = []
        seenHere = []
        const client = attachedOf(lib)
        await client.get(`/${to}`, { ...query, transport }).catch(() => {})
        expect(seenHere[0]).toBe(`/cgi-bin/${to} true`)
        expect(seenHere).not.toContain('/public/echo true')
        expect(seenElsewhere.join()).not.toContain(TOKEN)
      },
    )

    const following = all.filter(
      ([name]) => /own$|follow-redirects(?!.*no redirects)/.test(name) && !/Node/.test(name),
    )

    it.each(following)(
      'request rule 7: a redirect that stays at the same API leads where the server says, with the token, %s transport',
      async (_name, transport) => {
        seenHere = []
        const client = attachedOf(lib)
        const { data } = await client.get('/covered', { ...query, transport })
        expect(data.url).toBe('/cgi-bin/echo?a=1')
        expect(seenHere).toEqual(['/cgi-bin/covered true', '/cgi-bin/echo true'])
      },
    )

    it('request rule 7: the caller’s beforeRedirect is called last, and sees no token', async () => {
      const seen: string[] = []
      const client = attachedOf(lib)
      const beforeRedirect = (...details: unknown[]) =>
        void seen.push(inspect(details, { depth: 1 }))
      for (const to of ['covered', 'foreign', 'nested'])
        await client.get(`/${to}`, { ...query, beforeRedirect })
      expect(seen).toHaveLength(3)
      expect(seen.join()).not.toContain(TOKEN)
    })
  },
)
