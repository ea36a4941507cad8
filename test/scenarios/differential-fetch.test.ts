import { inspect } from 'node:util'
import nock from 'nock'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { withToken } from '../../src/fetch.js'
import { someOf } from '../support/exhaustive.js'
import { ANSWERS, startPlainServer } from '../support/plain-server.js'
import { APP } from '../support/qyapi.js'
import { atLeast } from '../support/turns.js'

let server: Awaited<ReturnType<typeof startPlainServer>>
beforeAll(async () => {
  nock.restore()
  server = await startPlainServer()
})
afterAll(() => server.close())

/** The arguments of a request. Made anew for each run, since some of them can be used once. */
type Input = string | URL | Request
type Init = Omit<NonNullable<Parameters<typeof fetch>[1]>, 'body'> & {
  body?: unknown
  cache?: string
}
type Make = () => [Input, Init?]
/** How a response is read. */
type Read = (response: Response) => Promise<unknown>

const at = (path: string) => `${server.baseUrl}/cgi-bin${path}`
const latin = (bytes: ArrayBuffer) => Buffer.from(bytes).toString('latin1')

const bodies: Record<string, () => unknown> = {
  text: () => 'a string',
  'empty text': () => '',
  bytes: () => Uint8Array.from([1, 2, 3]),
  'array buffer': () => Uint8Array.from([1, 2, 3]).buffer,
  'part of a buffer': () => Buffer.from('abcdef').subarray(2, 4),
  'url search params': () => new URLSearchParams({ a: '1', b: '文' }),
  form: () => {
    const form = new FormData()
    form.append('media', new File(['content'], 'a.txt', { lastModified: 0 }))
    return form
  },
  blob: () => new Blob(['blob'], { type: 'text/x-own' }),
  file: () => new File(['file'], 'a.txt', { type: 'text/x-own', lastModified: 0 }),
}

const streams: Record<string, () => unknown> = {
  'web stream': () => new Blob(['streamed']).stream(),
  generator: async function* () {
    yield Buffer.from('one')
    yield Buffer.from('two')
  },
  'generator that breaks': async function* () {
    yield Buffer.from('one')
    throw new Error('the body broke')
  },
}

