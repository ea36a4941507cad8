/** A token as a store keeps it. Durations only: no machine's clock is another's. */
export interface StoredToken {
  readonly value: string
  /** Counts up with every fetch under one key. */
  readonly generation: number
  /** Milliseconds since the string was first seen. */
  readonly ageMs: number
  /** What WeCom said its whole life is. */
  readonly expiresInMs: number
}

/**
 * Where tokens are kept beyond one source. The key holds base address, kind, ids and a SHA-256 of
 * the secret, never the secret.
 */
export interface TokenStore {
  /** The token under `key`, unless there is none or its `expiresInMs` are over. */
  get(key: string): Promise<StoredToken | undefined>
  /** Keeps a token unless one of the same or a newer generation is there. Tells whether it did. */
  set(key: string, token: StoredToken): Promise<boolean>
  /** Removes the token only if it is still of this generation. Tells whether it did. */
  delete(key: string, generation: number): Promise<boolean>
}
