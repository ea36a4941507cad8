import { Agent, type RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import axios, { type AxiosInstance, type AxiosStatic } from 'axios'
import axios17 from 'axios-1.7'
import axios113 from 'axios-1.13'
import axios118 from 'axios-1.18'
import nock from 'nock'
import { beforeAll, describe, expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { useServers } from '../support/servers.js'
import { sourceWith } from '../support/source.js'
import { answer, OK, stubAxios } from '../support/stub-axios.js'

const { serve } = useServers()
// Its sockets have a time of their own.
beforeAll(() => nock.restore())

const VERSIONS = [
  ['1.7', axios17],
  ['1.13', axios113],
  ['1.18', axios118],
  ['1.21', axios],
] as unknown as [string, AxiosStatic][]

describe('the timeout of a call', () => {
  it('is none for a call without a timeout, and left alone where the caller has a transport, or Node’s own by no redirects', async () => {
    const { client, source, sent } = stubAxios(answer(OK))
    await source.get()
    const transport = {}
    await client.get('/user/get')
    await client.get('/user/get', { timeout: 500, transport })
    await client.get('/user/get', { timeout: 500, maxRedirects: 0 })
    expect(sent[0]).not.toHaveProperty('transport')
    expect(sent[1]).toHaveProperty('transport', {})
    expect(sent[2]).not.toHaveProperty('transport')
  })

  /** Answers with half a body, and then no more. */
  const stalls: RequestListener = (_request, response) => {
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': 10 }).write('half')
  }

  it.each(
    VERSIONS.flatMap(([version, lib]) =>
      ['text', 'stream'].map((responseType) => ({ version, lib, responseType })),
    ),
  )('ends an answer that stalls as without us: $responseType, axios $version', async (given) => {
    const { lib, responseType } = given
    const baseUrl = await serve(stalls)
    const failureOf = async (client: AxiosInstance) => {
      const config = { timeout: 150, responseType: responseType as 'text' }
      const read = async () => text((await client.get('/media/get', config)).data as Readable)
      const { message, code, name } = await read().catch((error) => error)
      return { message, code, name }
    }
    const client = lib.create({ baseURL: `${baseUrl}/cgi-bin` })
    const bare = await failureOf(client)
    const { source } = sourceWith('token-1', { baseUrl })
    attachToken(client, source, { axios: lib })
    // The first waits for its token: what it has left is less, but the answer's silence is not.
    expect(await failureOf(client)).toEqual(bare)
    expect(await failureOf(client)).toEqual(bare)
  })

  it('that had to wait for a token leaves the answer its pauses', async () => {
    const baseUrl = await serve((_request, response) => {
      response.write('half, ')
      setTimeout(() => response.end('and half'), 300)
    })
    const { source } = sourceWith(() => new Promise((given) => setTimeout(given, 300, 'token-1')), {
      baseUrl,
    })
    const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
    attachToken(client, source)
    expect((await client.get('/media/get', { timeout: 500 })).data).toBe('half, and half')
  })

  it.each(['150', '150ms'])('may be a text, as axios reads it: %s', async (timeout) => {
    const { client } = stubAxios(answer(OK), { tokens: () => new Promise<string>(() => {}) })
    const error = await client.get('/user/get', { timeout: timeout as never }).catch((one) => one)
    expect(error).toMatchObject({
      code: 'ECONNABORTED',
      message: `timeout of ${timeout}ms exceeded`,
    })
  })

  it.each(['http', 'https'])('holds while the name is looked up, over %s', async (protocol) => {
    const baseUrl = `${protocol}://wecom.test`
    const { source } = sourceWith('token-1', { baseUrl })
    const client = axios113.create({ baseURL: `${baseUrl}/cgi-bin`, lookup: () => {} })
    attachToken(client as never, source, { axios: axios113 as never })
    await source.get()
    const error = await client.get('/user/get', { timeout: 50 }).catch((caught) => caught)
    expect(error).toMatchObject({
      message: 'timeout of 50ms exceeded',
      code: 'ECONNABORTED',
      config: { timeout: 50 },
    })
  })

  it('gathers no listeners on a connection that is kept alive', async () => {
    const baseUrl = await serve((_request, response) => response.end(OK))
    const { source } = sourceWith('token-1', { baseUrl })
    const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 })
    const client = axios.create({ baseURL: `${baseUrl}/cgi-bin`, timeout: 60_000, httpAgent })
    attachToken(client, source)
    const sockets = new Set<Socket>()
    const listeners: number[] = []
    for (let call = 0; call < 4; call += 1) {
      const { request } = await client.get('/user/get')
      sockets.add(request.socket)
      listeners.push(request.socket.listenerCount('timeout'))
    }
    httpAgent.destroy()
    expect(sockets.size).toBe(1)
    expect(new Set(listeners.slice(1)).size).toBe(1)
  })

  it('cuts no answer off that goes on for longer', async () => {
    const baseUrl = await serve((_request, response) => {
      const pieces = Array.from({ length: 7 }, () => 'piece')
      const next = () => {
        const piece = pieces.pop()
        if (piece === undefined) response.end()
        else response.write(piece, () => setTimeout(next, 90))
      }
      next()
    })
    const { source } = sourceWith('token-1', { baseUrl })
    const client = axios113.create({ baseURL: `${baseUrl}/cgi-bin` })
    attachToken(client as never, source, { axios: axios113 as never })
    const { data } = await client.get('/media/get', { timeout: 450 })
    expect(data).toBe('piece'.repeat(7))
  })
})
