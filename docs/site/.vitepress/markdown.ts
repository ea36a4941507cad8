import { posix } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'
import { addressOf } from './addresses.js'
import { ROOT } from './pages.js'

type State = Parameters<Parameters<MarkdownRenderer['core']['ruler']['push']>[1]>[0]
type Token = State['tokens'][number]

/** Links stand in the papers as the repository and the tarball have them. */
export function siteMarkdown(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('links-of-the-site', (state) => {
    // A heading that is parsed for a title has no path, and is shown nowhere.
    const path = state.env.realPath ?? state.env.path
    if (path === undefined) return
    const from = posix.relative(ROOT, path)
    nameEntryPoint(state, from)
    for (const { children } of state.tokens) joinChinese(children ?? [])
    for (const { children } of state.tokens)
      for (const token of children ?? []) if (token.type === 'link_open') lead(token, from)
  })
  markdown.core.ruler.push('without-language-link', ({ tokens }) => {
    const at = tokens.findIndex(({ type, content }) => type === 'inline' && isLanguageLink(content))
    if (at > 0 && tokens[at - 1]?.type === 'paragraph_open') tokens.splice(at - 1, 3)
  })
}

/** A line break is a blank, which Chinese has none of. */
function joinChinese(tokens: readonly Token[]): void {
  tokens.forEach((token, index) => {
    const [before, after] = [tokens[index - 1], tokens[index + 1]]
    const isChinese =
      CHINESE_END.test(before?.content ?? '') || CHINESE_BEGIN.test(after?.content ?? '')
    if (token.type !== 'softbreak' || !isChinese) return
    token.type = 'text'
    token.content = ''
  })
}

const CHINESE_END = /[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]$/
const CHINESE_BEGIN = /^[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]/

/** A page of typedoc is called as the entry point is imported. */
function nameEntryPoint(state: State, from: string): void {
  const [, name] = /^docs\/site\/api\/(.+)\.md$/.exec(from) ?? []
  const title = state.tokens[1]
  if (name === undefined || title?.type !== 'inline') return
  title.content = name === 'index' ? 'qyapi-token' : `qyapi-token/${name}`
  const text = title.children?.find(({ type }) => type === 'text')
  if (text !== undefined) text.content = title.content
}

function lead(token: Token, from: string): void {
  const href = token.attrGet('href') ?? ''
  if (/^([a-z]+:|\/|#)/i.test(href)) return
  token.attrSet('href', addressOf(href, from))
}

/** The switch of the site does what this line does in the repository. */
function isLanguageLink(text: string): boolean {
  return /^\[(中文|English)\]\([\w.-]+\.md\)$/.test(text)
}
