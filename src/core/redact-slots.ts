import type { Scrub } from './redact.js'
import { isHttpMessage, isMachinery } from './redact-kinds.js'

/** What is taken out, and what the walk has to know of the objects that it meets. */
export interface Redaction {
  readonly scrub: Scrub
  /** The caller's own objects, which hold nothing of ours: not looked into, and not changed. */
  readonly isLeftAlone?: (value: object) => boolean
  /** What stands in the place of an object of ours, e.g. the caller's config. */
  readonly instead?: (value: object, key: PropertyKey) => unknown
  /** Keys whose objects stay readable, but not enumerable, whatever they show. */
  readonly hiddenKey?: string
  /** Shows a fetch `Request` or `Response`, whose url is no property, or what is hidden, without it. */
  readonly cleanse?: (message: object) => void
  /** An answer's body is the caller's, to the last byte; a stream may know its request all the same. */
  readonly cleanseBody?: (body: unknown) => void
}

/** What stands under a key of an object. */
export interface Slot {
  readonly key: PropertyKey
  readonly cleanKey: PropertyKey
  readonly value: unknown
  /** The value that has to stand there instead, but for copies. */
  readonly clean: unknown
  readonly isEnumerable: boolean
  /** What shows a call when it is printed, and cannot be changed: a socket, a request. */
  readonly mustHide: boolean
  /** A class computes it. */
  readonly isInherited: boolean
  /** A getter gives it, and may give another one next time. */
  readonly isComputed: boolean
  /** Not looked into. */
  readonly isBody?: boolean
  /** It can be neither written nor defined anew. */
  readonly isFixed: boolean
}

export function* slotsOf(object: object, redaction: Redaction): Generator<Slot> {
  yield* ownSlots(object, redaction)
  yield* inheritedSlots(object, redaction)
}

/** Own properties, those with symbols for keys and those that are not enumerable too. */
function* ownSlots(object: object, redaction: Redaction): Generator<Slot> {
  const isAnswer = Object.hasOwn(object, 'status') && Object.hasOwn(object, 'headers')
  for (const key of Reflect.ownKeys(object)) {
    const own = Object.getOwnPropertyDescriptor(object, key)
    if (own === undefined) continue
    const { enumerable = false, configurable = false, writable = false, get } = own
    const isComputed = get !== undefined
    const value = isComputed ? readFrom(object, key) : own.value
    const isFixed = !configurable && !writable
    const how = { isEnumerable: enumerable, isInherited: false, isComputed, isFixed }
    if (isAnswer && (key === 'data' || key === 'body')) {
      redaction.cleanseBody?.(value)
      yield { key, cleanKey: key, value, clean: value, mustHide: false, isBody: true, ...how }
    } else yield slotOf(key, value, redaction, how)
  }
}

/** What classes compute. All objects' own prototype computes nothing. */
function* inheritedSlots(object: object, redaction: Redaction): Generator<Slot> {
  const isFixed = !Object.isExtensible(object)
  let from = Object.getPrototypeOf(object)
  for (; from !== null && from !== Object.prototype; from = Object.getPrototypeOf(from)) {
    for (const key of Reflect.ownKeys(from)) {
      const isComputed = Object.getOwnPropertyDescriptor(from, key)?.get !== undefined
      if (!isComputed || Object.hasOwn(object, key)) continue
      const how = { isEnumerable: false, isInherited: true, isComputed, isFixed }
      yield slotOf(key, readFrom(object, key), redaction, how)
    }
  }
}

function slotOf(
  key: PropertyKey,
  value: unknown,
  redaction: Redaction,
  how: Pick<Slot, 'isEnumerable' | 'isInherited' | 'isComputed' | 'isFixed'>,
): Slot {
  const { scrub, instead } = redaction
  const other = instead !== undefined && isObject(value) ? instead(value, key) : value
  return {
    key,
    cleanKey: typeof key === 'string' ? scrub(key) : key,
    value,
    clean: typeof other === 'string' ? scrub(other) : other,
    mustHide: how.isEnumerable && isObject(other) && showsItself(key, other, redaction),
    ...how,
  }
}

function showsItself(key: PropertyKey, value: object, redaction: Redaction): boolean {
  const { isLeftAlone, hiddenKey, cleanse, scrub } = redaction
  if (isLeftAlone?.(value)) return false
  const isMessage = isHttpMessage(value)
  const url = isMessage && readFrom(value, 'url')
  if (isMessage || key === hiddenKey) cleanse?.(value)
  if (isMessage && key !== hiddenKey) return typeof url === 'string' && scrub(url) !== url
  return key === hiddenKey || isMachinery(value)
}

/** A getter or a proxy may throw. */
function readFrom(object: object, key: PropertyKey): unknown {
  try {
    return Reflect.get(object, key)
  } catch {
    return undefined
  }
}

export function isDirty({ key, cleanKey, value, clean, mustHide }: Slot): boolean {
  return value !== clean || key !== cleanKey || mustHide
}

/** What a getter gives next time is not what was cleaned. */
export function isMadeAnew({ key, value, isComputed }: Slot, object: object): boolean {
  return isComputed && isObject(value) && readFrom(object, key) !== value
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
