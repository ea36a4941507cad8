import { isFunction, isPlainObject } from '../core/check.js'

/**
 * Request rule 5: whether a body can be sent twice. Strings, bytes, URLSearchParams, Blob, File and
 * FormData can; streams, iterators and form-data made of streams cannot.
 */
export function canBeSentTwice(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return typeof body !== 'function'
  if (isBytes(body)) return true
  const { pipe, getReader } = body as { pipe?: unknown; getReader?: unknown }
  if (typeof pipe === 'function' || typeof getReader === 'function') return false
  return !isOneShotIterable(body)
}

function isBytes(body: object): body is ArrayBuffer | ArrayBufferView {
  return ArrayBuffer.isView(body) || isArrayBuffer(body)
}

export function isArrayBuffer(body: object): body is ArrayBuffer {
  return tagOf(body) === 'ArrayBuffer'
}

/** Of whatever realm and implementation. */
function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1)
}

/** A Blob that can be read: jsdom's cannot. */
export function isBlob(body: object): body is Blob {
  const { size, slice, text } = body as Partial<Blob>
  return typeof size === 'number' && typeof slice === 'function' && typeof text === 'function'
}

/** An async iterable, or an iterator that iterates over itself and therefore only once. */
function isOneShotIterable(body: object): boolean {
  if (Symbol.asyncIterator in body) return true
  return Symbol.iterator in body && 'next' in body
}

/**
 * A copy of a body, of the same kind: what the caller does to its own later has no effect on a request
 * that waits for its token or is replayed. An immutable or uncopyable body is returned as it is.
 */
export function snapshotOf<B>(body: B): B {
  if (typeof body !== 'object' || body === null || !canBeSentTwice(body)) return body
  return copied(body, new Map()) as B
}

function copied(body: object, known: Map<object, object>): object {
  if (isBytes(body)) return copiedBytes(body)
  if (isFormData(body)) return copiedForm(body)
  if (tagOf(body) === 'URLSearchParams') return copiedPairs(body as URLSearchParams)
  return isData(body) ? copiedTree(body, known) : body
}

function copiedBytes(bytes: ArrayBuffer | ArrayBufferView): object {
  if (!ArrayBuffer.isView(bytes)) return bytes.slice(0)
  // Not the body's own `slice`: a Buffer's shares its memory.
  if (tagOf(bytes) !== 'DataView') return Uint8Array.prototype.slice.call(bytes)
  const { buffer, byteOffset, byteLength } = bytes
  return new DataView(buffer.slice(byteOffset, byteOffset + byteLength))
}

/** Any implementation's; npm's form-data, which has the same tag, is a stream. */
function isFormData(body: object): body is FormData {
  const { entries, append } = body as Partial<FormData>
  return tagOf(body) === 'FormData' && typeof entries === 'function' && typeof append === 'function'
}

/** Files are immutable and are not copied. */
function copiedForm(form: FormData): FormData {
  const copy = new (form.constructor as typeof FormData)()
  for (const [name, value] of form.entries()) copy.append(name, value as string)
  return copy
}

function copiedPairs(pairs: URLSearchParams): URLSearchParams {
  return new (pairs.constructor as typeof URLSearchParams)(pairs)
}

/** An array, or an object without methods: a copy behaves in the same way. */
function isData(body: object): boolean {
  if (!Array.isArray(body) && !isPlainObject(body)) return false
  return Object.getOwnPropertySymbols(body).length === 0 && !Object.values(body).some(isFunction)
}

function copiedTree(tree: object, known: Map<object, object>): object {
  const before = known.get(tree)
  if (before !== undefined) return before
  const copy: object = Array.isArray(tree) ? [] : Object.create(Object.getPrototypeOf(tree))
  known.set(tree, copy)
  for (const [key, value] of Object.entries(tree)) {
    const isObject = typeof value === 'object' && value !== null
    const own = { value: isObject ? copied(value, known) : value, ...LIKE_AN_ASSIGNED_ONE }
    Object.defineProperty(copy, key, own)
  }
  return copy
}

const LIKE_AN_ASSIGNED_ONE = { writable: true, enumerable: true, configurable: true }
