import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { withToken } from '../../src/fetch.js'
import { sourceWith } from '../support/source.js'

const URL = 'https://qyapi.weixin.qq.com/cgi-bin/media/upload'

/** A stream that records the reason with which it was cancelled. */
function cancellable() {
  const cancelled: unknown[] = []
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(9)),
    cancel: (reason) => void cancelled.push(reason),
  })
  return { stream, cancelled }
}

const post = (body: unknown, signal?: AbortSignal) =>
  ({ method: 'POST', body, duplex: 'half', ...(signal && { signal }) }) as never

const makes: [string, (stream: ReadableStream, signal: AbortSignal) => [never, never?]][] = [
  ['in the init', (stream, signal) => [URL as never, post(stream, signal)]],
  ['of a Request', (stream, signal) => [new Request(URL, post(stream, signal)) as never]],
  [
    'of a Request, with a signal in the init',
    (stream, signal) => [new Request(URL, post(stream)) as never, { signal } as never],
  ],
]

it.each(makes)(
  'request rule 10: a request that is never sent cancels its stream, as fetch does, if it was aborted beforehand: %s',
  async (_name, make) => {
    const signal = AbortSignal.abort(new Error('gone'))
    const ours = cancellable()
    const { source, fetches } = sourceWith('token-1')
    await expect(withToken(fetch, source)(...make(ours.stream, signal))).rejects.toThrow('gone')
    await new Promise((resolve) => setImmediate(resolve))
    expect(ours.cancelled).toEqual([signal.reason])
    expect(fetches()).toBe(0)
  },
)

it.each(makes.slice(0, 1))(
  'request rule 10: a request that is never sent cancels its stream, as fetch does, if it is aborted while it waits for a token: %s',
  async (_name, make) => {
    const controller = new AbortController()
    const { stream, cancelled } = cancellable()
    const { source } = sourceWith(() => new Promise<string>(() => {}))
    const call = withToken(fetch, source)(...make(stream, controller.signal))
    controller.abort(new Error('gone'))
    await expect(call).rejects.toThrow('gone')
    expect(cancelled).toEqual([controller.signal.reason])
  },
)

it('request rule 10: a request that is never sent cancels its stream, as fetch does, if the token request fails, or no source was chosen: a stream, a Node stream, an iterable', async () => {
  const failing = sourceWith(new Error('down')).source
  const refusing = () => Promise.reject(new Error('no tenant'))
  for (const wrapped of [withToken(fetch, failing), withToken(fetch, refusing)]) {
    const { stream, cancelled } = cancellable()
    const node = Readable.from(['x'])
    let isClosed = false
    const iterable = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: new Uint8Array(1) }),
        return: async () => {
          isClosed = true
          return { done: true, value: undefined }
        },
      }),
    }
    for (const body of [stream, node, iterable])
      await expect(wrapped(URL, post(body))).rejects.toThrow()
    await new Promise((resolve) => setImmediate(resolve))
    expect([cancelled.length, node.destroyed, isClosed]).toEqual([1, true, true])
  }
})

// Accessors such as `status` break Node's own `new Response`, also without us.
const names = [
  'type',
  'ok',
  'url',
  'redirected',
  'redirect',
  'dispatcher',
  'agent',
  'data',
  'token',
]

it.each(names)(
  'request rule 10: accessors on Object.prototype with a getter and no setter break nothing: %s',
  async (name) => {
    const answers = ['{"errcode":42001}', '{"errcode":0}']
    const { source } = sourceWith((count) => `token-${count}`)
    const answering = (async () =>
      new Response(answers.shift(), {
        headers: { 'content-type': 'application/json' },
      })) as never as typeof fetch
    const qyFetch = withToken(answering, source)
    Object.defineProperty(Object.prototype, name, { get: () => undefined, configurable: true })
    try {
      const response = await qyFetch(URL, {
        method: 'POST',
        body: new URLSearchParams('a=1'),
        headers: { a: '1' },
      })
      expect(await response.json()).toEqual({ errcode: 0 })
    } finally {
      Reflect.deleteProperty(Object.prototype, name)
    }
  },
)
