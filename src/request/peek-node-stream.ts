import { nodeStreamInstead } from '../core/node-streams.js'
import { systemClock } from '../core/platform.js'
import { isWebStream } from './peek-web-stream.js'
import { isDecided, joined, PATIENCE_MS } from './short-body.js'

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
