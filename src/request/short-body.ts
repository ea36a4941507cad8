import { LONGEST_JUDGED_BYTES, mayBeObject } from '../core/errcode.js'

/** A body that takes longer is passed on unjudged: WeCom sends an errcode in one piece. */
export const PEEK_TIMEOUT_MS = 1_000

/** Whether peeking can stop: too long for a refusal, or not a JSON object. A mock's chunk may be a string. */
export function isDecided(chunks: readonly Uint8Array[], length: number): boolean {
  const [first] = chunks
  if (first === undefined) return false
  return length > LONGEST_JUDGED_BYTES || !ArrayBuffer.isView(first) || !mayBeObject(first)
}

export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const [first] = chunks
  if (first?.length === length) return first as Uint8Array<ArrayBuffer>
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
