import type { Clock } from '../core/clock.js'
import { type Credential, secretIfReadable } from '../core/credential.js'
import { isCausedByParent, isQyapiTokenError, QyapiTokenError, repeated } from '../core/errors.js'
import type { Emitter } from '../core/events.js'
import { type HourlyCalls, hourlyLimitsOf, overHourlyLimit } from '../core/hourly-calls.js'
import type { SourceSettings } from '../core/options.js'
import type { FailedRequest } from '../gettoken/token-requests.js'

/** How long a failure blocks further token requests: doubles from the first to the longest. */
function cooldownAfter(code: QyapiTokenError['code']): { firstMs: number; longestMs: number } {
  switch (code) {
    // After many wrong secrets WeCom blocks the whole IP for an hour.
    case 'credential_refused':
      return { firstMs: 60_000, longestMs: 600_000 }
    case 'ip_not_trusted':
    case 'rate_limited':
      return { firstMs: 60_000, longestMs: 60_000 }
    default:
      return { firstMs: 1_000, longestMs: 30_000 }
  }
}

/**
 * A failed fetch is remembered briefly: meanwhile callers fail at once with the same cause (rule
 * 10). It applies only while the secret is the one that failed; `undefined`: the secret cannot be
 * read.
 */
export function rememberedFailure(clock: Clock) {
  let last: QyapiTokenError | undefined
  let failedSecret: string | undefined
  let times = 0
  let until = 0
  return {
    /** Returns the failure with its cooldown; `cooldownMs` overrides the computed one. */
    remember(
      failure: QyapiTokenError,
      secret: string | undefined,
      cooldownMs?: number,
    ): QyapiTokenError {
      times = last?.code === failure.code && failedSecret === secret ? times + 1 : 1
      const { firstMs, longestMs } = cooldownAfter(failure.code)
      const cooldown = cooldownMs ?? Math.min(longestMs, firstMs * 2 ** (times - 1))
      last = failure
      failedSecret = secret
      until = clock.monotonic() + cooldown
      return repeated(failure, cooldown)
    },
    /** The failure that is still cooling down, as an error for one more caller. */
    current(secret: string | undefined): QyapiTokenError | undefined {
      const retryAfterMs = this.cooldownMs(secret)
      // Stryker disable next-line ConditionalExpression: without a failure there is no cooldown
      return last !== undefined && retryAfterMs > 0 ? repeated(last, retryAfterMs) : undefined
    },
    /** Milliseconds until the next token request is allowed; 0 if there is no cooldown. */
    cooldownMs(secret: string | undefined): number {
      return failedSecret === secret ? Math.max(0, until - clock.monotonic()) : 0
    },
  }
}

/** Limits token requests. */
export interface RefreshBudget {
  /** Called before each token request. Throws if there were too many, or too many forced ones. */
  chargeRefresh(credential: Credential, isForced: boolean): void
}

/** At most `budget` forced refreshes in any minute. */
export function refreshBudget(budget: number, clock: Clock) {
  const windowMs = 60_000
  let spentAt: number[] = []
  const isSpent = () => {
    const now = clock.monotonic()
    spentAt = spentAt.filter((at) => now - at < windowMs)
    return spentAt.length >= budget
  }
  return {
    isSpent,
    /** Takes one refresh; `false` if none is left. */
    take(): boolean {
      if (isSpent()) return false
      spentAt.push(clock.monotonic())
      return true
    },
    /** Milliseconds until the next refresh is available. */
    refillsInMs(): number {
      const oldest = spentAt[0]
      return oldest === undefined ? windowMs : Math.max(0, oldest + windowMs - clock.monotonic())
    },
  }
}

/** Endpoints whose replays were refused too, each for `cooldownMs` (rule 9). */
export function endpointCooldowns(cooldownMs: number, clock: Clock) {
  const mostEndpoints = 500
  const cooldownUntil = new Map<string, number>()
  return {
    isCoolingDown(endpoint: string): boolean {
      const isCooling = clock.monotonic() < (cooldownUntil.get(endpoint) ?? Number.NaN)
      if (!isCooling) cooldownUntil.delete(endpoint)
      return isCooling
    },
    start(endpoint: string): void {
      const oldest = cooldownUntil.keys().next()
      if (cooldownUntil.size >= mostEndpoints && !oldest.done) cooldownUntil.delete(oldest.value)
      cooldownUntil.set(endpoint, clock.monotonic() + cooldownMs)
    },
  }
}

