import type { EventChannel, OnEvent } from './events.js'
import type { Platform } from './platform.js'

const NAME = 'qyapi-token'

/**
 * What gets the events of every source of the process: the subscribers of the diagnostics channel,
 * and the debug output if it is on.
 */
export function processChannel(
  platform: Pick<Platform, 'readEnv' | 'printLine' | 'channel'>,
): EventChannel | undefined {
  const channel = platform.channel(NAME)
  const debug = debugListener(platform)
  if (debug === undefined) return channel
  return {
    hasSubscribers: true,
    publish(event) {
      debug(event)
      channel?.publish(event)
    },
  }
}

/**
 * Prints one line for each event on stderr with `DEBUG=qyapi-token` or `NODE_DEBUG=qyapi-token`.
 * Reads the environment once, when a source is created; `undefined` if debugging is off.
 */
export function debugListener({
  readEnv,
  printLine,
}: Pick<Platform, 'readEnv' | 'printLine'>): OnEvent | undefined {
  const isWanted = ['DEBUG', 'NODE_DEBUG'].some((name) => namesUs(readEnv(name) ?? ''))
  if (!isWanted) return undefined
  return ({ kind, subject, type, ...payload }) => {
    const details = Object.entries(payload).map(([key, value]) => ` ${key}=${shown(value)}`)
    printLine(`${NAME} ${type} [${kind} ${subject}]${details.join('')}`)
  }
}

/** Like the package debug: separated by commas or blanks, `*` as suffix, `-` excludes. */
function namesUs(list: string): boolean {
  const patterns = list.toLowerCase().split(/[\s,]+/)
  const isOurs = (pattern: string) =>
    pattern.endsWith('*') ? NAME.startsWith(pattern.slice(0, -1)) : pattern === NAME
  return (
    patterns.some(isOurs) && !patterns.some((one) => one.startsWith('-') && isOurs(one.slice(1)))
  )
}

/** Quotes strings with special characters, so that each event stays on one line. */
function shown(value: unknown): string {
  return typeof value === 'string' && /^[\w./-]+$/.test(value) ? value : JSON.stringify(value)
}
