import { copyFileSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { defineConfig } from 'vitepress'
import { anchorOf, FILES, pageOf } from './addresses.js'
import { assertNoDeadLinks } from './dead-links.js'
import { siteMarkdown } from './markdown.js'
import { PAGES, ROOT } from './pages.js'
import { writePlainText } from './plain-text.js'
import { assertSearchable, search, searchByLanguage } from './search.js'
import { CHINESE_TEXTS, ENGLISH_TEXTS } from './texts.js'

/** The address below which the site is served, e.g. /qyapi-token/. */
const base = process.env.DOCS_BASE ?? '/'

/** Markdown files that are no pages of the site. */
const srcExclude = [
  ...['test', 'coverage', 'reports', 'dist', 'docs/site/dist'].map((folder) => `${folder}/**`),
  // typedoc's list of its pages, which the sidebar has.
  'docs/site/api/modules.md',
]

export default defineConfig({
  title: 'qyapi-token',
  base,
  // Pages are the files of the repository, at their own paths.
  srcDir: ROOT,
  srcExclude,
  rewrites: pageOf,
  outDir: 'dist',
  cacheDir: 'dist/.cache',
  lastUpdated: false,
  head: [['link', { rel: 'icon', href: `${base}icon.svg` }]],
  locales: {
    root: { label: 'English', lang: 'en', ...ENGLISH_TEXTS },
    zh: { label: '简体中文', lang: 'zh-CN', ...CHINESE_TEXTS },
  },
  themeConfig: { logo: '/icon.svg', search },
  markdown: { anchor: { slugify: anchorOf }, config: siteMarkdown },
  vite: {
    publicDir: `${ROOT}docs/site/public`,
    plugins: [searchByLanguage(base)],
    // The largest is the index of the search.
    build: { chunkSizeWarningLimit: 2_000 },
  },
  transformPageData({ relativePath, frontmatter }) {
    const page = PAGES.find(({ path }) => [`${path}.md`, `zh/${path}.md`].includes(relativePath))
    // One heading for each errcode would be a second page beside the page.
    if (page?.path === 'troubleshooting') frontmatter.outline = 2
  },
  buildEnd({ outDir }) {
    for (const file of FILES) copyFileSync(`${ROOT}${file}`, join(outDir, basename(file)))
    writePlainText(outDir, readFileSync(`${ROOT}docs/llms.txt`, 'utf8'))
    assertNoDeadLinks(outDir, base)
    assertSearchable(join(outDir, 'assets/chunks'), base)
  },
})
