import { failForm } from './fail-form.js'
import { button, countDown, renderOwner } from './owners.js'
import { word } from './words.js'

/** The apps with their tokens, and the buttons. */
export function controls(at) {
  const list = at('owners')
  let shown = ''
  let clockAhead = 0
  let lifeSeconds = 7200
  let silence

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

  function say(...parts) {
    at('said').replaceChildren(...parts)
    clearTimeout(silence)
    silence = setTimeout(() => at('said').replaceChildren(), 8000)
  }

  async function press(name, owner) {
    if (name !== 'pushTicket') return perform({ action: name, owner })
    const { suiteTicket } = await perform({ action: 'ticket', owner })
    if (suiteTicket === undefined) return undefined
    const copy = () => navigator.clipboard.writeText(suiteTicket)
    return say(`${word('ticketPushed')} `, button('copyTicket', copy))
  }

  function showOwners(owners) {
    const text = JSON.stringify(owners)
    if (text === shown) return
    shown = text
    // A list that is made anew takes the focus from its buttons.
    const focused = focusIn(list)
    list.replaceChildren(...owners.map((one) => renderOwner(one, (name) => press(name, one.id))))
    focused?.()
  }

  const tick = () => countDown(list, Date.now() + clockAhead, lifeSeconds)
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
      showOwners(state.owners)
      tick()
      form.show(state)
    },
  }
}

/** Remembers which button has the focus; returns a function that gives it back. */
function focusIn(list) {
  const index = [...list.querySelectorAll('button')].indexOf(document.activeElement)
  return index < 0 ? undefined : () => list.querySelectorAll('button')[index]?.focus()
}
