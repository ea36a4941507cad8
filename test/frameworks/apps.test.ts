import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { run } from '../package/packed.js'
import { hold } from '../support/hold.js'
import { describeWithRedis, type RedisServer, startRedis, useClosing } from '../support/redis.js'
import {
  appOf,
  baseUrl,
  type Client,
  close,
  environment,
  fetched,
  install,
  json,
  listening,
  load,
  project,
  servesAndHeals,
  started,
  USER,
  wecom,
} from './apps.js'
import { compiledNest, startedWorker } from './built.js'

const MESSAGE = { touser: 'zhangsan', msgtype: 'text', agentid: 1, text: { content: '你好' } }

beforeAll(install)
afterAll(close)

it('Nest’s HttpService has one token, heals, and loses the token when the module is destroyed', async () => {
  const nest = await compiledNest()
  nest('reflect-metadata')
  const { NestFactory } = nest('@nestjs/core')
  for (const [key, value] of Object.entries(environment('nest'))) vi.stubEnv(key, value)
  const { WeComModule } = nest('./nestjs.js')
  const app = await NestFactory.createApplicationContext(WeComModule, { logger: false })
  vi.unstubAllEnvs()
  const { axiosRef }: { axiosRef: Client } = app.get(nest('@nestjs/axios').HttpService)
  const call = async () => (await axiosRef.get('/user/get', { params: USER })).data
  await servesAndHeals('nest', call)
  await app.close()
  expect(await call()).toMatchObject({ errcode: 41001 })
})

interface Example {
  weCom(
    httpclient: unknown,
    config: object,
  ): {
    call(path: string, query: object): Promise<unknown>
    post(path: string, body: object): Promise<unknown>
    close(): void
  }
}

it('GETs and POSTs of JSON by urllib have one token and heal', async () => {
  const { HttpClient } = await load<{ HttpClient: new () => object }>('urllib')
  const { weCom } = await load<Example>('./urllib.js')
  const { call, post, close } = weCom(new HttpClient(), { ...appOf('urllib'), baseUrl })
  await servesAndHeals('urllib', () => call('user/get', { userid: 'zhangsan' }))
  wecom.revoke({ corpId: 'ww-urllib' })
  expect(await post('message/send', MESSAGE)).toMatchObject({ errcode: 0 })
  const sent = wecom.requests.findLast(({ path }) => path === 'message/send')
  expect(JSON.parse(String(sent?.body))).toEqual(MESSAGE)
  close()
})

describeWithRedis('with Redis', () => {
  const closing = useClosing()
  let redis: RedisServer
  afterEach(() => void vi.unstubAllEnvs())

  beforeAll(async () => {
    redis = await startRedis()
    closing(redis, () => redis.stop())
  })

  it('two Express processes share one token, and one of them replaces it for both', async () => {
    const env = { ...environment('express'), REDIS_URL: redis.url, PORT: '0' }
    const starting = [started('express-redis.js', env), started('express-redis.js', env)]
    const servers = await Promise.all(starting)
    for (const server of servers) closing(server, server.stop)
    await servesAndHeals('express', (index) =>
      json(`${servers[index % 2]?.address}/users/zhangsan`),
    )
    expect(await json(`${servers[0]?.address}/health`)).toMatchObject({ state: 'usable' })
  })

  it('cold instances of a serverless function share one token, and replace it once', async () => {
    const env = { ...environment('serverless'), REDIS_URL: redis.url }
    for (const [key, value] of Object.entries(env)) vi.stubEnv(key, value)
    const code = `
      const { handler } = await import('./serverless.js')
      const events = Array.from({ length: 20 }, () => ({ userid: 'zhangsan' }))
      console.log(JSON.stringify(await Promise.all(events.map(handler))))
      process.exit()`
    const coldStart = async () => {
      const args = ['--input-type=module', '--eval', code]
      const { end, stdout, stderr } = await run(process.execPath, args, project)
      expect(end, stderr).toBe(0)
      for (const { statusCode, body } of JSON.parse(stdout)) {
        expect(statusCode).toBe(200)
        expect(JSON.parse(body)).toMatchObject(USER)
      }
    }
    await Promise.all([coldStart(), coldStart()])
    await coldStart()
    expect(fetched('serverless')).toBe(1)
    wecom.revoke({ corpId: 'ww-serverless' })
    await Promise.all([coldStart(), coldStart()])
    expect(fetched('serverless')).toBe(2)
  })
})

describe('a Cloudflare Worker on workerd', () => {
  const closing = useClosing()

  it('requests at once to a Cloudflare Worker share one token request and heal', async () => {
    const { address, stop } = await startedWorker('worker')
    closing(address, stop)
    await servesAndHeals('worker', () => json(`${address}?userid=zhangsan`))
  })

  it('two requests at once to a Cloudflare Worker are served though the one that began the token request is over', async () => {
    const { address, stop } = await startedWorker('cut-off')
    closing(address, stop)
    const held = hold(wecom, 'gettoken')
    await json(`${address}gone`)
    await held.arrived()
    const two = [json(`${address}?userid=zhangsan`), json(`${address}?userid=zhangsan`)]
    held.release()
    for (const answer of await Promise.all(two)) expect(answer).toMatchObject(USER)
    expect(fetched('cut-off')).toBe(1)
  })
})

