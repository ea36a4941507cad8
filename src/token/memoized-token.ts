import pMemoize from 'p-memoize'
import { type Clock, elapsedMs, instantOf } from '../core/clock.js'
import { confirmedAt, isUsable, type Token } from '../core/token.js'

/** How a credential's next token is had. */
export interface TokenFetcher {
  fetchToken(): Promise<Token>
}

/** One memo for any number of credentials: each token fetched once for everyone, kept for 7000 s. */
export type TokenMemo = (memoized: MemoizedToken) => Promise<Token>

/** One generation of one credential's tokens. */
interface Generation {
  readonly of: { readonly latest: Token | undefined; set(token: Token): void }
  readonly number: number
}

/**
 * The generation is p-memoize's cache key. To clear is to ask for the next generation, never to
 * delete: so a hit that races a throw-away cannot read `undefined`. The tokens stand with their
 * credentials, so that the memo holds on to none that nobody uses.
 */
export function tokenMemo({
  maxAgeMs = 7_000_000,
  clock,
}: {
  maxAgeMs?: number
  clock: Clock
}): TokenMemo {
  const cache = expiring(maxAgeMs, clock)
  return pMemoize(fetchToken, { cacheKey: ([{ generation }]) => generation, cache })
}

function fetchToken({ fetcher }: MemoizedToken): Promise<Token> {
  return fetcher.fetchToken()
}

/** One credential's place in a memo. */
export class MemoizedToken {
  /** The newest token, usable or not. */
  latest: Token | undefined
  /** The generation that `get` asks for. */
  generation: Generation = { of: this, number: 1 }
  /** The one that is being fetched. A store may bring a newer one meanwhile, but nobody fetches twice. */
  private pending: Generation | undefined

  constructor(
    private readonly memo: TokenMemo,
    readonly fetcher: TokenFetcher,
  ) {}

  /** The newest token's generation; 0 before there is one. */
  get latestGeneration(): number {
    return this.latest?.generation ?? 0
  }

  /** The token of this generation: memoized, being fetched, or fetched now. */
  get(): Promise<Token> {
    return this.memo(this)
  }

  /** Makes a token the memoized one; one of an older generation changes nothing. */
  set(token: Token): void {
    if (token.generation <= this.latestGeneration) return
    this.latest = token
    if (token.generation > this.generation.number) this.askFor(token.generation)
  }

  get isPending(): boolean {
    return this.pending !== undefined
  }

  /**
   * The generation after the newest, fetched once for everyone who asks until it is there. What a hit
   * may be reading stays where it is. `began` receives the promise of a fetch that begins with this call.
   */
  next(began?: (token: Promise<Token>) => void): Promise<Token> {
    if (this.pending !== undefined) {
      this.generation = this.pending
      return this.get()
    }
    // A key of its own: what failed under the same number may still be on its way to a store.
    const pending = { of: this, number: this.latestGeneration + 1 }
    this.pending = pending
    this.generation = pending
    const token = this.get()
    const over = () => {
      if (this.pending === pending) this.pending = undefined
    }
    token.then(over, over)
    began?.(token)
    return token
  }

  /**
   * What was being fetched is known, be it a token or a failure. It may still be on its way to a
   * store and to those who wait; who asks from now on asks anew (rule 6).
   */
  known(): void {
    this.pending = undefined
  }

  private askFor(number: number): void {
    if (this.generation.number !== number) this.generation = { of: this, number }
  }
}

/** Has a generation only while it is the newest, usable, and not older than `maxAgeMs`. */
function expiring(maxAgeMs: number, clock: Clock) {
  return {
    has({ of: { latest }, number }: Generation) {
      if (latest?.generation !== number) return false
      const now = instantOf(clock)
      return isUsable(latest, now) && elapsedMs(confirmedAt(latest), now) < maxAgeMs
    },
    get: latestOf,
    set: keep,
    delete: deleteNothing,
  }
}

// The same for every memo: a source of its own has one to itself.

function latestOf({ of }: Generation): Token | undefined {
  return of.latest
}

function keep({ of }: Generation, token: Token): void {
  of.set(token)
}

/** Intentionally: see above. */
function deleteNothing(): void {}
