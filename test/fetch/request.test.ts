import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { withToken } from '../../src/fetch.js'
import { settle } from '../support/qyapi.js'
import { deferred, sourceWith } from '../support/source.js'
import { API, refuseFirst, type Sent, stubFetch } from '../support/stub-fetch.js'

const SEND = `${API}/message/send`

const requestIn = (sent: Sent | undefined) => sent?.input as Request

const textOf = (body: unknown) => new Response(body as string).text()

/** Sends a request whose first attempt is refused, and changes what was passed as soon as it was sent. */
async function replayed(input: string | URL | Request, init?: RequestInit, change = () => {}) {
  const stub = stubFetch(refuseFirst)
  await stub.source.get()
  const call = stub.qyFetch(input, init)
  change()
  expect(await (await call).json()).toEqual({ errcode: 0 })
  const [first, second] = stub.sent as [Sent, Sent]
  return { ...stub, first, second }
}

it('request rule 10: a request without arguments is left to the wrapped fetch', async () => {
  const { qyFetch, sent } = stubFetch()
  await qyFetch(null as never)
  await qyFetch(undefined as never)
  expect(sent.map(({ input }) => input)).toEqual([null, undefined])
})

it('a request is sent in the same turn if a token is memoized', async () => {
  const { qyFetch, source, sent } = stubFetch()
  await source.get()
  const call = qyFetch(SEND)
  expect(sent).toHaveLength(1)
  await call
})

it('request rule 10: a request keeps its kind of address: a string stays a string, a URL a URL', async () => {
  const { qyFetch, sent } = stubFetch()
  await qyFetch(`${SEND}?debug=1`)
  await qyFetch(new URL(`${SEND}?debug=1`))
  const address = `${SEND}?debug=1&access_token=token-1`
  expect(sent.map(({ input }) => input)).toEqual([address, new URL(address)])
})

it('a request with an empty token parameter gets ours instead', async () => {
  const { qyFetch, sent } = stubFetch()
  await qyFetch(`${SEND}?access_token=&debug=1`)
  expect(sent[0]?.input).toBe(`${SEND}?debug=1&access_token=token-1`)
})

it('request rule 7: a request is never redirected, whatever its init says', async () => {
  const { qyFetch, sent } = stubFetch()
  await qyFetch(SEND, { redirect: 'follow' })
  await qyFetch(new Request(SEND), { redirect: 'follow' })
  expect(sent.map(({ init }) => init.redirect)).toEqual(['manual', 'manual'])
  await qyFetch(new Request(SEND, { redirect: 'follow' }))
  expect(requestIn(sent[2]).redirect).toBe('manual')
})

it('request rule 10: a request with an invalid redirect is rejected by fetch, as without us', async () => {
  const { qyFetch, sent } = stubFetch()
  await qyFetch(SEND, { redirect: 'sometimes' as never })
  expect(sent[0]?.init.redirect).toBe('sometimes')
})

it('request rule 7: a request rejects on a redirect if the caller asked for an error', async () => {
  const { qyFetch, sent } = stubFetch()
  await qyFetch(SEND, { redirect: 'error' })
  await qyFetch(new Request(SEND, { redirect: 'follow' }), { redirect: 'error' })
  await qyFetch(new Request(SEND, { redirect: 'error' }))
  expect(sent.slice(0, 2).map(({ init }) => init.redirect)).toEqual(['error', 'error'])
  expect(requestIn(sent[2]).redirect).toBe('error')
})

it('request rule 10: a request may have null for its init, as with any fetch', async () => {
  const { qyFetch, sent } = stubFetch()
  await qyFetch(SEND, null as never)
  expect(sent[0]?.init).toEqual({ redirect: 'manual' })
})

it('a request has its token where new URL would read it, whatever surrounds its address', async () => {
  const { qyFetch, sent } = stubFetch()
  await qyFetch(`\n ${SEND}?debug=1\u0001 `)
  expect(sent[0]?.input).toBe(`${SEND}?debug=1&access_token=token-1`)
})

it('request rule 10: a request keeps every key of a plain init, also unknown ones', async () => {
  const { qyFetch, sent } = stubFetch()
  const dispatcher = {}
  await qyFetch(SEND, { method: 'POST', keepalive: true, dispatcher } as RequestInit)
  expect(sent[0]?.init).toEqual({
    method: 'POST',
    keepalive: true,
    dispatcher,
    redirect: 'manual',
  })
  expect(sent[0]?.init.dispatcher).toBe(dispatcher)
})

