/** Reports a stream's error before its other listeners, without counting as an error handler. */
export function beforeStreamError(stream: object, report: (error: unknown) => void): void {
  const { errorMonitor } = process.getBuiltinModule('node:events')
  ;(stream as NodeJS.EventEmitter).on(errorMonitor, report)
}

/** Properties of Node's `IncomingMessage`. */
const MESSAGE_KEYS = [
  'statusCode',
  'statusMessage',
  'headers',
  'rawHeaders',
  'trailers',
  'rawTrailers',
  'httpVersion',
  'httpVersionMajor',
  'httpVersionMinor',
  'complete',
]

/** A replacement for a Node stream, with these bytes; then it ends, or fails with `error`. */
export function nodeStreamInstead(of: object, bytes: Uint8Array, error?: Error): unknown {
  const { Readable } = process.getBuiltinModule('node:stream')
  let isPushed = bytes.length === 0
  const stream = new Readable({
    read() {
      if (!isPushed) this.push(bytes)
      else if (error === undefined) this.push(null)
      else this.destroy(error)
      isPushed = true
    },
  })
  for (const key of MESSAGE_KEYS) {
    if (key in of) Reflect.set(stream, key, Reflect.get(of, key))
  }
  return stream
}
