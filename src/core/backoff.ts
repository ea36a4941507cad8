import type { Clock } from './clock.js'
import { type QyapiTokenError, repeated } from './errors.js'

/** Quick tries of one fetch, by every transport. */
export const TRIES = 3

/** Milliseconds to wait after that many tries: 100, 200, …, and up to a fifth more. */
export function delayBeforeTry(tries: number): number {
  return 100 * 2 ** (tries - 1) * (1 + 0.2 * Math.random())
}

/** For how long a failed fetch keeps everyone from asking again, doubling from the first to the longest. */
function restAfter(code: QyapiTokenError['code']): { firstMs: number; longestMs: number } {
  switch (code) {
    // Many wrong secrets get the whole IP blocked for an hour.
    case 'credential_refused':
      return { firstMs: 60_000, longestMs: 600_000 }
    case 'ip_not_trusted':
    case 'rate_limited':
      return { firstMs: 60_000, longestMs: 60_000 }
    default:
      return { firstMs: 1_000, longestMs: 30_000 }
  }
}

/** A failed fetch is remembered briefly: meanwhile callers fail at once with the same cause. */
export function rememberedFailure(clock: Clock) {
  let last: QyapiTokenError | undefined
  let times = 0
  let until = 0
  return {
    /** Remembers a failure and gives it back with the time that it rests. */
    remember(failure: QyapiTokenError): QyapiTokenError {
      times = last?.code === failure.code ? times + 1 : 1
      const { firstMs, longestMs } = restAfter(failure.code)
      const restMs = Math.min(longestMs, firstMs * 2 ** (times - 1))
      last = failure
      until = clock.monotonic() + restMs
      return repeated(failure, restMs)
    },
    /** The failure that still rests, for one more caller. */
    current(): QyapiTokenError | undefined {
      const retryAfterMs = until - clock.monotonic()
      return last !== undefined && retryAfterMs > 0 ? repeated(last, retryAfterMs) : undefined
    },
    forget(): void {
      last = undefined
      times = 0
    },
    /** Milliseconds until someone may ask again; 0 if nothing rests. */
    restsForMs(): number {
      return last === undefined ? 0 : Math.max(0, until - clock.monotonic())
    },
  }
}

/** At most `budget` forced refreshes in any minute. */
export function refreshBudget(budget: number, clock: Clock) {
  const windowMs = 60_000
  let spentAt: number[] = []
  return {
    /** Takes one; `false` if there is none left. */
    take(): boolean {
      const now = clock.monotonic()
      spentAt = spentAt.filter((at) => now - at < windowMs)
      if (spentAt.length >= budget) return false
      spentAt.push(now)
      return true
    },
    /** Milliseconds until the next one is there. */
    refillsInMs(): number {
      const oldest = spentAt[0]
      return oldest === undefined ? windowMs : Math.max(0, oldest + windowMs - clock.monotonic())
    },
  }
}

/** Endpoints whose replays were refused too. Forgotten after `restMs`, and never more than a few hundred. */
export function endpointRests(restMs: number, clock: Clock) {
  const mostEndpoints = 500
  const restingUntil = new Map<string, number>()
  return {
    isResting(endpoint: string): boolean {
      const until = restingUntil.get(endpoint)
      if (until === undefined) return false
      if (clock.monotonic() < until) return true
      restingUntil.delete(endpoint)
      return false
    },
    rest(endpoint: string): void {
      const oldest = restingUntil.keys().next()
      if (restingUntil.size >= mostEndpoints && !oldest.done) restingUntil.delete(oldest.value)
      restingUntil.set(endpoint, clock.monotonic() + restMs)
    },
  }
}
