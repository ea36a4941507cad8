import { EventEmitter, getEventListeners, once } from 'node:events'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { createGunzip, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/platform.js'
import {
  bufferBody,
  discardBody,
  isNodeReadable,
  peekNodeStream,
} from '../../src/request/peek-node-stream.js'
import { peekWebStream } from '../../src/request/peek-web-stream.js'
import { useOwnTimers } from '../support/own-timers.js'
import { settle } from '../support/qyapi.js'

const REFUSAL = '{"errcode":42001,"errmsg":"access_token expired 过期"}'
const BORDER = 16_384
const jsonOf = (length: number) => `{${' '.repeat(length - 2)}}`
const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)
const bytesOf = (text: string) => new TextEncoder().encode(text)

/** Everything that a stream still yields; rejects if the stream breaks. */
async function restOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** A Node stream that yields one piece after the other, each in its own turn. */
function dripping(pieces: readonly string[], end: (stream: Readable) => void = endOf): Readable {
  const stream = new Readable({ read() {} })
  const drip = async () => {
    for (const piece of pieces) {
      await new Promise((resolve) => setImmediate(resolve))
      stream.push(Buffer.from(piece))
    }
    await new Promise((resolve) => setImmediate(resolve))
    end(stream)
  }
  void drip()
  return stream
}
const endOf = (stream: Readable) => void stream.push(null)

const PIECES: [string, string[], string | undefined][] = [
  ['whole in one piece', [REFUSAL], REFUSAL],
  ['in pieces', ['{"err', 'code":', '42001', '}'], '{"errcode":42001}'],
  ['in pieces, white space first', ['\n ', '{"errcode":42001}'], '\n {"errcode":42001}'],
  ['empty', [], ''],
  ['of 16 kB', [jsonOf(BORDER)], jsonOf(BORDER)],
  [
    'of 16 kB in pieces',
    [jsonOf(BORDER).slice(0, 9_000), jsonOf(BORDER).slice(9_000)],
    jsonOf(BORDER),
  ],
  ['of a byte more', [jsonOf(BORDER + 1)], undefined],
  ['of far more', [jsonOf(40_000), jsonOf(40_000)], undefined],
  ['that is no JSON object', ['PNG', '{"errcode":42001}'], undefined],
  ['that is an array', ['[{}]'], undefined],
]

it.each(PIECES)(
  'request rule 4: a Node stream that was peeked: %s: its content is known if it is a short JSON object, and it yields every byte',
  async (_name, pieces, shortJson) => {
    const stream = dripping(pieces)
    expect(textOf(await peekNodeStream(stream))).toBe(shortJson)
    await settle()
    expect(stream.readableEnded).toBe(false)
    expect(stream.readableDidRead).toBe(false)
    for (const event of ['readable', 'error', 'close']) expect(stream.listenerCount(event)).toBe(0)
    expect(await restOf(stream)).toBe(pieces.join(''))
    expect(stream.readableEnded).toBe(true)
  },
)

it('request rule 4: an empty Node stream is left as it is', async () => {
  const stream = dripping([])
  await peekNodeStream(stream)
  expect(Object.hasOwn(stream, 'readableDidRead')).toBe(false)
  expect(await restOf(stream)).toBe('')
})

it('request rule 4: a Node stream that was peeked yields every byte to a data listener, then its end', async () => {
  const stream = dripping([REFUSAL.slice(0, 5), REFUSAL.slice(5)])
  await peekNodeStream(stream)
  const chunks: Buffer[] = []
  stream.on('data', (chunk) => chunks.push(chunk))
  await once(stream, 'end')
  expect(Buffer.concat(chunks).toString()).toBe(REFUSAL)
})

it('request rule 4: a Node stream that was peeked is not read further than necessary', async () => {
  const stream = dripping(['PNG', 'more', 'and more'])
  expect(await peekNodeStream(stream)).toBeUndefined()
  expect(stream.readableLength).toBe(3)
  expect(await restOf(stream)).toBe('PNGmoreand more')
})

