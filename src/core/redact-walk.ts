import { isObject } from './check.js'
import type { Scrub } from './redact.js'
import { cleanContainer, isHttpMessage, isMachinery, isOpaque } from './redact-kinds.js'

/** What to take out, and what the walk has to know about the objects that it meets. */
export interface Redaction {
  readonly scrub: Scrub
  /** The caller's own objects, which hold nothing of ours: neither read nor changed. */
  readonly isLeftAlone?: (value: object) => boolean
  /** What replaces an object of ours, e.g. the caller's config. */
  readonly instead?: (value: object, key: PropertyKey) => unknown
  /** Objects under this key stay readable, but not enumerable. */
  readonly hiddenKey?: string
  /** Cleans a fetch `Request` or `Response`, whose url is no own property, or what is hidden. */
  readonly cleanse?: (message: object) => void
  /** The body of a response is not walked: it is the caller's. A stream may link to its request. */
  readonly cleanseBody?: (body: unknown) => void
}

/** The walk must not take long, nor overflow the stack. */
const MOST_OBJECTS = 10_000
const DEEPEST = 100

/** Where an error's texts may come from its class. */
const ERROR_KEYS = ['name', 'message', 'stack']

/**
 * One walk that takes a secret or a token out of everything that can be reached from an error or a
 * response (rule 9): in place, or in a copy of what is frozen. What shows nothing stays as it is.
 */
export function redacted<T>(value: T, redaction: Redaction): T {
  const { scrub, instead, isLeftAlone, cleanseBody } = redaction
  const results = new Map<object, object>()

  function clean(given: unknown, depth: number): unknown {
    if (typeof given === 'string') return scrub(given)
    if (!isObject(given) || depth > DEEPEST || isLeftAlone?.(given)) return given
    const known = results.get(given)
    if (known !== undefined) return known
    if (results.size >= MOST_OBJECTS || isOpaque(given)) return given
    if (isMachinery(given) || isHttpMessage(given)) return given
    results.set(given, given)
    const result = tryOr(given, () => cleanObject(given, depth + 1))
    results.set(given, result)
    return result
  }

  function cleanObject(object: object, depth: number): object {
    const container = cleanContainer(object, (inner) => clean(inner, depth))
    if (container !== undefined) return container
    const isAnswer = Object.hasOwn(object, 'status') && Object.hasOwn(object, 'headers')
    let target = object
    for (const key of keysOf(object)) {
      const before = read(object, key)
      if (isAnswer && (key === 'data' || key === 'body')) {
        cleanseBody?.(before)
        continue
      }
      const { enumerable = false } = Object.getOwnPropertyDescriptor(object, key) ?? {}
      const own = instead !== undefined && isObject(before) ? instead(before, key) : before
      const mustHide = enumerable && isObject(own) && showsRequest(key, own, redaction)
      const value = clean(own, depth)
      if (value === before && !mustHide) continue
      if (target === object && isFixed(object, key)) target = openCopy(object)
      const property = { value, writable: true, configurable: true }
      const isDefined = { ...property, enumerable: enumerable && !mustHide }
      // Some properties can be written, but not redefined.
      if (!Reflect.defineProperty(target, key, isDefined)) Reflect.set(target, key, value)
    }
    return target
  }

  return clean(value, 0) as T
}

function keysOf(object: object): PropertyKey[] {
  const keys = Reflect.ownKeys(object)
  if (!(object instanceof Error)) return keys
  return [...keys, ...ERROR_KEYS.filter((key) => key in object && !keys.includes(key))]
}

/** Whether an object prints the request when its owner is printed, and cannot be changed. */
function showsRequest(key: PropertyKey, value: object, redaction: Redaction): boolean {
  const { isLeftAlone, hiddenKey, cleanse, scrub } = redaction
  if (isLeftAlone?.(value)) return false
  const isMessage = isHttpMessage(value)
  const url = isMessage && read(value, 'url')
  if (isMessage || key === hiddenKey) cleanse?.(value)
  if (isMessage && key !== hiddenKey) return typeof url === 'string' && scrub(url) !== url
  return key === hiddenKey || isMachinery(value)
}

function isFixed(object: object, key: PropertyKey): boolean {
  const own = Object.getOwnPropertyDescriptor(object, key)
  if (own === undefined) return !Object.isExtensible(object)
  return own.configurable === false && own.writable !== true
}

/** Of the same class, with the same properties, and not frozen: pino cannot print what is frozen. */
function openCopy(object: object): object {
  const copy = object instanceof Error ? new Error() : Array.isArray(object) ? [] : {}
  for (const key of Reflect.ownKeys(copy)) Reflect.deleteProperty(copy, key)
  for (const key of Reflect.ownKeys(object)) {
    const { enumerable = false } = Object.getOwnPropertyDescriptor(object, key) ?? {}
    const property = { value: read(object, key), writable: true, configurable: true, enumerable }
    if (!Reflect.defineProperty(copy, key, property)) Reflect.set(copy, key, property.value)
  }
  return Object.setPrototypeOf(copy, Object.getPrototypeOf(object))
}

/** A getter or a proxy may throw. */
function read(object: object, key: PropertyKey): unknown {
  return tryOr(undefined, () => Reflect.get(object, key))
}

function tryOr<T>(otherwise: T, run: () => T): T {
  try {
    return run()
  } catch {
    return otherwise
  }
}
