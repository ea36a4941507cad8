import { h } from './dom.js'
import { time, word } from './words.js'

/** One line; opened, it shows what was sent and answered. */
export function renderCall(call) {
  const { at, method, path, query, corpId, token, ms } = call
  const parameters = query.map(([name, value]) => `${name}=${value}`).join('&')
  const line = h(
    'summary',
    {},
    h('time', { datetime: new Date(at).toISOString() }, time(at)),
    h('span', { class: 'method' }, method),
    h('span', { class: 'path', title: parameters ? `${path}?${parameters}` : path }, path),
    h('span', { class: 'about' }, [corpId, token && `#${token}`].filter(Boolean).join(' · ')),
    outcomeOf(call),
    h('span', { class: 'ms' }, `${ms < 10 ? ms : Math.round(ms)} ms`),
  )
  const body = h('div', { class: 'exchange' })
  const details = h(
    'details',
    { ontoggle: () => details.open && fill(call, parameters, body) },
    line,
    body,
  )
  return h('li', { class: 'call' }, details)
}

function outcomeOf({ cut, errcode, status }) {
  if (cut) return h('b', { class: 'outcome bad' }, word('cut'))
  const isFine = (errcode === undefined || errcode === 0) && status < 400
  const text = errcode === undefined ? status : errcode
  return h('b', { class: isFine ? 'outcome good' : 'outcome bad' }, text)
}

async function fill({ id, method, path }, parameters, body) {
  if (body.childElementCount > 0) return
  const response = await fetch(`/page/call/${id}`)
  const { request, answer } = await response.json()
  const part = (title, text) => [
    h('h4', {}, word(title)),
    h('pre', { tabindex: 0 }, text === undefined ? word('gone') : text || word('empty')),
  ]
  const sent = `${method} /cgi-bin/${path}${parameters ? `?${parameters}` : ''}`
  body.replaceChildren(
    ...part('request', request === undefined ? sent : `${sent}\n${request}`.trim()),
    ...part('answer', answer),
  )
}