it('request rule 4: a Node stream that was peeked does not count as read until it is read', async () => {
  const stream = dripping([REFUSAL])
  await peekNodeStream(stream)
  await settle()
  expect(stream.readableDidRead).toBe(false)
  expect(Object.getOwnPropertyDescriptor(stream, 'readableDidRead')?.configurable).toBe(true)
  stream.read(3)
  expect(stream.readableDidRead).toBe(true)
  await restOf(stream)
  expect(stream.readableDidRead).toBe(true)
})

it('request rule 4: a Node stream that was peeked can be peeked again', async () => {
  const stream = dripping([REFUSAL])
  await peekNodeStream(stream)
  await settle()
  expect(textOf(await peekNodeStream(stream))).toBe(REFUSAL)
  expect(await restOf(stream)).toBe(REFUSAL)
})

it('request rule 4: a Node stream that was peeked is a body of Response like any other', async () => {
  const stream = dripping([REFUSAL])
  await peekNodeStream(stream)
  expect(await new Response(Readable.toWeb(stream) as ReadableStream).text()).toBe(REFUSAL)
})

it('request rule 4: a Node stream that has ended empty is not peeked, and still emits its end', async () => {
  const stream = new Readable({ read() {} })
  stream.push(null)
  expect(await peekNodeStream(stream)).toBeUndefined()
  expect(stream.readableEnded).toBe(false)
  expect(await restOf(stream)).toBe('')
})

it('request rule 4: a Node stream that has all arrived, but was not read, is peeked', async () => {
  const stream = new Readable({ read() {} })
  stream.push(Buffer.from(REFUSAL))
  stream.push(null)
  expect(textOf(await peekNodeStream(stream))).toBe(REFUSAL)
  expect(await restOf(stream)).toBe(REFUSAL)
})

it('request rule 4: a Node stream that was read to its end is not peeked', async () => {
  const stream = dripping([REFUSAL])
  await restOf(stream)
  expect(await peekNodeStream(stream)).toBeUndefined()
})

it('request rule 4: a Node stream that is already flowing is not peeked', async () => {
  const stream = Readable.from([Buffer.from('{"errcode"'), Buffer.from(':42001}')], {
    objectMode: false,
  })
  const heard: string[] = []
  stream.on('data', (chunk) => heard.push(String(chunk)))
  expect(await peekNodeStream(stream)).toBeUndefined()
  await once(stream, 'end')
  expect(heard.join('')).toBe('{"errcode":42001}')
})

it('request rule 4: a Node stream that is destroyed is not peeked', async () => {
  const stream = new Readable({ read() {} })
  stream.push(Buffer.from(REFUSAL))
  stream.destroy()
  const instead: unknown[] = []
  const peeked = peekNodeStream(stream, (other) => instead.push(other))
  expect(stream.listenerCount('readable')).toBe(0)
  expect(await peeked).toBeUndefined()
  expect(instead).toEqual([])
})

it('request rule 4: a Node stream that yields objects is not peeked', async () => {
  const stream = Readable.from([{ errcode: 42001 }])
  expect(await peekNodeStream(stream)).toBeUndefined()
  expect(await stream.toArray()).toEqual([{ errcode: 42001 }])
})

it('request rule 4: a Node stream that yields text, by an encoding that was set, is not peeked', async () => {
  const stream = dripping([REFUSAL])
  stream.setEncoding('utf8')
  expect(await peekNodeStream(stream)).toBeUndefined()
  expect((await stream.toArray()).join('')).toBe(REFUSAL)
})

/** Peeks, and returns the stream to read instead. */
async function peek(stream: Readable) {
  const instead: unknown[] = []
  const bytes = await peekNodeStream(stream, (other) => instead.push(other))
  for (const event of ['readable', 'error', 'close']) expect(stream.listenerCount(event)).toBe(0)
  return { bytes, instead }
}
async function piecesOf(stream: unknown) {
  const pieces: string[] = []
  try {
    for await (const chunk of stream as Readable) pieces.push(String(chunk))
    return { pieces, error: undefined }
  } catch (error) {
    return { pieces, error }
  }
}

