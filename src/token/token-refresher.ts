import { instantOf } from '../core/clock.js'
import type { Credential } from '../core/credential.js'
import { sourceClosed } from '../core/errors.js'
import type { Emitter, OwnEvent } from '../core/events.js'
import type { StoredToken } from '../core/store.js'
import { nextToken, storedToken, type Token, tokenOf } from '../core/token.js'
import { type Join, keepAlive } from '../core/wait.js'
import type { PushedTickets } from '../gettoken/pushed-tickets.js'
import { type RequestOutcome, TokenRequests } from '../gettoken/token-requests.js'
import { fetchForAll, type LeaseContext } from '../sharing/shared-fetch.js'
import type { StoreEntry } from '../sharing/store-entry.js'
import { tokenKeyOf } from '../sharing/store-key.js'
import { FetchFailures, type RefreshBudget } from './cooldowns.js'
import { type MemoizedToken, refusedStrings } from './memoized-token.js'
import { isStale, type PendingRefresh, PendingRefreshes } from './pending-refresh.js'
import type { SourceContext } from './source-context.js'

/**
 * Obtains the next token of one credential: from the store, by the store's lease, or by a token
 * request. It neither decides when, nor keeps tokens.
 */
export class TokenRefresher implements Emitter {
  isClosed = false
  readonly failures: FetchFailures
  readonly tickets: PushedTickets | undefined
  readonly requests: TokenRequests
  private readonly storeEntry: StoreEntry | undefined
  private refused: ReturnType<typeof refusedStrings> | undefined
  /** A refusal forces the next token request, which is charged to the refresh budget. */
  private isForced = false
  private isRequestNeeded = false
  readonly pendingRefreshes = new PendingRefreshes()

  constructor(
    public credential: Credential,
    readonly memoized: MemoizedToken,
    private readonly context: SourceContext,
    private readonly costs: RefreshBudget,
  ) {
    const { settings } = context
    this.storeEntry = context.storeEntry(tokenKeyOf(this, settings), this)
    this.failures = new FetchFailures(settings.clock, this)
    this.tickets = context.pushedTickets(this, () => this.failures.forget())
    this.requests = new TokenRequests(settings, this.tickets, this)
  }

  emit(event: OwnEvent): void {
    this.context.emit(this.credential, event)
  }

  /** The next generation, shared by all callers that ask while it is in flight. */
  refresh(): Promise<Token> {
    const { settings } = this.context
    if (this.pendingRefreshes.endStalled(settings)) this.memoized.endPending()
    const { isPending } = this.memoized
    const token = this.memoized.next(() => this.obtain())
    if (!isPending) keepAlive(token, settings.waitUntil)
    return token
  }

  /**
   * The next generation by a token request: by this process, or by the one that holds the lease. A
   * token that the store has already is not adopted instead.
   */
  async refreshByRequest(join: Join): Promise<Token> {
    for (;;) {
      // A refresh in flight may have adopted a token before `isRequestNeeded` was set.
      const isTooLate = this.memoized.isPending
      this.isRequestNeeded = true
      if (!isTooLate) this.isForced = true
      const token = await join(this.refresh())
      if (token.request || !isTooLate) return token
    }
  }

  /** Never adopts this string again. Returns its newest generation that the call, sent then, refused. */
  refuse(token: Token, sentAtMs: number): Token {
    this.refused ??= refusedStrings()
    this.refused.add(token.value, sentAtMs)
    this.storeEntry?.tokenRefused(token)
    const valid = this.memoized.valid()
    return valid && !valid.request && this.refused.includes(valid) ? valid : token
  }

  /** Clears this generation everywhere; the next token request is a forced one. */
  clear(token: Token): void {
    this.memoized.clear(token.generation)
    this.isForced = true
    void this.storeEntry?.delete(token)
    this.credential.refused?.(token.value)
  }

  /** Uses the new credential from now on, also for callers that wait for a refresh in flight. */
  replaceCredential(credential: Credential): void {
    this.credential = credential
    this.failures.forget()
    this.memoized.clear()
    this.isForced = false
    this.requests.abort()
  }

  /** Aborts the refreshes in flight; their waiters get the reason. */
  close(): void {
    this.memoized.clear(Number.POSITIVE_INFINITY)
    this.isClosed = true
    this.pendingRefreshes.close(sourceClosed(this.credential))
    for (const place of [this.storeEntry, this.tickets]) place?.close()
  }

  private async obtain(): Promise<Token> {
    if (this.isClosed) throw sourceClosed(this.credential)
    const token = await this.pendingRefreshes.run(
      (closed) => this.refreshOnce(closed),
      this.context.settings.clock,
    )
    return token ?? this.usable() ?? this.refresh()
  }

