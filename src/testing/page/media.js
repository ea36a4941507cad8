import { h, textOf } from './dom.js'
import { word } from './words.js'

const known = (id, files) => (Object.hasOwn(files, textOf(id)) ? files[id] : undefined)

/** An image or video that was uploaded; nothing for another type of file. */
export function media(id, files) {
  const { name, type } = known(id, files) ?? {}
  const src = `/page/media/${encodeURIComponent(textOf(id))}`
  if (type?.startsWith('image/'))
    return h('img', { class: 'picture', src, alt: name, loading: 'lazy' })
  if (type?.startsWith('video/')) return h('video', { class: 'picture', src, controls: true })
  return undefined
}

/** An uploaded image, or a placeholder: nothing is loaded from elsewhere. */
export function image(id, files, address) {
  const shown = media(id, files)
  if (shown !== undefined) return shown
  const text = address ? word('foreignImage') : word('lostImage')
  return h(
    'span',
    { class: 'picture placeholder', role: 'img', 'aria-label': text, title: textOf(address) },
    h('small', {}, text),
  )
}

export function fileBubble(kind, id, files) {
  const file = known(id, files)
  return h(
    'div',
    { class: `bubble file ${kind}` },
    h('span', { class: 'sheet', 'aria-hidden': 'true' }),
    h(
      'span',
      {},
      h('b', {}, file?.name || word(kind)),
      h('small', {}, file ? word(kind) : textOf(id)),
    ),
  )
}
