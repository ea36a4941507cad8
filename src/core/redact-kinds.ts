import type { Scrub } from './redact.js'

const tagOf = (value: object): string => Object.prototype.toString.call(value).slice(8, -1)

/** Bytes and the like, whose content is never printed as text, and what only stands for something else. */
const OPAQUE: ReadonlySet<string> = new Set([
  'ArrayBuffer',
  'SharedArrayBuffer',
  'DataView',
  'Blob',
  'File',
  'FormData',
  'ReadableStream',
  'WritableStream',
  'TransformStream',
  'AbortSignal',
  'AbortController',
  'Promise',
  'WeakMap',
  'WeakSet',
  'WeakRef',
  'Date',
  'RegExp',
])

export function isOpaque(value: object): boolean {
  return value === globalThis || ArrayBuffer.isView(value) || OPAQUE.has(tagOf(value))
}

/** Sockets, agents, requests and streams: live, shared with other calls, and never to be changed. */
export function isMachinery(value: object): boolean {
  const { on, emit, pipe, dispatch } = value as Record<string, unknown>
  const isEmitter = typeof on === 'function' && typeof emit === 'function'
  return isEmitter || typeof pipe === 'function' || typeof dispatch === 'function'
}

/** A fetch `Request` or `Response`, of whatever implementation. */
export function isHttpMessage(value: object): boolean {
  const tag = tagOf(value)
  return tag === 'Request' || tag === 'Response'
}

/** What a container holds that is no property. */
export interface Content {
  readonly values: readonly unknown[]
  /** It shows what is to be taken out. */
  readonly isDirty: boolean
  /** Nothing else of it is looked at. */
  readonly isAll?: boolean
  /** Writes it anew, texts cleaned; `current` gives the copies that stand for what it held. */
  readonly write?: (current: (value: unknown) => unknown) => void
  /** For what cannot be written: the same, cleaned. */
  readonly copy?: () => object
}

export function contentOf(object: object, scrub: Scrub): Content | undefined {
  const make = CONTENTS[tagOf(object)]
  try {
    return make?.(object, (value) => (typeof value === 'string' ? scrub(value) : value))
  } catch {
    // What calls itself a Map and is none.
    return undefined
  }
}

type Clean = (value: unknown) => unknown

const CONTENTS: Readonly<Record<string, (object: object, clean: Clean) => Content>> = {
  Map: (object, clean) => contentOfMap(object as Map<unknown, unknown>, clean),
  Set: (object, clean) => contentOfSet(object as Set<unknown>, clean),
  URL: (object, clean) => contentOfUrl(object as URL, clean),
  URLSearchParams: (object, clean) => contentOfQuery(object as URLSearchParams, clean),
  Headers: (object, clean) => contentOfHeaders(object as Headers, clean),
}

function contentOfMap(map: Map<unknown, unknown>, clean: Clean): Content {
  const values = [...Map.prototype.entries.call(map)].flat()
  return {
    values,
    isDirty: values.some((value) => clean(value) !== value),
    write(current) {
      const written = values.map((value) => current(clean(value)))
      if (written.every((value, index) => value === values[index])) return
      map.clear()
      for (let at = 0; at < written.length; at += 2) map.set(written[at], written[at + 1])
    },
  }
}

function contentOfSet(set: Set<unknown>, clean: Clean): Content {
  const values = [...Set.prototype.values.call(set)]
  return {
    values,
    isDirty: values.some((value) => clean(value) !== value),
    write(current) {
      const written = values.map((value) => current(clean(value)))
      if (written.every((value, index) => value === values[index])) return
      set.clear()
      for (const value of written) set.add(value)
    },
  }
}

function contentOfUrl(url: URL, clean: Clean): Content {
  const href = clean(url.href) as string
  const isDirty = href !== url.href
  return {
    values: [],
    isAll: true,
    isDirty,
    write: () => isDirty && Reflect.set(url, 'href', href),
  }
}

function contentOfQuery(query: URLSearchParams, clean: Clean): Content {
  const pairs = [...query]
  const cleaned = pairs.map((pair) => pair.map(clean) as [string, string])
  const isDirty = String(cleaned) !== String(pairs)
  return {
    values: [],
    isAll: true,
    isDirty,
    write() {
      if (!isDirty) return
      for (const [name] of pairs) query.delete(name)
      for (const [name, value] of cleaned) query.append(name, value)
    },
  }
}

/** Those that came over the network cannot be changed. */
function contentOfHeaders(headers: Headers, clean: Clean): Content {
  const pairs: [string, string][] = []
  let isDirty = false
  headers.forEach((value, name) => {
    const cleanValue = clean(value) as string
    isDirty ||= cleanValue !== value
    pairs.push([name, cleanValue])
  })
  const SameHeaders = headers.constructor as typeof Headers
  return { values: [], isAll: true, isDirty, copy: () => new SameHeaders(pairs) }
}