/** The failed fetches of one source: remembered for the secret that failed, and reported. */
export class FetchFailures {
  /** Created with the first failure, and dropped with the next token. */
  private remembered: ReturnType<typeof rememberedFailure> | undefined

  constructor(
    private readonly clock: Clock,
    private readonly source: Emitter,
  ) {}

  /** Milliseconds until the next token request is allowed. */
  cooldownMs(): number {
    return this.remembered?.cooldownMs(secretIfReadable(this.source.credential)) ?? 0
  }

  /** The failure that is still cooling down, as an error for one caller. */
  current(): QyapiTokenError | undefined {
    return this.remembered?.current(secretIfReadable(this.source.credential))
  }

  /** A parent source's failure is remembered there, and only there. */
  rememberOwn({ error, secret }: FailedRequest, tookMs: number): unknown {
    if (!isQyapiTokenError(error) || isCausedByParent(error)) return error
    return this.remember(error, secret, { tookMs })
  }

  /** A failure that another process shared. */
  rememberShared(error: QyapiTokenError, cooldownMs: number): QyapiTokenError {
    return this.remember(error, secretIfReadable(this.source.credential), { cooldownMs })
  }

  private remember(
    error: QyapiTokenError,
    secret: string | undefined,
    { cooldownMs, tookMs }: { readonly cooldownMs?: number; readonly tookMs?: number },
  ): QyapiTokenError {
    this.remembered ??= rememberedFailure(this.clock)
    const failure = this.remembered.remember(error, secret, cooldownMs)
    const { code, errcode, message, retryAfterMs = 0 } = failure
    const known = {
      ...(errcode !== undefined && { errcode }),
      ...(tookMs !== undefined && { tookMs }),
    }
    this.source.emit({ type: 'failed', code, message, retryAfterMs, ...known })
    return failure
  }

  forget(): void {
    this.remembered = undefined
  }
}

interface Limits {
  readonly budget: ReturnType<typeof refreshBudget>
  readonly cooldowns: ReturnType<typeof endpointCooldowns>
}

/** What token requests cost one source, and what refusals may still force. */
export class RefreshCosts implements RefreshBudget {
  /** Created on first use: most sources never see a refusal. */
  private made: Limits | undefined

  constructor(private readonly settings: SourceSettings) {}

  chargeRefresh(credential: Credential, isForced: boolean): void {
    const limits = hourlyLimitsOf(credential)
    const roomInMs = limits && this.hourlyCalls().roomInMs(limits)
    if (roomInMs) throw overHourlyLimit(credential, roomInMs)
    if (isForced && !this.limits().budget.take()) throw this.budgetSpent(credential)
    if (limits) this.hourlyCalls().count(limits)
  }

  /** A quarter of the hourly limit: four processes that count separately stay below it. */
  mayForceHourly(credential: Credential): boolean {
    const limits = hourlyLimitsOf(credential)
    if (limits === undefined) return true
    return !this.limits().budget.isSpent() && this.hourlyCalls().roomInMs(limits, 1 / 4) === 0
  }

  /** Why a refusal at an endpoint may not force a refresh now. */
  whyNotForced(credential: Credential, endpoint: string) {
    if (this.limits().cooldowns.isCoolingDown(endpoint)) return 'endpoint_cooldown'
    const isSpent = this.limits().budget.isSpent() || !this.mayForceHourly(credential)
    return isSpent ? 'refresh_budget_spent' : undefined
  }

  coolDown(endpoint: string): void {
    this.limits().cooldowns.start(endpoint)
  }

  private hourlyCalls(): HourlyCalls {
    const { clock, hourlyCalls } = this.settings
    return hourlyCalls(clock)
  }

  private limits(): Limits {
    const { clock, refreshBudget: budget, endpointCooldownMs } = this.settings
    this.made ??= {
      budget: refreshBudget(budget, clock),
      cooldowns: endpointCooldowns(endpointCooldownMs, clock),
    }
    return this.made
  }

  private budgetSpent({ kind, subject, tokenName }: Credential): QyapiTokenError {
    const message =
      `The ${tokenName} of ${kind} ${subject} was cleared more than ` +
      `${this.settings.refreshBudget} times within a minute. Find out what refuses it, or raise refreshBudget.`
    const details = { retryAfterMs: this.limits().budget.refillsInMs(), retryable: true }
    return new QyapiTokenError('refresh_budget_spent', message, details)
  }
}
