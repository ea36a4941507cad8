import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent, cacheStores, interceptors, fetch as undiciFetch } from 'undici'
import { afterEach, expect, it, vi } from 'vitest'
import {
  fetchTransport,
  type TokenAnswer,
  type TransportContext,
} from '../../src/core/transport.js'

const GET = {
  method: 'GET',
  url: 'https://qyapi.weixin.qq.com/cgi-bin/gettoken?corpid=ww1',
} as const
const POST = {
  method: 'POST',
  url: 'https://qyapi.weixin.qq.com/cgi-bin/service/get_suite_token',
  body: '{"suite_id":"s"}',
} as const
const CONTEXT = {
  signal: new AbortController().signal,
  shouldTryAgain: () => false,
  wait: async () => {},
}

const FRESH = { 'cache-control': 'no-cache, no-store' }

type Step = Response | Error

/** A fetch that answers step by step, and the transport over it. */
function transportOver(steps: readonly Step[], context: Partial<TransportContext> = {}) {
  const calls: { url: string; init: RequestInit | undefined }[] = []
  const waits: number[] = []
  const judged: TokenAnswer[] = []
  const transport = fetchTransport(async (input, init) => {
    const step = steps[calls.length] ?? expect.fail('one try too many')
    calls.push({ url: String(input), init })
    if (step instanceof Error) throw step
    return step
  })
  const send = (request: Parameters<typeof transport>[0]) =>
    transport(request, {
      signal: new AbortController().signal,
      shouldTryAgain: (answer) => {
        judged.push(answer)
        return answer.status !== 200
      },
      wait: async (delayMs) => {
        waits.push(delayMs)
      },
      ...context,
    })
  return { send, calls, waits, judged }
}

afterEach(() => {
  vi.restoreAllMocks()
})

it('rule 12: fetchTransport returns status and text, and follows no redirect', async () => {
  const { signal } = new AbortController()
  const { send, calls, waits, judged } = transportOver([new Response('文', { status: 200 })], {
    signal,
  })
  expect(await send(GET)).toEqual({ status: 200, body: '文' })
  expect(calls).toEqual([
    {
      url: GET.url,
      init: { method: 'GET', redirect: 'manual', cache: 'no-store', signal, headers: FRESH },
    },
  ])
  expect(waits).toEqual([])
  expect(judged).toHaveLength(1)
})

it('rule 12: fetchTransport sends a body as JSON', async () => {
  const { send, calls } = transportOver([new Response('{}')])
  await send(POST)
  expect(calls[0]?.init).toMatchObject({
    method: 'POST',
    body: '{"suite_id":"s"}',
    headers: { 'content-type': 'application/json' },
    redirect: 'manual',
  })
})

it('rule 10: fetchTransport makes three quick tries for answers that should be retried, and returns the last one', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0)
  const steps = [1, 2, 3].map((count) => new Response(`busy ${count}`, { status: 503 }))
  const { send, calls, waits, judged } = transportOver(steps)
  expect(await send(GET)).toEqual({ status: 503, body: 'busy 3' })
  expect(calls).toHaveLength(3)
  expect(waits).toEqual([100, 200])
  expect(judged.map(({ body }) => body)).toEqual(['busy 1', 'busy 2'])
})

it('rule 10: fetchTransport retries after a network error, and rejects with the last one', async () => {
  const last = new Error('third')
  const { send, calls } = transportOver([new Error('first'), new Error('second'), last])
  await expect(send(GET)).rejects.toBe(last)
  expect(calls).toHaveLength(3)
})

it('rule 10: fetchTransport stops at the first good answer', async () => {
  const { send, calls, waits } = transportOver([
    new Error('reset'),
    new Response('ok', { status: 200 }),
  ])
  expect(await send(GET)).toEqual({ status: 200, body: 'ok' })
  expect(calls).toHaveLength(2)
  expect(waits).toHaveLength(1)
})

