import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { isByteStream, peekWebStream } from '../../src/request/peek-web-stream.js'
import { collectGarbage } from '../support/garbage.js'
import { settle } from '../support/qyapi.js'

const LONG = `{${' '.repeat(20_000)}}`
const bytesOf = (text: string) => new TextEncoder().encode(text)
const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

/** Yields its pieces one by one, then ends or breaks. */
function streamOf(
  pieces: readonly string[],
  { isBytes = false, failure = undefined as unknown } = {},
) {
  const left = pieces.map(bytesOf)
  return new ReadableStream<Uint8Array>({
    ...(isBytes && { type: 'bytes' }),
    pull(controller: ReadableStreamDefaultController<Uint8Array>) {
      const piece = left.shift()
      if (piece) controller.enqueue(piece)
      else if (failure) controller.error(failure)
      else controller.close()
    },
  } as ConstructorParameters<typeof ReadableStream>[0])
}

async function resumed(stream: ReadableStream<Uint8Array>, signal?: AbortSignal) {
  const { body } = await peekWebStream(stream, { signal })
  return body as ReadableStream<Uint8Array>
}

it.each([true, false])(
  'request rule 4: a stream that was peeked is a byte stream if the original was: %s',
  async (isBytes) => {
    const body = await resumed(streamOf([LONG, 'more'], { isBytes }))
    expect(isByteStream(body)).toBe(isBytes)
    expect(await new Response(body).text()).toBe(`${LONG}more`)
  },
)

it.each([true, false])(
  'request rule 4: a stream that was peeked is a byte stream also if it broke meanwhile: %s',
  async (isBytes) => {
    const failure = new Error('reset')
    const body = await resumed(streamOf(['{"err'], { isBytes, failure }))
    expect(isByteStream(body)).toBe(isBytes)
    const reader = body.getReader()
    expect(await reader.read()).toEqual({ done: false, value: bytesOf('{"err') })
    await expect(reader.read()).rejects.toBe(failure)
  },
)

it('request rule 4: a stream that was peeked can be read to its end into the caller’s own buffers', async () => {
  const body = await resumed(streamOf([LONG, 'more'], { isBytes: true }))
  const reader = body.getReader({ mode: 'byob' })
  let text = ''
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(7_000))
    if (done) break
    text += new TextDecoder().decode(value)
  }
  expect(text).toBe(`${LONG}more`)
})

it('request rule 4: a stream that was peeked detaches no buffer if the original did not', async () => {
  const chunk = bytesOf(LONG)
  const stream = new ReadableStream<Uint8Array>({ start: (to) => to.enqueue(chunk) })
  await resumed(stream)
  expect(chunk.length).toBe(LONG.length)
})

it('request rule 4: a stream that was peeked leaves no listener on its signal when it breaks', async () => {
  const failure = new Error('reset')
  const { signal } = new AbortController()
  const body = await resumed(streamOf([LONG], { failure }), signal)
  expect(listeners(signal)).toBe(1)
  await expect(new Response(body).text()).rejects.toBe(failure)
  expect(listeners(signal)).toBe(0)
})

it('request rule 4: a stream that was peeked is not retained by a signal that outlives it', async () => {
  const { signal } = new AbortController()
  const one = async () => new WeakRef(await resumed(streamOf([LONG, LONG]), signal))
  const streams = await Promise.all(Array.from({ length: 100 }, one))
  const kept = () => streams.filter((stream) => stream.deref() !== undefined).length
  expect(listeners(signal)).toBe(1)
  // The engine may retain the last few.
  for (let turn = 0; turn < 500 && kept() > 10; turn += 1) {
    // What was peeked is retained until the turn is over.
    await settle()
    collectGarbage()
  }
  expect(kept()).toBeLessThanOrEqual(10)
})

it('request rule 4: a stream that was peeked is not ended by its signal once it was collected', async () => {
  const controller = new AbortController()
  const failure: unknown[] = []
  const onUnhandled = (error: unknown) => failure.push(error)
  process.on('uncaughtException', onUnhandled)
  await Promise.all(
    Array.from({ length: 20 }, () => resumed(streamOf([LONG, LONG]), controller.signal)),
  )
  await settle()
  collectGarbage()
  controller.abort()
  await settle()
  process.off('uncaughtException', onUnhandled)
  expect(failure).toEqual([])
})

it('request rule 4: a stream that was peeked ends with its signal while it is being read, though only the reader is referenced', async () => {
  const controller = new AbortController()
  const endless = new ReadableStream<Uint8Array>({ start: (to) => to.enqueue(bytesOf(LONG)) })
  const text = resumed(endless, controller.signal).then((body) => new Response(body).text())
  await settle()
  collectGarbage()
  await settle()
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(text).rejects.toBe(reason)
})
