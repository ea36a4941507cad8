import type { Credential } from '../core/credential.js'
import { QyapiTokenError } from '../core/errors.js'
import { type HourlyCalls, hourlyLimitsOf, overHourlyLimit } from '../core/hourly-calls.js'
import type { SourceSettings } from '../core/options.js'
import { endpointCooldowns, type RefreshBudget, refreshBudget } from './cooldowns.js'

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
