/**
 * One walk that takes a secret or a token out of everything that can be reached from an error or a
 * response: in place where that can be changed, else in a copy that stands in its place.
 */

import { type Content, contentOf, isHttpMessage, isMachinery, isOpaque } from './redact-kinds.js'
import { cleanPrinting } from './redact-methods.js'
import {
  isDirty,
  isMadeAnew,
  isObject,
  type Redaction,
  type Slot,
  slotsOf,
} from './redact-slots.js'

export type { Redaction } from './redact-slots.js'

/** No more objects are looked into: no error is that large, and the walk must not take long. */
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
    const slots = content?.isAll ? [] : [...slotsOf(object, redaction)]
    return { object, slots, content, owners }
  } catch {
    // A proxy that does not want to be looked into.
    return { object, slots: [], content: undefined, owners }
  }
}

function mustChange({ slots, content }: Node): boolean {
  return content?.isDirty === true || slots.some(isDirty)
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

function put(owner: object, slot: Slot, value: unknown): void {
  const { key, cleanKey, isEnumerable, mustHide } = slot
  if (key !== cleanKey) Reflect.deleteProperty(owner, key)
  const enumerable = isEnumerable && !mustHide
  const property = { value, writable: true, configurable: true, enumerable }
  // What can be written, but not defined anew.
  if (!Reflect.defineProperty(owner, cleanKey, property)) Reflect.set(owner, cleanKey, value)
}
