import { isFunction, isPlainObject } from '../core/check.js'

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

/** One that can be read: jsdom's cannot. A mock adapter's object is none. */
export function isBlob(body: object): body is Blob {
  const { size, slice, text } = body as Partial<Blob>
  return typeof size === 'number' && typeof slice === 'function' && typeof text === 'function'
}

/** An async iterable, or an iterator that iterates over itself and can therefore do so once. */
function isOneShotIterable(body: object): boolean {
  if (Symbol.asyncIterator in body) return true
  return Symbol.iterator in body && 'next' in body
}

/**
 * A body as it is now, of the same kind: what the caller does to its own later has no effect on a call
 * that waits for a token or is sent again. What cannot change, or cannot be copied, is the same object.
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
  // Also of a Buffer, whose own `slice` shares its memory, and of a subclass.
  if (tagOf(bytes) !== 'DataView') return Uint8Array.prototype.slice.call(bytes)
  const { buffer, byteOffset, byteLength } = bytes
  return new DataView(buffer.slice(byteOffset, byteOffset + byteLength))
}

/** Any implementation's; npm's form-data, which says that it is one, is a stream. */
function isFormData(body: object): body is FormData {
  const { entries, append } = body as Partial<FormData>
  return tagOf(body) === 'FormData' && typeof entries === 'function' && typeof append === 'function'
}

/** Its files never change, and are the same. */
function copiedForm(form: FormData): FormData {
  const copy = new (form.constructor as typeof FormData)()
  for (const [name, value] of form.entries()) copy.append(name, value as string)
  return copy
}

function copiedPairs(pairs: URLSearchParams): URLSearchParams {
  return new (pairs.constructor as typeof URLSearchParams)(pairs)
}

/** A list, or an object without methods: nothing that could behave otherwise as a copy. */
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
