import type { RefreshPayer } from './backoff.js'
import { instantOf } from './clock.js'
import type { Credential } from './credential.js'
import { sourceClosed } from './errors.js'
import type { Emit, OwnEvent } from './events.js'
import { FetchFailures } from './fetch-failures.js'
import { fetchForAll, type Turn } from './fetch-for-all.js'
import { type Flight, Flights, isOvertaken } from './flights.js'
import { MemoizedToken, type TokenFetcher } from './memoized-token.js'
import { refusedStrings } from './refused-strings.js'
import type { SharedTokens } from './shared-tokens.js'
import type { SourceGroup } from './source-group.js'
import type { StoredToken } from './store.js'
import { tokenKeyOf } from './store-key.js'
import { type Tickets, ticketsOf } from './tickets.js'
import { isUsable, nextToken, storedToken, type Token, tokenOf } from './token.js'
import { type RequestOutcome, TokenRequests } from './token-requests.js'
import { type Join, keepAlive } from './wait.js'

/**
 * One credential's tokens, one generation after the other; never two fetches at once. Knows the
 * newest, which were thrown away, and how the next one is had: from the store, or by a token call.
 */
export class Renewal implements TokenFetcher {
  isClosed = false
  readonly failures: FetchFailures
  readonly tickets: Tickets | undefined
  readonly requests: TokenRequests
  readonly memoized: MemoizedToken
  private readonly shared: SharedTokens | undefined
  lastThrownAway = 0
  private refused: ReturnType<typeof refusedStrings> | undefined
  /** A refusal forces the next token request, which is to be paid. */
  private isForced = false
  private isRequestNeeded = false
  private readonly flights = new Flights()

  constructor(
    public credential: Credential,
    private readonly group: SourceGroup,
    private readonly payer: RefreshPayer,
  ) {
    this.memoized = new MemoizedToken(group.memo, this)
    const { settings } = group
    const emit: Emit = (event) => this.emit(event)
    const current = () => this.credential
    this.shared = group.shared(tokenKeyOf(current, settings), emit)
    this.failures = new FetchFailures(settings.clock, current, emit)
    this.tickets = ticketsOf(current, group, emit, this.failures)
    this.requests = new TokenRequests(settings, this.tickets)
  }

  emit(event: OwnEvent): void {
    this.group.emit(this.credential, event)
  }

  /** The newest token if it is not thrown away; it may be over. */
  current(): Token | undefined {
    const { latest } = this.memoized
    return latest === undefined || this.isThrownAway(latest) ? undefined : latest
  }

  isThrownAway(token: Token): boolean {
    return token.generation <= this.lastThrownAway
  }

  /** The next generation, for everyone who asks while it is on its way. */
  renew(): Promise<Token> {
    if (this.flights.endStalled(this.group.settings)) this.memoized.known()
    return this.memoized.next((token) => keepAlive(token, this.group.settings.waitUntil))
  }

  /**
   * The next generation by a token request: of this process, or of the one that has the lease
   * meanwhile. What the store has already is not adopted instead.
   */
  async renewByRequest(join: Join): Promise<Token> {
    for (;;) {
      // One that was on its way may have adopted before it could know.
      const isTooLate = this.memoized.isPending
      this.isRequestNeeded = true
      if (!isTooLate) this.isForced = true
      const token = await join(this.renew())
      if (token.request || !isTooLate) return token
    }
  }

  /** This token's string is not adopted again. `sentAtMs`: when the refused call was sent. */
  refuse(token: Token, sentAtMs: number): void {
    this.refused ??= refusedStrings()
    this.refused.add(token.value, sentAtMs)
    this.shared?.refused(token)
  }

  /** Nobody is handed this generation, or an older one, again. */
  throwAway(token: Token): void {
    this.lastThrownAway = Math.max(this.lastThrownAway, token.generation)
    this.isForced = true
    void this.shared?.delete(token)
    this.credential.refused?.(token.value)
  }

  /** From now on the new one asks: also for those who wait for a fetch that is on its way. */
  replaceCredential(credential: Credential): void {
    this.credential = credential
    this.failures.forget()
    this.lastThrownAway = Math.max(this.lastThrownAway, this.memoized.newest)
    this.isForced = false
    this.requests.abort()
  }

  /** Ends what is on its way; waiters get the reason. */
  close(): void {
    this.lastThrownAway = Number.POSITIVE_INFINITY
    this.isClosed = true
    this.flights.close(sourceClosed(this.credential))
    for (const place of [this.shared, this.tickets]) place?.close()
  }

  /** For the memo alone: everyone else says `renew`. */
  async fetchToken(): Promise<Token> {
    if (this.isClosed) throw sourceClosed(this.credential)
    const token = await this.flights.run((closed) => this.fly(closed), this.group.settings.clock)
    return token ?? this.usable() ?? this.renew()
  }

