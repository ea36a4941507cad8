import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FakeAnswer, FakeRequest, NextAnswer } from './fake-answers.js'

/** A request before its path is read. */
export type Incoming = Pick<FakeRequest, 'method' | 'headers' | 'body'>

interface WireAnswer {
  readonly status: number
  readonly body: Uint8Array
  readonly headers: Record<string, string>
}

/** How to handle one request. */
export interface Handled {
  readonly answer: WireAnswer
  readonly next: NextAnswer
}

/** An answer as bytes, with the headers that WeCom would send. */
export function wireAnswer(answer: FakeAnswer, errorCodeHeader: boolean): WireAnswer {
  const { status = 200, json, headers } = answer
  const body = json === undefined ? (answer.body ?? '') : JSON.stringify(json)
  const errcode = json?.errcode
  return {
    status,
    body: Buffer.from(body),
    headers: {
      ...(json === undefined ? {} : { 'content-type': 'application/json; charset=UTF-8' }),
      ...(errorCodeHeader && typeof errcode === 'number'
        ? { 'error-code': String(errcode), 'error-msg': String(json?.errmsg) }
        : {}),
      ...headers,
      'content-length': String(Buffer.byteLength(body)),
    },
  }
}

type Handle = (incoming: Incoming, uri: string) => Promise<Handled>

/** Answers what does not belong to the API: the page. */
export type PageListener = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** A real server on loopback. */
export function fakeServer(handle: Handle) {
  let server: Server | undefined
  let page: PageListener | undefined

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', headers, url = '/' } = request
    if (page !== undefined && !url.startsWith('/cgi-bin/')) return page(request, response)
    const { answer, next } = await handle({ method, headers, body: await bodyOf(request) }, url)
    if (next.reset) {
      response.destroy()
      return
    }
    response.writeHead(answer.status, answer.headers)
    if (!next.truncate) {
      response.end(answer.body)
      return
    }
    const half = answer.body.subarray(0, Math.ceil(answer.body.length / 2))
    response.write(half, () => response.destroy())
  }

  const addressOf = (listening: Server) =>
    `http://127.0.0.1:${(listening.address() as AddressInfo).port}`

  return {
    /** Where it listens, if it does. */
    address: () => (server?.listening ? addressOf(server) : undefined),
    /** From now on, this answers every path outside of the API. */
    servePage(listener: PageListener): void {
      page = listener
    },
    listen(port = 0): Promise<string> {
      const listening = createServer((request, response) => {
        serve(request, response).catch(() => response.destroy())
      })
      // Never close an idle connection just when a request is sent on it, even on a slow machine.
      listening.keepAliveTimeout = 0
      server = listening
      return new Promise((resolve, reject) => {
        listening.once('error', reject)
        listening.listen(port, '127.0.0.1', () => {
          resolve(addressOf(listening))
        })
      })
    },
    close(): Promise<void> {
      const closing = server
      server = undefined
      if (closing === undefined) return Promise.resolve()
      closing.closeAllConnections()
      return new Promise((resolve) => closing.close(() => resolve()))
    },
  }
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** The parts of nock that are used. */
export type NockLike = (baseUrl: string) => { persist(): NockScope }
interface NockScope {
  intercept(path: RegExp, method: string): { reply(answer: NockReply): unknown }
}
type NockReply = (
  this: { readonly req: { readonly headers: Record<string, string> } },
  uri: string,
  body: unknown,
) => Promise<readonly [number, Uint8Array, Record<string, string>]>

/** Answers every GET and POST below `/cgi-bin/` by nock. */
export function interceptByNock(
  nock: NockLike,
  handle: Handle,
  baseUrl = 'https://qyapi.weixin.qq.com',
): void {
  for (const method of ['GET', 'POST']) {
    const scope = nock(baseUrl).persist()
    scope.intercept(/\/cgi-bin\//, method).reply(async function (uri, given) {
      const { headers } = this.req
      const body = Buffer.from(typeof given === 'string' ? given : JSON.stringify(given ?? ''))
      const { answer, next } = await handle({ method, headers, body }, uri)
      if (next.reset) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
      return [answer.status, answer.body, answer.headers]
    })
  }
}