it('request rule 4: a Node stream that breaks while it is peeked is replaced by one that has the same bytes, and breaks with the same error', async () => {
  const failure = new Error('reset')
  const stream = dripping(['{"err', 'code'], (one) => void one.destroy(failure))
  const { bytes, instead } = await peek(stream)
  expect(bytes).toBeUndefined()
  expect(instead).toHaveLength(1)
  expect(await piecesOf(instead[0])).toEqual({ pieces: ['{"errcode'], error: failure })
})

it('request rule 4: a Node stream that breaks before its first byte is replaced by one that breaks in the same way', async () => {
  const failure = new Error('reset')
  const { instead } = await peek(dripping([], (one) => void one.destroy(failure)))
  expect(await piecesOf(instead[0])).toEqual({ pieces: [], error: failure })
})

it('request rule 4: a Node stream that breaks without an error, or with none that is an Error, counts as aborted', async () => {
  for (const failure of [undefined, 'reset']) {
    const stream = dripping(['{"err'], (one) => void one.destroy(failure as undefined))
    const { bytes, instead } = await peek(stream)
    expect(bytes).toBeUndefined()
    const { pieces, error } = await piecesOf(instead[0])
    expect(pieces).toEqual(['{"err'])
    expect(error).toMatchObject({ message: 'aborted' })
  }
})

it('request rule 4: a Node stream that broke while it was peeked does not need a listener for its replacement', async () => {
  const stream = dripping(['{"err'], (one) => void one.destroy(new Error('reset')))
  expect(await peekNodeStream(stream)).toBeUndefined()
})

it('request rule 4: a Node stream that does not break is not replaced', async () => {
  const { instead } = await peek(dripping([REFUSAL]))
  expect(instead).toEqual([])
})

describe('a body that takes long', () => {
  const timers = useOwnTimers()

  it('request rule 4: a Node stream that takes more than a second in all is passed on as it is', async () => {
    const stream = new Readable({ read() {} })
    let shortJson: unknown = 'not yet'
    const peeked = peekNodeStream(stream).then((bytes) => {
      shortJson = bytes
    })
    await timers.advance(600)
    stream.push(Buffer.from('{"err'))
    await settle()
    await timers.advance(399)
    await settle()
    expect(shortJson).toBe('not yet')
    await timers.advance(1)
    await peeked
    expect(shortJson).toBeUndefined()
    expect(timers.count()).toBe(0)
    stream.push(Buffer.from('code":42001}'))
    stream.push(null)
    expect(await restOf(stream)).toBe('{"errcode":42001}')
  })

  it('request rule 4: a Node stream that takes long from its beginning is passed on as it is', async () => {
    const stream = new Readable({ read() {} })
    const peeked = peekNodeStream(stream)
    await timers.advance(1_000)
    expect(await peeked).toBeUndefined()
    stream.push(Buffer.from(REFUSAL))
    stream.push(null)
    expect(await restOf(stream)).toBe(REFUSAL)
  })

  it('request rule 4: a stream that is closed is not waited for any more', async () => {
    const stream = new Readable({ read() {} })
    let isDone = false
    const peeked = peekNodeStream(stream).then(() => {
      isDone = true
    })
    stream.destroy()
    await settle()
    expect(isDone).toBe(true)
    expect(timers.count()).toBe(0)
    await peeked
  })

  it('request rule 4: a stream that continues leaves no timer', async () => {
    await peekNodeStream(dripping(['{"err', 'code":42001}']))
    await peekWebStream(new Response(REFUSAL).body ?? expect.fail('no body'))
    await settle()
    expect(timers.count()).toBe(0)
  })

  it('request rule 4: a web stream that takes more than a second in all is passed on as it is', async () => {
    let give = (_text: string) => {}
    let close = () => {}
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        give = (text) => controller.enqueue(bytesOf(text))
        close = () => controller.close()
      },
    })
    let shortJson: unknown = 'not yet'
    const peeked = peekWebStream(stream).then((result) => {
      shortJson = result.bytes
      return result
    })
    await timers.advance(600)
    give('{"err')
    await settle()
    await timers.advance(399)
    await settle()
    expect(shortJson).toBe('not yet')
    await timers.advance(1)
    const { bytes, body } = await peeked
    expect(bytes).toBeUndefined()
    give('code":')
    give('42001}')
    close()
    expect(await new Response(body).text()).toBe('{"errcode":42001}')
  })
})

