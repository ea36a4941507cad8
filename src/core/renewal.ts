import { type RefreshPayer, rememberedFailure } from './backoff.js'
import { instantOf } from './clock.js'
import { type Credential, secretIfReadable } from './credential.js'
import { isQyapiTokenError, type QyapiTokenError, sourceClosed } from './errors.js'
import { type Emit, emitTo, type OwnEvent } from './events.js'
import { fetchForAll, type Turn } from './fetch-for-all.js'
import { fetchToken } from './fetch-token.js'
import { MemoizedToken, type TokenFetcher } from './memoized-token.js'
import type { SharedTokens } from './shared-tokens.js'
import type { SourceGroup } from './source-group.js'
import type { StoredToken } from './store.js'
import { ticketKeyOf, tokenKeyOf } from './store-key.js'
import { type Tickets, ticketsFor } from './tickets.js'
import { isUsable, nextToken, storedToken, type Token, tokenOf } from './token.js'
import { type ControllerBelow, controllerBelow, waitFor } from './wait.js'

/**
 * One credential's tokens, one generation after the other; never two fetches at once. Knows which
 * token is the newest, which generations were thrown away, and how the next one is had: from the
 * store, or by a token call. Callers and their waiting are not its business.
 */
export class Renewal implements TokenFetcher {
  isClosed = false
  readonly tickets: Tickets | undefined
  private readonly memoized: MemoizedToken
  private readonly shared: SharedTokens | undefined
  private lastThrownAway = 0
  private renewing: Promise<Token> | undefined
  /** Ends the fetch that is on its way, if there is one. */
  private flight: AbortController | undefined
  /** Ends the token call that it waits for, which is then made again. */
  private call: ControllerBelow | undefined
  /** Made with the first failure, and dropped with the next token. */
  private failures: ReturnType<typeof rememberedFailure> | undefined

  constructor(
    public credential: Credential,
    private readonly group: SourceGroup,
    private readonly payer: RefreshPayer,
  ) {
    this.memoized = new MemoizedToken(group.memo, this)
    const { settings } = group
    const emit: Emit = (event) => this.emit(event)
    this.shared = group.shared(
      tokenKeyOf(() => this.credential, settings),
      emit,
    )
    if (credential.ticket === undefined) return
    const need = { ...credential.ticket, given: () => this.credential.ticket?.given() }
    const shared = group.shared(() => ticketKeyOf(credential, settings), emit, false)
    this.tickets = ticketsFor(need, shared, settings.clock)
  }

  emit(event: OwnEvent): void {
    emitTo(this.group.settings.onEvent, this.credential, event)
  }

  /** The newest token, thrown away or not. */
  get latest(): Token | undefined {
    return this.memoized.latest
  }

  /** The newest token if it is not thrown away; it may be over. */
  current(): Token | undefined {
    const { latest } = this.memoized
    return latest === undefined || this.isThrownAway(latest) ? undefined : latest
  }

  isThrownAway(token: Token): boolean {
    return token.generation <= this.lastThrownAway
  }

  /** A fetch is on its way, or a failure keeps everyone from asking. */
  isBusy(): boolean {
    return this.renewing !== undefined || this.restsForMs() > 0
  }

  /** Milliseconds until someone may ask again. */
  restsForMs(): number {
    return this.failures?.restsForMs(secretIfReadable(this.credential)) ?? 0
  }

  /** The failure that still keeps everyone from asking, as an error for one caller. */
  failure(): QyapiTokenError | undefined {
    return this.failures?.current(secretIfReadable(this.credential))
  }

  /** The next generation, for everyone who asks while it is on its way. */
  renew(): Promise<Token> {
    if (this.renewing === undefined) {
      this.memoized.clear()
      this.renewing = this.memoized.get()
      const over = () => (this.renewing = undefined)
      this.renewing.then(over, over)
    }
    return this.renewing
  }

  /** Nobody is handed this generation, or an older one, again. */
  throwAway(token: Token): void {
    this.lastThrownAway = Math.max(this.lastThrownAway, token.generation)
    void this.shared?.delete(token)
    this.credential.refused?.(token.value)
  }

  /** From now on the new one asks: also for those who wait for a fetch that is on its way. */
  replaceCredential(credential: Credential): void {
    this.credential = credential
    this.failures = undefined
    this.lastThrownAway = Math.max(this.lastThrownAway, this.memoized.newest)
    this.call?.abort()
  }

  /** A ticket came: what failed for want of one need not rest any longer. */
  async pushTicket(ticket: string, sentAtMs: number | undefined): Promise<boolean> {
    const isNewer = await this.tickets?.push(ticket, sentAtMs)
    if (isNewer) this.failures = undefined
    return isNewer ?? false
  }

  /** Ends what is on its way; waiters get the reason. */
  close(): void {
    this.lastThrownAway = Number.POSITIVE_INFINITY
    this.isClosed = true
    this.flight?.abort(sourceClosed(this.credential))
    for (const place of [this.shared, this.tickets]) place?.close()
  }

