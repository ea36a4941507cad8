import { tryRead } from '../core/errcode.js'
import { canBeSentTwice, snapshotOf } from '../request/body.js'

/** A body of the npm package form-data: a stream that is empty after it was sent once. */
export interface FormDataPackage {
  getHeaders(): Record<string, string>
  getBuffer(): Uint8Array
  /** Whether all values are in memory, or their lengths are given. */
  hasKnownLength(): boolean
  getLengthSync(): number
}

/** The body of a request, as it was when the caller made the request. */
export interface OutgoingBody {
  /** What is sent after a wait, or again. */
  readonly data: unknown
  /** A stream, which can be sent once. */
  readonly isSentOnce: boolean
  /** The form's own headers, if `data` is its bytes. */
  readonly formHeaders: Record<string, string> | undefined
}

export function outgoingBody(data: unknown): OutgoingBody {
  const bytes = isFormDataPackage(data) ? asBytes(data) : undefined
  if (bytes !== undefined) {
    const formHeaders = (data as FormDataPackage).getHeaders()
    return { data: bytes, isSentOnce: false, formHeaders }
  }
  return { data: snapshotOf(data), isSentOnce: !canBeSentTwice(data), formHeaders: undefined }
}

export function isFormDataPackage(body: unknown): body is FormDataPackage {
  if (typeof body !== 'object' || body === null) return false
  const methods: (keyof FormDataPackage)[] = [
    'getHeaders',
    'getBuffer',
    'hasKnownLength',
    'getLengthSync',
  ]
  return methods.every((name) => typeof (body as Partial<FormDataPackage>)[name] === 'function')
}

/**
 * The form's content, if every value is text or bytes; `undefined` if one is a stream: `getBuffer`
 * then throws. It also adds a line break to a custom field header, and then has another length.
 */
export function asBytes(form: FormDataPackage): Uint8Array | undefined {
  if (!form.hasKnownLength()) return undefined
  const bytes = tryRead(() => form.getBuffer())
  return bytes?.length === form.getLengthSync() ? bytes : undefined
}