  /** `undefined`: what it brought was thrown away, or its credential replaced, while it was published. */
  private async fly(closed: AbortSignal): Promise<Token | undefined> {
    const { credential, lastThrownAway } = this
    const flight: Flight = { closed, credential, lastThrownAway, isKnown: false }
    try {
      const token = await this.adoptOrFetch(flight)
      return this.isThrownAway(token) ? undefined : token
    } catch (error) {
      if (closed.aborted || this.credential === flight.credential) throw error
      return undefined
    } finally {
      this.known(flight)
    }
  }

  /** Who asks from now on is not given what this flight brought, but what counts then (rule 6). */
  private known(flight: Flight): void {
    if (flight.isKnown) return
    flight.isKnown = true
    this.isRequestNeeded = false
    this.memoized.known()
  }

  private async adoptOrFetch(flight: Flight): Promise<Token> {
    const { memoized, shared, isRequestNeeded } = this
    if (!shared?.hasLease) {
      const stored = await this.adoptFromStore()
      return stored === undefined || isRequestNeeded ? this.fetchNew(flight) : stored
    }
    // Nobody waits: time for a look whether the store has still what it should have.
    const newer = !isRequestNeeded && this.usable() && (await this.adoptFromStore())
    if (newer) return newer
    const before = memoized.newest
    // What comes while another process has the lease is enough in any case.
    let isEnough = !isRequestNeeded
    const turn: Turn = {
      newest: () => memoized.newest,
      kind: this.credential.kind,
      look: () => {
        const adopt = this.looking(isRequestNeeded ? memoized.newest : before, isEnough)
        isEnough = true
        return adopt
      },
      remember: (failure, restMs) => this.failures.remember(failure, restMs),
      fetch: (generation) => this.fetchNew(flight, generation),
    }
    return fetchForAll(shared, turn, this.group.settings, flight.closed)
  }

  /** A newer token that someone else has stored. */
  async adoptFromStore(): Promise<Token | undefined> {
    const adopt = this.looking(this.memoized.newest)
    return adopt(await this.shared?.get())
  }

  /** Before a look: what is found makes the current token, unless the credential is another by then. */
  private looking(before: number, isEnough = true) {
    const { credential } = this
    return (stored: StoredToken | undefined): Token | undefined => {
      if (this.credential !== credential || this.isClosed) return undefined
      // Another call of this process may have adopted it while this one was looking.
      const { newest } = this.memoized
      if (stored === undefined || stored.generation <= newest)
        return newest > before ? this.usable() : undefined
      const now = instantOf(this.group.settings.clock)
      const token = tokenOf(stored, now, this.group.life())
      // Also one that is over: its string may come back (rule 8), and it may be kept (rule 4).
      this.memoized.set(token)
      if (this.refused?.includes(token)) {
        this.throwAway(token)
        return undefined
      }
      if (!isUsable(token, now)) return undefined
      this.isForced = !isEnough
      this.emit({ type: 'adopted', generation: token.generation, from: 'store' })
      return isEnough ? token : undefined
    }
  }

  /** The current token, unless it is over. */
  private usable(): Token | undefined {
    const token = this.current()
    return token && isUsable(token, instantOf(this.group.settings.clock)) ? token : undefined
  }

  /** `generation`: its number, where the store gave one with the lease. */
  private async fetchNew(flight: Flight, generation = 0): Promise<Token> {
    const { clock, waitUntil } = this.group.settings
    const last = this.memoized.latest
    const isBehindCallers = this.usable() !== undefined
    const startedAtMs = clock.monotonic()
    let outcome: RequestOutcome
    do {
      this.payer.payForRefresh(this.credential, this.isForced)
      this.isForced = false
      flight.credential = this.credential
      flight.lastThrownAway = this.lastThrownAway
      outcome = await this.requests.make(flight.credential, flight.closed)
    } while (isOvertaken(outcome, flight, this))
    this.known(flight)
    if ('error' in outcome) throw this.failures.rememberOwn(outcome.error, outcome.secret)
    const newest = Math.max(this.memoized.newest, this.shared?.lastGeneration ?? 0)
    const number = Math.max(generation, newest + 1)
    const token = nextToken(this.memoized.latest, outcome.fetched, number, this.group.life())
    this.memoized.set(token)
    this.refused?.delete(token.value)
    this.failures.forget()
    this.isForced = false
    const published = this.shared?.publish(storedToken(token, instantOf(clock)), generation)
    if (published !== undefined) keepAlive(published, waitUntil)
    this.emit({
      type: isBehindCallers ? 'refreshed' : 'fetched',
      generation: number,
      tookMs: clock.monotonic() - startedAtMs,
      isSameString: token.value === last?.value,
    })
    if (generation > 0 && (await published) === false) return (await this.adoptFromStore()) ?? token
    return token
  }
}
