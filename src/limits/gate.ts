import { OVER_LIMIT, TOO_MANY_AT_ONCE } from '../wecom/limits.js'
import { CHINA_AHEAD_MS, DAY_MS } from './counter.js'
import { Lane } from './lane.js'
import type { ApiGate, LimitedBy, Passage, Waiter } from './limit.js'

/**
 * One API of one corp, as WeCom's answers leave it. 45009 closes it until the window that was hit is
 * over. The answer does not say which: first for a minute; if the first call after that is refused
 * again, for an hour, and then until the day ends in China. 45033 halves the number of calls in
 * flight, which then grows by one with every round of successes.
 */
export class Gate implements ApiGate {
  readonly lane = new Lane<Waiter>()
  cancelTimer: (() => void) | undefined
  looksAgainAt = 0
  waiting = 0
  openings = 0
  narrowings = 0
  /** Tells other processes. */
  onClose: ((forMs: number) => void) | undefined
  private inFlight = 0
  private mostInFlight = Number.POSITIVE_INFINITY
  private successes = 0
  private closedUntilMs = 0
  /** Calls in flight since it opened last. */
  private inFlightSince = 0
  /** Since it opened last, a call was answered with something other than 45009. */
  private isProven = true
  private closings = 0

  /** `wall`: milliseconds since 1970. */
  constructor(private readonly wall: () => number) {}

  limitedBy(): LimitedBy {
    return this.isProven ? 'errcode_45033' : 'errcode_45009'
  }

  roomInMs(now: number, _cost: number): number {
    if (this.closedUntilMs > now) return this.closedUntilMs - now
    // The first call after it opens finds out whether it is open.
    const isOpen = this.isProven ? this.inFlight < this.mostInFlight : this.inFlightSince === 0
    return isOpen ? 0 : Number.POSITIVE_INFINITY
  }

  fits(): boolean {
    return true
  }

  take(): void {
    this.inFlight += 1
    this.inFlightSince += 1
  }

  /** See `left`, which knows the answer. */
  end(): void {}

  cancel(): void {}

  left(passed: Passage, now: number, errcode: number | undefined, wasAnswered = true): void {
    const isSince = passed.openings === this.openings
    if (wasAnswered && errcode === OVER_LIMIT) {
      if (isSince) this.close(now)
    } else if (wasAnswered && errcode === TOO_MANY_AT_ONCE) {
      if (passed.narrowings === this.narrowings) this.narrow()
      this.isProven ||= isSince
    } else if (wasAnswered) {
      this.isProven ||= isSince
      this.succeeded()
    }
    this.inFlight -= 1
    if (passed.openings === this.openings) this.inFlightSince -= 1
  }

  /** Closes it, also because another process was refused. */
  closeUntil(untilMs: number): void {
    if (untilMs > this.closedUntilMs) this.closedUntilMs = untilMs
    this.isProven = false
  }

  isIdle(now: number): boolean {
    const isPlain = this.isProven && this.mostInFlight === Number.POSITIVE_INFINITY
    return isPlain && this.closedUntilMs <= now && this.inFlight === 0 && this.waiting === 0
  }

  private close(now: number): void {
    this.closings = this.isProven ? 1 : this.closings + 1
    const { closings } = this
    const forMs = closings === 1 ? 60_000 : closings === 2 ? 3_600_000 : this.restOfDayMs()
    this.closeUntil(now + forMs)
    this.onClose?.(forMs)
    this.openings += 1
    this.inFlightSince = 0
  }

  private restOfDayMs(): number {
    return DAY_MS - ((this.wall() + CHINA_AHEAD_MS) % DAY_MS)
  }

  private narrow(): void {
    this.mostInFlight = Math.max(1, Math.floor(this.inFlight / 2))
    this.narrowings += 1
    this.successes = 0
  }

  private succeeded(): void {
    this.successes += 1
    if (this.successes < this.mostInFlight) return
    this.mostInFlight += 1
    this.successes = 0
  }
}
