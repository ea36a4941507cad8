import type { Clock } from './clock.js'
import { type Credential, type HourlyLimit, secretIfReadable } from './credential.js'
import { QyapiTokenError } from './errors.js'

/** The calls of the last hour, by the keys by which WeCom counts them. */
export interface HourlyCalls {
  /** Milliseconds until `share` of every limit has room for one more call; 0: it has room now. */
  roomInMs(limits: readonly HourlyLimit[], share?: number): number
  count(limits: readonly HourlyLimit[]): void
}

const HOUR_MS = 3_600_000

export function hourlyCalls(clock: Clock): HourlyCalls {
  /** The times of the calls by key; the most recently used key is last. */
  const callsOf = new Map<string, number[]>()

  function recent(of: string): number[] {
    const since = clock.monotonic() - HOUR_MS
    return (callsOf.get(of) ?? []).filter((at) => at > since)
  }

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

/** `undefined` also while the secret cannot be read: then no request can be made. */
export function hourlyLimitsOf(credential: Credential): readonly HourlyLimit[] | undefined {
  if (credential.limits === undefined || secretIfReadable(credential) === undefined)
    return undefined
  return credential.limits()
}

export function overHourlyLimit(credential: Credential, retryAfterMs: number): QyapiTokenError {
  const { kind, subject, tokenName } = credential
  const message =
    `The ${tokenName} of ${kind} ${subject} was not requested: its app or its corp has reached WeCom's ` +
    'limit for one hour. Cache it, and share one store among processes.'
  return new QyapiTokenError('rate_limited', message, { retryAfterMs, retryable: true })
}
