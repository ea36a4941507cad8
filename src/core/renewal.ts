import { rememberedFailure } from './backoff.js'
import { instantOf } from './clock.js'
import { type Credential, identityOf } from './credential.js'
import { badOption, isQyapiTokenError, type QyapiTokenError, sourceClosed } from './errors.js'
import { emitTo, type OwnEvent } from './events.js'
import { type FetchedToken, fetchToken } from './fetch-token.js'
import { MemoizedToken, type TokenFetcher } from './memoized-token.js'
import { SharedTokens, ticketKeyOf, tokenKeyOf } from './shared-tokens.js'
import type { SourceGroup } from './source-group.js'
import { type Tickets, ticketsFor } from './tickets.js'
import {
  ageMs,
  firstLife,
  isUsable,
  type LifePolicy,
  newToken,
  nextToken,
  type Token,
} from './token.js'

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
  /** Made with the first failure, and dropped with the next token. */
  private failures: ReturnType<typeof rememberedFailure> | undefined
  private failedSecret = ''

  constructor(
    public credential: Credential,
    private readonly group: SourceGroup,
  ) {
    this.memoized = new MemoizedToken(group.memo, this)
    const { settings } = group
    const { store, clock } = settings
    const sharedBy = (keyOf: () => Promise<string>) =>
      store && new SharedTokens(store, keyOf, settings, (event) => this.emit(event))
    if (store !== undefined) this.shared = sharedBy(tokenKeyOf(() => this.credential, settings))
    if (credential.ticket === undefined) return
    const given = () => this.credential.ticket?.given()
    this.tickets = ticketsFor(
      { ...credential.ticket, given },
      sharedBy(() => ticketKeyOf(credential, settings)),
      clock,
    )
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
    return this.resting()?.restsForMs() ?? 0
  }

  /** The failure that still keeps everyone from asking, as an error for one caller. */
  failure(): QyapiTokenError | undefined {
    return this.resting()?.current()
  }

  /** The next generation, for everyone who asks while it is on its way. */
  renew(): Promise<Token> {
    if (this.renewing === undefined) {
      this.memoized.clear()
      this.renewing = this.memoized.get()
      const over = () => {
        this.renewing = undefined
      }
      this.renewing.then(over, over)
    }
    return this.renewing
  }

  /** Nobody is handed this generation, or an older one, again. */
  throwAway(token: Token): void {
    this.lastThrownAway = Math.max(this.lastThrownAway, token.generation)
    void this.shared?.delete(token.generation)
  }

  /** From now on the new one asks: also for those who wait for a fetch that is on its way. */
  replaceCredential(credential: Credential): void {
    if (identityOf(credential) !== identityOf(this.credential)) {
      const { kind, subject } = this.credential
      throw badOption(
        'credential',
        `one of ${kind} ${subject}, like the one it replaces`,
        credential,
      )
    }
    this.credential = credential
    this.failures = undefined
    this.lastThrownAway = Math.max(this.lastThrownAway, this.latest?.generation ?? 0)
  }

  /** A ticket came: what failed for want of one need not rest any longer. */
  async pushTicket(ticket: string, sentAtMs: number): Promise<boolean> {
    const isNewer = await this.tickets?.push(ticket, sentAtMs)
    if (isNewer) this.failures = undefined
    return isNewer ?? false
  }

  /** Ends what is on its way; waiters get the reason. */
  close(): void {
    this.lastThrownAway = Number.POSITIVE_INFINITY
    this.isClosed = true
    this.flight?.abort(sourceClosed(this.credential))
  }

  /** For the memo alone: everyone else says `renew`. */
  async fetchToken(): Promise<Token> {
    this.flight = new AbortController()
    const { signal } = this.flight
    try {
      const stored = await this.adoptFromStore()
      if (this.isClosed) throw sourceClosed(this.credential)
      return stored ?? (await this.fetchNew(signal))
    } finally {
      this.flight = undefined
    }
  }

  /** A newer token that someone else has put into the store. */
  async adoptFromStore(): Promise<Token | undefined> {
    const { credential } = this
    const stored = await this.shared?.get()
    if (this.credential !== credential) return undefined
    if (stored === undefined || stored.generation <= (this.latest?.generation ?? 0))
      return undefined
    const { value, generation, ageMs: age, expiresInMs } = stored
    const { wall, monotonic } = instantOf(this.group.settings.clock)
    const firstSeenAt = { wall: wall - age, monotonic: monotonic - age }
    const token = newToken(value, generation, firstSeenAt, firstLife(expiresInMs, this.life()))
    if (!isUsable(token, age)) return undefined
    this.memoized.set(token)
    this.emit({ type: 'adopted', generation, from: 'store' })
    return token
  }

  private async fetchNew(signal: AbortSignal): Promise<Token> {
    const { clock } = this.group.settings
    const before = this.latest
    const isBehindCallers =
      before !== undefined && !this.isThrownAway(before) && isUsable(before, ageMs(before, clock))
    const startedAtMs = clock.monotonic()
    const { fetched, askedAt } = await this.fetchUnlessThrownAway(signal)
    // Meanwhile a newer one may have come from the store.
    const newest = Math.max(this.latest?.generation ?? 0, this.shared?.lastGeneration ?? 0)
    const token = nextToken(this.latest, { ...fetched, askedAt }, newest + 1, this.life())
    this.memoized.set(token)
    this.failures = undefined
    const { value, generation } = token
    const { expiresInMs } = fetched
    void this.shared?.set({ value, generation, ageMs: ageMs(token, clock), expiresInMs })
    this.emit({
      type: isBehindCallers ? 'refreshed' : 'fetched',
      generation,
      tookMs: clock.monotonic() - startedAtMs,
      isSameString: value === before?.value,
    })
    return token
  }

  /**
   * A fetch that began before a throw-away cannot bring the thrown-away string back, and one that a
   * replaced credential began tells nothing: both are made again.
   */
  private async fetchUnlessThrownAway(signal: AbortSignal) {
    for (;;) {
      const { credential, lastThrownAway } = this
      const askedAt = instantOf(this.group.settings.clock)
      const fetched = await this.fetchBy(credential, signal)
      const isStale = this.lastThrownAway > lastThrownAway && fetched?.value === this.latest?.value
      if (fetched !== undefined && !isStale) return { fetched, askedAt }
    }
  }

  /** `undefined`: the credential was replaced meanwhile. */
  private async fetchBy(
    credential: Credential,
    signal: AbortSignal,
  ): Promise<FetchedToken | undefined> {
    const { settings } = this.group
    // The one that is asked with: a function may give another by the time that this one has failed.
    const secret = credential.secret()
    try {
      const fetched = await fetchToken({ credential, tickets: this.tickets, ...settings }, signal)
      return this.credential === credential ? fetched : undefined
    } catch (error) {
      if (this.isClosed || !isQyapiTokenError(error)) throw error
      if (this.credential !== credential) return undefined
      // Another source's failure is remembered there.
      throw isQyapiTokenError(error.cause) ? error : this.remembered(error, secret)
    }
  }

  private remembered(error: QyapiTokenError, secret: string): QyapiTokenError {
    this.failures ??= rememberedFailure(this.group.settings.clock)
    this.failedSecret = secret
    const failure = this.failures.remember(error)
    const { code, errcode, message, retryAfterMs = 0 } = failure
    const said = errcode === undefined ? {} : { errcode }
    this.emit({ type: 'failed', code, message, retryAfterMs, ...said })
    return failure
  }

  /** A failure counts only as long as the secret is the one that failed. */
  private resting() {
    if (this.failures !== undefined && this.credential.secret() !== this.failedSecret)
      this.failures = undefined
    return this.failures
  }

  private life(): LifePolicy {
    const { settings } = this.group
    return { ...settings, jitter: settings.random() }
  }
}
