import { type Instant, instantOf } from './clock.js'
import type { Credential } from './credential.js'
import { isQyapiTokenError, repeated, sourceClosed } from './errors.js'
import type { OnEvent, OwnEvent } from './events.js'
import { frameworkError } from './framework-error.js'
import { RefreshCosts } from './refresh-costs.js'
import { Renewal } from './renewal.js'
import type { SourceGroup } from './source-group.js'
import { isKeptThroughOutage, isUsable, shouldRefresh, type Token } from './token.js'
import type { Refusals } from './verdict.js'
import type { Join } from './wait.js'

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

export interface LendOptions {
  /** Also if the current one is about to be replaced. */
  readonly fresh?: boolean
  /** How this caller waits for a fetch that others wait for, too. */
  readonly join?: Join
}

const patient: Join = (shared) => shared

/**
 * Decides which token a call gets, and what a refusal costs. It is what the doors see of a source:
 * tokens with their generation, and refusals by generation.
 */
export class Lender {
  readonly renewal: Renewal
  private readonly costs: RefreshCosts

  constructor(
    credential: Credential,
    private readonly group: SourceGroup,
  ) {
    this.costs = new RefreshCosts(group.settings)
    this.renewal = new Renewal(credential, group, this.costs)
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

  /** A fetch is on its way, or a failure keeps everyone from asking. */
  get isBusy(): boolean {
    const { memoized, failures } = this.renewal
    return memoized.isPending || failures.restsForMs() > 0
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

  /** A token, waited for if need be. */
  async lend(options?: LendOptions): Promise<Token> {
    try {
      return await this.lendWithinBudget(options)
    } catch (error) {
      // A call that has no token to replace goes out with the thrown-away one rather than not at all.
      const token = this.renewal.memoized.latest
      if (isBudgetSpent(error) && token !== undefined) return token
      throw error
    }
  }

  /** Like `lend`, but tells when too many tokens were thrown away within a minute. */
  async lendWithinBudget(options: LendOptions = {}): Promise<Token> {
    const { renewal } = this
    const { fresh = false, join = patient } = options
    const token = this.hit()
    if (token !== undefined && !(fresh && shouldRefresh(token, this.now()))) return token
    if (renewal.isClosed) throw sourceClosed(this.credential)
    const failure = renewal.failures.current()
    if (failure && !(await renewal.tickets?.hasCome())) return this.keptTokenOr(failure)
    const isAnothers = renewal.memoized.isPending
    try {
      return await join(renewal.renew())
    } catch (error) {
      if (frameworkError(error)) {
        // It belongs to the call that fetched; the others fetch for themselves.
        if (isAnothers) return this.lendWithinBudget(options)
        throw error
      }
      return this.keptTokenOr(
        isQyapiTokenError(error) ? repeated(error, error.retryAfterMs) : error,
      )
    }
  }

  /** Token requests until now: what a later one brings was asked for after this moment. */
  get requests(): number {
    return this.renewal.requests.count
  }

  /** When a call is sent. Only with a store does it matter (rule 7), and a clock is not read for nothing. */
  sendingAt(): number {
    const { store, clock } = this.group.settings
    return store === undefined ? 0 : clock.monotonic()
  }

  /**
   * A token to replace a refused one; `undefined` if there is none. Rejects with a framework's error alone.
   * `byRequest`: one that a token request brings, if the endpoint may force one, and not what another
   * process had already.
   */
  async replace(
    refused: RefusedCall,
    options: { readonly byRequest?: boolean; readonly join?: Join } = {},
  ): Promise<Token | undefined> {
    const { token, endpoint } = refused
    const { join = patient } = options
    this.noteRefusal(refused)
    const byRequest =
      options.byRequest && this.costs.whyNotForced(this.credential, endpoint) === undefined
    const isGood = (one: Token | undefined) =>
      one !== undefined && one.generation > token.generation && (!byRequest || one.request)
    const isInMemory = isGood(this.renewal.current())
    // Without a store the token is thrown away in the same turn: a fetch on its way cannot slip in.
    if (!isInMemory && !byRequest && this.group.settings.store) await this.renewal.adoptFromStore()
    const isThere = isGood(this.renewal.current())
    const reason = isThere ? undefined : this.throwAway(token, endpoint)
    if (reason !== undefined || refused.isBodyGone) {
      this.emit({ type: 'not_replayed', endpoint, reason: reason ?? 'body_sent_once' })
      return undefined
    }
    try {
      // Intentionally not `lend`: while the budget is spent, that gives the refused token once more.
      const replacement = await (byRequest && !isThere
        ? this.renewByRequest(join)
        : this.lendWithinBudget({ join }))
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
    const { endpointRestMs } = this.group.settings
    this.emit({ type: 'rested', endpoint, restMs: endpointRestMs })
  }

  /** The last replay was refused, with a token that was not fetched for it: the next call gets another. */
  refusedAtLast(refused: RefusedCall): void {
    const { token, endpoint } = refused
    this.noteRefusal(refused)
    const { generation = 0 } = this.renewal.current() ?? {}
    if (generation <= token.generation) this.throwAway(token, endpoint)
  }

  private noteRefusal({ token, endpoint, errcode, sentAtMs }: RefusedCall): void {
    this.emit({ type: 'refused', generation: token.generation, endpoint, errcode })
    this.renewal.refuse(token, sentAtMs ?? this.now().monotonic)
  }

  /**
   * Throws the current token away for a caller who says so; the next fetch is a forced one. `false`:
   * WeCom would not give another one so soon, and the token stays in use.
   */
  throwAwayCurrent(): boolean {
    const token = this.renewal.current()
    if (token === undefined || !this.costs.mayForceHourly(this.credential)) return false
    this.renewal.refuse(token, this.now().monotonic)
    this.renewal.throwAway(token)
    return true
  }

  now(): Instant {
    return instantOf(this.group.settings.clock)
  }

  /** Owns its failure: the callers have a token, and the failure is remembered and told by event. */
  private refreshBehindCallers(): void {
    if (this.isBusy) return
    this.renewal.renew().catch(ignore)
  }

  /** Kept through an outage: past its memo, but within its life and not refused. */
  private keptTokenOr(failure: unknown): Token {
    const token = this.renewal.current()
    if (token !== undefined && isKeptThroughOutage(token, this.now())) return token
    throw failure
  }

  /** Nor is a request that a refusal forces made while a failure is remembered (rule 10). */
  private async renewByRequest(join: Join): Promise<Token> {
    const { renewal } = this
    const failure = renewal.failures.current()
    if (failure && !(await renewal.tickets?.hasCome())) throw failure
    return renewal.renewByRequest(join)
  }

  /** Throws a refused token away, or tells why it stays. */
  private throwAway(token: Token, endpoint: string) {
    if (this.renewal.isThrownAway(token)) return undefined
    const reason = this.costs.whyNotForced(this.credential, endpoint)
    if (reason === undefined) this.renewal.throwAway(token)
    return reason
  }
}

function isBudgetSpent(error: unknown): boolean {
  return isQyapiTokenError(error) && error.code === 'refresh_budget_spent'
}

function ignore(): void {}
