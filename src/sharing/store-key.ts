import { type Credential, identityOf, secretIfReadable } from '../core/credential.js'
import type { SourceSettings } from '../core/options.js'

type KeySettings = Pick<SourceSettings, 'hash' | 'baseUrl'>

/** Computes the key in the store; `undefined` while the secret cannot be read. */
export type KeyOf = () => Promise<string> | undefined

/**
 * The key of a credential's token: base address, kind, ids, and a SHA-256 of the secret (rule 14).
 * Two apps of one corp never share, and a rotated secret is a new key. An unreadable secret is not
 * reported as a store error.
 */
export function tokenKeyOf(
  source: { readonly credential: Credential },
  { baseUrl, hash }: KeySettings,
): KeyOf {
  let known: { secret: string; key: Promise<string> } | undefined
  return () => {
    const secret = secretIfReadable(source.credential)
    if (secret === undefined) return undefined
    if (known?.secret !== secret) {
      const identity = identityOf(source.credential)
      known = { secret, key: hash(secret).then((hashed) => keyOf(baseUrl, identity, hashed)) }
    }
    return known.key
  }
}

/** The key of a ticket, which does not depend on the secret. */
export async function ticketKeyOf(
  credential: Credential,
  { baseUrl }: KeySettings,
): Promise<string> {
  return keyOf(baseUrl, identityOf(credential), credential.ticket?.name ?? '')
}

function keyOf(baseUrl: string, identity: string, last: string): string {
  return `qyapi-token:${encodeURIComponent(baseUrl)}:${identity}:${encodeURIComponent(last)}`
}
