import { excerpt, scrubber } from '../core/redact.js'
import type { StoredToken } from '../core/store.js'

// What an operator reads of a store, and what to look for.

export function evictedMessage({ generation, ageMs, expiresInMs }: StoredToken): string {
  const leftS = Math.floor((expiresInMs - ageMs) / 1_000)
  return `generation ${generation} vanished from the store ${leftS} s before its time: it was evicted, or the store was emptied. It is put back.`
}

/** `holder`: host, pid, and what makes it different from others there, which tells nobody anything. */
export function leaseTimeoutMessage(holder: string, afterMs: number): string {
  const [name] = /^[^:]*:\d+(?=:|$)/.exec(holder) ?? []
  const who =
    name === undefined ? 'another process' : `process ${excerpt(name, scrubber([]))} (host:pid)`
  return `${who} held the fetch lease for more than ${afterMs} ms without storing a token; this process fetches one itself`
}

export function wentBackMessage(from: number, to: number): string {
  return (
    `the store went back from generation ${from} to ${to}: it was emptied, restored, or failed over ` +
    'to a replica that lagged. Nothing newer is replaced by what it has.'
  )
}

/** `key`: the fingerprint of the encryptionKey that sealed it. */
export function sealedMessage(key: string): string {
  return `a value in the store is sealed with encryptionKey ${key} (fingerprint: SHA-256, 8 digits); this process has none. It counts as absent.`
}
