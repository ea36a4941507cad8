import { request } from 'node:http'
import { type ConnectionFacts, openConnection } from './connection.js'
import { type Failure, failureOf, inTime } from './line.js'
import { type ProxySetting, proxyAuthorization } from './proxy.js'

/** One request and what came back. */
export interface Exchange {
  readonly connection: ConnectionFacts
  readonly answer?: Answer
  /** After the connection was made. */
  readonly failure?: Failure
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** The wall clock before the request and after the answer. */
  readonly sentAtMs: number
  readonly receivedAtMs: number
}

const LONGEST_BODY = 64_000

/** Sends a GET on a connection of its own. Its url may contain a secret, and is never printed. */
export async function get(url: URL, proxy: ProxySetting | undefined): Promise<Exchange> {
  const { facts: connection, socket } = await openConnection(url, proxy)
  if (socket === undefined) return { connection }
  const isForwarded = proxy !== undefined && url.protocol === 'http:'
  const path = isForwarded ? `${url.origin}${url.pathname}${url.search}` : url.pathname + url.search
  const headers = {
    host: url.host,
    accept: 'application/json',
    'cache-control': 'no-cache, no-store',
    connection: 'close',
    ...(isForwarded && proxyAuthorization(proxy)),
  }
  const sentAtMs = Date.now()
  try {
    const answered = new Promise<Answer>((resolve, reject) => {
      const asked = request({ path, headers, createConnection: () => socket }, (response) => {
        const chunks: Buffer[] = []
        const { statusCode: status = 0, headers } = response
        const receivedAtMs = Date.now()
        response.on('data', (chunk: Buffer) => void chunks.push(chunk))
        response.once('error', reject)
        response.once('end', () => {
          const body = Buffer.concat(chunks).toString().slice(0, LONGEST_BODY)
          resolve({ status, headers, body, sentAtMs, receivedAtMs })
        })
      })
      asked.once('error', reject)
      asked.end()
    })
    return { connection, answer: await inTime(answered) }
  } catch (error) {
    return { connection, failure: failureOf(error) }
  } finally {
    socket.destroy()
  }
}
