import pMemoize from 'p-memoize'
import { type Clock, type Instant, instantOf } from '../core/clock.js'
import { confirmedAt, isUsable, type Token } from '../core/token.js'

/** One generation of one source's tokens: the key of p-memoize's cache. */
interface Generation {
  readonly of: MemoizedToken
  readonly number: number
}

/** Asks for a generation; `obtain` is called if the cache does not have it. */
interface GenerationRequest {
  readonly key: Generation
  obtain(): Promise<Token>
}

/** The memo of any number of sources. */
export class TokenMemo {
  readonly cache: ReturnType<typeof expiringCache>
  private memoized: ((request: GenerationRequest) => Promise<Token>) | undefined
  private inFlight = 0

  constructor(clock: Clock) {
    this.cache = expiringCache(clock)
  }

  /** A single flight: one request for all callers that want the same generation. */
  fetchOnce(request: GenerationRequest): Promise<Token> {
    // Dropped when nothing is in flight: what p-memoize makes takes 800 bytes, and most sources are idle.
    this.memoized ??= pMemoize(obtain, { cacheKey: ([{ key }]) => key, cache: this.cache })
    this.inFlight += 1
    const token = this.memoized(request)
    const settled = () => {
      this.inFlight -= 1
      if (this.inFlight === 0) this.memoized = undefined
    }
    token.then(settled, settled)
    return token
  }
}

function obtain(request: GenerationRequest): Promise<Token> {
  return request.obtain()
}

/**
 * p-memoize's cache: the only place that keeps tokens and decides when the 7000 s have passed (rule
 * 2). Clearing asks for the next generation instead of deleting, so a hit that races a clear reads
 * a token. Each token is kept with its source, so that the memo retains no token of an unused
 * source.
 */
function expiringCache(clock: Clock) {
  return {
    has({ of: { latest, clearedUpTo }, number }: Generation, now: Instant = instantOf(clock)) {
      return latest?.generation === number && number > clearedUpTo && isUsable(latest, now)
    },
    get: latestOf,
    set: keep,
    delete: keepAll,
  }
}

// The same functions for every memo: a source that shares its memo with no other would have its own.

function latestOf({ of }: Generation): Token | undefined {
  return of.latest
}

function keep({ of }: Generation, token: Token): void {
  of.set(token)
}

/** Intentionally: see above. */
function keepAll(): void {}

/**
 * The memoized token of one source, and all of its state: the newest token, which generations are
 * cleared, and the request that is in flight.
 */
export class MemoizedToken implements Generation {
  /** The newest token, also if it is cleared or expired. */
  latest: Token | undefined
  /** No generation up to this one is handed out again. */
  clearedUpTo = 0
  private pending: Generation | undefined

  constructor(private readonly memo: TokenMemo) {}

  /** The newest token's generation; 0 before there is one. */
  get latestGeneration(): number {
    return this.latest?.generation ?? 0
  }

  /** For the cache, a hit asks for the newest generation. */
  get of(): this {
    return this
  }

  get number(): number {
    return this.latestGeneration
  }

  get isPending(): boolean {
    return this.pending !== undefined
  }

  /** A hit: the memoized token, if it is neither cleared nor expired. */
  get(now: Instant): Token | undefined {
    const { cache } = this.memo
    return cache.has(this, now) ? cache.get(this) : undefined
  }

  /** The newest token if it is not cleared. It may have expired. */
  valid(): Token | undefined {
    const { latest } = this
    return latest === undefined || this.isCleared(latest) ? undefined : latest
  }

  isCleared({ generation }: Token): boolean {
    return generation <= this.clearedUpTo
  }

  /** Makes a token the memoized one. An older generation than the newest changes nothing. */
  set(token: Token): void {
    if (token.generation <= this.latestGeneration) return
    this.latest = token
  }

  /**
   * The next generation, obtained once for all callers that ask while it is in flight. The key is
   * an object of this request, not its number: a store may bring a newer generation meanwhile, and
   * a failed request with the same number may still be storing its outcome.
   */
  next(obtain: () => Promise<Token>): Promise<Token> {
    if (this.pending !== undefined) return this.memo.fetchOnce({ key: this.pending, obtain })
    // Stryker disable next-line ArithmeticOperator: any number that no token has
    const key = { of: this, number: this.latestGeneration + 1 }
    this.pending = key
    const token = this.memo.fetchOnce({ key, obtain })
    const settled = () => {
      if (this.pending === key) this.pending = undefined
    }
    token.then(settled, settled)
    return token
  }

  /**
   * From now on callers start a new request: the outcome of the one in flight is known (rule 6).
   */
  endPending(): void {
    this.pending = undefined
  }

  /** Nothing up to this generation is handed out again. */
  clear(generation = this.latestGeneration): void {
    this.clearedUpTo = Math.max(this.clearedUpTo, generation)
  }
}

/** More strings are refused within a token's lifetime only if an endpoint refuses everything. */
const MOST_STRINGS = 20

/**
 * Strings that this process saw refused (rule 7). A store may still return one under a newer
 * generation: it counts as refused, unless a token request that was answered after the refused call
 * was sent returned it.
 */
export function refusedStrings() {
  const sentAt = new Map<string, number>()
  return {
    /** `sentAtMs`: when the refused call was sent, by the monotonic clock. */
    add(value: string, sentAtMs: number): void {
      const before = sentAt.get(value) ?? 0
      sentAt.delete(value)
      const [oldest] = sentAt.keys()
      if (sentAt.size >= MOST_STRINGS && oldest !== undefined) sentAt.delete(oldest)
      sentAt.set(value, Math.max(before, sentAtMs))
    },
    /** Whether the string of a token from the store was refused. */
    includes(token: Token): boolean {
      const sentAtMs = sentAt.get(token.value)
      const answeredAtMs = confirmedAt(token).monotonic + (token.requestMs ?? 0)
      // Stryker disable next-line ConditionalExpression: nothing is at most undefined
      return sentAtMs !== undefined && answeredAtMs <= sentAtMs
    },
    /** A token request has returned the string again. */
    delete: (value: string) => sentAt.delete(value),
  }
}
