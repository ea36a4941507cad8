/** Tells of a Node stream's error before anyone else hears it, and without counting as a listener. */
export function beforeStreamError(stream: object, tell: (error: unknown) => void): void {
  const { errorMonitor } = process.getBuiltinModule('node:events')
  ;(stream as NodeJS.EventEmitter).on(errorMonitor, tell)
}

/** What Node's own answers say of themselves. */
const SAID_BY_ANSWERS = [
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

/** A Node stream in the place of another, with these bytes; then it ends, or breaks with this error. */
export function nodeStreamInstead(of: object, bytes: Uint8Array, error?: Error): unknown {
  const { Readable } = process.getBuiltinModule('node:stream')
  let isGiven = bytes.length === 0
  const stream = new Readable({
    read() {
      if (!isGiven) this.push(bytes)
      else if (error === undefined) this.push(null)
      else this.destroy(error)
      isGiven = true
    },
  })
  for (const key of SAID_BY_ANSWERS) {
    if (key in of) Reflect.set(stream, key, Reflect.get(of, key))
  }
  return stream
}