it('request rule 10: a request takes from an init with its own prototype what a fetch would read', async () => {
  const { qyFetch, sent } = stubFetch()
  const dispatcher = {}
  const inherited = { method: 'PUT', body: 'text', duplex: 'half', dispatcher, foreign: 1 }
  await qyFetch(SEND, Object.create(inherited))
  expect(sent[0]?.init).toEqual({
    method: 'PUT',
    body: 'text',
    duplex: 'half',
    dispatcher,
    redirect: 'manual',
  })
})

it.each<[string, () => { init: RequestInit; change: () => void; body: string }]>([
  [
    'URLSearchParams',
    () => {
      const body = new URLSearchParams({ a: '1' })
      return { init: { body }, change: () => body.set('a', '2'), body: 'a=1' }
    },
  ],
  [
    'an ArrayBuffer',
    () => {
      const bytes = new TextEncoder().encode('first')
      return { init: { body: bytes.buffer }, change: () => void bytes.fill(88), body: 'first' }
    },
  ],
  [
    'a view into a larger buffer',
    () => {
      const bytes = new TextEncoder().encode('..first..')
      const body = new DataView(bytes.buffer, 2, 5)
      return { init: { body }, change: () => void bytes.fill(88), body: 'first' }
    },
  ],
])(
  'request rule 10: a change after the request was sent does not reach the replay: in %s',
  async (_name, make) => {
    const { init, change, body } = make()
    const { first, second } = await replayed(SEND, { method: 'POST', ...init }, change)
    expect(await textOf(first.init.body)).toBe(body)
    expect(await textOf(second.init.body)).toBe(body)
  },
)

it('request rule 10: a change after the request was sent does not reach the replay: in a FormData, whose files are the same', async () => {
  const file = new File(['content'], 'a.txt')
  const form = new FormData()
  form.append('media', file)
  form.append('name', 'first')
  form.append('name', 'second')
  const { first, second } = await replayed(SEND, { method: 'POST', body: form }, () => {
    form.set('name', 'changed')
    form.delete('media')
  })
  for (const { init } of [first, second]) {
    const body = init.body as unknown as FormData
    expect(body).toBeInstanceOf(FormData)
    expect(body.getAll('name')).toEqual(['first', 'second'])
    expect(await (body.get('media') as File).text()).toBe('content')
    expect((body.get('media') as File).name).toBe('a.txt')
  }
})

it.each<[string, () => { headers: RequestInit['headers']; change: () => void }]>([
  [
    'a plain object',
    () => {
      const headers: Record<string, string> = { 'x-own': 'first' }
      return { headers, change: () => Object.assign(headers, { 'x-own': 'second' }) }
    },
  ],
  [
    'pairs',
    () => {
      const pair: [string, string] = ['x-own', 'first']
      return { headers: [pair], change: () => pair.splice(1, 1, 'second') }
    },
  ],
])(
  'request rule 10: a change after the request was sent does not reach the replay: in headers of %s',
  async (_name, make) => {
    const { headers, change } = make()
    const { first, second } = await replayed(SEND, { headers }, change)
    for (const { init } of [first, second])
      expect(new Headers(init.headers).get('x-own')).toBe('first')
    expect(Array.isArray(first.init.headers)).toBe(Array.isArray(headers))
  },
)

it('request rule 10: a change after the request was sent does not reach the replay: in the headers of a Request', async () => {
  const request = new Request(SEND, { headers: { 'x-own': 'first' } })
  const change = () => request.headers.set('x-own', 'second')
  const { first, second } = await replayed(request, undefined, change)
  for (const { input } of [first, second])
    expect((input as unknown as Request).headers.get('x-own')).toBe('first')
})

it.each([true, false])(
  'request rule 10: a change after the request was sent does not reach the replay: while a function chooses its source, or none: %s',
  async (hasToken) => {
    const { source } = sourceWith('token-1')
    const sent: unknown[][] = []
    const chosen = deferred<typeof source | null>()
    const stub = async (...args: unknown[]) => {
      sent.push(args)
      return new Response('{"errcode":0}')
    }
    const qyFetch = withToken(stub as typeof fetch, () => chosen.promise)
    const url = new URL(`${SEND}?debug=1`)
    const headers = { 'x-own': 'first' }
    const call = qyFetch(url, { headers, redirect: 'follow' })
    headers['x-own'] = 'second'
    url.searchParams.set('debug', '2')
    chosen.resolve(hasToken ? source : null)
    await call
    const token = hasToken ? '&access_token=token-1' : ''
    const redirect = hasToken ? 'manual' : 'follow'
    const expected = [
      new URL(`${SEND}?debug=1${token}`),
      { headers: { 'x-own': 'first' }, redirect },
    ]
    expect(sent).toEqual([expected])
  },
)

