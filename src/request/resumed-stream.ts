import { onAbort } from '../core/platform.js'

type Reader = ReadableStreamDefaultReader<Uint8Array>
export type ReadResult = Awaited<ReturnType<Reader['read']>>
type Controller = ReadableStreamDefaultController<Uint8Array> | ReadableByteStreamController

export interface Resumption {
  /** A read that was begun and has not been answered, or has failed. */
  readonly pending?: Promise<ReadResult> | undefined
  /** Ends the stream: some implementations cannot end one that a reader of ours holds. */
  readonly signal?: AbortSignal | null | undefined
  /** With what it ends then, if not with the signal's own reason. */
  readonly reasonOf?: ((signal: AbortSignal) => unknown) | undefined
  /** The first stream was one that can be read into the caller's own buffers. */
  readonly isByteStream?: boolean
}

/** What was read so far, then what the reader still gives. */
export function resumedStream(
  chunks: readonly Uint8Array[],
  reader: Reader,
  { pending, signal, reasonOf = ownReason, isByteStream = false }: Resumption = {},
): ReadableStream<Uint8Array> {
  let isOver = false
  let next = pending
  let stopListening = () => {}
  const settle = () => {
    isOver = true
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
        if (isOver) return
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

/** A shared buffer is no body's; the types of a stream of bytes say so. */
function asGiven(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  return chunk as Uint8Array<ArrayBuffer>
}

/** A caller who reads into a buffer of its own learns of the end only by an answer to that. */
function close(controller: Controller): void {
  controller.close()
  const { byobRequest } = controller as { byobRequest?: { respond(bytes: number): void } | null }
  byobRequest?.respond(0)
}

/**
 * Ends a stream with its signal, without keeping it alive: a signal may outlive thousands of answers
 * that nobody reads. The registry is there as long as the listener, in whose scope it stands.
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

/** Whether a stream that nobody reads can be read into a caller's own buffers. */
export function isByteStream(stream: ReadableStream<Uint8Array>): boolean {
  try {
    stream.getReader({ mode: 'byob' }).releaseLock()
    return true
  } catch {
    return false
  }
}
