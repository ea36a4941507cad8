import type { Clock } from './clock.js'
import { type Credential, type HourlyLimit, secretIfReadable } from './credential.js'
import { QyapiTokenError } from './errors.js'

/** The calls of the last hour, by what WeCom counts them by. */
export interface HourlyCalls {
  /** Milliseconds until `share` of every limit has room for one more call; 0: it has. */
  roomInMs(limits: readonly HourlyLimit[], share?: number): number
  /** Counts one call. */
  count(limits: readonly HourlyLimit[]): void
}

const HOUR_MS = 3_600_000

export function hourlyCalls(clock: Clock): HourlyCalls {
  /** When the calls were made; the one that was called last stands last. */
  const callsOf = new Map<string, number[]>()

  function recent(of: string): number[] {
    const since = clock.monotonic() - HOUR_MS
    return (callsOf.get(of) ?? []).filter((at) => at > since)
  }

  /** What was not called within the hour is forgotten. */
  function forget(): void {
    for (const of of callsOf.keys()) {
      if (recent(of).length > 0) return
      callsOf.delete(of)
    }
  }

  return {
    roomInMs(limits, share = 1) {
      const waits = limits.map(({ of, most }) => {
        const calls = recent(of)
        const oldestInTheWay = calls[calls.length - Math.floor(most * share)]
        return oldestInTheWay === undefined ? 0 : oldestInTheWay + HOUR_MS - clock.monotonic()
      })
      return Math.max(0, ...waits)
    },
    count(limits) {
      for (const { of } of limits) {
        const calls = [...recent(of), clock.monotonic()]
        callsOf.delete(of)
        callsOf.set(of, calls)
      }
      forget()
    },
  }
}

/** None while the secret cannot be read: nothing can be asked for then. */
export function hourlyLimitsOf(credential: Credential): readonly HourlyLimit[] | undefined {
  if (credential.limits === undefined || secretIfReadable(credential) === undefined)
    return undefined
  return credential.limits()
}

export function overHourlyLimit(credential: Credential, retryAfterMs: number): QyapiTokenError {
  const { kind, subject, tokenName } = credential
  const message =
    `The ${tokenName} of ${kind} ${subject} was not asked for: its app or its corp has asked as often ` +
    'within an hour as WeCom allows. Keep it, and share one store among processes.'
  return new QyapiTokenError('rate_limited', message, { retryAfterMs, retryable: true })
}