describe('a token service for other languages', () => {
  const closing = useClosing()
  const API_KEY = 'k3y-of-the-service'

  interface Package {
    createTokenSource(credential: unknown, options: object): object
    selfBuilt(app: object): unknown
  }
  interface Service {
    tokenService(source: object, apiKey: string): Server
  }
  interface Example {
    weComClient(options: object): Client
  }

  async function startService(name: string): Promise<string> {
    const { createTokenSource, selfBuilt } = await load<Package>('qyapi-token')
    const { tokenService } = await load<Service>('./token-service.js')
    const source = createTokenSource(selfBuilt(appOf(name)), { baseUrl })
    const server = tokenService(source, API_KEY)
    closing(server, () => server.close())
    return listening(server)
  }

  const bearer = { authorization: `Bearer ${API_KEY}` }

  it('Node clients of a token service have one token, report a refused one, and never ask for a token themselves', async () => {
    const serviceUrl = await startService('service')
    const { weComClient } = await load<Example>('./token-service-client.js')
    const settings = { name: 'corp ww-service', serviceUrl, apiKey: API_KEY, baseUrl }
    const clients = [weComClient(settings), weComClient(settings)]
    await servesAndHeals('service', async (index) => {
      const answered = await clients[index % 2]?.get('/user/get', { params: USER })
      return answered?.data
    })
    expect(await json(`${serviceUrl}/token`, { headers: bearer })).toEqual({
      token: expect.any(String),
      expiresInSeconds: expect.toSatisfy((seconds) => seconds > 6_000 && seconds <= 7_000),
    })
    expect(fetched('service')).toBe(2)
  })

  it('a caller of a token service without the key is refused, another path is not found, and a failure names its code', async () => {
    const serviceUrl = await startService('outage')
    const statusOf = async (path: string, init: RequestInit = {}) =>
      (await fetch(`${serviceUrl}${path}`, init)).status
    expect(await statusOf('/token')).toBe(401)
    expect(await statusOf('/token', { headers: { authorization: 'Bearer other' } })).toBe(401)
    expect(await statusOf('/', { headers: bearer })).toBe(404)
    expect(await statusOf('/token', { headers: bearer, method: 'PUT' })).toBe(404)
    expect(fetched('outage')).toBe(0)
    wecom.failNext('gettoken', { errcode: 40001 })
    const refused = await fetch(`${serviceUrl}/token`, { headers: bearer })
    expect(refused.status).toBe(503)
    expect(await refused.json()).toEqual({ code: 'credential_refused' })
  })
})

describe('token requests through a relay or a proxy', () => {
  const closing = useClosing()

  interface Example {
    throughRelay(url: string, apiKey: string): unknown
    throughProxy(url: string): unknown
    weComClient(app: object, options: object): Client
  }

  async function clientThrough(name: string, transportOf: (example: Example) => unknown) {
    const example = await load<Example>('./relay.js')
    const client = example.weComClient(appOf(name), { transport: transportOf(example), baseUrl })
    return async () => (await client.get('/user/get', { params: USER })).data
  }

  it('a relay with a key sees the token requests alone', async () => {
    const seen: string[] = []
    const relay = createServer(async ({ url = '', headers }, response) => {
      seen.push(`${url.split('?')[0]} ${headers['x-relay-key']}`)
      const answer = await fetch(`${baseUrl}${url.replace('/wecom', '')}`)
      response.end(await answer.text())
    })
    closing(relay, () => relay.close())
    const address = `${await listening(relay)}/wecom`
    const call = await clientThrough('relay', (example) => example.throughRelay(address, 'k3y'))
    await servesAndHeals('relay', call)
    expect(seen).toEqual(Array(2).fill('/wecom/cgi-bin/gettoken k3y'))
  })

  it('a forward proxy tunnels the token requests alone', async () => {
    let tunnels = 0
    const proxy = createServer()
    proxy.on('connect', ({ url = '' }, socket) => {
      tunnels += 1
      const { hostname, port } = new URL(`http://${url}`)
      const tunnel = connect(Number(port), hostname, () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
        tunnel.pipe(socket).pipe(tunnel)
      })
      for (const end of [tunnel, socket]) end.on('error', () => {})
    })
    closing(proxy, () => proxy.closeAllConnections())
    const address = await listening(proxy)
    const call = await clientThrough('proxy', (example) => example.throughProxy(address))
    await servesAndHeals('proxy', call)
    expect(tunnels).toBeGreaterThan(0)
    expect(tunnels).toBeLessThanOrEqual(2)
  })
})
