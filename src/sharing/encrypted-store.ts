import { badOption } from '../core/errors.js'
import { aesGcm } from '../core/platform.js'
import {
  FINGERPRINT_BYTES,
  SEALED,
  type StoredToken,
  type StoreLease,
  type StoreProblem,
  sealingKeyOf,
  type TokenStore,
} from '../core/store.js'

/** 32 bytes, raw or as base64 or hex. */
export type EncryptionKey = string | Uint8Array

type Bytes = Uint8Array<ArrayBuffer>
type Cipher = ReturnType<typeof aesGcm>

/**
 * Encrypts the values of a store: AES-256-GCM, with a new IV each time. Ages and generations stay
 * readable, because the store compares them. A value that was changed, encrypted with another key,
 * copied from another store key, or not encrypted at all counts as absent.
 *
 * @param encryptionKey One key, or several to rotate: the first encrypts, all of them decrypt.
 * @throws `bad_options` if a key is not 32 bytes. Not a passphrase: use `openssl rand -base64 32`.
 */
export function encryptedStore(
  store: TokenStore,
  encryptionKey: EncryptionKey | readonly EncryptionKey[] | undefined,
): TokenStore {
  const [first, ...others] = keysOf(encryptionKey)
  let made: readonly [Cipher, ...Cipher[]] | undefined
  const ciphers = () => {
    made ??= [aesGcm(first), ...others.map(aesGcm)]
    return made
  }

  const listeners = new Set<(problem: StoreProblem) => void>()

  const seal = async (value: string, key: string): Promise<string> => {
    const cipher = ciphers()[0]
    const fingerprint = (await cipher.hash).subarray(0, FINGERPRINT_BYTES)
    return SEALED + base64(Uint8Array.of(...fingerprint, ...(await cipher.seal(value, key))))
  }

  const decrypted = async (value: unknown, key: string): Promise<string | undefined> => {
    if (typeof value !== 'string') return undefined
    const bytes = sealedBytes(value)?.subarray(FINGERPRINT_BYTES)
    if (bytes !== undefined)
      for (const { open } of ciphers()) {
        const text = await open(bytes, key).catch(() => undefined)
        if (text !== undefined) return text
      }
    await report(value)
    return undefined
  }

  const encryptedToken = async (key: string, token: StoredToken): Promise<StoredToken> => ({
    ...token,
    value: await seal(token.value, key),
  })

  /** An unreadable value must not block writes until it expires: deletes it and writes again. */
  const written = async (key: string, write: () => Promise<boolean>): Promise<boolean> => {
    if (await write()) return true
    const stored = await store.get(key)
    if (!stored || (await decrypted(stored.value, key)) !== undefined) return false
    await store.delete(key, stored.generation, stored.value)
    return write()
  }

  /**
   * Processes with different keys share nothing and go on working, so only this report shows it.
   */
  const report = async (value: string): Promise<void> => {
    const hashes = await Promise.all(ciphers().map(({ hash }) => hash))
    const ours = hashes.map((hash) => hex(hash.subarray(0, FINGERPRINT_BYTES)))
    const theirs = sealingKeyOf(value)
    const what =
      theirs === undefined
        ? 'a value in the store is not encrypted: another process has no encryptionKey'
        : ours.includes(theirs)
          ? `a value encrypted with encryptionKey ${theirs} was changed, or copied from another store key`
          : `a value in the store is encrypted with encryptionKey ${theirs}`
    const message = `${what}; this process has ${ours.join(', ')} (fingerprints: SHA-256, 8 digits). It counts as absent.`
    for (const listener of listeners) listener({ reason: 'not_decryptable', message })
  }

  return {
    async get(key) {
      const stored = await store.get(key)
      const value = await decrypted(stored?.value, key)
      return stored && value !== undefined ? { ...stored, value } : undefined
    },
    async set(key, token) {
      const sealed = await encryptedToken(key, token)
      return written(key, () => store.set(key, sealed))
    },
    async delete(key, generation, value) {
      if (value === undefined) return store.delete(key, generation)
      const stored = await store.get(key)
      if (stored?.generation !== generation || (await decrypted(stored.value, key)) !== value)
        return false
      return store.delete(key, generation, stored.value)
    },
    ...(store.now && { now: store.now }),
    ...(store.onAnswer && { onAnswer: store.onAnswer }),
    onProblem(listener) {
      listeners.add(listener)
      store.onProblem?.(listener)
    },
    ...(store.lease && { lease: encryptedLease(store.lease) }),
  }

  function encryptedLease(lease: StoreLease): StoreLease {
    const failureKey = (key: string) => `${key}:failure`
    const acquire: StoreLease['acquire'] = async (key, request) => {
      const answer = await lease.acquire(key, request)
      const { token, failure } = answer
      if (token !== undefined) {
        const value = await decrypted(token.value, key)
        if (value !== undefined) return { token: { ...token, value } }
        return acquire(key, { ...request, above: token.generation })
      }
      if (failure === undefined) return answer
      const value = await decrypted(failure.value, failureKey(key))
      return { failure: { ...failure, value: value ?? '' } }
    }
    return {
      acquire,
      renew: (key, held) => lease.renew(key, held),
      async publish(key, token, held) {
        const sealed = await encryptedToken(key, token)
        return written(key, () => lease.publish(key, sealed, held))
      },
      async release(key, { number, failure }) {
        if (failure === undefined) return lease.release(key, { number })
        const value = await seal(failure.value, failureKey(key))
        return lease.release(key, { number, failure: { ...failure, value } })
      },
    }
  }
}

function keysOf(given: unknown): readonly [Bytes, ...Bytes[]] {
  const list = Array.isArray(given) ? given : [given]
  const [first, ...others] = list.map(bytesOfKey).filter((bytes) => bytes !== undefined)
  if (first !== undefined && others.length === list.length - 1) return [first, ...others]
  const what =
    '32 random bytes as base64, hex or Uint8Array, or a list of them (not a passphrase; ' +
    'create one with: openssl rand -base64 32)'
  throw badOption('encryptionKey', what, given, true)
}

/** A copy, so that later changes of the caller's bytes have no effect. */
function bytesOfKey(key: unknown): Bytes | undefined {
  const bytes = typeof key === 'string' ? decodedText(key.trim()) : asBytes(key)
  return bytes?.length === 32 ? bytes : undefined
}

function decodedText(text: string): Bytes | undefined {
  if (/^[\da-f]{64}$/i.test(text))
    return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  return fromBase64(text.replaceAll('-', '+').replaceAll('_', '/'))
}

/** Accepts any realm's Uint8Array: Jest has its own. */
function asBytes(value: unknown): Bytes | undefined {
  const isBytes = Object.prototype.toString.call(value) === '[object Uint8Array]'
  return isBytes ? Uint8Array.from(value as Uint8Array) : undefined
}

function sealedBytes(value: string): Bytes | undefined {
  if (!value.startsWith(SEALED)) return undefined
  return fromBase64(value.slice(SEALED.length))
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

function fromBase64(text: string): Bytes | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}