describe('an answer of a real server', () => {
  const pages: Record<string, (response: ServerResponse) => void> = {
    '/whole': (response) => response.end(REFUSAL),
    '/pieces': async (response) => {
      for (const piece of [REFUSAL.slice(0, 5), REFUSAL.slice(5)]) {
        response.write(piece)
        await new Promise((resolve) => setTimeout(resolve, 3))
      }
      response.end()
    },
    '/empty': (response) => response.end(),
    '/long': (response) => response.end(jsonOf(200_000)),
    '/binary': (response) => response.end(Buffer.alloc(50_000, 0x89)),
    '/truncated': (response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"errcode":', () => response.destroy())
    },
    '/gzip': (response) => response.end(gzipSync(REFUSAL)),
    '/long-gzip': (response) => response.end(gzipSync(jsonOf(200_000))),
  }
  const server = createServer((request, response) => pages[request.url ?? '']?.(response))
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const answerOf = (path: string) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const { port } = server.address() as AddressInfo
      get({ port, path, host: '127.0.0.1', agent: false }, resolve).on('error', reject)
    })

  it.each([
    ['/whole', REFUSAL, REFUSAL],
    ['/pieces', REFUSAL, REFUSAL],
    ['/long', undefined, jsonOf(200_000)],
    ['/binary', undefined, Buffer.alloc(50_000, 0x89).toString()],
  ])(
    'request rule 4: an answer of a real server is peeked: %s',
    async (path, shortJson, content) => {
      const answer = await answerOf(path)
      expect(isNodeReadable(answer)).toBe(true)
      expect(textOf(await peekNodeStream(answer))).toBe(shortJson)
      expect(await restOf(answer)).toBe(content)
      expect(answer.complete).toBe(true)
    },
  )

  it('request rule 4: an answer of a real server that is empty is empty', async () => {
    const answer = await answerOf('/empty')
    expect(textOf(await peekNodeStream(answer)) ?? '').toBe('')
    expect(await restOf(answer)).toBe('')
  })

  it('request rule 4: an answer of a real server that is cut off is cut off for the caller too', async () => {
    const answer = await answerOf('/truncated')
    const instead: unknown[] = []
    expect(await peekNodeStream(answer, (other) => instead.push(other))).toBeUndefined()
    await expect(restOf(answer)).rejects.toMatchObject({ code: 'ECONNRESET' })
    const same = expect(restOf(instead[0] as Readable)).rejects
    await same.toMatchObject({ code: 'ECONNRESET' })
  })

  it.each([
    ['/gzip', REFUSAL, REFUSAL],
    ['/long-gzip', undefined, jsonOf(200_000)],
  ])(
    'request rule 4: an answer of a real server is peeked after it was unzipped: %s',
    async (path, shortJson, content) => {
      const answer = (await answerOf(path)).pipe(createGunzip())
      expect(textOf(await peekNodeStream(answer))).toBe(shortJson)
      expect(await restOf(answer)).toBe(content)
    },
  )
})

it('request rule 4: a stream of another implementation, which does not say what has arrived is peeked all the same', async () => {
  const emitter = new EventEmitter()
  const bytes: Uint8Array[] = [bytesOf('PNG')]
  const stream = Object.assign(emitter, {
    destroyed: false,
    readableFlowing: null,
    readableLength: 3,
    readableEnded: false,
    readableObjectMode: false,
    readableEncoding: null,
    read: () => bytes.pop() ?? null,
    unshift: (chunk: Uint8Array) => void bytes.push(chunk),
    destroy: () => {},
    resume: () => {},
  })
  const peeked = peekNodeStream(stream)
  emitter.emit('readable')
  expect(await peeked).toBeUndefined()
  expect(bytes.map(textOf)).toEqual(['PNG'])
})

