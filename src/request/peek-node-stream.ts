import { nodeStreamInstead } from '../core/node-streams.js'
import { systemClock } from '../core/platform.js'
import { isWebStream } from './peek-web-stream.js'
import { isDecided, joined, PEEK_TIMEOUT_MS } from './short-body.js'

/** The parts of a Node stream that peeking needs. */
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
  /** `true`: it is already being read. */
  readonly readableFlowing: boolean | null
  /** Node has no public property for "everything has arrived, but not all was read". */
  readonly _readableState?: { readonly ended: boolean }
}

export function isNodeReadable(value: unknown): value is NodeReadable {
  if (typeof value !== 'object' || value === null) return false
  const { read, unshift } = value as Partial<NodeReadable>
  return typeof read === 'function' && typeof unshift === 'function'
}

/**
 * Peeks into a Node stream and puts back what it read, so that the caller gets the same stream,
 * paused at its beginning. If the stream breaks meanwhile, its bytes cannot be put back: `onBroken`
 * gets another stream that yields the same bytes and then the same error.
 */
export function peekNodeStream(
  stream: NodeReadable,
  onBroken: (replacement: unknown) => void = () => {},
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
      // Exactly what has arrived: reading more would end the stream if these are its last bytes.
      const chunk = stream.readableLength > 0 ? stream.read(stream.readableLength) : null
      if (chunk !== null) chunks.push(chunk)
      length += chunk?.length ?? 0
      if (isDecided(chunks, length)) finish(false)
      else if (hasAllArrived()) finish(true)
    }
    const cancel = systemClock.after(PEEK_TIMEOUT_MS, () => finish(false))
    stream.on('readable', onReadable)
    stream.on('error', onError)
    stream.on('close', onClose)
  })
}

/**
 * Reads a short Node stream to its end, so that its connection is free, and returns one with the same
 * bytes. A stream that is long, slow or not JSON is returned as it is.
 */
export async function bufferBody(stream: NodeReadable): Promise<unknown> {
  let replacement: unknown = stream
  const bytes = await peekNodeStream(stream, (broken) => {
    replacement = broken
  })
  if (bytes === undefined) return replacement
  // The original has no other listener any more.
  stream.on('error', () => {})
  stream.resume()
  return nodeStreamInstead(stream, bytes)
}

/** Releases a body, of any kind, that will not be read. */
export function discardBody(body: unknown): void {
  if (isNodeReadable(body)) body.destroy()
  else if (isWebStream(body)) body.cancel().catch(() => {})
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('aborted')
}

function isPeekable(stream: NodeReadable): boolean {
  const { destroyed, readableEnded, readableObjectMode, readableEncoding, readableFlowing } = stream
  if (destroyed || readableEnded || readableFlowing) return false
  return !readableObjectMode && readableEncoding === null
}

/** `new Response` and undici refuse a body that counts as read. */
function putBack(stream: NodeReadable, bytes: Uint8Array): void {
  stream.unshift(bytes)
  Object.defineProperty(stream, 'readableDidRead', {
    get: () => stream.readableLength < bytes.length || stream.readableEnded,
    configurable: true,
  })
}
