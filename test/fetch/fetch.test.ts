import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import ky from 'ky'
import { ofetch } from 'ofetch'
import * as undici from 'undici'
import { expect, it } from 'vitest'
import { type MiddlewareOptions, withToken } from '../../src/fetch.js'
import type { TokenEvent } from '../../src/index.js'
import { fakeQyapi } from '../../src/testing.js'
import { middlewareContract } from '../support/middleware-contract.js'
import { APP, allowLoopback, interceptQyapi, ORIGIN, useNock, type Wire } from '../support/qyapi.js'

useNock()

const API = `${ORIGIN}/cgi-bin`
const message = JSON.stringify({ touser: 'zhangsan', text: { content: '你好' } })

function wrapped(wire: Wire, options: MiddlewareOptions = {}) {
  const events: TokenEvent[] = []
  const onEvent = (event: TokenEvent) => events.push(event)
  return { events, qyFetch: withToken(fetch, APP, { clock: wire.clock, onEvent, ...options }) }
}

const errcodeOf = async (response: Response) =>
  ((await response.json()) as { errcode: number }).errcode

middlewareContract('the fetch entry', (wire, options, corpSecret = APP.corpSecret) => {
  const qyFetch = withToken(fetch, { ...APP, corpSecret }, { clock: wire.clock, ...options })
  const send = async (url: string, body?: object, signal?: AbortSignal) => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    return errcodeOf(await qyFetch(url, { ...init, ...(signal && { signal }) }))
  }
  return { source: qyFetch.source, send }
})

it('rule 1: 10,000 cold calls of a fetch make one gettoken', async () => {
  const wire = interceptQyapi()
  const stub = async (input: string | URL | Request) =>
    String(input).includes('/gettoken') ? fetch(input) : new Response('{"errcode":0}')
  const qyFetch = withToken(stub as typeof fetch, APP, { clock: wire.clock })
  const calls = Array.from({ length: 10_000 }, () => qyFetch(`${API}/user/get`).then(errcodeOf))
  expect((await Promise.all(calls)).filter((errcode) => errcode === 0)).toHaveLength(10_000)
  expect(wire.fetches()).toBe(1)
})

it('request rule 4: a refusal is detected in the body if the header is missing, and the body is passed on intact', async () => {
  const wire = interceptQyapi({ errorCodeHeader: false })
  const { qyFetch } = wrapped(wire)
  const rows = Array.from({ length: 3000 }, (_, id) => ({ id, errcode: 42001 }))
  wire.wecom.on('user/simplelist', { json: { errcode: 0, userlist: rows } })
  const long = (await (await qyFetch(`${API}/user/simplelist`)).json()) as { userlist: unknown }
  expect(long.userlist).toEqual(rows)
  wire.wecom.revoke()
  const response = await qyFetch(`${API}/user/get?userid=lisi`)
  expect(await response.clone().json()).toMatchObject({ errcode: 0, userid: 'lisi' })
  expect(await response.text()).toContain('"userid":"lisi"')
  expect(wire.fetches()).toBe(2)
})

it('request rule 4: a refusal is not looked for in binary answers', async () => {
  const wire = interceptQyapi({ errorCodeHeader: false })
  const { qyFetch } = wrapped(wire)
  const media = await qyFetch(`${API}/media/get?media_id=1`)
  expect((await media.arrayBuffer()).byteLength).toBeGreaterThan(60)
  const part = await qyFetch(`${API}/media/get?media_id=1`, { headers: { range: 'bytes=1-3' } })
  expect(part.status).toBe(206)
  expect(new TextDecoder().decode(await part.arrayBuffer())).toBe('PNG')
})

