import { h } from './dom.js'
import { word } from './words.js'

export function button(name, onclick, label) {
  return h('button', { type: 'button', onclick, 'aria-label': label }, word(name))
}

/** One owner of tokens with its latest ones. `press` is called with the name of a button. */
export function renderOwner(owner, press) {
  const { kind, tokens } = owner
  const title = titleOf(owner)
  const buttonOf = (name) => button(name, () => press(name), `${word(name)}: ${title}`)
  return h(
    'li',
    { class: 'owner' },
    h('div', { class: 'names' }, h('b', {}, title), h('span', {}, kindOf(owner))),
    kind !== 'ticket' && h('p', { class: 'secret' }, word('secret'), ' ••••••••'),
    tokens.length === 0
      ? h('p', { class: 'none' }, word('noToken'))
      : h('ul', { class: 'tokens' }, tokens.map(renderToken)),
    h(
      'div',
      { class: 'row' },
      tokens.length > 0 && ['revoke', 'expire'].map(buttonOf),
      kind === 'suite' && buttonOf('pushTicket'),
    ),
  )
}

function renderToken({ number, state, expiresAt }) {
  const life = h('span', { class: 'life', 'data-expires': state === 'good' && expiresAt })
  if (state !== 'good') life.textContent = word(state)
  return h('li', { class: state }, h('span', {}, `#${number}`), h('i', { class: 'bar' }), life)
}

/** Writes the time that each token has left at this moment. */
export function countDown(list, now, lifeSeconds) {
  for (const life of list.querySelectorAll('[data-expires]')) {
    const seconds = Math.ceil((Number(life.dataset.expires) - now) / 1000)
    const token = life.closest('li')
    life.textContent = seconds > 0 ? clockText(seconds) : word('expired')
    token.style.setProperty('--left', Math.max(0, Math.min(1, seconds / lifeSeconds)))
    token.classList.toggle('expired', seconds <= 0)
  }
}

function clockText(seconds) {
  const two = (number) => String(number).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return `${hours}:${two(minutes)}:${two(seconds % 60)}`
}

function titleOf({ kind, corpId, suiteId, agentId, modelId, deviceSn }) {
  if (kind === 'suite') return suiteId
  if (kind === 'device') return `${modelId} / ${deviceSn}`
  if (kind === 'model') return modelId
  return agentId === undefined ? corpId : `${corpId} / ${agentId}`
}

function kindOf({ kind, suiteId, agentId }) {
  if (kind === 'app' && suiteId !== undefined) return `${word('corp')} · ${suiteId}`
  if (kind === 'app' && agentId !== undefined) return word('downstream')
  return word(kind)
}