  /** `undefined`: while the token was published, it was cleared or its credential replaced. */
  private async refreshOnce(closed: AbortSignal): Promise<Token | undefined> {
    const { credential, memoized } = this
    const pending = { closed, credential, clearedUpTo: memoized.clearedUpTo, isKnown: false }
    try {
      const token = await this.adoptOrFetch(pending)
      return memoized.isCleared(token) ? undefined : token
    } catch (error) {
      if (closed.aborted || this.credential === pending.credential) throw error
      return undefined
    } finally {
      this.markKnown(pending)
    }
  }

  /**
   * Callers from now on do not join this refresh: its token may be cleared while it is published
   * (rule 6).
   */
  private markKnown(pending: PendingRefresh): void {
    // A stalled one was ended before: what is pending now is its successor.
    if (pending.isKnown || pending.closed.aborted) return
    pending.isKnown = true
    this.isRequestNeeded = false
    this.memoized.endPending()
  }

  private async adoptOrFetch(pending: PendingRefresh): Promise<Token> {
    const { memoized, storeEntry: shared, isRequestNeeded } = this
    if (!shared?.hasLease) {
      const stored = await this.adoptFromStore()
      return stored === undefined || isRequestNeeded ? this.fetchNew(pending) : stored
    }
    // A refresh behind callers has time to check whether the store lost the token (rule 18).
    const newer = !isRequestNeeded && this.usable() && (await this.adoptFromStore())
    if (newer) return newer
    const before = memoized.latestGeneration
    // A token that arrives while another process holds the lease is a requested one in any case.
    let isEnough = !isRequestNeeded
    const context: LeaseContext = {
      latestGeneration: () => memoized.latestGeneration,
      kind: this.credential.kind,
      prepareAdopt: () => {
        const adopt = this.adopterFrom(
          isRequestNeeded ? memoized.latestGeneration : before,
          isEnough,
        )
        isEnough = true
        return adopt
      },
      remember: (failure, cooldownMs) => this.failures.rememberShared(failure, cooldownMs),
      fetch: (generation) => this.fetchNew(pending, generation),
    }
    return fetchForAll(shared, context, this.context.settings, pending.closed)
  }

  /** A newer token that another process has stored. */
  async adoptFromStore(): Promise<Token | undefined> {
    const adopt = this.adopterFrom(this.memoized.latestGeneration)
    return adopt(await this.storeEntry?.get())
  }

  /**
   * Call before reading the store: adopts what was read, unless the credential was replaced
   * meanwhile.
   */
  private adopterFrom(before: number, isEnough = true) {
    const { credential } = this
    return (stored: StoredToken | undefined): Token | undefined => {
      if (this.credential !== credential || this.isClosed) return undefined
      // Another call of this process may have adopted it during the read.
      const { latestGeneration: newest } = this.memoized
      if (stored === undefined || stored.generation <= newest)
        return newest > before ? this.usable() : undefined
      const now = instantOf(this.context.settings.clock)
      const token = tokenOf(stored, now, this.context.life())
      // An expired one too: its string may come back (rule 8), and it may be kept (rule 4).
      this.memoized.set(token)
      if (this.refused?.includes(token)) {
        this.clear(token)
        return undefined
      }
      if (this.memoized.get(now) !== token) return undefined
      this.isForced = !isEnough
      this.emit({ type: 'adopted', generation: token.generation, from: 'store' })
      return isEnough ? token : undefined
    }
  }

  private usable(): Token | undefined {
    return this.memoized.get(instantOf(this.context.settings.clock))
  }

  /** `generation`: the number that came with the store's lease, if there is one. */
  private async fetchNew(pending: PendingRefresh, generation = 0): Promise<Token> {
    const { clock, waitUntil } = this.context.settings
    const last = this.memoized.latest
    const isBehindCallers = this.usable() !== undefined
    const startedAtMs = clock.monotonic()
    let outcome: RequestOutcome
    do {
      this.costs.chargeRefresh(this.credential, this.isForced)
      this.isForced = false
      pending.credential = this.credential
      pending.clearedUpTo = this.memoized.clearedUpTo
      outcome = await this.requests.make(pending.credential, pending.closed)
    } while (isStale(outcome, pending, this))
    this.markKnown(pending)
    const tookMs = clock.monotonic() - startedAtMs
    if ('error' in outcome) throw this.failures.rememberOwn(outcome, tookMs)
    const newest = Math.max(this.memoized.latestGeneration, this.storeEntry?.lastGeneration ?? 0)
    const number = Math.max(generation, newest + 1)
    const token = nextToken(this.memoized.latest, outcome.fetched, number, this.context.life())
    this.memoized.set(token)
    this.refused?.delete(token.value)
    this.failures.forget()
    this.isForced = false
    const published = this.storeEntry?.publish(storedToken(token, instantOf(clock)), generation)
    if (published !== undefined) keepAlive(published, waitUntil)
    const type = isBehindCallers ? 'refreshed' : 'fetched'
    const isSameString = token.value === last?.value
    this.emit({ type, generation: number, tookMs, isSameString })
    if (generation > 0 && (await published) === false) return (await this.adoptFromStore()) ?? token
    return token
  }
}
