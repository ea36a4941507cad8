import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import MiniSearch, { type Options } from 'minisearch'
import type { DefaultTheme, Plugin } from 'vitepress'
import { PAGES } from './pages.js'

/**
 * Chinese has no blanks between words. This runs in the browser too, so that it must stand on its own: each
 * word of a text, and names of code and errcodes as a whole.
 */
function tokenize(text: string): string[] {
  const words = new Intl.Segmenter('zh', { granularity: 'word' }).segment(text)
  const segments = [...words].filter((word) => word.isWordLike).map((word) => word.segment)
  return [...segments, ...(text.match(/\w*[_.-]\w[\w.-]*/g) ?? [])]
}

/** The guide comes before the API reference and the pages of the project. In the browser, too. */
function boostDocument(address: string): number {
  return /\/(api|changelog|contributing|figures)[./]/.test(address) ? 0.4 : 1
}

const CHINESE: DefaultTheme.LocalSearchOptions = {
  translations: {
    button: { buttonText: '搜索', buttonAriaLabel: '搜索' },
    modal: {
      displayDetails: '显示正文',
      resetButtonTitle: '清空',
      backButtonTitle: '关闭',
      noResultsText: '没有找到：',
      footer: { selectText: '打开', navigateText: '选择', closeText: '关闭' },
    },
  },
}

export const search: DefaultTheme.Config['search'] = {
  provider: 'local',
  options: {
    miniSearch: { options: { tokenize }, searchOptions: { boostDocument } },
    locales: { zh: CHINESE },
  },
}

/** As VitePress makes it. */
const INDEX: Options = {
  fields: ['title', 'titles', 'text'],
  storeFields: ['title', 'titles'],
  tokenize,
}

/**
 * VitePress takes the language of a page from its file, not from its address, and so puts the Chinese pages,
 * X.zh-CN.md, into the English index. Each language gets the pages below its address.
 */
export function searchByLanguage(base: string): Plugin {
  return {
    name: 'search-by-language',
    configResolved({ plugins }) {
      const local = plugins.find(({ name }) => name === 'vitepress:local-search')
      const load = local?.load
      if (local === undefined || typeof load !== 'function') throw new Error('no local search')
      local.load = async function (id, ...rest) {
        const [, language] = /@localSearchIndex(root|zh)$/.exec(id) ?? []
        if (language === undefined) return load.call(this, id, ...rest)
        const whole = String(await load.call(this, id.replace(/zh$/, 'root'), ...rest))
        const json: string = JSON.parse(whole.slice('export default '.length))
        const isIts = (address: string) => address.startsWith(`${base}zh/`) === (language === 'zh')
        return `export default ${JSON.stringify(JSON.stringify(await part(json, isIts)))}`
      }
    },
  }
}

async function part(json: string, isIts: (address: string) => boolean): Promise<MiniSearch> {
  const index = MiniSearch.loadJSON(json, INDEX)
  const { documentIds } = JSON.parse(json) as { documentIds: Record<string, string> }
  index.discardAll(Object.values(documentIds).filter((address) => !isIts(address)))
  await index.vacuum()
  return index
}

/** Whether the search of each language finds every page that there is in it, and none of the other. */
export function assertSearchable(folder: string, base: string): void {
  for (const language of ['root', 'zh'] as const) {
    const file = readdirSync(folder).find((name) => name.startsWith(`@localSearchIndex${language}`))
    if (file === undefined) throw new Error(`the search has no index for ${language}`)
    const index = readFileSync(join(folder, file), 'utf8')
    const isFound = (address: string) => index.includes(`"${base}${address}.html`)
    for (const { path, zh } of PAGES) {
      const isThere = language === 'root' || zh !== undefined
      const [own, other] = language === 'root' ? [path, `zh/${path}`] : [`zh/${path}`, path]
      if (isFound(own) !== isThere || isFound(other))
        throw new Error(`the index ${language} is wrong about ${path}`)
    }
  }
}
