import { endpointRests, refreshBudget } from './backoff.js'
import type { Credential } from './credential.js'
import { isQyapiTokenError, QyapiTokenError, repeated } from './errors.js'
import { type Emit, emitter } from './events.js'
import type { SourceSettings } from './options.js'
import { closedError, createRenewal } from './renewal.js'
import { ageMs, isKeptThroughOutage, isUsable, shouldRefresh, type Token } from './token.js'
import { type Refusals, refusals } from './verdict.js'

/** A call whose token was refused. */
export interface RefusedCall {
  readonly token: Token
  readonly endpoint: string
  readonly errcode: number
  /** Its body was a stream and is gone. */
  readonly isBodyGone?: boolean
}

/** What the doors need: tokens with their generation, and refusals by generation. */
export interface Lender {
  readonly credential: Credential
  readonly baseUrl: string
  readonly refusals: Refusals
  readonly emit: Emit
  /** The current token if it can be handed out at once. */
  hit(): Token | undefined
  /** A token, waited for if need be. `fresh`: also if the current one is about to be replaced. */
  lend(options?: { fresh?: boolean }): Promise<Token>
  /** A token to replace a refused one; `undefined` if there is none to be had. Never rejects. */
  replace(refused: RefusedCall): Promise<Token | undefined>
  /** A replay was refused too: its endpoint rests. */
  rest(endpoint: string): void
}

/** What a token source needs beyond that. */
export interface OwnLender extends Lender {
  readonly renewal: ReturnType<typeof createRenewal>
  /** Like `lend`, but tells when too many tokens were thrown away within a minute. */
  lendWithinBudget(): Promise<Token>
  /** Throws the current token away for a caller who says so; the next fetch is a forced one. */
  throwAwayCurrent(): void
}

interface Limits {
  readonly budget: ReturnType<typeof refreshBudget>
  readonly rests: ReturnType<typeof endpointRests>
}

/** Decides which token a call gets, and what a refusal costs. */
export function createLender(credential: Credential, settings: SourceSettings): OwnLender {
  const { clock } = settings
  const emit = emitter(settings.onEvent, credential)
  const renewal = createRenewal(credential, settings, emit)
  let isRefreshOwed = false
  let judge: Refusals | undefined
  let refusalLimits: Limits | undefined

  /** Made when they are needed: most sources never see a refusal. */
  function limits(): Limits {
    refusalLimits ??= {
      budget: refreshBudget(settings.refreshBudget, clock),
      rests: endpointRests(settings.endpointRestMs, clock),
    }
    return refusalLimits
  }

  function hit(): Token | undefined {
    const token = renewal.current()
    if (token === undefined) return undefined
    const age = ageMs(token, clock)
    if (!isUsable(token, age)) return undefined
    if (shouldRefresh(token, age)) refreshBehindCallers()
    return token
  }

  /** Owns its failure: the callers have a token, and the failure is remembered and told by event. */
  function refreshBehindCallers(): void {
    if (!renewal.isBusy()) renewal.renew().catch(() => {})
  }

  async function lendWithinBudget({ fresh = false } = {}): Promise<Token> {
    const token = hit()
    if (token !== undefined && !(fresh && shouldRefresh(token, ageMs(token, clock)))) return token
    if (renewal.isClosed()) throw closedError(credential)
    const failure = renewal.failure()
    if (failure !== undefined) return keptTokenOr(failure)
    if (isRefreshOwed && !limits().budget.take()) throw budgetSpent()
    isRefreshOwed = false
    try {
      return await renewal.renew()
    } catch (error) {
      return keptTokenOr(isQyapiTokenError(error) ? repeated(error, error.retryAfterMs) : error)
    }
  }

  /** Kept through an outage: past its memo, but within its life and not refused. */
  function keptTokenOr(failure: unknown): Token {
    const token = renewal.current()
    if (token !== undefined && isKeptThroughOutage(token, ageMs(token, clock))) return token
    throw failure
  }

  function budgetSpent(): QyapiTokenError {
    const { kind, subject } = credential
    const message =
      `The ${credential.tokenName} of ${kind} ${subject} was thrown away more than ` +
      `${settings.refreshBudget} times within a minute. Find out what refuses it, or raise refreshBudget.`
    const details = { retryAfterMs: limits().budget.refillsInMs(), retryable: true }
    return new QyapiTokenError('refresh_budget_spent', message, details)
  }

  /** A call that has no token to replace goes out with the thrown-away one rather than not at all. */
  async function lend(options?: { fresh?: boolean }): Promise<Token> {
    try {
      return await lendWithinBudget(options)
    } catch (error) {
      const token = renewal.latest()
      const isSpent = isQyapiTokenError(error) && error.code === 'refresh_budget_spent'
      if (isSpent && token !== undefined) return token
      throw error
    }
  }

  async function replace(refused: RefusedCall): Promise<Token | undefined> {
    const { token, endpoint, errcode } = refused
    emit({ type: 'refused', generation: token.generation, endpoint, errcode })
    if (!hasNewerThan(token)) await renewal.adoptFromStore()
    const isAdopted = hasNewerThan(token)
    const reason = isAdopted ? undefined : throwAway(refused)
    if (reason !== undefined || refused.isBodyGone) {
      emit({ type: 'not_replayed', endpoint, reason: reason ?? 'body_sent_once' })
      return undefined
    }
    try {
      const replacement = await lend()
      if (isAdopted) emit({ type: 'adopted', generation: replacement.generation, from: 'memory' })
      return replacement
    } catch (error) {
      const message = error instanceof Error ? error.message : undefined
      emit({
        type: 'not_replayed',
        endpoint,
        reason: 'no_replacement',
        ...(message === undefined ? {} : { message }),
      })
      return undefined
    }
  }

  function hasNewerThan(token: Token): boolean {
    return (renewal.current()?.generation ?? 0) > token.generation
  }

  /** Throws a refused token away, or tells why it stays. */
  function throwAway({ token, endpoint }: RefusedCall) {
    if (renewal.isThrownAway(token)) return undefined
    if (limits().rests.isResting(endpoint)) return 'endpoint_rests'
    if (!limits().budget.take()) return 'refresh_budget_spent'
    renewal.throwAway(token)
    return undefined
  }

  return {
    credential,
    baseUrl: settings.baseUrl,
    get refusals() {
      judge ??= refusals([...credential.refusalErrcodes, ...settings.refusalErrcodes])
      return judge
    },
    emit,
    renewal,
    hit,
    lend,
    lendWithinBudget,
    replace,
    rest(endpoint) {
      limits().rests.rest(endpoint)
      emit({ type: 'rested', endpoint, restMs: settings.endpointRestMs })
    },
    throwAwayCurrent() {
      const token = renewal.current()
      if (token === undefined) return
      renewal.throwAway(token)
      isRefreshOwed = true
    },
  }
}
