/**
 * The Response of a wrapped fetch, over real sockets: whatever is done to it has the same result as on
 * the bare one. Nothing is looked at before, because a view answers what is asked first in other ways.
 */
import * as undici from 'undici'
import { describe, expect, it } from 'vitest'
import { withToken } from '../../src/fetch.js'
import { someOf } from '../support/exhaustive.js'
import { APP } from '../support/qyapi.js'
import { useServers } from '../support/servers.js'

const servers = useServers()

type Fetch = typeof fetch
type Act = (response: Response, abort: () => void) => unknown

const TEXT = '{"errcode":0,"name":"张三"}'
const BODIES: Record<string, Buffer> = {
  'short JSON': Buffer.from(TEXT),
  'JSON after a byte order mark': Buffer.from(`\ufeff${TEXT}`),
  'what is not UTF-8': Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff, 0xfe, 0x22])]),
  'broken JSON': Buffer.from('{"errcode":0,'),
  'white space': Buffer.from('  '),
  nothing: Buffer.alloc(0),
  'a form': Buffer.from('a=1&b=2'),
  'long JSON': Buffer.from(JSON.stringify({ errcode: 0, text: 'x'.repeat(20_000) })),
}

const latin = (bytes: ArrayBuffer | Uint8Array) =>
  Buffer.from(bytes as Uint8Array).toString('latin1')

const ACTS: Record<string, Act> = {
  'text()': (response) => response.text(),
  'json()': (response) => response.json(),
  'arrayBuffer()': async (response) => latin(await response.arrayBuffer()),
  'bytes()': async (response) =>
    'bytes' in response ? latin(await (response as { bytes(): Promise<Uint8Array> }).bytes()) : '',
  'blob()': async (response) => {
    const blob = await response.blob()
    return [blob.type, await blob.text()]
  },
  'formData()': (response) => response.formData(),
  'text() twice': async (response) => [await response.text(), await response.text()],
  'json(), then arrayBuffer()': async (response) => [
    await response.json(),
    await response.arrayBuffer(),
  ],
  'arrayBuffer(), then json()': async (response) => [
    latin(await response.arrayBuffer()),
    await response.json(),
  ],
  'bodyUsed before and after text()': async (response) => [
    response.bodyUsed,
    await response.text(),
    response.bodyUsed,
  ],
  'body before and after text()': async (response) => {
    const { body } = response
    await response.text()
    return [body?.locked, response.body === body, response.body?.locked]
  },
  'body after text()': async (response) => [await response.text(), response.body?.locked],
  'the same body each time': (response) => {
    const { body } = response
    return response.body === body
  },
  'a locked body, then text()': (response) => {
    response.body?.getReader()
    return response.text()
  },
  'a body that was cancelled, then text()': async (response) => {
    await response.body?.cancel()
    return [response.bodyUsed, await response.text()]
  },
  'clone().json(), then json()': async (response) => [
    await response.clone().json(),
    await response.json(),
  ],
  'json() of a clone after that of the original': async (response) => {
    const clone = response.clone()
    return [await response.json(), await clone.json(), clone.url]
  },
  'clone().clone()': async (response) => {
    const { url, headers, status, clone } = response
    const twice = clone.call(response).clone()
    return [url, twice.url, headers.get('x-own'), twice.headers.get('x-own'), status, twice.status]
  },
  'clone() after json()': async (response) => [await response.json(), response.clone()],
  'clone() of one whose body is locked': (response) => {
    response.body?.getReader()
    return response.clone()
  },
  'new Response(body)': async (response) => {
    const { status, headers } = response
    const made = new Response(response.body, { status, headers })
    return [await made.text(), made.headers.get('x-own')]
  },
  'new Response(body, response)': async (response) => {
    const made = new Response(response.body, response)
    return [made.status, made.headers.get('x-own'), await made.text()]
  },
  pipeThrough: (response) =>
    new Response(
      response.body
        ?.pipeThrough(new TextDecoderStream('latin1'))
        .pipeThrough(new TextEncoderStream()),
    ).text(),
  tee: async (response) =>
    Promise.all((response.body?.tee() ?? []).map((branch) => new Response(branch).text())),
  'for await': async (response) => {
    let text = ''
    for await (const piece of response.body ?? []) text += latin(piece as Uint8Array)
    return text
  },
  'a reader with the caller’s own buffer': async (response) => {
    const { value } =
      (await response.body?.getReader({ mode: 'byob' }).read(new Uint8Array(5))) ?? {}
    return value && latin(value)
  },
  instanceof: (response) => [
    Object.prototype.toString.call(response),
    Object.keys(response),
    response.constructor.name,
    'json' in response,
    typeof response.text,
    response.json.length,
  ],
  'all that a response says': ({ status, statusText, ok, redirected, type, url, headers }) => [
    { status, statusText, ok, redirected, type, url },
    [...headers].filter(([name]) => name !== 'date'),
  ],
  'aborted, then text()': (response, abort) => {
    abort()
    return response.text()
  },
  'aborted, then json()': (response, abort) => {
    abort()
    return response.json()
  },
  'aborted, then arrayBuffer()': (response, abort) => {
    abort()
    return response.arrayBuffer()
  },
  'aborted after the body was asked for': (response, abort) => {
    const reader = response.body?.getReader()
    abort()
    return reader?.read()
  },
  'text(), then aborted': async (response, abort) => {
    const text = await response.text()
    abort()
    return text
  },
}

