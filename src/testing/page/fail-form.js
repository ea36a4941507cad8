import { h } from './dom.js'
import { word } from './words.js'

/** Ways to fail, each with the value that it begins with. */
const WAYS = { errcode: 40014, status: 502, reset: undefined, delay: 3000 }
const DELAYS = [500, 2000, 10_000]
const PATHS = [
  '*',
  'gettoken',
  'message/send',
  'user/get',
  'media/upload',
  'service/get_suite_token',
]

/** What goes wrong: a blocked IP, slowness, and the next calls. */
export function failForm(root, perform) {
  const block = toggle('blockIp', 'blockIpHint', () =>
    perform({ action: 'block', on: block.getAttribute('aria-pressed') !== 'true' }),
  )
  const delay = h(
    'select',
    { 'aria-label': word('delay') },
    DELAYS.map((ms) => h('option', { value: ms }, `${ms / 1000} s`)),
  )
  const slow = toggle('slow', 'slowHint', () => {
    const isOn = slow.getAttribute('aria-pressed') === 'true'
    return perform({ action: 'slow', delayMs: isOn ? 0 : Number(delay.value) })
  })
  const planned = h('ul', { class: 'planned' })
  const recover = h(
    'button',
    { type: 'button', hidden: true, onclick: () => perform({ action: 'recover' }) },
    word('recover'),
  )
  root.append(
    h('div', { class: 'fault' }, block),
    h('div', { class: 'fault' }, slow, delay),
    nextCalls(perform),
    planned,
    recover,
  )

  return {
    show({ faults, planned: plans }) {
      block.setAttribute('aria-pressed', String(faults.isIpBlocked))
      slow.setAttribute('aria-pressed', String(faults.delayMs > 0))
      planned.replaceChildren(...plans.map(renderPlan))
      recover.hidden = plans.length === 0
    },
  }
}

function toggle(name, hint, onclick) {
  return h(
    'button',
    { type: 'button', class: 'toggle', 'aria-pressed': 'false', onclick },
    h('span', { class: 'knob' }),
    h('span', {}, h('b', {}, word(name)), h('small', {}, word(hint))),
  )
}

function nextCalls(perform) {
  const path = h('input', { list: 'paths', value: '*', required: true, spellcheck: 'false' })
  const value = h('input', { type: 'number', value: WAYS.errcode, required: true })
  const times = h('input', { type: 'number', value: 1, min: 1, max: 1000, required: true })
  const way = h(
    'select',
    { onchange: chosen },
    Object.keys(WAYS).map((name) => h('option', { value: name }, word(name))),
  )
  const valueField = field('value', value)

  function chosen() {
    valueField.hidden = WAYS[way.value] === undefined
    value.value = WAYS[way.value] ?? 0
  }

  function submitted(event) {
    event.preventDefault()
    const name = way.value === 'delay' ? 'delayMs' : way.value
    const answer = { [name]: name === 'reset' ? true : Number(value.value) }
    return perform({ action: 'fail', path: path.value, times: Number(times.value), ...answer })
  }

  return h(
    'form',
    { onsubmit: submitted },
    h('h4', {}, word('failNext')),
    h(
      'datalist',
      { id: 'paths' },
      PATHS.map((one) => h('option', { value: one })),
    ),
    field('path', path, 'wide'),
    h('small', { class: 'wide' }, word('anyCall')),
    field('how', way, 'wide'),
    valueField,
    field('times', times),
    h('button', { class: 'wide' }, word('plan')),
  )
}

function field(name, input, className) {
  return h('label', { class: className }, h('span', {}, word(name)), input)
}

function renderPlan({ path, times, errcode, status, cut, delayMs }) {
  const ways = [errcode, status && `HTTP ${status}`, cut && word('cut'), delayMs && `${delayMs} ms`]
  return h('li', {}, h('code', {}, path), ` ${ways.filter(Boolean).join(', ')} × ${times}`)
}
