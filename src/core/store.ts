/** What every sealed value starts with: the version of the format. */
export const SEALED = 'sealed:1:'

/** Of the key: so many bytes of its SHA-256, in front of what was sealed. No secret. */
export const FINGERPRINT_BYTES = 4

/** The fingerprint of the key that sealed a value, in hex; `undefined`: it was not sealed. */
export function sealingKeyOf(value: string): string | undefined {
  if (!value.startsWith(SEALED)) return undefined
  // Eight characters of base64 are six bytes.
  const begin = value.slice(SEALED.length, SEALED.length + 8)
  if (!/^[\w+/]{8}$/.test(begin)) return ''
  const bytes = atob(begin).slice(0, FINGERPRINT_BYTES)
  return Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')
}

/** A token as a store keeps it. Durations only: no machine's clock is another's. */
export interface StoredToken {
  readonly value: string
  /** Counts up with every fetch under one key: a safe integer below 2^52. */
  readonly generation: number
  /** Milliseconds since the string was first seen; in what a store gives, by the store's own clock. */
  readonly ageMs: number
  /** How old it can become: then it is forgotten. */
  readonly expiresInMs: number
  /** How old the string was when gettoken brought it once more. */
  readonly reconfirmedAtMs?: number
  /** How long the token request took that brought it once more, in milliseconds. */
  readonly requestMs?: number
}

/** Why the last fetch failed, where the reason counts for every process. */
export interface StoredFailure {
  readonly value: string
  /** For how much longer no process asks again, in milliseconds. */
  readonly leftMs: number
}

/**
 * Where tokens are kept beyond one source. The key holds base address, kind, ids and a SHA-256 of
 * the secret, never the secret. `get`, `set` and `delete` make a store; a `lease` makes it one in which
 * one process fetches for all.
 */
export interface TokenStore {
  /** The token under `key`, unless there is none or its `expiresInMs` are over. */
  get(key: string): Promise<StoredToken | undefined>
  /**
   * Keeps a token unless one of the same or a newer generation is there, or a newer lease was given
   * to somebody else meanwhile. Tells whether it did.
   */
  set(key: string, token: StoredToken): Promise<boolean>
  /**
   * Removes the token only if it is still of this generation and, where `value` is given, this very
   * string. Tells whether it did.
   */
  delete(key: string, generation: number, value?: string): Promise<boolean>
  /**
   * The store's own clock in milliseconds since 1970, where it has one: it orders what machines write
   * whose clocks differ.
   */
  now?(key: string): Promise<number>
  /**
   * Lets one process at a time fetch for all. A store that cannot compare has none; then each
   * process fetches for itself.
   */
  readonly lease?: StoreLease
  /**
   * Calls back with problems that no operation reports: a connection that breaks while it is idle, a
   * value that another key sealed. A driver's `error` event without a listener ends the process, so a
   * store listens from the beginning.
   */
  onProblem?(listener: (problem: StoreProblem) => void): void
  /**
   * Calls back when the server has answered, but the operation takes one more round trip: the deadline
   * of a command begins anew.
   */
  onAnswer?(listener: () => void): void
}

/** What a store reports by itself. */
export interface StoreProblem {
  readonly reason: 'down' | 'not_decryptable'
  readonly message: string
}

/** What a process that needs a token asks a store. */
export interface LeaseRequest {
  /** Who asks: different for every source of every process. */
  readonly holder: string
  /** For how long the lease is given, in milliseconds. */
  readonly forMs: number
  /** After so many milliseconds with the same holder the lease may be taken from it. */
  readonly takeOverMs: number
  /** The newest generation that the process knows. */
  readonly above: number
}

/**
 * What a store answers: the token that is newer; or the failure that counts for all; or the fencing
 * number of the lease; or, while another process has the lease, that one's number.
 */
export interface LeaseAnswer {
  readonly token?: StoredToken
  readonly failure?: StoredFailure
  readonly number?: number
  readonly heldBy?: number
  /** Whose the lease is; with `number`: from whom it was taken over. */
  readonly holder?: string
}

/** The right to fetch the next token under a key, for so long. Each method is one round trip. */
export interface StoreLease {
  /**
   * Looks, and gives the lease if there is nothing to be found. The lease's number is the next token's
   * generation: above `above`, and above every number given before, also before the store lost what
   * it had: take the store's clock in milliseconds, or the last number + 1, whichever is larger.
   *
   * A lease is free when it is over, or is `holder`'s own, or has more life left than was ever asked
   * for. It is taken over from a holder that has had it for `takeOverMs`: then that one's late token
   * is still kept, unless the next one's is there.
   */
  acquire(key: string, request: LeaseRequest): Promise<LeaseAnswer>
  /** Prolongs the lease of that number; `false` if it is given to another, or over. */
  renew(key: string, lease: { number: number; forMs: number }): Promise<boolean>
  /** `set`, and gives the lease of that number back, whether the token was kept or not. */
  publish(key: string, token: StoredToken, lease: { number: number }): Promise<boolean>
  /**
   * Gives the lease of that number back without a token, and keeps the failure until its time is
   * over or a token is published. `false`, and nothing kept, if the lease is no longer that one.
   */
  release(key: string, lease: { number: number; failure?: StoredFailure }): Promise<boolean>
}
