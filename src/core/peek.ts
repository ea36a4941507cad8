import { afterTick, brokenNodeStream, systemClock } from './platform.js'
import { LONGEST_VERDICT_BYTES, startsLikeAnObject } from './verdict.js'
import { waitFor } from './wait.js'

/** The beginning of a body, and the body as if nobody had looked. */
export interface Peeked<Body> {
  /** The whole content if it is short and may be a JSON object; else nobody needs it. */
  readonly bytes: Uint8Array | undefined
  readonly body: Body
}

/** A body that pauses for longer than this is given on as it is: nobody sends an errcode in drips. */
const PATIENCE_MS = 1_000

type Reader = ReadableStreamDefaultReader<Uint8Array>
type ReadResult = Awaited<ReturnType<Reader['read']>>

/**
 * Looks into a web stream. The stream given back yields every byte, and the same error at the same
 * place; `signal` ends it as it would have ended the first.
 */
export async function peekWebStream(
  stream: ReadableStream<Uint8Array>,
  signal?: AbortSignal | null,
): Promise<Peeked<ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>>> {
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  let pending: Promise<ReadResult> | undefined
  try {
    for (;;) {
      pending = reader.read()
      const result = await waitFor(patiently(pending), signal)
      if (result === undefined) break
      pending = undefined
      if (result.done) {
        const bytes = joined(chunks, length)
        return { bytes, body: bytes }
      }
      chunks.push(result.value)
      length += result.value.length
      if (isDecided(chunks, length)) break
    }
  } catch {
    // Intentionally dropped here: the caller gets the same error when it comes to it.
  }
  return { bytes: undefined, body: resumedStream(chunks, reader, { pending, signal }) }
}

/** `undefined` if it takes too long. */
function patiently<T>(promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const callOff = systemClock.after(PATIENCE_MS, () => resolve(undefined))
    promise.then(resolve, reject).finally(callOff)
  })
}

/** What was read so far, then what the reader still gives. */
export function resumedStream(
  chunks: readonly Uint8Array[],
  reader: Reader,
  {
    pending,
    signal,
  }: { pending?: Promise<ReadResult> | undefined; signal?: AbortSignal | null | undefined } = {},
): ReadableStream<Uint8Array> {
  let isOver = false
  let next = pending
  // Some implementations cannot end a stream that a reader of ours holds.
  let giveUp = () => {}
  const settle = () => {
    isOver = true
    signal?.removeEventListener('abort', giveUp)
  }
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      giveUp = () => {
        if (isOver) return
        settle()
        controller.error(signal?.reason)
        reader.cancel(signal?.reason).catch(() => {})
      }
      if (signal?.aborted) giveUp()
      else signal?.addEventListener('abort', giveUp)
    },
    async pull(controller) {
      const { done, value } = await (next ?? reader.read())
      next = undefined
      if (isOver) return
      if (done) {
        settle()
        controller.close()
      } else controller.enqueue(value)
    },
    cancel(reason) {
      settle()
      return reader.cancel(reason)
    },
  })
}

/** What a Node stream must be able to do to be looked into. */
export interface NodeReadable {
  read(size: number): Uint8Array | null
  unshift(chunk: Uint8Array): void
  on(event: string, listener: (...args: unknown[]) => void): unknown
  off(event: string, listener: (...args: unknown[]) => void): unknown
  destroy(): unknown
  readonly destroyed: boolean
  readonly readableLength: number
  readonly readableEnded: boolean
  readonly readableObjectMode: boolean
  readonly readableEncoding: string | null
  /** Node has no public name for "everything has arrived, not everything was read". */
  readonly _readableState?: { readonly ended: boolean }
}

export function isNodeReadable(value: unknown): value is NodeReadable {
  if (typeof value !== 'object' || value === null) return false
  const { read, unshift } = value as Partial<NodeReadable>
  return typeof read === 'function' && typeof unshift === 'function'
}

/**
 * Looks into a Node stream and puts back what it read, so that the caller gets the same stream,
 * paused where it began. One that breaks meanwhile cannot be given back its bytes: `onBroken` gets
 * another that gives the same bytes and then the same error.
 */
export function peekNodeStream(
  stream: NodeReadable,
  onBroken: (instead: unknown) => void = () => {},
): Promise<Uint8Array | undefined> {
  const hasAllArrived = () => stream._readableState?.ended === true
  if (!isPeekable(stream) || (hasAllArrived() && stream.readableLength === 0)) {
    return Promise.resolve(undefined)
  }
  const chunks: Uint8Array[] = []
  let length = 0

  return new Promise((resolve) => {
    let callOff = () => {}
    const finish = (isWhole: boolean, error?: unknown) => {
      callOff()
      stream.off('readable', onReadable)
      stream.off('error', onError)
      stream.off('close', onClose)
      const bytes = joined(chunks, length)
      if (stream.destroyed) onBroken(brokenNodeStream(bytes, asError(error)))
      else if (length > 0) putBack(stream, bytes)
      // Until then a 'readable' listener of the caller's would not be heard.
      afterTick(() => resolve(isWhole ? bytes : undefined))
    }
    const onError = (error: unknown) => finish(false, error)
    const onClose = () => finish(false)
    const waitForMore = () => {
      callOff()
      callOff = systemClock.after(PATIENCE_MS, () => finish(false))
    }
    const onReadable = () => {
      // Exactly what is there: asking for more would end a stream whose last bytes these are.
      const chunk = stream.readableLength > 0 ? stream.read(stream.readableLength) : null
      if (chunk !== null) chunks.push(chunk)
      length += chunk?.length ?? 0
      if (isDecided(chunks, length)) finish(false)
      else if (hasAllArrived()) finish(true)
      else waitForMore()
    }
    stream.on('readable', onReadable)
    stream.on('error', onError)
    stream.on('close', onClose)
    waitForMore()
  })
}

/** Lets go of a body, of whatever kind, that nobody will read. */
export function letGo(body: unknown): void {
  if (isNodeReadable(body)) body.destroy()
  else if (isWebStream(body)) body.cancel().catch(() => {})
}

/** Also a polyfill's, which is no instance of the global class. */
export function isWebStream(value: unknown): value is ReadableStream<Uint8Array<ArrayBuffer>> {
  return typeof (value as Partial<ReadableStream> | null | undefined)?.getReader === 'function'
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('aborted')
}

function isPeekable(stream: NodeReadable): boolean {
  const { destroyed, readableEnded, readableObjectMode, readableEncoding } = stream
  return !destroyed && !readableEnded && !readableObjectMode && readableEncoding === null
}

/** A stream that counts as read is refused as a body by `new Response` and undici. */
function putBack(stream: NodeReadable, bytes: Uint8Array): void {
  stream.unshift(bytes)
  Object.defineProperty(stream, 'readableDidRead', {
    get: () => stream.readableLength < bytes.length || stream.readableEnded,
    configurable: true,
  })
}

/** Nothing more to learn: too long for a refusal, or no JSON object. */
function isDecided(chunks: readonly Uint8Array[], length: number): boolean {
  const [first] = chunks
  return length > LONGEST_VERDICT_BYTES || (first !== undefined && !startsLikeAnObject(first))
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
