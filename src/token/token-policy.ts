import { type Instant, instantOf } from '../core/clock.js'
import type { Credential } from '../core/credential.js'
import type { TokenErrcodes } from '../core/errcode.js'
import { isQyapiTokenError, repeated, sourceClosed } from '../core/errors.js'
import type { OnEvent, OwnEvent } from '../core/events.js'
import { frameworkError } from '../core/framework-error.js'
import { isKeptThroughOutage, shouldRefresh, type Token } from '../core/token.js'
import type { Join } from '../core/wait.js'
import { MemoizedToken } from './memoized-token.js'
import { RefreshCosts } from './refresh-costs.js'
import type { SourceContext } from './source-context.js'
import { TokenRefresher } from './token-refresher.js'

/** A call whose token was refused. */
export interface RefusedCall {
  readonly token: Token
  readonly endpoint: string
  readonly errcode: number
  /** When it was sent, by the monotonic clock; where it is not known, it counts as sent now. */
  readonly sentAtMs?: number
  /** Its body was a stream and is gone. */
  readonly isBodyGone?: boolean
}

export interface GetTokenOptions {
  /** Also if the current one is about to be replaced. */
  readonly fresh?: boolean
  /** How this caller waits for a fetch that others wait for, too. */
  readonly join?: Join
}

const untilSettled: Join = (shared) => shared

/**
 * Decides which token a call gets, and what a refusal costs. It is what the doors see of a source:
 * tokens with their generation, and refusals by generation.
 */
export class TokenPolicy {
  readonly memoized: MemoizedToken
  readonly refresher: TokenRefresher
  private readonly costs: RefreshCosts

  constructor(
    credential: Credential,
    private readonly context: SourceContext,
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

  /** A fetch is on its way, or a failure keeps everyone from asking. */
  get isBusy(): boolean {
    return this.memoized.isPending || this.refresher.failures.cooldownMs() > 0
  }

  emit(event: OwnEvent): void {
    this.refresher.emit(event)
  }

  /** The current token if it can be handed out at once. */
  cached(): Token | undefined {
    const now = this.now()
    const token = this.memoized.get(now)
    if (token !== undefined && shouldRefresh(token, now)) this.refreshBehindCallers()
    return token
  }

  /** A token, waited for if need be. */
  async getToken(options?: GetTokenOptions): Promise<Token> {
    try {
      return await this.getTokenWithinBudget(options)
    } catch (error) {
      // A call that has no token to replace goes out with the thrown-away one rather than not at all.
      const token = this.memoized.latest
      if (isBudgetSpent(error) && token !== undefined) return token
      throw error
    }
  }

  /** Like `lend`, but tells when too many tokens were thrown away within a minute. */
  async getTokenWithinBudget(options: GetTokenOptions = {}): Promise<Token> {
    const { refresher } = this
    const { fresh = false, join = untilSettled } = options
    const token = this.cached()
    if (token !== undefined && !(fresh && shouldRefresh(token, this.now()))) return token
    if (refresher.isClosed) throw sourceClosed(this.credential)
    const failure = refresher.failures.current()
    if (failure && !(await refresher.tickets?.hasCome())) return this.keptTokenOr(failure)
    const isAnothers = this.memoized.isPending
    try {
      return await join(refresher.refresh())
    } catch (error) {
      if (frameworkError(error)) {
        // It belongs to the call that fetched; the others fetch for themselves.
        if (isAnothers) return this.getTokenWithinBudget(options)
        throw error
      }
      return this.keptTokenOr(
        isQyapiTokenError(error) ? repeated(error, error.retryAfterMs) : error,
      )
    }
  }

  /** Token requests until now: what a later one brings was asked for after this moment. */
  get requests(): number {
    return this.refresher.requests.count
  }

  /** When a call is sent. Only with a store does it matter (rule 7), and a clock is not read for nothing. */
  sendingAt(): number {
    const { store, clock } = this.context.settings
    return store === undefined ? 0 : clock.monotonic()
  }

  /**
   * A token to replace a refused one; `undefined` if there is none. Rejects with a framework's error alone.
   * `byRequest`: one that a token request brings, if the endpoint may force one, and not what another
   * process had already.
   */
  async replaceRefused(
    refused: RefusedCall,
    options: { readonly byRequest?: boolean; readonly join?: Join } = {},
  ): Promise<Token | undefined> {
    const { token, endpoint } = refused
    const { join = untilSettled } = options
    this.noteRefusal(refused)
    const byRequest =
      options.byRequest && this.costs.whyNotForced(this.credential, endpoint) === undefined
    const isGood = (one: Token | undefined) =>
      one !== undefined && one.generation > token.generation && (!byRequest || one.request)
    const isInMemory = isGood(this.memoized.valid())
    // Without a store the token is thrown away in the same turn: a fetch on its way cannot slip in.
    if (!isInMemory && !byRequest && this.context.settings.store)
      await this.refresher.adoptFromStore()
    const isThere = isGood(this.memoized.valid())
    const reason = isThere ? undefined : this.clear(token, endpoint)
    if (reason !== undefined || refused.isBodyGone) {
      this.emit({ type: 'not_replayed', endpoint, reason: reason ?? 'body_not_replayable' })
      return undefined
    }
    try {
      // Intentionally not `lend`: while the budget is spent, that gives the refused token once more.
      const replacement = await (byRequest && !isThere
        ? this.refreshByRequest(join)
        : this.getTokenWithinBudget({ join }))
      // What came from the store was told when it came.
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

  /** A token that was fetched for a call was refused too: its endpoint forces no refresh for a while. */
  coolDown(endpoint: string): void {
    this.costs.coolDown(endpoint)
    const { endpointCooldownMs } = this.context.settings
    this.emit({ type: 'endpoint_cooldown', endpoint, cooldownMs: endpointCooldownMs })
  }

  /** The last replay was refused, with a token that was not fetched for it: the next call gets another. */
  refusedAtLast(refused: RefusedCall): void {
    const { token, endpoint } = refused
    this.noteRefusal(refused)
    const { generation = 0 } = this.memoized.valid() ?? {}
    if (generation <= token.generation) this.clear(token, endpoint)
  }

  private noteRefusal({ token, endpoint, errcode, sentAtMs }: RefusedCall): void {
    this.emit({ type: 'refused', generation: token.generation, endpoint, errcode })
    this.refresher.refuse(token, sentAtMs ?? this.now().monotonic)
  }

  /**
   * Throws the current token away for a caller who says so; the next fetch is a forced one. `false`:
   * WeCom would not give another one so soon, and the token stays in use.
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

  /** Owns its failure: the callers have a token, and the failure is remembered and told by event. */
  private refreshBehindCallers(): void {
    if (this.isBusy) return
    this.refresher.refresh().catch(ignore)
  }

  /** Kept through an outage: past its memo, but within its life and not refused. */
  private keptTokenOr(failure: unknown): Token {
    const token = this.memoized.valid()
    if (token !== undefined && isKeptThroughOutage(token, this.now())) return token
    throw failure
  }

  /** Nor is a request that a refusal forces made while a failure is remembered (rule 10). */
  private async refreshByRequest(join: Join): Promise<Token> {
    const { refresher } = this
    const failure = refresher.failures.current()
    if (failure && !(await refresher.tickets?.hasCome())) throw failure
    return refresher.refreshByRequest(join)
  }

  /** Throws a refused token away, or tells why it stays. */
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
