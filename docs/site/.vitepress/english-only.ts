import { existsSync, readdirSync } from 'node:fs'
import { PAGES, ROOT } from './pages.js'

const API = `${ROOT}docs/site/api`

/** What typedoc wrote, e.g. api/stores/redis. */
const apiPages = () =>
  (existsSync(API) ? readdirSync(API, { recursive: true, encoding: 'utf8' }) : [])
    .filter((file) => file.endsWith('.md') && file !== 'modules.md')
    .map((file) => `api/${file.slice(0, -'.md'.length)}`)

/** For each page that there is in English alone, one below /zh/ that leads to it. */
export function englishOnlyPages() {
  const pages = PAGES.filter(({ zh }) => zh === undefined).map(({ path }) => path)
  return [...pages, ...apiPages()].map((page) => ({
    params: { page },
    content: `[打开英文页面](/${page})`,
  }))
}