async function outcomeOf(call: Fetch, url: string, act: Act) {
  const controller = new AbortController()
  const init = { signal: controller.signal, headers: { accept: '*/*' } }
  const response = await call(url, init)
  const abort = () => controller.abort(new Error('enough'))
  try {
    return { value: await act(response, abort) }
  } catch (error) {
    const { name, message } = error as Error
    // A stated difference: undici ends some bodies with the signal's reason, others with its own error.
    return controller.signal.aborted ? 'aborted' : { name, message }
  }
}

const FETCHES: [string, Fetch][] = [
  ['global', fetch],
  ['undici', undici.fetch as unknown as Fetch],
]

/** The body, in one piece with its length, or in pieces without. */
async function server(body: Buffer, headers: Record<string, string>) {
  return servers.serve((request, response) => {
    if (request.url?.includes('/gettoken')) {
      response.end('{"access_token":"token-of-this-test","expires_in":7200}')
      return
    }
    const own = { 'x-own': '1', 'content-type': 'application/json', ...headers }
    response.writeHead(201, own)
    response.end(body)
  })
}

/** Judged by the header, whose body is not touched; with a length that is known; and without. */
const KINDS: [string, (body: Buffer) => Record<string, string>][] = [
  ['an error-code header', () => ({ 'error-code': '0' })],
  ['a length', (body) => ({ 'content-length': `${body.length}` })],
  ['no length', () => ({ 'transfer-encoding': 'chunked' })],
  ['a form’s type', () => ({ 'content-type': 'application/x-www-form-urlencoded' })],
]

describe.each(FETCHES)('the Response of a wrapped %s fetch', (_name, plain) => {
  it.each(
    someOf(
      KINDS.flatMap(([kind, headers]) =>
        Object.entries(BODIES).map(([name, body]) => ({ kind, headers, name, body })),
      ),
    ),
  )(
    'request rule 10: a Response of $name with $kind does whatever the bare one does',
    async ({ headers, body }) => {
      const baseUrl = await server(body, headers(body))
      const url = `${baseUrl}/cgi-bin/user/get?userid=x`
      const qyFetch = withToken(plain, APP, { baseUrl })
      for (const [name, act] of Object.entries(ACTS)) {
        const [bare, ours] = [await outcomeOf(plain, url, act), await outcomeOf(qyFetch, url, act)]
        expect({ [name]: ours }).toEqual({ [name]: bare })
      }
    },
  )

  it('rule 11: an abort ends the wait for an announced short body that stops on its way', async () => {
    const controller = new AbortController()
    const baseUrl = await servers.serve((request, response) => {
      if (request.url?.includes('/gettoken')) {
        response.end('{"access_token":"token-of-this-test","expires_in":7200}')
        return
      }
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
      response.write('{"errcode":0,', () => setImmediate(() => controller.abort()))
    })
    const qyFetch = withToken(plain, APP, { baseUrl })
    const answer = qyFetch(`${baseUrl}/cgi-bin/user/get`, { signal: controller.signal })
    await expect(answer.then((response) => response.text())).rejects.toThrow(/aborted/)
  })
})
