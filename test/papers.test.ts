import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import typedoc from '../typedoc.json' with { type: 'json' }

const read = (file: string) => readFileSync(file, 'utf8')
const papers = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' }).trim().split('\n')

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(page: string): string[] {
  const text = read(page).replace(/^```[\s\S]*?^```/gm, '')
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
}

it.each(papers)('%s links to pages and headings that exist', (paper) => {
  const links = [...read(paper).matchAll(/\]\((?![a-z]+:)([^)\s#]*)(?:#([^)\s]+))?\)/g)]
  const broken = links.filter(([, to = '', anchor]) => {
    const page = to === '' ? paper : posix.join(posix.dirname(paper), to)
    return !existsSync(page) || (anchor !== undefined && !anchorsOf(page).includes(anchor))
  })
  expect(broken.map(([link]) => link)).toEqual([])
})

it('CONTRIBUTING.md names only files and folders that exist', () => {
  const paths = /`((?:src|test|docs|examples|bench|\.ci|\.github)\/[\w./-]*)`/g
  const named = [...read('CONTRIBUTING.md').matchAll(paths)].map(([, path = '']) => path)
  expect(named.length).toBeGreaterThan(30)
  expect(named.filter((path) => !existsSync(path))).toEqual([])
})

it('the API reference has every entry point of the package', () => {
  const entries = Object.keys(manifest.exports).filter((path) => path !== './package.json')
  const files = entries.map((path) => (path === '.' ? 'src/index.ts' : `src/${path.slice(2)}.ts`))
  expect([...typedoc.entryPoints].sort()).toEqual(files.sort())
})
