/** A body of the npm package form-data: a stream that has handed its parts out after one sending. */
export interface FormDataPackage {
  getBuffer(): Uint8Array
  getHeaders(): Record<string, string>
  readonly _streams: readonly unknown[]
}

export function isFormDataPackage(body: unknown): body is FormDataPackage {
  if (typeof body !== 'object' || body === null) return false
  const { getBuffer, getHeaders, _streams } = body as Partial<FormDataPackage>
  return (
    typeof getBuffer === 'function' && typeof getHeaders === 'function' && Array.isArray(_streams)
  )
}

/** Its content if every part is text or bytes; `undefined` if a part is a stream. */
export function asBytes(form: FormDataPackage): Uint8Array | undefined {
  const isHere = (part: unknown) =>
    typeof part === 'string' || typeof part === 'function' || part instanceof Uint8Array
  return form._streams.every(isHere) ? form.getBuffer() : undefined
}