const calls: [string, Make][] = [
  ...['GET', 'POST', 'put', 'PATCH', 'patch', 'DELETE', 'HEAD', 'OPTIONS', 'PURGE'].map(
    (method): [string, Make] => [method, () => [at('/echo'), { method }]],
  ),
  ...Object.entries(bodies).flatMap(([name, body]): [string, Make][] => [
    [name, () => [at('/echo'), { method: 'POST', body: body() }]],
    [
      `${name} in a Request`,
      () => [new Request(at('/echo'), { method: 'POST', body: body() as string })],
    ],
    [
      `${name} in place of a Request's`,
      () => [new Request(at('/echo'), { method: 'POST', body: 'first' }), { body: body() }],
    ],
  ]),
  ...Object.entries(streams).map(([name, body]): [string, Make] => [
    name,
    () => [at('/echo'), { method: 'POST', duplex: 'half', body: body() }],
  ]),
  [
    'a stream without duplex',
    () => [at('/echo'), { method: 'POST', body: new Blob(['a']).stream() }],
  ],
  ['a GET with a body', () => [at('/echo'), { body: 'a' }]],
  ['a body that was read', () => [at('/echo'), { method: 'POST', body: spent(), duplex: 'half' }]],
  ['a URL', () => [new URL(at('/echo?a=1#hash'))]],
  ['a query and a hash', () => [at('/echo?a=1&b=%E6%96%87#hash')]],
  ['a url with spaces around', () => [` ${at('/echo')}\n`]],
  ['an object with an href', () => [{ toString: () => at('/echo') } as never]],
  ['no url', () => ['/cgi-bin/echo']],
  ['headers as an object', () => [at('/echo'), { headers: { 'X-Own': 'yes' } }]],
  [
    'headers as a list',
    () => [
      at('/echo'),
      {
        headers: [
          ['X-Own', 'yes'],
          ['X-Own', 'no'],
        ],
      },
    ],
  ],
  ['headers', () => [at('/echo'), { headers: new Headers({ 'X-Own': 'yes' }) }]],
  ['a header that is none', () => [at('/echo'), { headers: { 'a b': 'c' } }]],
  ['a method that is none', () => [at('/echo'), { method: 'sp ace' }]],
  ['a method that is forbidden', () => [at('/echo'), { method: 'TRACE' }]],
  ['a user and a password', () => [at('/echo').replace('//', '//u:p@')]],
  ['keepalive', () => [at('/echo'), { keepalive: true }]],
  ['a referrer', () => [at('/echo'), { referrer: 'http://127.0.0.1/', referrerPolicy: 'origin' }]],
  ['cache', () => [at('/echo'), { cache: 'no-store' }]],
  ['integrity that does not fit', () => [at('/text'), { integrity: 'sha256-nothing' }]],
  ['mode and credentials', () => [at('/echo'), { mode: 'cors', credentials: 'include' }]],
  ['an option of the wrong kind', () => [at('/echo'), { redirect: 'sometimes' as never }]],
  ['a redirect, unfollowed', () => [at('/moved'), { redirect: 'manual' }]],
  ['a redirect that is an error', () => [at('/moved'), { redirect: 'error' }]],
  ['null for the init', () => [at('/echo'), null as never]],
  ['null for a signal', () => [at('/echo'), { signal: null }]],
  ['a Request', () => [new Request(at('/echo?a=1'), { headers: { 'X-Own': 'yes' } })]],
  ['a Request with other headers', () => [new Request(at('/echo')), { headers: { 'X-Own': '1' } }]],
  ['a Request with another method', () => [new Request(at('/echo')), { method: 'DELETE' }]],
  ['aborted before', () => [at('/echo'), { signal: AbortSignal.abort() }]],
  ['aborted before, with a reason', () => [at('/echo'), { signal: AbortSignal.abort('enough') }]],
  ['aborted meanwhile', () => [at('/never'), { signal: abortedIn(60) }]],
  ['aborted meanwhile, a Request', () => [new Request(at('/never'), { signal: abortedIn(60) })]],
  ['AbortSignal.timeout', () => [at('/never'), { signal: AbortSignal.timeout(300) }]],
  ['aborted while it arrives', () => [at('/long-stuck'), { signal: abortedIn(60) }]],
  ['a short one, aborted while it arrives', () => [at('/stuck'), { signal: abortedIn(60) }]],
  ['a port without a server', () => ['http://127.0.0.1:1/cgi-bin/echo']],
  ['an unknown host', () => ['http://unknown.invalid/cgi-bin/echo']],
]

const readings: Record<string, Read> = {
  text: (response) => response.text(),
  json: (response) => response.json(),
  bytes: async (response) => latin(await response.arrayBuffer()),
  blob: async (response) => {
    const blob = await response.blob()
    return [blob.type, blob.size, await blob.text()]
  },
  form: (response) => response.formData(),
  pieces: async (response) => {
    let text = ''
    for await (const piece of response.body ?? []) text += Buffer.from(piece).toString('latin1')
    return [text, response.bodyUsed, response.body?.locked]
  },
  clone: async (response) => {
    const clone = response.clone()
    return [seenOf(clone), await clone.text(), response.bodyUsed, await response.text()]
  },
  twice: async (response) => [await response.text(), await response.text()],
  cancel: async (response) => [await response.body?.cancel('enough'), response.bodyUsed],
  'own buffer': async (response) => {
    const reader = response.body?.getReader({ mode: 'byob' })
    const { value, done } = (await reader?.read(new Uint8Array(5))) ?? {}
    return [done, value && Buffer.from(value).toString('latin1')]
  },
}

function spent() {
  const stream = new Blob(['a']).stream()
  stream.getReader()
  return stream
}

function abortedIn(ms: number): AbortSignal {
  const controller = new AbortController()
  void atLeast(ms).then(() => controller.abort())
  return controller.signal
}

