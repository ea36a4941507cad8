import { renderCard } from './cards.js'
import { h, link, listOf, textOf } from './dom.js'
import { markdown, mention, richText } from './inline.js'
import { fileBubble, image, media } from './media.js'
import { time, word } from './words.js'

/** One message: who sent it, to whom, and what WeCom would show. */
export function renderMessage({ at, corpId, robot, chatId, message, files }) {
  const kind = textOf(message.msgtype)
  const agent = textOf(message.agentid)
  const sender =
    robot === undefined ? `${word('app')} ${agent}`.trim() : `${word('robot')} ${robot}`
  return h(
    'li',
    { class: 'message', 'data-type': kind },
    h(
      'span',
      { class: robot === undefined ? 'avatar' : 'avatar robot', 'aria-hidden': 'true' },
      avatarOf(agent, robot),
    ),
    h(
      'article',
      { 'aria-label': `${sender}, ${kind}` },
      h(
        'header',
        {},
        h('b', {}, sender),
        corpId && h('span', {}, corpId),
        h('span', { class: 'to' }, `${word('to')} `, receivers(message, chatId, robot)),
        message.safe === 1 && h('span', { class: 'safe' }, word('confidential')),
        h('time', { datetime: new Date(at).toISOString() }, time(at)),
      ),
      renderContent(kind, message, files),
    ),
  )
}

function avatarOf(agent, robot) {
  return robot === undefined ? agent.slice(-2) || 'A' : `R${robot}`
}

function receivers({ touser, toparty, totag, toall }, chatId, robot) {
  const names = (value) => (Array.isArray(value) ? value : textOf(value).split('|')).filter(Boolean)
  const users = names(touser)
  if (users.includes('@all') || toall === 1) return h('b', {}, `@all (${word('everyone')})`)
  const all = [
    ...users,
    ...names(toparty).map((id) => `${word('party')} ${id}`),
    ...names(totag).map((id) => `${word('tag')} ${id}`),
    ...(chatId ? [`${word('chat')} ${chatId}`] : []),
  ]
  if (all.length === 0 && robot !== undefined) return word('chat')
  return all.length > 6 ? `${all.slice(0, 6).join(', ')} + ${all.length - 6}` : all.join(', ')
}

const KINDS = {
  text: ({ content, mentioned_list, mentioned_mobile_list }) => {
    const mentioned = [mentioned_list, mentioned_mobile_list].flat().map(textOf).filter(Boolean)
    const names = mentioned.map((name) => [' ', mention(name)])
    return h('div', { class: 'bubble text' }, richText(textOf(content)), names)
  },
  markdown: ({ content }) => h('div', { class: 'bubble' }, markdown(textOf(content))),
  markdown_v2: ({ content }) => h('div', { class: 'bubble' }, markdown(textOf(content))),
  textcard: ({ title, description, url, btntxt }) =>
    h(
      'div',
      { class: 'card' },
      h('h4', {}, textOf(title)),
      h('div', { class: 'description' }, divisions(textOf(description))),
      h('p', { class: 'more' }, link(url, textOf(btntxt) || word('details'))),
    ),
  news: ({ articles }, files) => articleList(listOf(articles), files),
  mpnews: ({ articles }, files) => articleList(listOf(articles), files),
  image: ({ media_id }, files) => image(media_id, files),
  file: ({ media_id }, files) => fileBubble('file', media_id, files),
  voice: ({ media_id }, files) => fileBubble('voice', media_id, files),
  video: ({ media_id, title, description }, files) =>
    h(
      'div',
      { class: 'card' },
      media(media_id, files) ?? fileBubble('video', media_id, files),
      title && h('h4', {}, textOf(title)),
      description && h('p', { class: 'description' }, textOf(description)),
    ),
  miniprogram_notice: ({ title, description, content_item }) =>
    h(
      'div',
      { class: 'card' },
      h('h4', {}, textOf(title)),
      h('p', { class: 'description' }, textOf(description)),
      h(
        'dl',
        {},
        listOf(content_item).map(({ key, value }) => [
          h('dt', {}, textOf(key)),
          h('dd', {}, textOf(value)),
        ]),
      ),
    ),
  template_card: renderCard,
}

function renderContent(kind, message, files) {
  const content = message[kind]
  const isKnown = Object.hasOwn(KINDS, kind) && typeof content === 'object' && content !== null
  if (isKnown) return KINDS[kind](content, files)
  return h('pre', { class: 'bubble', tabindex: 0 }, JSON.stringify(message, undefined, 2))
}

/** A text card's description: `<div class="gray">` and its like, and line breaks. All else is text. */
function divisions(text) {
  const parts = text.split(/(<div(?:\s+class="(?:gray|normal|highlight)")?>.*?<\/div>)/gis)
  return parts
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [, shade = 'normal', inner] =
        /^<div(?:\s+class="(\w+)")?>(.*?)<\/div>$/is.exec(part) ?? []
      const lines = (inner ?? part).split(/<br\s*\/?>/i).join('\n')
      return inner === undefined ? lines : h('div', { class: shade }, lines)
    })
}

function articleList(articles, files) {
  const [first, ...others] = articles
  if (first === undefined) return h('div', { class: 'card' })
  const pictureOf = (article) => image(article.thumb_media_id, files, article.picurl)
  const digestOf = ({ description, digest }) => textOf(description ?? digest)
  const addressOf = ({ url, content_source_url }) => url ?? content_source_url
  return h(
    'div',
    { class: 'card articles' },
    h(
      'div',
      { class: 'cover' },
      pictureOf(first),
      h('h4', {}, link(addressOf(first), textOf(first.title))),
    ),
    others.length === 0 && digestOf(first) && h('p', { class: 'description' }, digestOf(first)),
    first.author && h('p', { class: 'author' }, textOf(first.author)),
    others.map((article) =>
      h(
        'div',
        { class: 'article' },
        h('p', {}, link(addressOf(article), textOf(article.title))),
        pictureOf(article),
      ),
    ),
  )
}
