import { systemClock } from './platform.js'
import { LONGEST_VERDICT_BYTES, startsLikeAnObject } from './verdict.js'

/** The beginning of a body, and the body as if nobody had looked. */
export interface Peeked<Body> {
  /** The whole content if it is short and may be a JSON object; else nobody needs it. */
  readonly bytes: Uint8Array | undefined
  readonly body: Body
}

/** Looks into a web stream. The stream given back yields every byte, and the same error at the same place. */
export async function peekWebStream(
  stream: ReadableStream<Uint8Array>,
): Promise<Peeked<ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>>> {
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) {
        const bytes = joined(chunks, length)
        return { bytes, body: bytes }
      }
      chunks.push(value)
      length += value.length
      if (isDecided(chunks, length)) break
    }
  } catch {
    // Intentionally dropped here: the reader gives the same error to the caller when it comes to it.
  }
  return { bytes: undefined, body: resumedStream(chunks, reader) }
}

/** What was read so far, then what the reader still gives. */
export function resumedStream(
  chunks: readonly Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
    },
    async pull(controller) {
      const { done, value } = await reader.read()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: (reason) => reader.cancel(reason),
  })
}

/** What a Node stream must be able to do to be looked into. */
export interface NodeReadable {
  read(size: number): Uint8Array | null
  unshift(chunk: Uint8Array): void
  on(event: string, listener: (...args: unknown[]) => void): unknown
  off(event: string, listener: (...args: unknown[]) => void): unknown
  emit(event: string, ...args: unknown[]): unknown
  listenerCount(event: string): number
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
 * paused where it began. A stream that breaks meanwhile says so again once the caller has it.
 */
export function peekNodeStream(stream: NodeReadable): Promise<Uint8Array | undefined> {
  const hasAllArrived = () => stream._readableState?.ended === true
  if (!isPeekable(stream) || (hasAllArrived() && stream.readableLength === 0)) {
    return Promise.resolve(undefined)
  }
  const chunks: Uint8Array[] = []
  let length = 0

  return new Promise((resolve) => {
    const finish = (isWhole: boolean) => {
      stream.off('readable', onReadable)
      stream.off('error', onBroken)
      stream.off('close', onClose)
      const bytes = joined(chunks, length)
      if (length > 0 && !stream.destroyed) putBack(stream, bytes)
      resolve(isWhole ? bytes : undefined)
    }
    const onClose = () => finish(false)
    const onBroken = (...args: unknown[]) => {
      finish(false)
      // The caller had no time to listen yet; iterators and pipelines see it anyway.
      systemClock.after(0, () => {
        if (stream.listenerCount('error') > 0) stream.emit('error', ...args)
      })
    }
    const onReadable = () => {
      // Exactly what is there: asking for more would end a stream whose last bytes these are.
      const chunk = stream.readableLength > 0 ? stream.read(stream.readableLength) : null
      if (chunk !== null) chunks.push(chunk)
      length += chunk?.length ?? 0
      if (isDecided(chunks, length)) finish(false)
      else if (hasAllArrived()) finish(true)
    }
    stream.on('readable', onReadable)
    stream.on('error', onBroken)
    stream.on('close', onClose)
  })
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
