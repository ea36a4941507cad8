/**
 * Whether a request body is still there after it was sent. Strings, bytes, URLSearchParams, Blob,
 * File and FormData are; streams, iterators and form-data made of streams are gone.
 */
export function canBeSentTwice(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return typeof body !== 'function'
  if (isBytes(body)) return true
  const { pipe, getReader } = body as { pipe?: unknown; getReader?: unknown }
  if (typeof pipe === 'function' || typeof getReader === 'function') return false
  return !isOneShotIterable(body)
}

function isBytes(body: object): boolean {
  return body instanceof ArrayBuffer || ArrayBuffer.isView(body)
}

/** An async iterable, or an iterator that iterates over itself and can therefore do so once. */
function isOneShotIterable(body: object): boolean {
  if (Symbol.asyncIterator in body) return true
  return Symbol.iterator in body && 'next' in body
}