it('rule 10: fetchTransport makes no further try once the signal is aborted', async () => {
  const reason = new Error('closed')
  const { send, calls, waits } = transportOver([reason], { signal: AbortSignal.abort(reason) })
  await expect(send(GET)).rejects.toBe(reason)
  expect(calls).toHaveLength(1)
  expect(waits).toEqual([])
})

it('rule 10: fetchTransport aborted between two tries makes one more that ends at once', async () => {
  const controller = new AbortController()
  const reason = new Error('closed')
  const { send, calls } = transportOver([new Response('', { status: 500 }), reason], {
    signal: controller.signal,
    wait: async () => controller.abort(reason),
  })
  await expect(send(GET)).rejects.toBe(reason)
  expect(calls).toHaveLength(2)
})

it('rule 12: fetchTransport over a real connection returns a 302 as the answer, and the body unchanged', async () => {
  const seen: string[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    seen.push(`${request.method} ${request.headers['content-type']} ${Buffer.concat(chunks)}`)
    response.writeHead(302, { location: '/elsewhere' }).end('moved')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const answer = await fetchTransport(fetch)({ ...POST, url }, CONTEXT)
  server.closeAllConnections()
  server.close()
  expect(answer).toEqual({ status: 302, body: 'moved' })
  expect(seen).toEqual(['POST application/json {"suite_id":"s"}'])
})

it('rule 12: fetchTransport sends without `cache` if fetch throws on it, as workerd did, without losing a try', async () => {
  const seen: (string | undefined)[] = []
  const transport = fetchTransport(async (_input, init) => {
    const { cache } = init as { cache?: string }
    seen.push(cache)
    if (cache) throw new Error("The 'cache' field on 'RequestInitializerDict' is not implemented.")
    return new Response('{}')
  })
  const context = { ...CONTEXT, wait: () => expect.fail('no second try') }
  expect(await transport(GET, context)).toEqual({ status: 200, body: '{}' })
  expect(seen).toEqual(['no-store', undefined])
})

it('rule 12: fetchTransport tries a framework’s error once, and throws it unchanged', async () => {
  const signal = Object.assign(new Error('Dynamic server usage: no-store fetch, no cache'), {
    digest: 'DYNAMIC_SERVER_USAGE',
  })
  const { send, calls } = transportOver([signal])
  await expect(send(GET)).rejects.toBe(signal)
  expect(calls).toHaveLength(1)
})

it('rule 12: fetchTransport makes caches neither answer nor keep a token request', async () => {
  let count = 0
  const server = createServer((_request, response) => {
    response.setHeader('cache-control', 'public, max-age=3600')
    response.end(`token ${++count}`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/cgi-bin/gettoken?corpsecret=planted`
  const store = new cacheStores.MemoryCacheStore()
  const kept = vi.spyOn(store, 'createWriteStream')
  const dispatcher = new Agent().compose(interceptors.cache({ store }))
  const transport = fetchTransport(((input: string, init: object) =>
    undiciFetch(input, { ...init, dispatcher })) as unknown as typeof fetch)
  const bodies = [
    await transport({ ...GET, url }, CONTEXT),
    await transport({ ...GET, url }, CONTEXT),
  ]
  await dispatcher.close()
  server.close()
  expect(bodies.map(({ body }) => body)).toEqual(['token 1', 'token 2'])
  expect(kept).not.toHaveBeenCalled()
})

it('rule 12: fetchTransport sends a gateway’s own headers, but none that would allow caching', async () => {
  const sent: unknown[] = []
  const transport = fetchTransport(
    async (_input, init) => {
      sent.push(init?.headers)
      return new Response('{}')
    },
    { headers: { 'X-Api-Key': 'key', 'Cache-Control': 'max-age=9' } },
  )
  await transport(POST, CONTEXT)
  expect(sent).toEqual([{ 'x-api-key': 'key', ...FRESH, 'content-type': 'application/json' }])
})
