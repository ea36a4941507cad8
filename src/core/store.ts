/** The prefix of every encrypted value: the version of the format. */
export const SEALED = 'sealed:1:'

/** How many bytes of the key's SHA-256 precede the encrypted bytes. Not a secret. */
export const FINGERPRINT_BYTES = 4

/**
 * The fingerprint of the key that encrypted a value, in hex; `undefined` if it is not encrypted.
 */
export function sealingKeyOf(value: string): string | undefined {
  if (!value.startsWith(SEALED)) return undefined
  // Eight characters of base64 are six bytes.
  const begin = value.slice(SEALED.length, SEALED.length + 8)
  if (!/^[\w+/]{8}$/.test(begin)) return ''
  const bytes = atob(begin).slice(0, FINGERPRINT_BYTES)
  return Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')
}

/** A token as a store keeps it: with durations only, since the machines' clocks differ. */
export interface StoredToken {
  readonly value: string
  /** Counts up with every fetch under one key: a safe integer below 2^52. */
  readonly generation: number
  /** Milliseconds since the string was first seen; when read, by the store's own clock. */
  readonly ageMs: number
  /** The age at which it is deleted, in milliseconds. */
  readonly expiresInMs: number
  /** The age of the string when gettoken returned it again, in milliseconds. */
  readonly reconfirmedAtMs?: number
  /** How long the token request took that brought it once more, in milliseconds. */
  readonly requestMs?: number
}

/** The last fetch's failure, if it is the same for every process. */
export interface StoredFailure {
  readonly value: string
  /** The remaining cooldown, in milliseconds. */
  readonly leftMs: number
}

/**
 * Shares tokens among sources and processes. Keys contain base address, kind, ids and a SHA-256 of
 * the secret, never the secret. `get`, `set` and `delete` are required; with a `lease` one process
 * fetches for all.
 */
export interface TokenStore {
  /** The token under `key`, unless it has expired. */
  get(key: string): Promise<StoredToken | undefined>
  /**
   * Stores a token unless there is one of the same or a newer generation, or a newer lease was
   * given to another process. Resolves with whether it did.
   */
  set(key: string, token: StoredToken): Promise<boolean>
  /**
   * Deletes the token only if it still has this generation and, if `value` is given, this string.
   * Resolves with whether it did.
   */
  delete(key: string, generation: number, value?: string): Promise<boolean>
  /**
   * The store's own clock in milliseconds since 1970, if it has one: it orders the writes of
   * machines whose clocks differ.
   */
  now?(key: string): Promise<number>
  /**
   * Lets one process at a time fetch for all. A store without an atomic compare has none; then each
   * process fetches its own token.
   */
  readonly lease?: StoreLease
  /**
   * Reports problems outside of an operation: an idle connection that breaks, or a value encrypted
   * with another key. A driver's `error` event without a listener ends the process, so a store
   * listens from the beginning.
   */
  onProblem?(listener: (problem: StoreProblem) => void): void
  /**
   * Calls back when the server has answered, but the operation needs another round trip: the
   * deadline of the command restarts.
   */
  onAnswer?(listener: () => void): void
}

/** A problem that a store reports outside of an operation. */
export interface StoreProblem {
  readonly reason: 'down' | 'not_decryptable'
  readonly message: string
}

/** A process's request for the lease. */
export interface LeaseRequest {
  /** Identifies the requester: different for every source of every process. */
  readonly holder: string
  /** The duration of the lease, in milliseconds. */
  readonly forMs: number
  /** After this many milliseconds with the same holder the lease may be taken over. */
  readonly takeOverMs: number
  /** The newest generation that the process knows. */
  readonly above: number
}

/**
 * A store's answer: a newer token; or a shared failure; or the fencing number of the lease; or,
 * while another process holds the lease, the number of that lease.
 */
export interface LeaseAnswer {
  readonly token?: StoredToken
  readonly failure?: StoredFailure
  readonly number?: number
  readonly heldBy?: number
  /** The holder of the lease; with `number`: the holder from which it was taken over. */
  readonly holder?: string
}

/**
 * The right to fetch the next token under a key, for a limited time. Each method is one round trip.
 */
export interface StoreLease {
  /**
   * Returns a newer token or a failure if there is one, and otherwise gives the lease. The lease's
   * number is the next token's generation: above `above`, and above every number before, also if
   * the store lost its data: use the store's clock in milliseconds, or the last number + 1,
   * whichever is larger.
   *
   * A lease is free when it has expired, or is `holder`'s own, or has more time left than was ever
   * requested. It is taken over from a holder that has had it for `takeOverMs`: a late token of
   * that holder is still stored, unless the new holder's token is there.
   */
  acquire(key: string, request: LeaseRequest): Promise<LeaseAnswer>
  /** Renews the lease of that number; `false` if it has expired or belongs to another process. */
  renew(key: string, lease: { number: number; forMs: number }): Promise<boolean>
  /** `set`, and releases the lease of that number, whether the token was stored or not. */
  publish(key: string, token: StoredToken, lease: { number: number }): Promise<boolean>
  /**
   * Releases the lease of that number without a token, and keeps the failure until it expires or a
   * token is published. `false`, and nothing is kept, if the lease is another one by now.
   */
  release(key: string, lease: { number: number; failure?: StoredFailure }): Promise<boolean>
}
