import { endpointRests, type RefreshPayer, refreshBudget } from './backoff.js'
import { elapsedMs, type Instant, instantOf } from './clock.js'
import type { Credential } from './credential.js'
import { isQyapiTokenError, QyapiTokenError, repeated, sourceClosed } from './errors.js'
import type { OnEvent, OwnEvent } from './events.js'
import { frameworkError } from './framework-error.js'
import { type HourlyCalls, hourlyLimitsOf, overHourlyLimit } from './hourly-calls.js'
import { Renewal } from './renewal.js'
import type { SourceGroup } from './source-group.js'
import { confirmedAt, isKeptThroughOutage, isUsable, shouldRefresh, type Token } from './token.js'
import type { Refusals } from './verdict.js'

/** A call whose token was refused. */
export interface RefusedCall {
  readonly token: Token
  readonly endpoint: string
  readonly errcode: number
  /** Its body was a stream and is gone. */
  readonly isBodyGone?: boolean
}

interface Limits {
  readonly budget: ReturnType<typeof refreshBudget>
  readonly rests: ReturnType<typeof endpointRests>
}

/**
 * Decides which token a call gets, and what a refusal costs. It is what the doors see of a source:
 * tokens with their generation, and refusals by generation.
 */
export class Lender implements RefreshPayer {
  readonly renewal: Renewal
  /** The generation that was thrown away, until a token call for its successor is paid. */
  private owedFor = 0
  private refusalLimits: Limits | undefined

  constructor(
    credential: Credential,
    private readonly group: SourceGroup,
  ) {
    this.renewal = new Renewal(credential, group, this)
  }

  get credential(): Credential {
    return this.renewal.credential
  }

  get baseUrl(): string {
    return this.group.settings.baseUrl
  }

  get refusals(): Refusals {
    return this.group.refusalsOf(this.credential.refusalErrcodes)
  }

  get onEvent(): OnEvent | undefined {
    return this.group.settings.onEvent
  }

  emit(event: OwnEvent): void {
    this.renewal.emit(event)
  }

  /** The current token if it can be handed out at once. */
  hit(): Token | undefined {
    const token = this.renewal.current()
    if (token === undefined) return undefined
    const now = this.now()
    if (!isUsable(token, now)) return undefined
    if (shouldRefresh(token, now)) this.refreshBehindCallers()
    return token
  }

  /** A token, waited for if need be. `fresh`: also if the current one is about to be replaced. */
  async lend(options?: { fresh?: boolean }): Promise<Token> {
    try {
      return await this.lendWithinBudget(options)
    } catch (error) {
      // A call that has no token to replace goes out with the thrown-away one rather than not at all.
      const token = this.renewal.latest
      if (isBudgetSpent(error) && token !== undefined) return token
      throw error
    }
  }

  /** Like `lend`, but tells when too many tokens were thrown away within a minute. */
  async lendWithinBudget({ fresh = false } = {}): Promise<Token> {
    const { renewal } = this
    const token = this.hit()
    if (token !== undefined && !(fresh && shouldRefresh(token, this.now()))) return token
    if (renewal.isClosed) throw sourceClosed(this.credential)
    const failure = renewal.failure()
    if (failure !== undefined) return this.keptTokenOr(failure)
    const isAnothers = renewal.isBusy()
    try {
      return await renewal.renew()
    } catch (error) {
      // It belongs to the call that fetched; the others fetch for themselves.
      if (isAnothers && frameworkError(error)) return this.lendWithinBudget({ fresh })
      return this.keptTokenOr(
        isQyapiTokenError(error) ? repeated(error, error.retryAfterMs) : error,
      )
    }
  }

  /** A token to replace a refused one; `undefined` if there is none to be had. Never rejects. */
  async replace(refused: RefusedCall): Promise<Token | undefined> {
    const { token, endpoint, errcode } = refused
    this.emit({ type: 'refused', generation: token.generation, endpoint, errcode })
    const isInMemory = this.hasNewerThan(token)
    // Without a store the token is thrown away in the same turn: a fetch on its way cannot slip in.
    const hasStore = this.group.settings.store !== undefined
    if (!isInMemory && hasStore) await this.renewal.adoptFromStore()
    const reason = this.hasNewerThan(token) ? undefined : this.throwAway(refused)
    if (reason !== undefined || refused.isBodyGone) {
      this.emit({ type: 'not_replayed', endpoint, reason: reason ?? 'body_sent_once' })
      return undefined
    }
    try {
      // Intentionally not `lend`: while the budget is spent, that gives the refused token once more.
      const replacement = await this.lendWithinBudget()
      const { generation } = replacement
      // What came from the store was told when it came.
      if (isInMemory) this.emit({ type: 'adopted', generation, from: 'memory' })
      return replacement
    } catch (error) {
      const cause = isBudgetSpent(error) ? 'refresh_budget_spent' : 'no_replacement'
      const { message } = error as Error
      this.emit({ type: 'not_replayed', endpoint, reason: cause, message })
      return undefined
    }
  }

