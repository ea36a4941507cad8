import { posix } from 'node:path'
import { EXAMPLES } from './examples.js'
import { PAGES } from './pages.js'

/** Files that the site serves as they are, at its root. */
export const FILES = ['docs/grafana-dashboard.json']

/** The address of each file of the repository that is a page, without .html, in its language. */
const ADDRESSES: ReadonlyMap<string, string> = new Map([
  ...PAGES.map(({ en, path }) => [en, path] as const),
  ...PAGES.flatMap(({ zh, path }) => (zh === undefined ? [] : [[zh, `zh/${path}`] as const])),
  ...EXAMPLES.map(({ file, name }) => [file, `examples/${name}`] as const),
])

/** Where VitePress puts a markdown file of the repository: those of this folder at the root of the site. */
export function pageOf(file: string): string {
  const address = ADDRESSES.get(file)
  return address === undefined ? file.replace(/^docs\/site\//, '') : `${address}.md`
}

/**
 * Where a relative link of a file of the repository leads on the site.
 *
 * @throws if it leads to a file that is not on the site: the build fails.
 */
export function addressOf(link: string, from: string): string {
  const [path = '', anchor] = link.split('#')
  const hash = anchor === undefined ? '' : `#${anchor}`
  if (path === '') return hash
  const file = posix.join(posix.dirname(from), decodeURI(path))
  if (FILES.includes(file)) return `/${posix.basename(file)}`
  if (file.startsWith('docs/site/')) return `/${file.slice('docs/site/'.length)}${hash}`
  const address = ADDRESSES.get(file)
  if (address === undefined) throw new Error(`${from} links to ${link}, which is not on the site`)
  const isForChinese = address.startsWith('examples/') && from.includes('.zh-CN.')
  return `/${isForChinese ? 'zh/' : ''}${address}${hash}`
}

/** The anchor of a heading, as GitHub makes it: links work in the repository and on the site. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}