it('request rule 5: a Node stream that is buffered to free its connection is read to its end, and another yields the same bytes', async () => {
  const stream = dripping(['{"errcode":', '42001}'])
  const instead = (await bufferBody(stream)) as Readable
  await finished(stream)
  expect(instead).not.toBe(stream)
  expect(await restOf(instead)).toBe('{"errcode":42001}')
})

it('request rule 5: a Node stream that is no short JSON is not buffered', async () => {
  const stream = dripping(['PNG'])
  expect(await bufferBody(stream)).toBe(stream)
  expect(await restOf(stream)).toBe('PNG')
})

it('request rule 5: a Node stream that is buffered to free its connection breaks where it broke', async () => {
  const stream = dripping(['{"errcode":'], (broken) => broken.destroy(new Error('cut')))
  const instead = (await bufferBody(stream)) as Readable
  const pieces: Buffer[] = []
  instead.on('data', (piece) => pieces.push(piece))
  await expect(finished(instead)).rejects.toThrow('cut')
  expect(Buffer.concat(pieces).toString()).toBe('{"errcode":')
})

it('request rule 5: a Node stream that is buffered to free its connection does not end the process by an error without a listener', async () => {
  const stream = dripping(['{}'])
  await bufferBody(stream)
  expect(stream.emit('error', new Error('too late'))).toBe(true)
})

it.each<[string, unknown, boolean]>([
  ['a Readable', new Readable(), true],
  ['what reads and takes back', { read: () => null, unshift: () => {} }, true],
  ['what reads only', { read: () => null }, false],
  ['an array', [], false],
  ['a web stream', new ReadableStream(), false],
  ['null', null, false],
  ['nothing', undefined, false],
  ['a function', Object.assign(() => {}, { read: () => null, unshift: () => {} }), false],
])(
  'request rule 4: isNodeReadable and isWebStream recognize a stream: %s: %s',
  (_name, value, expected) => {
    expect(isNodeReadable(value)).toBe(expected)
  },
)

it('request rule 5: discardBody destroys or cancels a stream of any implementation', async () => {
  const ended: string[] = []
  const node = new Readable({ read() {} }).once('close', () => ended.push('node'))
  discardBody(node)
  discardBody(new ReadableStream({ cancel: () => void ended.push('web') }))
  discardBody({ getReader() {}, cancel: async () => void ended.push('polyfill') })
  await settle()
  expect(ended.sort()).toEqual(['node', 'polyfill', 'web'])
})

it('request rule 5: discardBody ignores a failure to cancel', async () => {
  const locked = new ReadableStream()
  locked.getReader()
  for (const body of [locked, null, undefined, 'text', new Uint8Array(1), {}]) discardBody(body)
  // An unhandled rejection would fail this run.
  await settle()
})

/** Yields the pieces on demand, then ends or breaks; records what was read and cancelled. */
function webStreamOf(pieces: readonly string[], failure?: Error) {
  const log = { given: 0, cancelled: undefined as unknown }
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = pieces[log.given]
        if (piece !== undefined) controller.enqueue(bytesOf(piece))
        else if (failure !== undefined) controller.error(failure)
        else controller.close()
        log.given += 1
      },
      cancel(reason) {
        log.cancelled = reason
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, log }
}
const contentOf = (body: ConstructorParameters<typeof Response>[0]) => new Response(body).text()

it.each(PIECES)(
  'request rule 4: a web stream that was peeked: %s: its content is known if it is a short JSON object, and it yields every byte',
  async (_name, pieces, shortJson) => {
    const { bytes, body } = await peekWebStream(webStreamOf(pieces).stream)
    expect(textOf(bytes)).toBe(shortJson)
    expect(await contentOf(body)).toBe(pieces.join(''))
  },
)