  /**
   * A replay was refused too. If its token was new when it was sent, its endpoint rests. One that was
   * older, found in memory or the store, may have been killed like the first: the next call gets another.
   */
  refusedAgain(refused: RefusedCall, sentAt: Instant): void {
    const { token, endpoint, errcode } = refused
    const { endpointRestMs, fetchTimeoutMs } = this.group.settings
    if (elapsedMs(confirmedAt(token), sentAt) <= fetchTimeoutMs) {
      this.limits().rests.rest(endpoint)
      this.emit({ type: 'rested', endpoint, restMs: endpointRestMs })
      return
    }
    this.emit({ type: 'refused', generation: token.generation, endpoint, errcode })
    if (!this.hasNewerThan(token)) this.throwAway(refused)
  }

  /**
   * Throws the current token away for a caller who says so; the next fetch is a forced one. `false`:
   * WeCom would not give another one so soon, and the token stays in use.
   */
  throwAwayCurrent(): boolean {
    const token = this.renewal.current()
    if (token === undefined || !this.mayForceHourly()) return false
    this.owe(token)
    return true
  }

  /** Only a token call is a forced refresh: what the store brings before it costs nothing. */
  payForRefresh(): void {
    const limits = hourlyLimitsOf(this.credential)
    const roomInMs = limits && this.hourlyCalls().roomInMs(limits)
    if (roomInMs) throw overHourlyLimit(this.credential, roomInMs)
    const isOwed = this.renewal.latest?.generation === this.owedFor
    if (isOwed && !this.limits().budget.take()) throw this.budgetSpent()
    this.owedFor = 0
    if (limits) this.hourlyCalls().count(limits)
  }

  /** Four processes that count by themselves stay below, and a token whose life ends finds room. */
  private mayForceHourly(): boolean {
    const limits = hourlyLimitsOf(this.credential)
    if (limits === undefined) return true
    return !this.limits().budget.isSpent() && this.hourlyCalls().roomInMs(limits, 1 / 4) === 0
  }

  private hourlyCalls(): HourlyCalls {
    const { clock, hourlyCalls } = this.group.settings
    return hourlyCalls(clock)
  }

  now(): Instant {
    return instantOf(this.group.settings.clock)
  }

  /** Owns its failure: the callers have a token, and the failure is remembered and told by event. */
  private refreshBehindCallers(): void {
    if (!this.renewal.isBusy()) this.renewal.renew().catch(() => {})
  }

  /** Kept through an outage: past its memo, but within its life and not refused. */
  private keptTokenOr(failure: unknown): Token {
    const token = this.renewal.current()
    if (token !== undefined && isKeptThroughOutage(token, this.now())) return token
    throw failure
  }

  private hasNewerThan(token: Token): boolean {
    return (this.renewal.current()?.generation ?? 0) > token.generation
  }

  /** Throws a refused token away, or tells why it stays. */
  private throwAway({ token, endpoint }: RefusedCall) {
    if (this.renewal.isThrownAway(token)) return undefined
    if (this.limits().rests.isResting(endpoint)) return 'endpoint_rests'
    if (this.limits().budget.isSpent() || !this.mayForceHourly()) return 'refresh_budget_spent'
    this.owe(token)
    return undefined
  }

  private owe(token: Token): void {
    this.renewal.throwAway(token)
    this.owedFor = token.generation
  }

  /** Made when they are needed: most sources never see a refusal. */
  private limits(): Limits {
    const { clock, refreshBudget: budget, endpointRestMs } = this.group.settings
    this.refusalLimits ??= {
      budget: refreshBudget(budget, clock),
      rests: endpointRests(endpointRestMs, clock),
    }
    return this.refusalLimits
  }

  private budgetSpent(): QyapiTokenError {
    const { kind, subject, tokenName } = this.credential
    const message =
      `The ${tokenName} of ${kind} ${subject} was thrown away more than ` +
      `${this.group.settings.refreshBudget} times within a minute. Find out what refuses it, or raise refreshBudget.`
    const details = { retryAfterMs: this.limits().budget.refillsInMs(), retryable: true }
    return new QyapiTokenError('refresh_budget_spent', message, details)
  }
}

function isBudgetSpent(error: unknown): boolean {
  return isQyapiTokenError(error) && error.code === 'refresh_budget_spent'
}
