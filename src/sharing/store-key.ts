import { type Credential, identityOf, secretIfReadable } from '../core/credential.js'
import type { SourceSettings } from '../core/options.js'

type KeySettings = Pick<SourceSettings, 'hash' | 'baseUrl'>

/** The key in the store; none, while it cannot be told. */
export type KeyOf = () => Promise<string> | undefined

/**
 * The key of a credential's token: base address, kind, ids, and a SHA-256 of the secret. Two apps
 * of one corp never share, and a secret that was rotated is a new key. None, while the secret cannot
 * be read: that is no trouble of the store's.
 */
export function tokenKeyOf(credential: () => Credential, { baseUrl, hash }: KeySettings): KeyOf {
  let known: { secret: string; key: Promise<string> } | undefined
  return () => {
    const secret = secretIfReadable(credential())
    if (secret === undefined) return undefined
    if (known?.secret !== secret) {
      const identity = identityOf(credential())
      known = { secret, key: hash(secret).then((hashed) => keyOf(baseUrl, identity, hashed)) }
    }
    return known.key
  }
}

/** The key of a ticket, which is the same whatever the secret. */
export async function ticketKeyOf(
  credential: Credential,
  { baseUrl }: KeySettings,
): Promise<string> {
  return keyOf(baseUrl, identityOf(credential), credential.ticket?.name ?? '')
}

function keyOf(baseUrl: string, identity: string, last: string): string {
  return `qyapi-token:${encodeURIComponent(baseUrl)}:${identity}:${encodeURIComponent(last)}`
}