it.each<[string, () => [string | URL | Request, RequestInit?]]>([
  ['a string', () => [`${API}/message/send?debug=1`, { method: 'POST', body: message }]],
  ['a URL', () => [new URL(`${API}/message/send?debug=1`), { method: 'POST', body: message }]],
  [
    'a Request with a body',
    () => [new Request(`${API}/message/send?debug=1`, { method: 'POST', body: message })],
  ],
  [
    'a Request whose body the init replaces',
    () => [
      new Request(`${API}/message/send?debug=1`, { method: 'POST', body: 'x' }),
      { body: message },
    ],
  ],
  [
    'URLSearchParams',
    () => [
      `${API}/message/send?debug=1`,
      { method: 'POST', body: new URLSearchParams({ a: '1' }) },
    ],
  ],
  ['a Blob', () => [`${API}/message/send?debug=1`, { method: 'POST', body: new Blob([message]) }]],
  [
    'bytes',
    () => [
      `${API}/message/send?debug=1`,
      { method: 'POST', body: new TextEncoder().encode(message) },
    ],
  ],
  [
    'a view into a larger buffer',
    () => [
      `${API}/message/send?debug=1`,
      {
        method: 'POST',
        body: new Uint8Array(new TextEncoder().encode(`..${message}..`).buffer, 2, 8),
      },
    ],
  ],
  ['native FormData', () => [`${API}/message/send?debug=1`, { method: 'POST', body: form() }]],
  ['an empty body', () => [`${API}/message/send?debug=1`, { method: 'POST' }]],
])('request rule 5: a body as %s arrives byte-equal on the replay', async (_name, input) => {
  const wecom = fakeQyapi()
  const baseUrl = await wecom.listen()
  try {
    allowLoopback()
    const qyFetch = withToken(fetch, APP, { baseUrl })
    await qyFetch.source.get()
    wecom.revoke()
    const [target, init] = input()
    const here = (url: string) => url.replace(ORIGIN, baseUrl)
    const moved =
      target instanceof Request
        ? new Request(here(target.url), target)
        : target instanceof URL
          ? new URL(here(target.href))
          : here(target)
    expect(await errcodeOf(await qyFetch(moved, init))).toBe(0)
    const [refused, replayed] = wecom.requests.filter(({ path }) => path === 'message/send')
    expect(replayed?.query.get('debug')).toBe('1')
    expect(withoutBoundary(replayed?.body)).toEqual(withoutBoundary(refused?.body))
    if (init?.body !== undefined && init.method) expect(replayed?.body.length).toBeGreaterThan(0)
  } finally {
    await wecom.close()
  }
})

it('request rule 5: a body that can be sent once gets the refused answer, and an event says why', async () => {
  const wecom = fakeQyapi()
  const baseUrl = await wecom.listen()
  allowLoopback()
  const events: TokenEvent[] = []
  const qyFetch = withToken(fetch, APP, { baseUrl, onEvent: (event) => events.push(event) })
  await qyFetch.source.get()
  wecom.revoke()
  const body = new Blob([message]).stream()
  const init = { method: 'POST', body, duplex: 'half' } as RequestInit
  expect(await errcodeOf(await qyFetch(`${baseUrl}/cgi-bin/media/upload`, init))).toBe(40014)
  expect(wecom.count('media/upload')).toBe(1)
  expect(events.at(-1)).toMatchObject({ type: 'not_replayed', reason: 'body_not_replayable' })
  expect(await errcodeOf(await qyFetch(`${baseUrl}/cgi-bin/user/get`))).toBe(0)
  await wecom.close()
})

it.each([false, true])(
  'request rule 5: the body of a Request of more than 1 MB is streamed, whole, with keepalive: %s',
  async (keepalive) => {
    const wecom = fakeQyapi()
    const baseUrl = await wecom.listen()
    allowLoopback()
    const qyFetch = withToken(fetch, APP, { baseUrl })
    const big = new Uint8Array(3_000_000).fill(7)
    const request = new Request(`${baseUrl}/cgi-bin/media/upload`, {
      method: 'POST',
      body: big,
      keepalive,
    })
    expect(await (await qyFetch(request)).json()).toMatchObject({
      media_id: 'fake-media-3000000',
    })
    await wecom.close()
  },
)

it('request rule 3: what the caller passed is never changed', async () => {
  const wire = interceptQyapi()
  const { qyFetch } = wrapped(wire)
  const url = new URL(`${API}/user/get?userid=u`)
  const init = Object.freeze({ method: 'GET', headers: Object.freeze({ a: 'b' }) })
  await qyFetch(url, init)
  expect(url.href).toBe(`${API}/user/get?userid=u`)
})

