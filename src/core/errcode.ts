import { textOf } from './platform.js'

/** An answer longer than this is not a refusal, and is never read to find out. */
export const LONGEST_JUDGED_BYTES = 16 * 1024

/** Which answers refuse the token. Decided by a top-level `errcode`, never by `errmsg`. */
export interface TokenErrcodes {
  has(errcode: number | undefined): boolean
  /** The refusing errcode in a JSON text, if there is one. */
  inText(text: string): number | undefined
  inBytes(bytes: Uint8Array): number | undefined
  /** … in a parsed answer. */
  inValue(value: unknown): number | undefined
}

export function tokenErrcodes(errcodes: readonly number[]): TokenErrcodes {
  const codes = new Set(errcodes)
  const digits = errcodes.map(String)

  function inText(text: string): number | undefined {
    if (text.length > LONGEST_JUDGED_BYTES) return undefined
    // Hardly any answer has those digits anywhere, so hardly any is parsed.
    if (!digits.some((code) => text.includes(code))) return undefined
    return inValue(parsed(text))
  }

  function inValue(value: unknown): number | undefined {
    const errcode = errcodeOf(value)
    return errcode !== undefined && codes.has(errcode) ? errcode : undefined
  }

  return {
    has: (errcode) => errcode !== undefined && codes.has(errcode),
    inText,
    inBytes(bytes) {
      const mayBeJson = bytes.length <= LONGEST_JUDGED_BYTES && mayBeObject(bytes)
      return mayBeJson ? inText(textOf(bytes)) : undefined
    },
    inValue,
  }
}

/** The errcode in WeCom's undocumented `error-code` header. */
export function errcodeOfHeader(header: unknown): number | undefined {
  return typeof header === 'string' && header !== '' ? asErrcode(header) : undefined
}

/**
 * The top-level `errcode` of a parsed answer; one that is nested is somebody's data. What throws when
 * it is read (a getter, a proxy) has none: the call is over, and its answer is the caller's.
 */
export function errcodeOf(value: unknown): number | undefined {
  return asErrcode(fieldOf(value, 'errcode'))
}

/** The errcode of what an SDK resolved with: on the object itself, in its `data`, in its `response.data`. */
export function errcodeOfValue(value: unknown): number | undefined {
  if (typeof value === 'string') return errcodeOf(parsed(value))
  return (
    errcodeOf(value) ??
    errcodeOf(fieldOf(value, 'data')) ??
    errcodeOf(fieldOf(fieldOf(value, 'response'), 'data'))
  )
}

/** … or threw: then also as the error's `code`. */
export function errcodeOfOutcome(outcome: unknown): number | undefined {
  return errcodeOfValue(outcome) ?? asErrcode(fieldOf(outcome, 'code'))
}

function fieldOf(value: unknown, name: string): unknown {
  return tryRead(() => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return (value as Record<string, unknown>)[name]
  })
}

/** What somebody else's code gives, if it does. */
export function tryRead<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function asErrcode(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'string' && /^-?\d{1,9}$/.test(value)) return Number(value)
  return undefined
}

const BYTE_ORDER_MARK = '\ufeff'

/** The value of a JSON text; `undefined` if it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text)
  } catch {
    return undefined
  }
}

/** What may stand before a JSON object: white space, and the bytes of a byte order mark. */
const BEFORE_AN_OBJECT = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf])
const OPENING_BRACE = 0x7b

/** Whether bytes may be the text of a JSON object. */
export function mayBeObject(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => !BEFORE_AN_OBJECT.has(byte))
  return first === OPENING_BRACE || first === undefined
}

/**
 * Loosely: WeCom sends `application/json`, and `text/plain` here and there. No type at all may be
 * JSON too. What streams by nature (`application/x-ndjson`, `text/event-stream`) is no refusal, and
 * would be held up by a look.
 */
export function mayBeJson(contentType: unknown): boolean {
  if (typeof contentType !== 'string' || contentType === '') return true
  return /json|text\/plain/i.test(contentType) && !/ndjson|json-seq|jsonl|stream/i.test(contentType)
}
