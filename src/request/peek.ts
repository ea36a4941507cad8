import { LONGEST_JUDGED_BYTES, startsLikeAnObject } from '../core/errcode.js'
import { nodeStreamInstead, onAbort, systemClock } from '../core/platform.js'
import { isByteStream, type ReadResult, type Resumption, resumedStream } from './resumed-stream.js'

/** The beginning of a body, and the body as if nobody had looked. */
export interface Peeked<Body> {
  /** The whole content if it is short and may be a JSON object; else nobody needs it. */
  readonly bytes: Uint8Array | undefined
  readonly body: Body
}

/** A body that takes longer than this is given on as it is: nobody sends an errcode in drips. */
const PATIENCE_MS = 1_000

/**
 * Looks into a web stream. The stream given back yields every byte, and the same error at the same
 * place; `signal` ends it as it would have ended the first, with what `reasonOf` makes of it.
 */
export function peekWebStream(
  stream: ReadableStream<Uint8Array>,
  signal?: AbortSignal | null,
  reasonOf?: Resumption['reasonOf'],
): Promise<Peeked<ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>>> {
  const chunks: Uint8Array[] = []
  let length = 0
  let pending: Promise<ReadResult> | undefined
  let isOver = false

  // One promise, one timer and callbacks: this is done for every answer without a header.
  return new Promise((resolve) => {
    const reader = stream.getReader()
    const finish = (isWhole: boolean) => {
      if (isOver) return
      isOver = true
      cancel()
      stopListening?.()
      const bytes = isWhole ? joined(chunks, length) : undefined
      // Until it is read, a signal ends also what has all arrived.
      const body =
        bytes !== undefined && !signal
          ? bytes
          : restOf(stream, reader, chunks, { pending, signal, reasonOf })
      resolve({ bytes, body })
    }
    const giveOn = () => finish(false)
    // The caller gets the same error when it comes to it.
    const onError = () => {
      pending = undefined
      giveOn()
    }
    const onRead = ({ done, value }: ReadResult) => {
      if (isOver) return
      pending = undefined
      if (done) return finish(true)
      chunks.push(value)
      length += value.length
      if (isDecided(chunks, length)) giveOn()
      else readOn()
    }
    const readOn = () => {
      pending = reader.read()
      pending.then(onRead, onError)
    }
    const cancel = systemClock.after(PATIENCE_MS, giveOn)
    const stopListening = signal ? onAbort(signal, giveOn) : undefined
    if (signal?.aborted) giveOn()
    else readOn()
  })
}

/** The stream as if nobody had looked; while a read of ours is pending it cannot be asked its kind. */
function restOf(
  stream: ReadableStream<Uint8Array>,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  chunks: readonly Uint8Array[],
  { pending, ...end }: Omit<Resumption, 'isByteStream'>,
): ReadableStream<Uint8Array> {
  if (pending !== undefined) return resumedStream(chunks, reader, { pending, ...end })
  reader.releaseLock()
  const kind = { isByteStream: isByteStream(stream) }
  return resumedStream(chunks, stream.getReader(), { ...end, ...kind })
}

/** What a Node stream must be able to do to be looked into. */
export interface NodeReadable {
  read(size: number): Uint8Array | null
  unshift(chunk: Uint8Array): void
  resume(): unknown
  on(event: string, listener: (...args: unknown[]) => void): unknown
  off(event: string, listener: (...args: unknown[]) => void): unknown
  destroy(): unknown
  readonly destroyed: boolean
  readonly readableLength: number
  readonly readableEnded: boolean
  readonly readableObjectMode: boolean
  readonly readableEncoding: string | null
  /** Somebody reads it already. */
  readonly readableFlowing: boolean | null
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
    const finish = (isWhole: boolean, error?: unknown) => {
      cancel()
      stream.off('readable', onReadable)
      stream.off('error', onError)
      stream.off('close', onClose)
      const bytes = joined(chunks, length)
      if (stream.destroyed) onBroken(nodeStreamInstead(stream, bytes, asError(error)))
      else if (length > 0) putBack(stream, bytes)
      resolve(isWhole ? bytes : undefined)
    }
    const onError = (error: unknown) => finish(false, error)
    const onClose = () => finish(false)
    const onReadable = () => {
      // Exactly what is there: asking for more would end a stream whose last bytes these are.
      const chunk = stream.readableLength > 0 ? stream.read(stream.readableLength) : null
      if (chunk !== null) chunks.push(chunk)
      length += chunk?.length ?? 0
      if (isDecided(chunks, length)) finish(false)
      else if (hasAllArrived()) finish(true)
    }
    const cancel = systemClock.after(PATIENCE_MS, () => finish(false))
    stream.on('readable', onReadable)
    stream.on('error', onError)
    stream.on('close', onClose)
  })
}

/**
 * Reads a short Node stream to its end, so that its connection is free; gives one with the same
 * bytes. A stream that is long, slow or no JSON is given back as it is.
 */
export async function bufferBody(stream: NodeReadable): Promise<unknown> {
  let instead: unknown = stream
  const bytes = await peekNodeStream(stream, (broken) => {
    instead = broken
  })
  if (bytes === undefined) return instead
  // Nobody listens to it any more.
  stream.on('error', () => {})
  stream.resume()
  return nodeStreamInstead(stream, bytes)
}

/** Lets go of a body, of whatever kind, that nobody will read. */
export function discardBody(body: unknown): void {
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
  const { destroyed, readableEnded, readableObjectMode, readableEncoding, readableFlowing } = stream
  if (destroyed || readableEnded || readableFlowing) return false
  return !readableObjectMode && readableEncoding === null
}

/** A stream that counts as read is refused as a body by `new Response` and undici. */
function putBack(stream: NodeReadable, bytes: Uint8Array): void {
  stream.unshift(bytes)
  Object.defineProperty(stream, 'readableDidRead', {
    get: () => stream.readableLength < bytes.length || stream.readableEnded,
    configurable: true,
  })
}

/** Nothing more to learn: too long for a refusal, or no JSON object. A mock's chunk may be a text. */
function isDecided(chunks: readonly Uint8Array[], length: number): boolean {
  const [first] = chunks
  if (first === undefined) return false
  return length > LONGEST_JUDGED_BYTES || !ArrayBuffer.isView(first) || !startsLikeAnObject(first)
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