  /** For the memo alone: everyone else says `renew`. */
  async fetchToken(): Promise<Token> {
    if (this.isClosed) throw sourceClosed(this.credential)
    this.flight = new AbortController()
    const { signal } = this.flight
    try {
      // A store that hangs must not keep waiters from hearing that the source was closed.
      return await waitFor(this.adoptOrFetch(signal), signal)
    } finally {
      this.flight = undefined
    }
  }

  private async adoptOrFetch(signal: AbortSignal): Promise<Token> {
    const { memoized, shared } = this
    if (!shared?.hasLease) return (await this.adoptFromStore()) ?? this.fetchNew(signal)
    const before = memoized.newest
    const turn: Turn = {
      newest: () => memoized.newest,
      look: () => this.looking(before),
      kind: this.credential.kind,
      remember: (failure, restMs) => this.remembered(failure, restMs),
      fetch: (generation) => this.fetchNew(signal, generation),
    }
    return fetchForAll(shared, turn, this.group.settings, signal)
  }

  /** A newer token that someone else has put into the store. */
  async adoptFromStore(): Promise<Token | undefined> {
    const adopt = this.looking(this.memoized.newest)
    return adopt(await this.shared?.get())
  }

  /** Before a look: what is found makes the current token, unless the credential is another by then. */
  private looking(before: number): (stored: StoredToken | undefined) => Token | undefined {
    const { credential } = this
    return (stored) => {
      if (this.credential !== credential || this.isClosed) return undefined
      // Another call of this process may have adopted it while this one was looking.
      if (stored === undefined || stored.generation <= this.memoized.newest)
        return this.memoized.newest > before ? this.current() : undefined
      const now = instantOf(this.group.settings.clock)
      const token = tokenOf(stored, now, this.group.life())
      if (!isUsable(token, now)) return undefined
      this.memoized.set(token)
      this.emit({ type: 'adopted', generation: token.generation, from: 'store' })
      return token
    }
  }

  /** `generation`: its number, where the store gave one with the lease. */
  private async fetchNew(signal: AbortSignal, generation = 0): Promise<Token> {
    const { clock } = this.group.settings
    const before = this.latest
    const isBehindCallers =
      before !== undefined && !this.isThrownAway(before) && isUsable(before, instantOf(clock))
    const startedAtMs = clock.monotonic()
    let asked = await this.ask(signal)
    while (asked.fetched === undefined || asked.isOvertaken()) asked = await this.ask(signal)
    // Meanwhile a newer one may have come from the store.
    const newest = Math.max(this.memoized.newest, this.shared?.lastGeneration ?? 0)
    const number = Math.max(generation, newest + 1)
    const token = nextToken(this.latest, asked.fetched, number, this.group.life())
    this.memoized.set(token)
    this.failures = undefined
    const published = this.shared?.publish(storedToken(token, instantOf(clock)), generation)
    this.emit({
      type: isBehindCallers ? 'refreshed' : 'fetched',
      generation: number,
      tookMs: clock.monotonic() - startedAtMs,
      isSameString: token.value === before?.value,
    })
    if (generation > 0 && (await published) === false) return (await this.adoptFromStore()) ?? token
    return token
  }

  /**
   * A fetch that began before a throw-away cannot bring the thrown-away string back, and one that a
   * replaced credential began tells nothing: both are overtaken, and made again.
   */
  private async ask(signal: AbortSignal) {
    this.payer.payForRefresh()
    const { credential, lastThrownAway } = this
    const askedAt = instantOf(this.group.settings.clock)
    const fetched = await this.fetchBy(credential, signal)
    const isOvertaken = () =>
      this.credential !== credential ||
      (this.lastThrownAway > lastThrownAway && fetched?.value === this.latest?.value)
    return { fetched: fetched && { ...fetched, askedAt }, isOvertaken }
  }

  /** `undefined`: it failed, but the credential was replaced meanwhile. */
  private async fetchBy(credential: Credential, signal: AbortSignal) {
    // The one that is asked with: a function may give another by the time that this one has failed.
    const secret = secretIfReadable(credential)
    this.call = controllerBelow(signal)
    try {
      const call = { credential, tickets: this.tickets, ...this.group.settings }
      return await fetchToken(call, this.call.signal)
    } catch (error) {
      if (this.credential !== credential && !signal.aborted) return undefined
      if (signal.aborted || !isQyapiTokenError(error)) throw error
      // Another source's failure is remembered there.
      throw isQyapiTokenError(error.cause) ? error : this.remembered(error, undefined, secret)
    } finally {
      this.call?.release()
      this.call = undefined
    }
  }

  private remembered(
    error: QyapiTokenError,
    restMs?: number,
    secret = secretIfReadable(this.credential),
  ): QyapiTokenError {
    this.failures ??= rememberedFailure(this.group.settings.clock)
    const failure = this.failures.remember(error, secret, restMs)
    const { code, errcode, message, retryAfterMs = 0 } = failure
    const told = { type: 'failed', code, message, retryAfterMs } as const
    this.emit(errcode === undefined ? told : { ...told, errcode })
    return failure
  }
}
