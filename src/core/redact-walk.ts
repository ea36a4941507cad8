/**
 * One walk that takes a secret or a token out of everything that can be reached from an error or a
 * response: in place where that can be changed, else in a copy that stands in its place.
 */

import type { Scrub } from './redact.js'
import { type Content, contentOf, isHttpMessage, isMachinery, isOpaque } from './redact-kinds.js'
import { cleanPrinting } from './redact-methods.js'

/** What is taken out, and what the walk has to know of the objects that it meets. */
export interface Redaction {
  readonly scrub: Scrub
  /** The caller's own objects, which hold nothing of ours: not looked into, and not changed. */
  readonly isLeftAlone?: (value: object) => boolean
  /** What stands in the place of an object of ours, e.g. the caller's config. */
  readonly instead?: (value: object, key: PropertyKey) => unknown
  /** Keys whose objects stay readable, but not enumerable, whatever they show. */
  readonly hiddenKey?: string
  /** Shows a fetch `Request` or `Response`, whose url is no property, without the token. */
  readonly cleanse?: (message: object) => void
  /** An answer's body is the caller's, to the last byte; a stream may know its request all the same. */
  readonly cleanseBody?: (body: unknown) => void
}

/** No more objects are looked into: nobody's error is that large, and the walk must not take long. */
const MOST_OBJECTS = 10_000

/** The same value where it could be changed, or shows nothing; else a copy. */
export function redacted<T>(value: T, redaction: Redaction): T {
  const { result, nodes } = rewritten(value, redaction)
  const printing = {
    shows: (printed: unknown) => rewritten(printed, redaction).isChanged,
    clean: (printed: unknown) => rewritten(printed, redaction).result,
  }
  for (const { object, copy, content } of nodes.values()) {
    if (!content?.isAll) cleanPrinting(object, copy ?? object, printing)
  }
  return result as T
}

function rewritten(value: unknown, redaction: Redaction) {
  const nodes = isObject(value) ? gather(value, redaction) : new Map<unknown, Node>()
  const isChanged = [...nodes.values()].some(mustChange)
  if (isChanged) {
    copyWhatIsFixed(nodes)
    for (const node of nodes.values()) rewrite(node, nodes)
  }
  if (typeof value !== 'string')
    return { nodes, isChanged, result: nodes.get(value)?.copy ?? value }
  const result = redaction.scrub(value)
  return { nodes, isChanged: result !== value, result }
}

/** What stands under a key of an object. */
interface Slot {
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

interface Node {
  readonly object: object
  readonly slots: readonly Slot[]
  /** What a Map, Set, URL, … holds beside its properties. */
  readonly content: Content | undefined
  readonly owners: Set<Node>
  copy?: object
}

type Nodes = Map<unknown, Node>

/** Everything that can be reached, the nearest first. */
function gather(root: object, redaction: Redaction): Nodes {
  const nodes: Nodes = new Map()
  const queue: { readonly value: unknown; readonly owner?: Node }[] = [{ value: root }]
  for (const { value, owner } of queue) {
    let node = nodes.get(value)
    if (node === undefined) {
      if (nodes.size >= MOST_OBJECTS || !isObject(value) || !isWalked(value, redaction)) continue
      node = nodeOf(value, redaction)
      nodes.set(value, node)
      for (const inner of innerOf(node)) queue.push({ value: inner, owner: node })
    }
    if (owner !== undefined) node.owners.add(owner)
  }
  return nodes
}

function innerOf({ slots, content }: Node): unknown[] {
  const inner = slots.map(({ clean, isBody }) => (isBody ? undefined : clean))
  return [...inner, ...(content?.values ?? [])].filter(isObject)
}

function isWalked(value: object, { isLeftAlone }: Redaction): boolean {
  return !isLeftAlone?.(value) && !isOpaque(value) && !isMachinery(value) && !isHttpMessage(value)
}

function nodeOf(object: object, redaction: Redaction): Node {
  const owners = new Set<Node>()
  try {
    const content = contentOf(object, redaction.scrub)
    const slots = content?.isAll
      ? []
      : [...ownSlots(object, redaction), ...inheritedSlots(object, redaction)]
    return { object, slots, content, owners }
  } catch {
    // A proxy that does not want to be looked into.
    return { object, slots: [], content: undefined, owners }
  }
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
  if (isHttpMessage(value)) {
    const url = readFrom(value, 'url')
    cleanse?.(value)
    return key === hiddenKey || (typeof url === 'string' && scrub(url) !== url)
  }
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

function mustChange({ slots, content }: Node): boolean {
  return content?.isDirty === true || slots.some(isDirty)
}

function isDirty({ key, cleanKey, value, clean, mustHide }: Slot): boolean {
  return value !== clean || key !== cleanKey || mustHide
}

/** What cannot be changed becomes a copy, and so does what holds it and cannot be changed either. */
function copyWhatIsFixed(nodes: Nodes): void {
  const fixed = [...nodes.values()].filter(
    ({ slots, content }) =>
      slots.some((slot) => slot.isFixed && isDirty(slot)) || (content?.isDirty && content.copy),
  )
  for (const node of fixed) {
    if (node.copy !== undefined) continue
    node.copy = node.content?.copy?.() ?? blankLike(node.object)
    for (const owner of node.owners) {
      if (owner.slots.some(({ isFixed, clean }) => isFixed && clean === node.object))
        fixed.push(owner)
    }
  }
}

/** Without properties, of the same class, not frozen (pino cannot print what is): `instanceof` and printing say the same of it. */
function blankLike(object: object): object {
  const blank = object instanceof Error ? new Error() : Array.isArray(object) ? [] : {}
  for (const key of Reflect.ownKeys(blank)) Reflect.deleteProperty(blank, key)
  return Object.setPrototypeOf(blank, Object.getPrototypeOf(object))
}

function rewrite({ object, copy, content, slots }: Node, nodes: Nodes): void {
  const current = (value: unknown) => nodes.get(value)?.copy ?? value
  content?.write?.(current)
  for (const slot of slots) {
    const value = current(slot.clean)
    const isNew = isDirty(slot) || value !== slot.clean || isMadeAnew(slot, object)
    if (isNew || (copy !== undefined && !slot.isInherited)) put(copy ?? object, slot, value)
  }
}

/** What a getter gives next time is not what was cleaned. */
function isMadeAnew({ key, value, isComputed }: Slot, object: object): boolean {
  return isComputed && isObject(value) && readFrom(object, key) !== value
}

function put(owner: object, slot: Slot, value: unknown): void {
  const { key, cleanKey, isEnumerable, mustHide } = slot
  if (key !== cleanKey) Reflect.deleteProperty(owner, key)
  const enumerable = isEnumerable && !mustHide
  const property = { value, writable: true, configurable: true, enumerable }
  // What can be written, but not defined anew.
  if (!Reflect.defineProperty(owner, cleanKey, property)) Reflect.set(owner, cleanKey, value)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
