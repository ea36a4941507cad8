import {
  type Check,
  CLOCK,
  check,
  isListOf,
  isNumber,
  isPlainObject,
  isText,
  TIMER_MS,
} from '../core/check.js'
import type { Clock } from '../core/clock.js'
import { badOption, QyapiTokenError, shownKey } from '../core/errors.js'
import type { RedisClient, RedisCommand } from '../sharing/redis-command.js'
import {
  LIMIT_RULES,
  LIMITS,
  LIMITS_2015,
  type LimitName,
  type LimitRule,
  type LimitTable,
} from '../wecom/limits.js'

/** Options of `callLimits`. */
export interface CallLimitsOptions {
  /**
   * The figures, e.g. `LIMITS_2015`, or `{ ...LIMITS, checkinData: { minute: 300 } }`. A limit that
   * is left out is not counted.
   * @default LIMITS
   */
  readonly table?: LimitTable
  /**
   * The corp's number of accounts (帐号上限数). Limits per account are counted only with it: the
   * receivers of an app's messages a day, the accounts created a month.
   * @default none
   */
  readonly accounts?: number
  /**
   * `'wait'` until there is room, within the call's own timeout and abort; or `'fail'` with
   * `call_limited`, nothing sent.
   * @default 'wait'
   */
  readonly onLimit?: 'wait' | 'fail'
  /**
   * The longest wait, in milliseconds; then the call fails with `call_limited`. It fails at once if
   * it would certainly have to wait twice as long, e.g. for a day that is used up. A minute that is
   * used up is over 60 s after the answers of its calls: a shorter time is in vain after a burst.
   * @default 90_000
   */
  readonly maxWaitMs?: number
  /**
   * How many calls of one API of one corp may wait; one more fails with `call_limited`.
   * @default 10_000
   */
  readonly maxQueue?: number
  /**
   * Counts in Redis, together with all processes that use the same one: a connected client, as
   * `redisStore` takes it. While Redis does not answer, each process counts its share by itself.
   * @default none: counted in the memory of this process
   */
  readonly redis?: RedisClient | RedisCommand
  /**
   * The prefix of every key in Redis. No braces.
   * @default ''
   */
  readonly prefix?: string
  /**
   * How many processes share the limits, for the time in which Redis does not answer.
   * @default as many as Redis saw last
   */
  readonly processes?: number
  /**
   * A name for this machine's outgoing IP, if machines with several IPs share one Redis.
   * @default 'ip'
   */
  readonly ip?: string
  /**
   * The time source.
   * @default the system's wall clock and monotonic clock
   */
  readonly clock?: Clock
}

const CHECKS: Readonly<Record<keyof CallLimitsOptions, Check>> = {
  table: [isPlainObject, 'a table of limits, e.g. LIMITS_2015'],
  accounts: [isCount, 'a whole number from 1 up'],
  onLimit: [(value) => value === 'wait' || value === 'fail', "'wait' or 'fail'"],
  maxWaitMs: TIMER_MS,
  maxQueue: [
    (value) => Number.isSafeInteger(value) && Number(value) >= 0,
    'a whole number from 0 up',
  ],
  // commandOf checks it.
  redis: [() => true, ''],
  prefix: [(value) => typeof value === 'string' && !/[{}]/.test(value), 'a string without braces'],
  processes: [isCount, 'a whole number from 1 up'],
  ip: [isText, 'a name, e.g. the outgoing IP'],
  clock: CLOCK,
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1
}

/** Throws `bad_options`. */
export function checkLimitsOptions(options: unknown): asserts options is CallLimitsOptions {
  check(options, CHECKS, 'options of callLimits')
  const { table, accounts } = (options ?? {}) as CallLimitsOptions
  if (table === undefined) return
  for (const [name, row] of Object.entries(table)) {
    checkRow(name, row)
    if (accounts === undefined && needsAccounts(name as LimitName, row))
      throw badOption(
        'accounts',
        `a whole number from 1 up, since ${name} of the table is multiplied by it`,
        accounts,
      )
  }
}

const FIGURES = ['minute', 'hour', 'day', 'month']

function checkRow(name: string, row: unknown): void {
  if (!Object.hasOwn(LIMIT_RULES, name)) {
    const known = Object.keys(LIMIT_RULES).join(', ')
    const message = `Unknown limit ${shownKey(name)} in table: known are ${known}.`
    throw new QyapiTokenError('bad_options', message)
  }
  if (row === undefined) return
  if (!isPlainObject(row)) throw badOption(`table.${name}`, `{ ${FIGURES.join(', ')} }`, row)
  for (const [key, value] of Object.entries(row)) {
    const field = `table.${name}.${key}`
    if (FIGURES.includes(key)) {
      // Not a whole number of its own: 0.5 messages for each account are fine.
      if (value !== undefined && !(isNumber(value) && value > 0))
        throw badOption(field, 'a number above 0', value)
    } else if (key === 'windows') {
      if (!isListOf(isWindow)(value)) throw badOption(field, 'an array of { ms, most }', value)
    } else if (key === 'except') {
      const expected = "an array of paths, e.g. ['message/send']"
      if (value !== undefined && !isListOf(isText)(value)) throw badOption(field, expected, value)
    } else if (key !== 'page') {
      const message = `Unknown key ${shownKey(key)} in table.${name}: known are ${FIGURES.join(', ')}.`
      throw new QyapiTokenError('bad_options', message)
    }
  }
}

function isWindow(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  const { ms, most, ...others } = value
  const isRight = [ms, most].every((figure) => isNumber(figure) && figure > 0)
  return isRight && Object.keys(others).length === 0
}

/** The published rows stand in every table: only a row of one's own says that it is to be counted. */
function needsAccounts(name: LimitName, row: unknown): boolean {
  const { isPerAccount }: LimitRule = LIMIT_RULES[name]
  const published: readonly unknown[] = [LIMITS, LIMITS_2015].map(
    (table: LimitTable) => table[name],
  )
  return isPerAccount === true && row !== undefined && !published.includes(row)
}
