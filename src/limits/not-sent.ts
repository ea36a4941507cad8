import { QyapiTokenError } from '../core/errors.js'
import type { CountedCall } from '../core/limits.js'
import { LIMIT_RULES } from '../wecom/limits.js'
import { Counter } from './counter.js'
import type { Limit, Use, Waiter } from './limit.js'

function notSent({ endpoint, credential }: CountedCall, why: string, retryAfterMs?: number) {
  const whose = credential === undefined ? '' : ` for ${credential.kind} ${credential.subject}`
  const message = `The call of ${endpoint}${whose} was not sent: ${why}`
  const later = retryAfterMs === undefined ? {} : { retryAfterMs, retryable: true }
  return new QyapiTokenError('call_limited', message, later)
}

/** Why a caller goes without a place: it must not wait, or not that long. */
export function limitReached(
  { call, limitedBy, needs }: Waiter,
  limit: Limit,
  now: number,
  retryAfterMs: number,
): QyapiTokenError {
  const soon = `There is room in about ${Math.ceil(retryAfterMs / 1000)} s.`
  if (limitedBy === 'errcode_45009')
    return notSent(call, `WeCom answered 45009 there, over the call limit. ${soon}`, retryAfterMs)
  if (limitedBy === 'errcode_45033')
    return notSent(call, 'WeCom answered 45033 there, too many calls at once.', retryAfterMs)
  const cost = needs.uses.find((use) => use.limit === limit)?.cost ?? 1
  return notSent(call, `${figures(limit, now, cost)} are used. ${soon}`, retryAfterMs)
}

export function queueFull(call: CountedCall, maxQueue: number): QyapiTokenError {
  return notSent(call, `${maxQueue} calls wait for a place there already (maxQueue).`, 1_000)
}

/** One call takes more than there ever is. */
export function neverFits(call: CountedCall, uses: readonly Use[]): QyapiTokenError {
  const { limit, cost } = uses.find((use) => !use.limit.fits(use.cost)) as Use
  return notSent(call, `it takes ${cost}, and ${figures(limit, 0, cost)} are all that there is.`)
}

function figures(limit: Limit, now: number, cost: number): string {
  if (!(limit instanceof Counter)) return 'its calls'
  const { most, name } = limit.fullest(now, cost) ?? { most: 0, name: '' }
  return `the ${most} ${LIMIT_RULES[limit.name].counts} that WeCom allows in ${name} (${limit.name})`
}
