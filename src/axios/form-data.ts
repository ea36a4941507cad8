import { canBeSentTwice, snapshotOf } from '../request/body.js'

/** A body of the npm package form-data: a stream that is empty after it was sent once. */
export interface FormDataPackage {
  getBoundary(): string
  getHeaders(): Record<string, string>
  /** For each field its header, its value, and a function that ends it. */
  readonly _streams: readonly unknown[]
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
  const { getBoundary, getHeaders, _streams } = body as Partial<FormDataPackage>
  return (
    typeof getBoundary === 'function' && typeof getHeaders === 'function' && Array.isArray(_streams)
  )
}

const LINE_BREAK = '\r\n'

/**
 * The form's content, as the form itself streams it, if every value is text or bytes; `undefined` if
 * one is a stream. The package's own `getBuffer` mistakes some texts for field headers.
 */
export function asBytes(form: FormDataPackage): Uint8Array | undefined {
  const parts = form._streams
  if (parts.length === 0) return new Uint8Array()
  const pieces = parts.map((part, index) => (isFieldEnd(part, index) ? LINE_BREAK : part))
  if (!pieces.every(isTextOrBytes)) return undefined
  const ending = `--${form.getBoundary()}--${LINE_BREAK}`
  return Buffer.concat([...pieces, ending].map((piece) => Buffer.from(piece as string)))
}

function isFieldEnd(part: unknown, index: number): boolean {
  return typeof part === 'function' && index % 3 === 2
}

function isTextOrBytes(part: unknown): part is string | Uint8Array {
  return typeof part === 'string' || part instanceof Uint8Array
}
