import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { atLeast } from './turns.js'

/** Its paths and answers; `/slow` waits, `/never` and the stuck ones never answer. */
export const ANSWERS = [
  '/echo',
  '/errcode',
  '/text',
  '/html',
  '/empty',
  '/204',
  '/binary',
  '/braces',
  '/range',
  '/broken-json',
  '/long',
  '/gzip',
  '/long-gzip',
  '/400',
  '/404',
  '/500',
  '/dripping',
  '/reset',
  '/truncated',
]

/** A server that knows nothing of tokens: it returns what it received, and answers in every awkward way. */
export async function startPlainServer() {
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(resolve)
      }),
  }
}

const JSON_TYPE = { 'content-type': 'application/json; charset=UTF-8' }
const LONG = JSON.stringify({
  errcode: 0,
  rows: Array.from({ length: 5000 }, (_, id) => ({ id, errcode: 42001 })),
})
const PIECE = '{"err'
/** Too long to be buffered for judging. */
const LONG_PIECE = `${' '.repeat(20_000)}${PIECE}`
const TOKEN = JSON.stringify({
  errcode: 0,
  errmsg: 'ok',
  access_token: 'planted-token',
  expires_in: 7200,
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const url = new URL(request.url ?? '/', 'http://plain')
  url.searchParams.delete('access_token')
  const path = url.pathname.replace('/cgi-bin', '')
  const send = (status: number, headers: Record<string, string>, body: string | Buffer = '') => {
    response.writeHead(status, headers)
    response.end(request.method === 'HEAD' ? '' : body)
  }
  const routes: Record<string, () => void> = {
    '/gettoken': () => send(200, JSON_TYPE, TOKEN),
    '/echo': () => send(200, JSON_TYPE, JSON.stringify(seen(request, url, Buffer.concat(chunks)))),
    '/errcode': () =>
      send(
        200,
        { ...JSON_TYPE, 'error-code': '60011' },
        '{"errcode":60011,"errmsg":"no privilege"}',
      ),
    '/text': () => send(200, { 'content-type': 'text/plain' }, 'plain 文本'),
    '/html': () => send(200, { 'content-type': 'text/html' }, '<html>login</html>'),
    '/empty': () => send(200, {}),
    '/204': () => send(204, {}),
    '/binary': () =>
      send(200, { 'content-type': 'image/png' }, Buffer.from([0x89, 0x50, 0, 1, 2, 255])),
    '/braces': () =>
      send(200, { 'content-type': 'application/octet-stream' }, '{"errcode":42001} not JSON'),
    '/range': () =>
      send(
        206,
        { 'content-type': 'image/png', 'content-range': 'bytes 0-1/6' },
        Buffer.from([0x89, 0x50]),
      ),
    '/broken-json': () => send(200, JSON_TYPE, '{"errcode":0,'),
    '/long': () => send(200, JSON_TYPE, LONG),
    '/gzip': () =>
      send(
        200,
        { ...JSON_TYPE, 'content-encoding': 'gzip' },
        gzipSync('{"errcode":0,"text":"gz"}'),
      ),
    '/long-gzip': () => send(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }, gzipSync(LONG)),
    '/400': () => send(400, JSON_TYPE, '{"errcode":40058}'),
    '/moved': () => send(302, { location: '/cgi-bin/echo' }),
    '/404': () => send(404, {}),
    '/500': () => send(500, { 'content-type': 'text/html' }, '<h1>oops</h1>'),
    '/slow': () => void setTimeout(() => send(200, JSON_TYPE, '{"errcode":0}'), 250),
    '/never': () => {},
    '/stuck': () => void response.writeHead(200, JSON_TYPE).write(PIECE),
    '/long-stuck': () => void response.writeHead(200, JSON_TYPE).write(LONG_PIECE),
    '/long-dripping': () => void drip(response, LONG_PIECE, 2_400),
    '/reset': () => void response.destroy(),
    '/truncated': () => {
      response.writeHead(200, { ...JSON_TYPE, 'content-length': '100' })
      response.write('{"errcode":0,', () => response.destroy())
    },
    '/dripping': () => void drip(response),
  }
  ;(routes[path] ?? (() => send(404, {})))()
}

function seen({ method, headers }: IncomingMessage, url: URL, body: Buffer) {
  const { host: _host, connection: _connection, ...others } = headers
  const boundary = /boundary=(.*)$/.exec(others['content-type'] ?? '')?.[1] ?? '\0'
  const text = body
    .toString('latin1')
    .replaceAll(boundary, 'BOUNDARY')
    .replace(/formdata-undici-\d+/g, 'BOUNDARY')
  const shown = Object.fromEntries(
    Object.entries(others).map(([key, value]) => [
      key,
      String(value).replace(boundary, 'BOUNDARY'),
    ]),
  )
  return {
    errcode: 0,
    method,
    search: url.search,
    headers: shown,
    length: body.length,
    text: text.slice(0, 2000),
  }
}

async function drip(response: ServerResponse, first = PIECE, firstPauseMs = 100): Promise<void> {
  response.writeHead(200, JSON_TYPE)
  response.write(first)
  // It arrives alone even on a busy machine: progress events report it.
  await atLeast(firstPauseMs)
  for (const piece of ['code":', '0,"text":"', 'drip', '"}']) {
    response.write(piece)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  response.end()
}
