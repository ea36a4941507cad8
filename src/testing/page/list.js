import { h } from './dom.js'
import { word } from './words.js'

const KEPT = 1000
const STEP = 60

/**
 * A list with the newest entry first. It renders some and, as the reader scrolls down, the next ones;
 * back at the top it lets the old ones go.
 */
export function newestFirst({ scroller, counter, render, empty }) {
  let entries = []
  let shown = STEP
  const list = h('ol', { class: 'entries' })
  const earlier = h(
    'button',
    { type: 'button', class: 'earlier', onclick: showMore },
    word('earlier'),
  )
  scroller.replaceChildren(list, earlier, empty)
  new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && showMore(), {
    root: scroller,
    rootMargin: '600px',
  }).observe(earlier)
  scroller.addEventListener('scroll', () => {
    if (scroller.scrollTop > 400 || shown === STEP) return
    shown = STEP
    settle()
  })

  function showMore() {
    if (shown >= entries.length) return
    const from = list.children.length
    shown = Math.min(shown + STEP, KEPT)
    list.append(...entries.slice(from, shown).map(render))
    settle()
  }

  function settle() {
    while (list.children.length > shown) list.lastElementChild.remove()
    earlier.hidden = entries.length <= shown
    empty.hidden = entries.length > 0
    counter.textContent = entries.length > 0 ? String(entries.length) : ''
  }

  settle()
  return {
    add(added) {
      if (added.length === 0) return
      const newest = added.toReversed()
      entries = [...newest, ...entries].slice(0, KEPT)
      list.prepend(...newest.slice(0, shown).map(render))
      settle()
    },
    clear() {
      entries = []
      shown = STEP
      list.replaceChildren()
      settle()
    },
  }
}
