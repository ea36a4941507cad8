import { elapsedMs, type Instant, instantOf } from '../core/clock.js'
import type { Credential } from '../core/credential.js'
import type { TokenErrcodes } from '../core/errcode.js'
import { isQyapiTokenError, repeated, sourceClosed } from '../core/errors.js'
import type { OnEvent, OwnEvent } from '../core/events.js'
import { frameworkError } from '../core/framework-error.js'
import { isKeptThroughOutage, shouldRefresh, type Token } from '../core/token.js'
import type { Join } from '../core/wait.js'
import { RefreshCosts } from './cooldowns.js'
import { MemoizedToken } from './memoized-token.js'
import type { SourceContext } from './source-context.js'
import { TokenRefresher } from './token-refresher.js'

/** A call whose token was refused. */
export interface RefusedCall {
  readonly token: Token
  readonly endpoint: string
  readonly errcode: number
  /** When the call was sent, by the monotonic clock. Without it the call counts as sent now. */
  readonly sentAtMs?: number
  /** The body was a stream and cannot be sent again. */
  readonly isBodyGone?: boolean
}

export interface GetTokenOptions {
  /** Wait for a new token if the current one is due for a refresh. */
  readonly fresh?: boolean
  /** How this caller waits for the shared fetch. */
  readonly join?: Join
}

const untilSettled: Join = (shared) => shared

/**
 * Decides which token a call gets, and what a refusal costs. The middlewares use it instead of the
 * source: it has tokens with their generation, and refusals by generation.
 */
export class TokenPolicy {
  readonly memoized: MemoizedToken
  readonly refresher: TokenRefresher
  private readonly costs: RefreshCosts

  constructor(
    credential: Credential,
    readonly context: SourceContext,
  ) {
    this.costs = new RefreshCosts(context.settings)
    this.memoized = new MemoizedToken(context.memo)
    this.refresher = new TokenRefresher(credential, this.memoized, context, this.costs)
  }

  get credential(): Credential {
    return this.refresher.credential
  }

  get baseUrl(): string {
    return this.context.settings.baseUrl
  }

  get errcodes(): TokenErrcodes {
    return this.context.errcodesOf(this.credential.tokenInvalidErrcodes)
  }

  get onEvent(): OnEvent | undefined {
    return this.context.settings.onEvent
  }

  /** A refresh is in flight, or a failure is cooling down. */
  get isBusy(): boolean {
    return this.memoized.isPending || this.refresher.failures.cooldownMs() > 0
  }

  emit(event: OwnEvent): void {
    this.refresher.emit(event)
  }

  /** A usable token, if there is one; a refresh that is due runs behind the callers (rule 3). */
  cached(): Token | undefined {
    const now = this.now()
    const token = this.memoized.get(now)
    if (token !== undefined && shouldRefresh(token, now)) this.refreshBehindCallers()
    return token
  }

  /** The current token, or the next one. */
  async getToken(options?: GetTokenOptions): Promise<Token> {
    try {
      return await this.getTokenWithinBudget(options)
    } catch (error) {
      // A call with the cleared token is better than no call at all.
      const token = this.memoized.latest
      if (isBudgetSpent(error) && token !== undefined) return token
      throw error
    }
  }

  /** Like `getToken`, but throws when the refresh budget is spent. */
  async getTokenWithinBudget(options: GetTokenOptions = {}): Promise<Token> {
    const { refresher } = this
    const { fresh = false, join = untilSettled } = options
    const token = this.cached()
    if (token !== undefined && !(fresh && shouldRefresh(token, this.now()))) return token
    if (refresher.isClosed) throw sourceClosed(this.credential)
    const failure = refresher.failures.current()
    if (failure && !(await refresher.tickets?.hasArrived())) return this.keptTokenOr(failure)
    const isShared = this.memoized.isPending
    try {
      return await join(refresher.refresh())
    } catch (error) {
      if (frameworkError(error)) {
        // It belongs to the call that started the fetch; the others fetch again.
        if (isShared) return this.getTokenWithinBudget(options)
        throw error
      }
      return this.keptTokenOr(
        isQyapiTokenError(error) ? repeated(error, error.retryAfterMs) : error,
      )
    }
  }

  /** How many token requests were made: a later one started after this moment. */
  get requests(): number {
    return this.refresher.requests.count
  }

  /** When a call is sent. Only a store needs it (rule 7), so the clock is read only then. */
  sendingAt(): number {
    const { store, clock } = this.context.settings
    return store === undefined ? 0 : clock.monotonic()
  }

