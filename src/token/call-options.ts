import { type Check, check, hasMethods, isFunction, isText } from '../core/check.js'
import { badOption } from '../core/errors.js'

const IS_SIGNAL = hasMethods('addEventListener', 'removeEventListener')
const ANYTHING: Check = [() => true, '']
const SIGNAL: Check = [(value) => value === null || IS_SIGNAL(value), 'an AbortSignal']
const ERRCODE_OF: Check = [isFunction, 'a function (outcome) => errcode']

const GET = { signal: SIGNAL }
const RUN = {
  endpoint: [(value) => typeof value === 'string', "what is called, e.g. 'message/send'"],
  signal: SIGNAL,
  errcodeOf: ERRCODE_OF,
} satisfies Record<string, Check>
const WRAP_SDK = { errcodeOf: ERRCODE_OF }
const ID: Check = [isText, 'the id from the callback, a non-empty string']
const PUSH_TICKET = {
  // `sentAt` checks it.
  timeStamp: ANYTHING,
  suiteId: ID,
  modelId: ID,
} satisfies Record<string, Check>

/** Each throws `bad_options` for an unknown key or a wrong value. */
export const checkGetOptions = (options: unknown) => check(options, GET, 'options of get')
export const checkRunOptions = (options: unknown) => check(options, RUN, 'options of run')
export const checkWrapSdkOptions = (options: unknown) =>
  check(options, WRAP_SDK, 'options of wrapSdk')
export const checkPushTicketOptions = (options: unknown) =>
  check(options, PUSH_TICKET, 'options of pushTicket')

/** Whether there is anything but a signal that is not aborted. Cheap, since each hit calls it. */
export function hasMoreThanSignal(options: { readonly signal?: AbortSignal }): boolean {
  if (typeof options !== 'object' || options === null) return true
  for (const key in options) if (key !== 'signal') return true
  const signal = options?.signal ?? undefined
  return signal !== undefined && signal.aborted !== false
}

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
