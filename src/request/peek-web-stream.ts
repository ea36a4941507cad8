import { systemClock } from '../core/platform.js'
import { onAbort } from '../core/wait.js'
import { isDecided, joined, PEEK_TIMEOUT_MS } from './short-body.js'

/** The beginning of a body, and a body that still yields all of it. */
export interface Peeked<Body> {
  /** The whole content, if it is short and may be a JSON object. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined
  /** To be taken once. */
  readonly body: Body
  /** The signal that ends it. */
  readonly signal: AbortSignal | null | undefined
}

interface PeekOptions extends Pick<Resumption, 'signal' | 'reasonOf'> {
  /** Its length is known, and short: a server that has announced it sends it. */
  readonly isShort?: boolean
}

/**
 * Peeks into a web stream. The returned stream yields every byte, and the same error at the same
 * position; `signal` ends it as it would have ended the original, with the reason from `reasonOf`.
 */
export function peekWebStream(
  stream: ReadableStream<Uint8Array>,
  { signal, reasonOf, isShort = false }: PeekOptions = {},
): Promise<Peeked<ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>>> {
  const chunks: Uint8Array[] = []
  let length = 0
  let pending: Promise<ReadResult> | undefined
  let isDone = false

  // One promise, one timer and callbacks: this runs for every answer without the header.
  return new Promise((resolve) => {
    const reader = stream.getReader()
    const finish = (isWhole: boolean) => {
      if (isDone) return
      isDone = true
      cancel?.()
      stopListening?.()
      const rest = () => restOf(stream, reader, chunks, { pending, signal, reasonOf })
      if (!isWhole) return resolve({ bytes: undefined, body: rest(), signal })
      const bytes = joined(chunks, length)
      // Until it is read, a signal ends also what has all arrived. Made only if it is asked for.
      resolve({
        bytes,
        signal,
        get body() {
          return signal ? rest() : bytes
        },
      })
    }
    const stopEarly = () => finish(false)
    // The caller gets the same error when it reads that far.
    const onError = () => {
      pending = undefined
      stopEarly()
    }
    const onRead = ({ done, value }: ReadResult) => {
      if (isDone) return
      pending = undefined
      if (done) return finish(true)
      chunks.push(value)
      length += value.length
      if (isDecided(chunks, length)) stopEarly()
      else readOn()
    }
    const readOn = () => {
      pending = reader.read()
      pending.then(onRead, onError)
    }
    // A timer costs an answer some 5 µs.
    const cancel = isShort ? undefined : systemClock.after(PEEK_TIMEOUT_MS, stopEarly)
    const stopListening = signal ? onAbort(signal, stopEarly) : undefined
    if (signal?.aborted) stopEarly()
    else readOn()
  })
}

/** A stream that yields all of it. While a read of ours is pending, the original's kind is unknown. */
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

/** Also a polyfill's, which is no instance of the global class. */
export function isWebStream(value: unknown): value is ReadableStream<Uint8Array<ArrayBuffer>> {
  return typeof (value as Partial<ReadableStream> | null | undefined)?.getReader === 'function'
}

type Reader = ReadableStreamDefaultReader<Uint8Array>

export type ReadResult = Awaited<ReturnType<Reader['read']>>

type Controller = ReadableStreamDefaultController<Uint8Array> | ReadableByteStreamController

export interface Resumption {
  /** A read that is pending, or has failed. */
  readonly pending?: Promise<ReadResult> | undefined
  /** Ends the stream: some implementations cannot end one that a reader of ours holds. */
  readonly signal?: AbortSignal | null | undefined
  /** The error to end with, if not the signal's own reason. */
  readonly reasonOf?: ((signal: AbortSignal) => unknown) | undefined
  /** Whether the original can be read into the caller's own buffers. */
  readonly isByteStream?: boolean
}

/** Yields what was read so far, then what the reader still yields. */
export function resumedStream(
  chunks: readonly Uint8Array[],
  reader: Reader,
  { pending, signal, reasonOf = ownReason, isByteStream = false }: Resumption = {},
): ReadableStream<Uint8Array> {
  let isDone = false
  let next = pending
  let stopListening = () => {}
  const settle = () => {
    isDone = true
    stopListening()
  }
  const rest = {
    ...(isByteStream && { type: 'bytes' }),
    end: (_reason: unknown) => {},
    start(controller: Controller) {
      for (const chunk of chunks) controller.enqueue(asGiven(chunk))
      rest.end = (reason) => {
        settle()
        controller.error(reason)
        reader.cancel(reason).catch(() => {})
      }
      if (signal?.aborted) rest.end(reasonOf(signal))
      else if (signal) stopListening = endWithSignal(signal, rest, reasonOf)
    },
    async pull(controller: Controller) {
      try {
        const { done, value } = await (next ?? reader.read())
        next = undefined
        if (isDone) return
        if (!done) return controller.enqueue(asGiven(value))
        settle()
        close(controller)
      } catch (error) {
        settle()
        throw error
      }
    },
    cancel(reason: unknown) {
      settle()
      return reader.cancel(reason)
    },
  }
  return new ReadableStream<Uint8Array>(rest as ConstructorParameters<typeof ReadableStream>[0])
}

function ownReason({ reason }: AbortSignal): unknown {
  return reason
}

/** A body never has a shared buffer. */
function asGiven(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  return chunk as Uint8Array<ArrayBuffer>
}

/** A caller that reads into its own buffer sees the end only after a response to that read. */
function close(controller: Controller): void {
  controller.close()
  const { byobRequest } = controller as { byobRequest?: { respond(bytes: number): void } | null }
  byobRequest?.respond(0)
}

/**
 * Ends a stream with its signal, without keeping it alive: a signal may outlive thousands of answers
 * that is never read. The registry lives as long as the listener, whose scope holds it.
 */
function endWithSignal(
  signal: AbortSignal,
  rest: { readonly end: (reason: unknown) => void },
  reasonOf: (signal: AbortSignal) => unknown,
): () => void {
  const held = new WeakRef(rest)
  const stopListening = onAbort(signal, () => held.deref()?.end(reasonOf(signal)))
  const collected = new FinalizationRegistry(stopListening)
  collected.register(rest, undefined, held)
  return () => {
    collected.unregister(held)
    stopListening()
  }
}

/** Whether a stream that is never read can be read into a caller's own buffers. */
export function isByteStream(stream: ReadableStream<Uint8Array>): boolean {
  try {
    stream.getReader({ mode: 'byob' }).releaseLock()
    return true
  } catch {
    return false
  }
}