it('request rule 4: a web stream that was peeked is not read further than necessary', async () => {
  const { stream, log } = webStreamOf(['PNG', 'more', 'and more'])
  const { body } = await peekWebStream(stream)
  expect(log.given).toBeLessThanOrEqual(2)
  expect(await contentOf(body)).toBe('PNGmoreand more')
})

it('request rule 4: a web stream that was peeked breaks for the caller with the same error, at the same place', async () => {
  const failure = new Error('reset')
  const { bytes, body } = await peekWebStream(webStreamOf(['{"err', 'code'], failure).stream)
  expect(bytes).toBeUndefined()
  const reader = (body as ReadableStream<Uint8Array>).getReader()
  expect(textOf((await reader.read()).value)).toBe('{"err')
  expect(textOf((await reader.read()).value)).toBe('code')
  await expect(reader.read()).rejects.toBe(failure)
})

it('request rule 4: a web stream that was peeked can be cancelled, and the server gets the reason', async () => {
  const { stream, log } = webStreamOf(['PNG', 'more'])
  const { signal } = new AbortController()
  const { body } = await peekWebStream(stream, { signal })
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  await (body as ReadableStream<Uint8Array>).cancel('enough')
  expect(log.cancelled).toBe('enough')
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})

it('request rule 4: a web stream that was peeked ends with the signal, and the server gets the reason', async () => {
  const { stream, log } = webStreamOf(['PNG', 'more'])
  const controller = new AbortController()
  const { body } = await peekWebStream(stream, { signal: controller.signal })
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(contentOf(body)).rejects.toBe(reason)
  expect(log.cancelled).toBe(reason)
})

it('request rule 4: a web stream that was peeked ends with a signal that was aborted while it was peeked', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const stream = new ReadableStream<Uint8Array>()
  const peeked = peekWebStream(stream, { signal: controller.signal })
  controller.abort(reason)
  const { bytes, body } = await peeked
  expect(bytes).toBeUndefined()
  await expect(contentOf(body)).rejects.toBe(reason)
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
})

it('request rule 4: a web stream that was peeked continues also if a reader cannot be released while it waits, as in a polyfill', async () => {
  const controller = new AbortController()
  let push: ReadableStreamDefaultController<Uint8Array> | undefined
  const stream = new ReadableStream<Uint8Array>({
    start(to) {
      push = to
    },
  })
  const getReader = stream.getReader.bind(stream)
  Object.assign(stream, {
    getReader() {
      const reader = getReader()
      return Object.assign(reader, {
        releaseLock() {
          throw new TypeError('a read is pending')
        },
      })
    },
  })
  const after = vi.spyOn(systemClock, 'after')
  const peeked = peekWebStream(stream, { signal: controller.signal })
  push?.enqueue(bytesOf('{"err'))
  await settle()
  const [timeout] = after.mock.calls
  timeout?.[1]()
  after.mockRestore()
  const { body } = await peeked
  push?.enqueue(bytesOf('code":0}'))
  push?.close()
  expect(await contentOf(body)).toBe('{"errcode":0}')
})

it('request rule 4: a web stream that was peeked leaves no listener on the signal once it was read to its end, and ignores an abort then', async () => {
  const { stream, log } = webStreamOf(['PNG', 'more'])
  const controller = new AbortController()
  const { body } = await peekWebStream(stream, { signal: controller.signal })
  expect(await contentOf(body)).toBe('PNGmore')
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  controller.abort()
  expect(log.cancelled).toBeUndefined()
})

it("request rule 4: a 'readable' listener that is added right after peeking is called", async () => {
  const stream = new Readable({ read() {} })
  const peeked = peekNodeStream(stream)
  await Promise.resolve()
  stream.push('{"errcode":0}')
  stream.push(null)
  await peeked
  const heard = await new Promise<string>((resolve) => {
    stream.on('readable', () => resolve(String(stream.read())))
  })
  expect(heard).toBe('{"errcode":0}')
})
