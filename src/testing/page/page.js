import { renderCall } from './calls.js'
import { controls } from './controls.js'
import { h } from './dom.js'
import { newestFirst } from './list.js'
import { renderMessage } from './messages.js'
import { language, switchLanguage, translate, word } from './words.js'

const at = (id) => document.getElementById(id)
const nothing = (title, hint) =>
  h('div', { class: 'nothing' }, h('p', {}, word(title)), h('p', {}, word(hint)))

translate(document)
at('address').textContent = location.origin
at('language').addEventListener('click', switchLanguage)
if (language === 'zh') {
  at('language').textContent = 'English'
  at('language').lang = 'en'
  at('language').setAttribute('aria-label', 'Switch to English')
}

const messages = newestFirst({
  scroller: at('message-list'),
  counter: at('message-count'),
  render: renderMessage,
  empty: nothing('noMessages', 'noMessagesHint'),
})
const calls = newestFirst({
  scroller: at('call-list'),
  counter: at('call-count'),
  render: renderCall,
  empty: nothing('noCalls', 'noCallsHint'),
})
const panel = controls(at)
at('clear').addEventListener('click', () => panel.perform({ action: 'clear' }))

const live = document.querySelector('.live')
function setLive(name) {
  live.dataset.live = name
  live.firstElementChild.textContent = word(name)
}

// The browser reconnects by itself, and names the last event that it received.
const events = new EventSource('/page/events')
events.addEventListener('open', () => setLive('live'))
events.addEventListener('error', () => setLive('waiting'))
events.addEventListener('message', ({ data }) => {
  const news = JSON.parse(data)
  if (news.reset) {
    messages.clear()
    calls.clear()
  }
  messages.add(news.messages)
  calls.add(news.calls)
  panel.show(news.state)
})
