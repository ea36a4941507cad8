/**
 * The other half of what the access token is cached for: calls are limited. A call takes a place in
 * every window in which WeCom counts it, before it is sent; without a place it waits, or fails.
 */
import type { Clock } from './core/clock.js'
import type { CallLimits } from './core/limits.js'
import { systemClock } from './core/platform.js'
import type { Counter } from './limits/counter.js'
import { Counters } from './limits/counters.js'
import { type CallLimitsOptions, checkLimitsOptions } from './limits/options.js'
import { RedisSync, type RedisSyncSettings } from './limits/redis-sync.js'
import { WaitQueue } from './limits/wait-queue.js'
import { driverErrors } from './sharing/driver-errors.js'
import { commandOf } from './sharing/redis-command.js'
import { scriptRunner } from './sharing/redis-script.js'
import { LIMITS } from './wecom/limits.js'

export type { CallLimits } from './core/limits.js'
export type { CallLimitsOptions } from './limits/options.js'
export type { RedisClient, RedisCommand } from './sharing/redis-command.js'
export {
  LIMITS,
  LIMITS_2015,
  type LimitName,
  type LimitRow,
  type LimitTable,
} from './wecom/limits.js'

/**
 * Keeps calls within WeCom's call limits: pass the result as the option `limits` to `attachToken`,
 * `withToken`, `createTokenSource` or `createSourcePool`. All that share one result count together.
 * Source of the figures: document/path/90312.
 *
 * @throws `bad_options` if an option or a figure of the table is wrong, or `accounts` is missing
 *   where a row of your own needs it.
 * @example
 * const limits = callLimits({ accounts: 500 })
 * attachToken(client, { corpId, corpSecret }, { limits })
 * await client.post('/message/send', message)   // waits while its receivers have 30 a minute
 */
export function callLimits(options: CallLimitsOptions = {}): CallLimits {
  checkLimitsOptions(options)
  const { table = LIMITS, accounts, ip = 'ip', clock = systemClock } = options
  const { onLimit = 'wait', maxWaitMs = 90_000, maxQueue = 10_000 } = options
  const queue = new WaitQueue({ clock, onLimit, maxWaitMs, maxQueue })
  const onNew = (counter: Counter) => sync?.share(counter)
  const counters = new Counters({ clock, table, accounts, ip, onNew })
  const sync = redisSync(options, clock, {
    onAnswer: (answered) => queue.look(answered),
    counters: () => counters.all(),
  })
  if (sync === undefined) return { enter: (call) => queue.enter(call, counters.needsOf(call)) }
  return {
    enter(call) {
      sync.caller = call
      return queue.enter(call, counters.needsOf(call))
    },
  }
}

function redisSync(
  options: CallLimitsOptions,
  clock: Clock,
  callbacks: Pick<RedisSyncSettings, 'onAnswer' | 'counters'>,
): RedisSync | undefined {
  if (!('redis' in options)) return undefined
  const { redis, prefix = '', processes } = options
  const listeners = new Set<() => void>()
  const run = scriptRunner(commandOf(redis, 'redis'), () => {
    for (const listener of listeners) listener()
  })
  const onAnswer = (listener: () => void) => void listeners.add(listener)
  const driver = { ...driverErrors(redis), onAnswer }
  return new RedisSync({ clock, run, driver, prefix, processes, ...callbacks })
}
