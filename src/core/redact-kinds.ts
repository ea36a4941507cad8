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

type Clean = (value: unknown) => unknown

const CONTAINERS: Readonly<Record<string, (container: never, clean: Clean) => object>> = {
  Map: cleanMap,
  Set: cleanSet,
  URL: cleanUrl,
  URLSearchParams: cleanQuery,
  Headers: cleanHeaders,
}

/** A container whose content is no property, cleaned; `undefined` for any other object. */
export function cleanContainer(object: object, clean: Clean): object | undefined {
  return CONTAINERS[tagOf(object)]?.(object as never, clean)
}

function cleanMap(map: Map<unknown, unknown>, clean: Clean): object {
  for (const [key, value] of [...map]) {
    const cleanKey = clean(key)
    if (cleanKey !== key) map.delete(key)
    map.set(cleanKey, clean(value))
  }
  return map
}

function cleanSet(set: Set<unknown>, clean: Clean): object {
  for (const value of [...set]) {
    const cleanValue = clean(value)
    if (cleanValue !== value) set.delete(value)
    set.add(cleanValue)
  }
  return set
}

function cleanUrl(url: URL, clean: Clean): object {
  const href = clean(url.href)
  if (href !== url.href) Reflect.set(url, 'href', href)
  return url
}

function cleanQuery(query: URLSearchParams, clean: Clean): object {
  const pairs = [...query]
  const cleaned = pairs.map((pair) => pair.map(clean) as [string, string])
  if (String(cleaned) === String(pairs)) return query
  for (const [name] of pairs) query.delete(name)
  for (const [name, value] of cleaned) query.append(name, value)
  return query
}

/** Of the same class: headers that came over the network cannot be changed. */
function cleanHeaders(headers: Headers, clean: Clean): object {
  const pairs: [string, string][] = []
  let isDirty = false
  headers.forEach((value, name) => {
    const cleanValue = clean(value) as string
    isDirty ||= cleanValue !== value
    pairs.push([name, cleanValue])
  })
  const SameHeaders = headers.constructor as typeof Headers
  return isDirty ? new SameHeaders(pairs) : headers
}
