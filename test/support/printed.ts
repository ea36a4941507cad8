import { inspect } from 'node:util'
import { pino } from 'pino'

/** Every way to print a value. */
export function printed(value: unknown): string {
  const texts = [
    inspect(value, { depth: 10 }),
    inspect(value, { depth: 10, compact: false, sorted: true }),
  ]
  try {
    texts.push(JSON.stringify(value) ?? '')
  } catch {
    // A circular object, with us and without.
  }
  const { message, stack, cause, toJSON } = (value ?? {}) as Partial<Error> & {
    toJSON?: () => unknown
  }
  texts.push(message ?? '', stack ?? '', inspect(cause, { depth: 10 }))
  if (typeof toJSON === 'function') texts.push(inspect(toJSON.call(value), { depth: 10 }))
  texts.push(JSON.stringify(serialized(value, new Set())) ?? '', logged(value))
  return texts.join('\n')
}

/** What pino writes for it, as an error and as a value. */
export function logged(value: unknown): string {
  const lines: string[] = []
  const logger = pino({}, { write: (line: string) => void lines.push(line) })
  logger.error({ err: value }, 'failed')
  logger.info({ value }, 'got')
  return lines.join('')
}

/** As loggers walk: every enumerable property, errors' own ones too. */
function serialized(value: unknown, seen: Set<unknown>, depth = 8): unknown {
  if (typeof value !== 'object' || value === null)
    return typeof value === 'function' ? undefined : String(value)
  if (seen.has(value) || depth === 0) return undefined
  seen.add(value)
  const own = value instanceof Error ? { message: value.message, stack: value.stack } : {}
  const walked = Object.entries(value).map(([key, inner]) => [
    key,
    serialized(inner, seen, depth - 1),
  ])
  return { ...own, ...Object.fromEntries(walked) }
}
