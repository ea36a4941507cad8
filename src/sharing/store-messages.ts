import { excerpt, scrubber } from '../core/redact.js'
import type { StoredToken } from '../core/store.js'

// Messages of store events, for operators.

export function evictedMessage({ generation, ageMs, expiresInMs }: StoredToken): string {
  const leftS = Math.floor((expiresInMs - ageMs) / 1_000)
  return `generation ${generation} vanished from the store ${leftS} s before it expires: it was evicted, or the store was emptied. It is stored again.`
}

/** `holder`: host, pid, and a random suffix, which the message leaves out. */
export function leaseTimeoutMessage(holder: string, afterMs: number): string {
  const [name] = /^[^:]*:\d+(?=:|$)/.exec(holder) ?? []
  const who =
    name === undefined ? 'another process' : `process ${excerpt(name, scrubber([]))} (host:pid)`
  return `${who} held the fetch lease for more than ${afterMs} ms without storing a token; this process fetches one itself`
}

export function wentBackMessage(from: number, to: number): string {
  return (
    `the store went back from generation ${from} to ${to}: it was emptied, restored, or failed over ` +
    'to a replica that lagged. Newer tokens are not replaced by older ones.'
  )
}

/** `key`: the fingerprint of the encryptionKey that encrypted the value. */
export function notDecryptableMessage(key: string): string {
  return `a value in the store is encrypted with encryptionKey ${key} (fingerprint: SHA-256, 8 digits); this process has none. It counts as absent.`
}