it.each([
  'https://evil.example/cgi-bin/user/get',
  'https://qyapi.weixin.qq.com@evil.example/cgi-bin/user/get',
  'http://qyapi.weixin.qq.com/cgi-bin/user/get',
  'https://qyapi.weixin.qq.com/other/user/get',
  `${API}/webhook/send?key=1`,
  `${API}/gettoken`,
  `${API}/service/get_corp_token`,
])(
  'request rule 1: the token is not sent to %s, which gets exactly what the caller passed',
  async (url) => {
    const wire = interceptQyapi()
    const seen: unknown[][] = []
    const stub = async (...args: unknown[]) => {
      seen.push(args)
      return new Response('{"errcode":42001}')
    }
    const init = {}
    await withToken(stub as typeof fetch, APP, { clock: wire.clock })(url, init)
    expect(seen).toEqual([[url, init]])
    expect(seen[0]?.[1]).toBe(init)
  },
)

it.each([302, 307])(
  'request rule 7: a fetch does not follow a %s, which is the answer',
  async (status) => {
    const thief = createServer((request, response) => {
      stolen.push(request.url ?? '')
      response.end()
    })
    const stolen: string[] = []
    await new Promise<void>((resolve) => thief.listen(0, '127.0.0.1', resolve))
    const wecom = fakeQyapi()
    const baseUrl = await wecom.listen()
    allowLoopback()
    const location = `http://127.0.0.1:${(thief.address() as AddressInfo).port}/steal`
    wecom.failNext('user/get', { status, headers: { location } })
    const response = await withToken(fetch, APP, { baseUrl })(`${baseUrl}/cgi-bin/user/get`)
    expect(response.status).toBe(status)
    expect(stolen).toEqual([])
    await wecom.close()
    thief.close()
  },
)

it('withToken works as the fetch of ky', async () => {
  await overHttp(async (qyFetch, baseUrl, refuse) => {
    const client = ky.create({ prefixUrl: `${baseUrl}/cgi-bin`, fetch: qyFetch })
    refuse()
    expect(await client.post('message/send', { json: { touser: 'u' } }).json()).toMatchObject({
      errcode: 0,
    })
    expect(await client.get('user/get', { searchParams: { userid: 'u' } }).json()).toMatchObject({
      userid: 'u',
    })
  })
})

it('withToken works as the fetch of ofetch', async () => {
  await overHttp(async (qyFetch, baseUrl, refuse) => {
    const client = ofetch.create({ baseURL: `${baseUrl}/cgi-bin` }, { fetch: qyFetch })
    refuse()
    expect(await client('/message/send', { method: 'POST', body: { touser: 'u' } })).toMatchObject({
      errcode: 0,
    })
    expect(await client('/user/get', { query: { userid: 'u' } })).toMatchObject({ userid: 'u' })
  })
})

it('withToken passes undici’s own objects to undici’s fetch, and returns them', async () => {
  await overHttp(async (_qyFetch, baseUrl, refuse, wecom) => {
    const qyFetch = withToken(undici.fetch, APP, { baseUrl })
    await qyFetch.source.get()
    refuse()
    const request = new undici.Request(`${baseUrl}/cgi-bin/message/send`, {
      method: 'POST',
      body: message,
    })
    const response = await qyFetch(request)
    expect(response).toBeInstanceOf(undici.Response)
    expect(await response.json()).toMatchObject({ errcode: 0 })
    expect(wecom.requests.at(-1)?.body).toEqual(Buffer.from(message))
  })
})

async function overHttp(
  use: (
    qyFetch: typeof fetch,
    baseUrl: string,
    refuse: () => void,
    wecom: ReturnType<typeof fakeQyapi>,
  ) => Promise<void>,
) {
  for (const errorCodeHeader of [true, false]) {
    const wecom = fakeQyapi({ errorCodeHeader })
    const baseUrl = await wecom.listen()
    allowLoopback()
    const qyFetch = withToken(fetch, APP, { baseUrl })
    await qyFetch.source.get()
    await use(qyFetch, baseUrl, () => wecom.revoke(), wecom).finally(wecom.close)
  }
}

function form(): FormData {
  const data = new FormData()
  data.append('media', new Blob(['file content']), 'a.txt')
  data.append('name', '名字')
  return data
}

/** Each FormData that is sent has a boundary of its own. */
function withoutBoundary(body: Uint8Array | undefined): string {
  return Buffer.from(body ?? [])
    .toString('latin1')
    .replace(/-{4,}formdata-undici-\d+/g, 'boundary')
}
