/** What every sealed value starts with: the version of the format. */
export const SEALED = 'sealed:1:'

/** A token as a store keeps it. Durations only: no machine's clock is another's. */
export interface StoredToken {
  readonly value: string
  /** Counts up with every fetch under one key. */
  readonly generation: number
  /** Milliseconds since the string was first seen; in what a store gives, by the store's own clock. */
  readonly ageMs: number
  /** How old it can become: then it is forgotten. */
  readonly expiresInMs: number
  /** How old the string was when gettoken brought it once more. */
  readonly reconfirmedAtMs?: number
}

/**
 * Where tokens are kept beyond one source. The key holds base address, kind, ids and a SHA-256 of
 * the secret, never the secret.
 */
export interface TokenStore {
  /** The token under `key`, unless there is none or its `expiresInMs` are over. */
  get(key: string): Promise<StoredToken | undefined>
  /**
   * Keeps a token unless one of the same or a newer generation is there, or a newer lease was given
   * to somebody else meanwhile. Tells whether it did.
   */
  set(key: string, token: StoredToken): Promise<boolean>
  /** Removes the token only if it is still of this generation. Tells whether it did. */
  delete(key: string, generation: number): Promise<boolean>
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
}

/** What a store reports by itself. */
export interface StoreProblem {
  readonly reason: 'down' | 'not_decryptable'
  readonly message: string
}

/** The right to fetch the next token under a key, for so long. */
export interface StoreLease {
  /**
   * Gives the lease to `holder` for `forMs` unless another one has it. Resolves with the fencing
   * number, which is the next token's generation: above `above`, and above every one given before;
   * or with `undefined` while somebody else has the lease.
   */
  acquire(
    key: string,
    lease: { holder: string; forMs: number; above: number },
  ): Promise<number | undefined>
  /** Prolongs it; `false` if `holder` has it no longer. */
  renew(key: string, lease: { holder: string; forMs: number }): Promise<boolean>
  /** Gives it back, if `holder` has it still. */
  release(key: string, lease: { holder: string }): Promise<boolean>
}