/** Everything that a caller can see of one request, in a form that can be compared. */
async function seenBy(call: typeof fetch, make: Make, read: Read) {
  const [input, init] = make()
  const before = init && Object.entries(init)
  const outcome = await called(call, input, init)
  // What the caller passed is unchanged, part by part.
  expect(init && Object.entries(init)).toEqual(before)
  const isUsed = input instanceof Request && input.bodyUsed
  if (!(outcome instanceof Response)) return { ...outcome, isUsed }
  const shown = seenOf(outcome)
  const content = await read(outcome).catch(errorOf)
  return { ...shown, content, isUsed, isUsedNow: outcome.bodyUsed }
}

/** Some fetches throw where others reject. */
async function called(call: typeof fetch, input: Input, init?: Init) {
  try {
    const calling = call(input, init as RequestInit)
    return calling.catch((error) => ({ rejected: errorOf(error) }))
  } catch (error) {
    return { thrown: errorOf(error) }
  }
}

function seenOf(response: Response) {
  const { status, statusText, ok, redirected, type, url, bodyUsed, headers, body } = response
  const shown = [...headers].filter(([name]) => name !== 'date')
  return {
    what: [Object.prototype.toString.call(response), response.constructor === Response],
    said: { status, statusText, ok, redirected, type, url, bodyUsed, shown },
    hasBody: body === null ? body : body.constructor.name,
    keys: Object.keys(response),
    text: inspect(response.headers).replace(/date: '[^']*'/, 'date'),
  }
}

function errorOf(error: unknown): unknown {
  if (!(error instanceof Error)) return { error }
  const { name, message, cause } = error
  const { code } = error as { code?: unknown }
  return {
    name,
    message,
    code,
    cause: cause === undefined ? undefined : errorOf(cause),
    prototype: Object.getPrototypeOf(error).constructor.name,
    keys: Object.keys(error),
  }
}

async function compare(make: Make, read: Read) {
  const bare = await seenBy(fetch, make, read)
  const qyFetch = withToken(fetch, APP, { baseUrl: server.baseUrl })
  expect(await seenBy(qyFetch, make, read), 'before there is a token').toEqual(bare)
  await qyFetch.source.get()
  expect(await seenBy(qyFetch, make, read), 'with a token').toEqual(bare)
}

it.each(someOf(calls))(
  'request rule 10: an attached fetch and bare fetch do the same: %s',
  (_name, make) => compare(make, (response) => response.text()),
)

const cases = ANSWERS.flatMap((path) =>
  Object.entries(readings).map(([how, read]) => ({ path, how, read })),
)
  // Once peeked, it has broken before the caller could cancel it.
  .filter(({ path, how }) => path !== '/truncated' || how !== 'cancel')
it.each(someOf(cases))(
  'request rule 10: an attached fetch and bare fetch do the same: $path read as $how',
  ({ path, read }) => compare(() => [at(path)], read),
)

// A stated difference: undici's own abort of the original response is out of our reach, so that
// the other of its two messages is used, and a read of ours may have begun.
const inOneWay = (seen: object) =>
  JSON.parse(
    JSON.stringify({ ...seen, isUsedNow: undefined }).replaceAll(
      'The operation was aborted.',
      'This operation was aborted',
    ),
  )
it.each(someOf(ANSWERS.flatMap((path) => ['text', 'pieces'].map((how) => ({ path, how })))))(
  'request rule 10: an attached fetch and bare fetch do the same: $path aborted after the response, then read as $how',
  async ({ path, how }) => {
    const seenOf = async (call: typeof fetch) => {
      const controller = new AbortController()
      const seen = await seenBy(
        call,
        () => [at(path), { signal: controller.signal }],
        (response) => {
          controller.abort()
          return readings[how]?.(response) as Promise<unknown>
        },
      )
      return inOneWay(seen)
    }
    const bare = await seenOf(fetch)
    const qyFetch = withToken(fetch, APP, { baseUrl: server.baseUrl })
    expect(await seenOf(qyFetch), 'before there is a token').toEqual(bare)
    expect(await seenOf(qyFetch), 'with a token').toEqual(bare)
  },
)

it('the differential script of fetch has several hundred requests', () => {
  expect(calls.length + cases.length).toBeGreaterThan(250)
})