it('request rule 10: a change after the request was sent does not reach the replay: in Headers', async () => {
  const headers = new Headers({ 'x-own': 'first' })
  const { second } = await replayed(SEND, { headers }, () => headers.set('x-own', 'second'))
  expect(new Headers(second.init.headers).get('x-own')).toBe('first')
})

it('request rule 10: a Request of a mock is sent as its url and all its fields that are not null', async () => {
  const { qyFetch, sent } = stubFetch()
  const { signal } = new AbortController()
  const request = {
    url: `${SEND}?debug=1`,
    method: 'GET',
    headers: new Headers({ 'x-own': '1' }),
    signal,
    credentials: 'omit',
    cache: 'no-store',
    mode: 'cors',
    integrity: null,
    keepalive: true,
    referrer: 'about:client',
    referrerPolicy: 'no-referrer',
    body: null,
    duplex: 'half',
    foreign: 1,
  }
  await qyFetch(request as unknown as Request)
  const { url, integrity, body, duplex, foreign, ...said } = request
  const headers = new Headers(said.headers)
  expect(sent).toStrictEqual([
    { input: `${url}&access_token=token-1`, init: { ...said, headers, redirect: 'manual' } },
  ])
})

it('request rule 5: a Request of a mock is replayed', async () => {
  const request = { url: SEND, method: 'GET', headers: new Headers() }
  const { second } = await replayed(request as unknown as Request)
  expect(second.input).toBe(`${SEND}?access_token=token-2`)
})

it('request rule 10: a Request waits no longer than the signal of the init, if there is one', async () => {
  const own = new AbortController()
  const beside = new AbortController()
  const outcomeOf = (init?: RequestInit) => {
    const { qyFetch } = stubFetch(undefined, {}, () => new Promise<string>(() => {}))
    const call = qyFetch(new Request(SEND, { signal: own.signal }), init)
    return Promise.race([call, settle().then(() => 'waits')]).catch((error) => error)
  }
  beside.abort('beside')
  expect(await outcomeOf({ signal: beside.signal })).toBe('beside')
  own.abort('own')
  expect(await outcomeOf()).toBe('own')
  expect(await outcomeOf({ signal: null })).toBe('waits')
  expect(await outcomeOf({ signal: new AbortController().signal })).toBe('waits')
})

it('request rule 10: a Request is overridden by the init', async () => {
  const { qyFetch, sent } = stubFetch()
  const request = new Request(SEND, { method: 'POST', body: 'its own', headers: { a: '1' } })
  await qyFetch(request, { method: 'PUT', body: 'ours' })
  expect(sent[0]?.init).toEqual({ method: 'PUT', body: 'ours', redirect: 'manual' })
  expect(requestIn(sent[0]).headers.get('a')).toBe('1')
  expect(request.bodyUsed).toBe(false)
})

it('request rule 5: a Request whose body the init replaces by a stream is sent once', async () => {
  const { qyFetch, sent, source, types } = stubFetch(refuseFirst)
  await source.get()
  const body = new Blob(['once']).stream()
  const init = { body, duplex: 'half' } as RequestInit
  const answer = await qyFetch(new Request(SEND, { method: 'POST', body: 'x' }), init)
  expect(await answer.json()).toMatchObject({ errcode: 42001 })
  expect(sent).toHaveLength(1)
  expect(types().at(-1)).toBe('not_replayed')
})

it('request rule 5: a Request without a body is sent in the same turn, and is replayed without one', async () => {
  const { first, second } = await replayed(new Request(SEND, { method: 'POST' }))
  for (const { input, init } of [first, second]) {
    expect(input).toMatchObject({ method: 'POST', body: null })
    expect(init).toBeUndefined()
  }
})

it('request rule 5: a Request with a body is replayed with the same bytes, not as a stream', async () => {
  const request = new Request(SEND, { method: 'POST', body: 'content' })
  const { first, second } = await replayed(request)
  expect(first.input).not.toBe(second.input)
  for (const { input, init } of [first, second]) {
    expect(init).toBeUndefined()
    expect(input).toMatchObject({ method: 'POST', url: expect.stringContaining('access_token=') })
    expect((input as Request).headers.get('content-type')).toBe('text/plain;charset=UTF-8')
    expect(await (input as Request).text()).toBe('content')
  }
})

it('request rule 10: a Request of a subclass is sent as one of its class, or of the nearest that constructs requests', async () => {
  class OwnRequest extends Request {}
  class OddRequest extends OwnRequest {
    constructor(path: string) {
      super(`${API}/${path}`, { method: 'PUT' })
    }
  }
  const { qyFetch, sent } = stubFetch()
  await qyFetch(new OwnRequest(SEND))
  await qyFetch(new OddRequest('message/send'))
  for (const { input } of sent) {
    expect(input).toBeInstanceOf(OwnRequest)
    expect((input as Request).url).toBe(`${SEND}?access_token=token-1`)
  }
  expect(requestIn(sent[1]).method).toBe('PUT')
})

