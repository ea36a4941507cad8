import { h } from './dom.js'
import { failForm } from './fail-form.js'
import { word } from './words.js'

/** The apps with their tokens, and the buttons. */
export function controls(at) {
  let clockAhead = 0
  let lifeSeconds = 7200
  let shownOwners = ''

  /** Presses a button: sends it, and says what came of it. */
  async function perform(action) {
    const response = await fetch('/page/do', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(action),
    })
    const result = await response.json()
    say(result.error ?? word('done'))
    return result
  }

  let silence
  function say(...parts) {
    at('said').replaceChildren(...parts)
    clearTimeout(silence)
    silence = setTimeout(() => at('said').replaceChildren(), 8000)
  }

  async function pushTicket(owner) {
    const { suiteTicket } = await perform({ action: 'ticket', owner })
    if (suiteTicket === undefined) return
    const copy = () => navigator.clipboard.writeText(suiteTicket)
    say(`${word('ticketPushed')} `, button('copyTicket', copy))
  }

  function renderOwner(owner) {
    const { id, kind, tokens } = owner
    const title = titleOf(owner)
    const named = (name) => `${word(name)}: ${title}`
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
        tokens.length > 0 &&
          button('revoke', () => perform({ action: 'revoke', owner: id }), named('revoke')),
        tokens.length > 0 &&
          button('expire', () => perform({ action: 'expire', owner: id }), named('expire')),
        kind === 'suite' && button('pushTicket', () => pushTicket(id), named('pushTicket')),
      ),
    )
  }

  function renderToken({ number, state, expiresAt }) {
    const life = h('span', {
      class: 'life',
      ...(state === 'good' && { 'data-expires': expiresAt }),
    })
    if (state !== 'good') life.textContent = word(state)
    return h('li', { class: state }, h('span', {}, `#${number}`), h('i', { class: 'bar' }), life)
  }

  function tick() {
    for (const life of at('owners').querySelectorAll('[data-expires]')) {
      const seconds = Math.ceil((Number(life.dataset.expires) - Date.now() - clockAhead) / 1000)
      life.textContent = seconds > 0 ? clockText(seconds) : word('expired')
      life
        .closest('li')
        .style.setProperty('--left', Math.max(0, Math.min(1, seconds / lifeSeconds)))
      life.closest('li').classList.toggle('expired', seconds <= 0)
    }
  }
  setInterval(tick, 1000)

  at('all-tokens').append(
    button('revokeAll', () => perform({ action: 'revoke' })),
    button('expireAll', () => perform({ action: 'expire' })),
  )
  const form = failForm(at('faults'), perform)

  return {
    perform,
    show(state) {
      clockAhead = state.now - Date.now()
      lifeSeconds = state.expiresInSeconds
      const owners = JSON.stringify(state.owners)
      // A list that is made anew takes the focus from its buttons.
      if (owners !== shownOwners) {
        const focused = focusIn(at('owners'))
        at('owners').replaceChildren(...state.owners.map(renderOwner))
        focused?.()
      }
      shownOwners = owners
      tick()
      form.show(state)
    },
  }
}

function button(name, onclick, label) {
  return h('button', { type: 'button', onclick, 'aria-label': label }, word(name))
}

/** Remembers which button has the focus; returns a function that gives it back. */
function focusIn(list) {
  const index = [...list.querySelectorAll('button')].indexOf(document.activeElement)
  return index < 0 ? undefined : () => list.querySelectorAll('button')[index]?.focus()
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

function clockText(seconds) {
  const two = (number) => String(number).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return `${hours}:${two(minutes)}:${two(seconds % 60)}`
}