  /**
   * A token to replace a refused one; `undefined` if there is none. Rejects only with a framework's
   * error. `byRequest`: the token of a new token request, if the endpoint may force one, instead of
   * a token that another process had already.
   */
  async replaceRefused(
    refused: RefusedCall,
    options: { readonly byRequest?: boolean; readonly join?: Join } = {},
  ): Promise<Token | undefined> {
    const { endpoint } = refused
    const { join = untilSettled } = options
    const token = this.noteRefusal(refused)
    const byRequest =
      options.byRequest && this.costs.whyNotForced(this.credential, endpoint) === undefined
    const isReplacement = (one: Token | undefined) =>
      one !== undefined && one.generation > token.generation && (!byRequest || one.request)
    const isInMemory = isReplacement(this.memoized.valid())
    // Without a store, clear synchronously: no fetch in flight may complete in between.
    if (!isInMemory && !byRequest && this.context.settings.store)
      await this.refresher.adoptFromStore()
    const isThere = isReplacement(this.memoized.valid())
    const reason = isThere ? undefined : this.clear(token, endpoint)
    if (reason !== undefined || refused.isBodyGone) {
      this.emit({ type: 'not_replayed', endpoint, reason: reason ?? 'body_not_replayable' })
      return undefined
    }
    try {
      // Intentionally not `getToken`: with a spent budget it returns the refused token again.
      const replacement = await (byRequest && !isThere
        ? this.refreshByRequest(join)
        : this.getTokenWithinBudget({ join }))
      // A token from the store has been reported already.
      if (isInMemory)
        this.emit({ type: 'adopted', generation: replacement.generation, from: 'memory' })
      return replacement
    } catch (error) {
      const cause = isBudgetSpent(error) ? 'refresh_budget_spent' : 'no_replacement'
      const { message } = error as Error
      this.emit({ type: 'not_replayed', endpoint, reason: cause, message })
      if (frameworkError(error)) throw error
      return undefined
    }
  }

  /** A token that was fetched for a call was refused too: its endpoint cools down (rule 9). */
  coolDown(endpoint: string): void {
    this.costs.coolDown(endpoint)
    const { endpointCooldownMs } = this.context.settings
    this.emit({ type: 'endpoint_cooldown', endpoint, cooldownMs: endpointCooldownMs })
  }

  /** The last replay, with an adopted token, was refused: the next call gets a new token. */
  refusedAtLast(refused: RefusedCall): void {
    const { token, endpoint } = refused
    this.noteRefusal(refused)
    const { generation = 0 } = this.memoized.valid() ?? {}
    if (generation <= token.generation) this.clear(token, endpoint)
  }

  private noteRefusal({ token, endpoint, errcode, sentAtMs }: RefusedCall): Token {
    const now = this.now()
    const { generation, firstSeenAt } = token
    const ageMs = elapsedMs(firstSeenAt, now)
    this.emit({ type: 'refused', generation, endpoint, errcode, ageMs })
    return this.refresher.refuse(token, sentAtMs ?? now.monotonic)
  }

  /**
   * Clears the current token for `invalidate`; the next fetch is a forced one. `false`: WeCom's
   * hourly limit leaves no room for another, and the token stays in use.
   */
  clearCurrent(): boolean {
    const token = this.memoized.valid()
    if (token === undefined || !this.costs.mayForceHourly(this.credential)) return false
    this.refresher.refuse(token, this.now().monotonic)
    this.refresher.clear(token)
    return true
  }

  now(): Instant {
    return instantOf(this.context.settings.clock)
  }

  /** The callers have a token, so a failure is only remembered and reported (rule 3). */
  private refreshBehindCallers(): void {
    if (this.isBusy) return
    this.refresher.refresh().catch(ignore)
  }

  /** Rule 4: past its 7000 s but within `expires_in`, a token is kept through an outage. */
  private keptTokenOr(failure: unknown): Token {
    const token = this.memoized.valid()
    if (token !== undefined && isKeptThroughOutage(token, this.now())) return token
    throw failure
  }

  /** Rule 10: while a failure is remembered, a refusal forces no request. */
  private async refreshByRequest(join: Join): Promise<Token> {
    const { refresher } = this
    const failure = refresher.failures.current()
    if (failure && !(await refresher.tickets?.hasArrived())) throw failure
    return refresher.refreshByRequest(join)
  }

  /** Clears a refused token, or returns the reason why it stays. */
  private clear(token: Token, endpoint: string) {
    if (this.memoized.isCleared(token)) return undefined
    const reason = this.costs.whyNotForced(this.credential, endpoint)
    if (reason === undefined) this.refresher.clear(token)
    return reason
  }
}

function isBudgetSpent(error: unknown): boolean {
  return isQyapiTokenError(error) && error.code === 'refresh_budget_spent'
}

function ignore(): void {}
