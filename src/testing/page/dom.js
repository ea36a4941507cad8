/**
 * Makes an element. Children are elements or texts, never markup: whatever a message holds is shown as
 * it is. `null`, `undefined` and `false` are left out.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
  const shown = children
    .flat(9)
    .filter((child) => child !== undefined && child !== null && child !== false)
  element.append(...shown.map((child) => (child instanceof Node ? child : String(child))))
  return element
}

/** An address that a link may have: http and https only. */
export function webAddress(text) {
  try {
    const url = new URL(String(text))
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined
  } catch {
    return undefined
  }
}

/** A link that opens beside this page, or just its text. */
export function link(url, ...children) {
  const href = webAddress(url)
  if (href === undefined) return h('span', {}, children)
  return h('a', { href, title: href, target: '_blank', rel: 'noopener noreferrer' }, children)
}

/** Texts may be missing or of any type: an app may send anything. */
export function textOf(value) {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

export function listOf(value) {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'object' && one !== null) : []
}
