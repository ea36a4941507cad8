import { textOf } from './platform.js'

/** A longer answer is not a refusal, and is never read to find out. */
export const LONGEST_JUDGED_BYTES = 16 * 1024

/** Recognizes answers that refuse the token: by a top-level `errcode`, never by `errmsg`. */
export interface TokenErrcodes {
  /** Whether it refuses the token. */
  has(errcode: number | undefined): boolean
  /** Whether it refuses the token, or is one of the others to be found. */
  finds(errcode: number | undefined): boolean
  /** The errcode to be found in JSON text, if there is one. */
  inText(text: string): number | undefined
  inBytes(bytes: Uint8Array): number | undefined
  /** The same in a parsed answer. */
  inValue(value: unknown): number | undefined
}

/** `others`: more errcodes to be found, by the same look at the answer. */
export function tokenErrcodes(
  errcodes: readonly number[],
  others: readonly number[] = [],
): TokenErrcodes {
  const codes = new Set(errcodes)
  const found = others.length === 0 ? codes : new Set([...errcodes, ...others])
  const digits = [...found].map(String)

  function inText(text: string): number | undefined {
    if (text.length > LONGEST_JUDGED_BYTES) return undefined
    // Few answers contain these digits, so few are parsed.
    if (!digits.some((code) => text.includes(code))) return undefined
    return inValue(parsed(text))
  }

  function inValue(value: unknown): number | undefined {
    const errcode = errcodeOf(value)
    return errcode !== undefined && found.has(errcode) ? errcode : undefined
  }

  return {
    has: (errcode) => errcode !== undefined && codes.has(errcode),
    finds: (errcode) => errcode !== undefined && found.has(errcode),
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
 * The top-level `errcode` of a parsed answer; a nested one is business data. An answer that throws
 * when it is read (a getter, a proxy) has none.
 */
export function errcodeOf(value: unknown): number | undefined {
  return asErrcode(fieldOf(value, 'errcode'))
}

/**
 * The errcode in an SDK's result: on the object itself, in its `data`, or in its `response.data`.
 */
export function errcodeOfValue(value: unknown): number | undefined {
  if (typeof value === 'string') return errcodeOf(parsed(value))
  return (
    errcodeOf(value) ??
    errcodeOf(fieldOf(value, 'data')) ??
    errcodeOf(fieldOf(fieldOf(value, 'response'), 'data'))
  )
}

/** The same for a thrown error, which may also have it as `code`. */
export function errcodeOfOutcome(outcome: unknown): number | undefined {
  return errcodeOfValue(outcome) ?? asErrcode(fieldOf(outcome, 'code'))
}

function fieldOf(value: unknown, name: string): unknown {
  return tryRead(() => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return (value as Record<string, unknown>)[name]
  })
}

/** The result, or `undefined` if the user's code throws. */
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

/** The parsed value; `undefined` if the text is not JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text)
  } catch {
    return undefined
  }
}

/** Bytes that may precede a JSON object: white space and the byte order mark. */
const BEFORE_AN_OBJECT = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf])
const OPENING_BRACE = 0x7b

export function mayBeObject(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => !BEFORE_AN_OBJECT.has(byte))
  return first === OPENING_BRACE || first === undefined
}

/**
 * Accepts `application/json`, `text/plain`, which WeCom sends sometimes, and a missing type.
 * Streaming types (`application/x-ndjson`, `text/event-stream`) are never refusals, and peeking
 * would delay them.
 */
export function mayBeJson(contentType: unknown): boolean {
  if (typeof contentType !== 'string' || contentType === '') return true
  return /json|text\/plain/i.test(contentType) && !/ndjson|json-seq|jsonl|stream/i.test(contentType)
}
