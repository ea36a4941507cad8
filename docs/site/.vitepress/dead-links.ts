import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

/** What VitePress does not check: anchors, images, the menus, and that a page loads nothing from elsewhere. */
export function assertNoDeadLinks(folder: string, base: string): void {
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.html'))
    .map((file) => ({ file, html: readFileSync(join(folder, file), 'utf8') }))
  const anchors = new Map(pages.map(({ file, html }) => [file, anchorsIn(html)]))
  const dead = pages.flatMap(({ file, html }) =>
    [...linksIn(html), ...loadedBy(html)]
      .filter((link) => !leads(link, file))
      .map((link) => `${file}: ${link}`),
  )
  if (dead.length > 0) throw new Error(`dead links:\n${[...new Set(dead)].join('\n')}`)

  function leads(link: string, from: string): boolean {
    if (/^(data|mailto):/.test(link)) return true
    const { pathname, hash } = new URL(link, `http://site${base}${from}`)
    const path = decodeURI(pathname).slice(base.length)
    const file = path === '' || path.endsWith('/') ? posix.join(path, 'index.html') : path
    if (!existsSync(join(folder, file))) return false
    const anchor = decodeURIComponent(hash.slice(1))
    return anchor === '' || !anchors.has(file) || anchors.get(file)?.has(anchor) === true
  }
}

const anchorsIn = (html: string) =>
  new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => unescaped(id)))

/** A page may link to other sites. */
const linksIn = (html: string) =>
  [...html.matchAll(/<a\s[^>]*?href="([^"]*)"/g)]
    .map(([, link = '']) => unescaped(link))
    .filter((link) => !/^https?:/.test(link))

/** It loads nothing from them: such an address is not found in the folder. */
const loadedBy = (html: string) =>
  [...html.matchAll(/<(?:link|script|img|source|iframe)\s[^>]*?(?:src|href)="([^"]*)"/g)].map(
    ([, link = '']) => unescaped(link).replace(/^(https?:)?\/\//, '/elsewhere/'),
  )

const unescaped = (text: string) =>
  text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
