import type { OnEvent } from './events.js'
import type { Platform } from './platform.js'

const NAME = 'qyapi-token'

/**
 * Prints one line for each event on stderr, where the environment says `DEBUG=qyapi-token` or
 * `NODE_DEBUG=qyapi-token`. Read once, when a source is made; `undefined`: not asked for.
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

/** As the package debug reads its lists: commas or blanks, `*` at an end, `-` before what is left out. */
function namesUs(list: string): boolean {
  const patterns = list.toLowerCase().split(/[\s,]+/)
  const isOurs = (pattern: string) =>
    pattern.endsWith('*') ? NAME.startsWith(pattern.slice(0, -1)) : pattern === NAME
  return (
    patterns.some(isOurs) && !patterns.some((one) => one.startsWith('-') && isOurs(one.slice(1)))
  )
}

/** A text in quotes, so that a line stays one. */
function shown(value: unknown): string {
  return typeof value === 'string' && /^[\w./-]+$/.test(value) ? value : JSON.stringify(value)
}
