import type { Clock } from '../core/clock.js'
import type { Credential } from '../core/credential.js'
import { type QyapiTokenError, repeated } from '../core/errors.js'

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
      const until = cooldownUntil.get(endpoint)
      if (until === undefined) return false
      if (clock.monotonic() < until) return true
      cooldownUntil.delete(endpoint)
      return false
    },
    start(endpoint: string): void {
      const oldest = cooldownUntil.keys().next()
      if (cooldownUntil.size >= mostEndpoints && !oldest.done) cooldownUntil.delete(oldest.value)
      cooldownUntil.set(endpoint, clock.monotonic() + cooldownMs)
    },
  }
}