class OwnRequest extends Request {}
it.each([
  [
    'its address',
    class extends OwnRequest {
      constructor(url: string, init?: RequestInit) {
        super(`${url}?odd=1`, init)
      }
    },
  ],
  [
    'its method',
    class extends OwnRequest {
      constructor(url: string, { headers }: RequestInit = {}) {
        super(url, { method: 'PUT', ...(headers && { headers }) })
      }
    },
  ],
  [
    'its headers',
    class extends OwnRequest {
      constructor(url: string, { method }: RequestInit = {}) {
        super(url, { method: method ?? 'GET' })
      }
    },
  ],
])(
  'request rule 10: a Request of a subclass that takes %s differently is sent as one of its parent class',
  async (_name, Odd) => {
    const { qyFetch, sent } = stubFetch()
    await qyFetch(new Odd(SEND))
    expect(sent[0]?.input).toBeInstanceOf(OwnRequest)
    expect(sent[0]?.input).not.toBeInstanceOf(Odd)
  },
)

it('request rule 10: a Request keeps the dispatcher and the agent that it was made with', async () => {
  // Undici 6 keeps it behind a symbol, node-fetch has a property.
  const dispatcherKey = Symbol('dispatcher')
  class DispatcherRequest extends Request {
    readonly [dispatcherKey]: unknown
    readonly agent: unknown
    constructor(url: string, init: RequestInit & { dispatcher?: unknown; agent?: unknown } = {}) {
      super(url, init)
      this[dispatcherKey] = init.dispatcher
      this.agent = init.agent
    }
  }
  const init = { dispatcher: { dispatch: () => true }, agent: {} } as unknown as RequestInit
  const { first, second } = await replayed(new DispatcherRequest(SEND, init))
  for (const { input } of [first, second]) {
    const { agent, [dispatcherKey]: dispatcher } = input as DispatcherRequest
    expect({ agent, dispatcher }).toEqual(init)
    expect(dispatcher).toBe((init as { dispatcher?: unknown }).dispatcher)
  }
})

it.each<[string, (request: Request) => unknown]>([
  ['has been read', (request) => request.text()],
  ['is being read', (request) => request.body?.getReader()],
])('request rule 10: a Request whose body %s is rejected', async (_name, use) => {
  const { qyFetch, sent } = stubFetch()
  const request = new Request(SEND, { method: 'POST', body: 'content' })
  await use(request)
  const failure = qyFetch(request)
  await expect(failure).rejects.toThrow(TypeError)
  await expect(failure).rejects.toThrow('Cannot send a Request whose body has been read')
  expect(sent).toEqual([])
  await qyFetch(request, { body: 'another' })
  expect(sent[0]?.init.body).toBe('another')
})

it.each([
  [1_000_000, true],
  [1_000_001, false],
])('request rule 5: a Request of %i bytes is buffered for a replay: %s', async (size, isKept) => {
  const { qyFetch, sent, source } = stubFetch(refuseFirst)
  await source.get()
  const pull = (controller: ReadableStreamDefaultController) => {
    controller.enqueue(new Uint8Array(size).fill(7))
    controller.close()
  }
  const body = new ReadableStream({ pull })
  await qyFetch(new Request(SEND, { method: 'POST', body, duplex: 'half' } as RequestInit))
  expect(sent).toHaveLength(isKept ? 2 : 1)
  const last = requestIn(sent.at(-1))
  expect((await last.text()).length).toBe(size)
})

it('request rule 10: a Request of a polyfill, whose body is a Node stream, is read by its own arrayBuffer', async () => {
  const request = {
    url: SEND,
    method: 'POST',
    headers: new Headers(),
    body: Readable.from(['content']),
    arrayBuffer: async () => new TextEncoder().encode('content').buffer,
  }
  const { first, second } = await replayed(request as unknown as Request)
  expect(await textOf(first.init.body)).toBe('content')
  expect(await textOf(second.init.body)).toBe('content')
})

it.each(['GET', 'HEAD', 'get'])(
  'request rule 10: a Request of a polyfill that has no body property is not read if its method is %s',
  async (method) => {
    const { qyFetch, sent } = stubFetch()
    const request = { url: SEND, method, headers: new Headers() }
    await qyFetch(request as unknown as Request)
    expect(sent[0]?.init).not.toHaveProperty('body')
  },
)
