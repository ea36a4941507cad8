import { isWebStream } from '../request/peek-web-stream.js'
import {
  type Carried,
  override,
  RESPONSE_KEYS,
  type ResponseFields,
  redactHeaders,
  redactUrl,
} from './redact-response.js'

/** A response that overrides one of these is read through the original body, so it is not rebuilt. */
const READING: ReadonlySet<PropertyKey> = new Set([
  'body',
  'bodyUsed',
  'clone',
  'text',
  'json',
  'arrayBuffer',
  'blob',
  'bytes',
  'formData',
])

/** A property on the response itself. */
export function hasOwnReading(response: Response): boolean {
  return Reflect.ownKeys(response).some((key) => READING.has(key))
}

/**
 * Whether a class constructs responses from a body and an init, as the global one does. A mock that is a
 * plain object has no such class.
 */
export function makesResponses(SomeResponse: unknown): boolean {
  try {
    const init = { status: 299, headers: { probe: '1' } }
    const made = new (SomeResponse as typeof Response)('', init)
    return made.status === 299 && made.headers.get('probe') === '1' && isWebStream(made.body)
  } catch {
    return false
  }
}

/**
 * The same response, of the same class, with its body put back and without our token: ten times as
 * fast as the two branches of a clone.
 */
export function rebuildResponse(
  response: Response,
  body: ReadableStream | Uint8Array<ArrayBuffer>,
  carried: Carried,
): Response {
  const headers = redactHeaders(response.headers, carried)
  const { status, statusText, ok, redirected, type } = response
  const url = redactUrl(response.url, carried)
  const copy = made(response, body, headers)
  keepOwnProperties(response, copy)
  // No assignments: Object.prototype may have accessors.
  const different: ResponseFields = {
    ...(copy.status !== status && { status }),
    ...(copy.statusText !== statusText && { statusText }),
    ...(copy.ok !== ok && { ok }),
    ...(copy.url !== url && { url }),
    ...(copy.redirected !== redirected && { redirected }),
    ...(copy.type !== type && { type }),
  }
  override(copy, different)
  return copy
}

function made(
  response: Response,
  body: ReadableStream | Uint8Array<ArrayBuffer>,
  headers: Headers,
): Response {
  const { status, statusText } = response
  const SameResponse = response.constructor as typeof Response
  try {
    return new SameResponse(body, { status, statusText, headers })
  } catch {
    // The server sent a status that the constructor rejects.
    return new SameResponse(body, { headers })
  }
}

const FIELD_NAMES: ReadonlySet<PropertyKey> = new Set(RESPONSE_KEYS)

/**
 * Copies the properties that the wrapped fetch has added to a response. Some implementations keep a
 * response's state there too, behind symbols: those of the copy stay.
 */
function keepOwnProperties(from: Response, to: Response): void {
  for (const key of Reflect.ownKeys(from)) {
    if (typeof key === 'symbol' && Object.hasOwn(to, key)) continue
    if (FIELD_NAMES.has(key)) continue
    const own = Object.getOwnPropertyDescriptor(from, key)
    if (own !== undefined) Reflect.defineProperty(to, key, own)
  }
}
