import { h, link } from './dom.js'

/** Text of a text message: WeCom makes links of `<a href>`, and of addresses. */
const TEXT =
  /<a\s[^>]*?href\s*=\s*(["'])(?<href>.*?)\1[^>]*>(?<label>.*?)<\/a>|(?<bare>https?:\/\/[^\s<>"'，。；！？、）】]+)/gis

export function richText(text) {
  return pieces(text, TEXT, ({ href, label, bare }) => link(href ?? bare, label ?? bare))
}

const MARKDOWN =
  /\*\*(?<bold>[^*].*?)\*\*|\[(?<label>[^\]]*)\]\((?<href>[^)\s]*)\)|`(?<code>[^`]+)`|<font\s+color\s*=\s*["']?(?<colour>info|comment|warning)["']?\s*>(?<inner>.*?)<\/font>|<@(?<user>[^<>\s]+)>/gis

/** What WeCom's markdown knows within a line. */
function inline(text) {
  return pieces(text, MARKDOWN, ({ bold, label, href, code, colour, inner, user }) => {
    if (bold !== undefined) return h('b', {}, inline(bold))
    if (href !== undefined) return link(href, inline(label))
    if (code !== undefined) return h('code', {}, code)
    if (user !== undefined) return mention(user)
    return h('span', { class: `font-${colour.toLowerCase()}` }, inline(inner))
  })
}

export function mention(user) {
  return h('span', { class: 'mention' }, user.startsWith('@') ? user : `@${user}`)
}

/** Splits a text into what a pattern finds, rendered, and the texts between. */
function pieces(text, pattern, render) {
  const found = []
  let end = 0
  for (const match of text.matchAll(pattern)) {
    found.push(text.slice(end, match.index), render(match.groups))
    end = match.index + match[0].length
  }
  return [...found, text.slice(end)].filter((piece) => piece !== '')
}

/** WeCom's markdown by lines: headings, quotes, and of markdown_v2 lists, rules and code. */
export function markdown(text) {
  const blocks = []
  let code
  for (const line of text.split('\n')) {
    if (/^\s*```/.test(line)) {
      if (code === undefined) code = []
      else {
        blocks.push(h('pre', {}, code.join('\n')))
        code = undefined
      }
    } else if (code !== undefined) code.push(line)
    else blocks.push(block(line))
  }
  if (code !== undefined) blocks.push(h('pre', {}, code.join('\n')))
  return h('div', { class: 'markdown' }, blocks)
}

function block(line) {
  const [, hashes, heading] = /^(#{1,6})\s+(.*)$/.exec(line) ?? []
  if (hashes !== undefined) return h('p', { class: `heading h${hashes.length}` }, inline(heading))
  const [, quote] = /^\s*>\s?(.*)$/.exec(line) ?? []
  if (quote !== undefined) return h('blockquote', {}, inline(quote))
  if (/^\s*([-*_])\1{2,}\s*$/.test(line)) return h('hr')
  const [, mark, item] = /^\s*([-*]|\d+\.)\s+(.*)$/.exec(line) ?? []
  if (mark !== undefined) {
    return h(
      'p',
      { class: 'item' },
      h('span', {}, /\d/.test(mark) ? mark : '•'),
      h('span', {}, inline(item)),
    )
  }
  return h('p', {}, inline(line))
}
