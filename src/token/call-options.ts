import { type Check, check, hasMethods, isFunction } from '../core/check.js'
import { badOption } from '../core/errors.js'

const IS_SIGNAL = hasMethods('addEventListener', 'removeEventListener')

const RUN = {
  endpoint: [(value) => typeof value === 'string', "what is called, e.g. 'message/send'"],
  signal: [(value) => value === null || IS_SIGNAL(value), 'an AbortSignal'],
  body: [() => true, ''],
  errcodeOf: [isFunction, 'a function (outcome) => errcode'],
} satisfies Record<string, Check>

/** Throws `bad_options` for an unknown key or a wrong value. */
export const checkRunOptions = (options: unknown) => check(options, RUN, 'options of run')

/**
 * Converts a callback's seconds to milliseconds. Rejects milliseconds: taken as seconds they lie in
 * the far future, and every later ticket would seem old.
 */
export function sentAt(timeStamp: number | string): number {
  const seconds = Number(timeStamp)
  if (Number.isSafeInteger(seconds) && seconds > 0 && seconds < 100_000_000_000)
    return seconds * 1000
  throw badOption('timeStamp', 'the callback’s TimeStamp, whole seconds', timeStamp)
}
