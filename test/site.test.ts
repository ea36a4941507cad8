import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { addressOf, anchorOf, pageOf } from '../docs/site/.vitepress/addresses.js'
import { assertNoDeadLinks } from '../docs/site/.vitepress/dead-links.js'
import { PAGES } from '../docs/site/.vitepress/pages.js'
import { withAddresses } from '../docs/site/.vitepress/plain-text.js'
import { llmsTxt } from '../docs/site/llms.js'
import { PICTURES } from '../docs/site/pictures.js'
import { troubleshooting } from '../docs/site/troubleshooting.js'

const read = (file: string) => readFileSync(file, 'utf8')
const tracked = (...patterns: string[]) =>
  execFileSync('git', ['ls-files', ...patterns], { encoding: 'utf8' })
    .trim()
    .split('\n')

describe('pages that are made of data, which `npm run docs:pages` writes', () => {
  it('docs/troubleshooting.md explains every errcode as the data of explainErrcode does', async () => {
    await expect(troubleshooting('en')).toMatchFileSnapshot('../docs/troubleshooting.md')
  })

  it('docs/troubleshooting.zh-CN.md explains every errcode as the data of explainErrcode does', async () => {
    await expect(troubleshooting('zh')).toMatchFileSnapshot('../docs/troubleshooting.zh-CN.md')
  })

  it('docs/troubleshooting.md has every table of errcodes', () => {
    const rows = tracked('src/wecom/errcodes/*.ts').flatMap((file) =>
      [...read(file).matchAll(/^ {2}'?(-?\d+)'?: (?:\{|[A-Z\w]+\()/gm)].map(
        ([, errcode]) => errcode,
      ),
    )
    expect(rows.length).toBeGreaterThan(140)
    const text = read('docs/troubleshooting.md')
    expect(rows.filter((errcode) => !text.includes(`\n### ${errcode}\n`))).toEqual([])
  })

  it('docs/llms.txt has one line for each page of the site', async () => {
    await expect(llmsTxt()).toMatchFileSnapshot('../docs/llms.txt')
    const lines = llmsTxt().split('\n')
    for (const { en, about } of PAGES) {
      const link = en.startsWith('docs/') ? en.slice('docs/'.length) : `../${en}`
      expect(lines.filter((line) => line.includes(`](${link}): ${about}`))).toHaveLength(1)
    }
  })

  it.each(
    Object.keys(PICTURES).flatMap((name) => [
      [`${name}.svg`, PICTURES[name]?.('en')],
      [`${name}.zh-CN.svg`, PICTURES[name]?.('zh')],
    ]),
  )('docs/images/%s is drawn from docs/site/pictures.ts', async (file, drawn) => {
    await expect(drawn).toMatchFileSnapshot(`../docs/images/${file}`)
  })
})

describe('the site', () => {
  it('the site has every page of docs/, in both languages', () => {
    const pages = PAGES.flatMap(({ en, zh }) => [en, zh ?? ''])
    expect(tracked('docs/*.md', ':!docs/site').filter((page) => !pages.includes(page))).toEqual([])
  })

  it('the home page of the site shows the ten lines of the README', () => {
    const [code = ''] = /^```js\n[\s\S]*?^```/m.exec(read('README.md')) ?? []
    expect(code).toContain('attachToken')
    expect(read('docs/site/index.md')).toContain(code)
    expect(read('docs/site/zh/index.md')).toContain(code)
  })

  it('a page of the repository has the same address in Chinese, below /zh/', () => {
    expect(pageOf('docs/limits.md')).toBe('limits.md')
    expect(pageOf('docs/limits.zh-CN.md')).toBe('zh/limits.md')
    expect(pageOf('SECURITY.zh-CN.md')).toBe('zh/security.md')
    expect(pageOf('docs/site/zh/index.md')).toBe('zh/index.md')
  })

  it('a link of the repository leads to the page of the site, with its anchor', () => {
    expect(addressOf('limits.md#waiting', 'docs/details.md')).toBe('/limits#waiting')
    expect(addressOf('../README.zh-CN.md', 'docs/details.zh-CN.md')).toBe('/zh/readme')
    expect(addressOf('../examples/frameworks/nestjs.ts', 'docs/frameworks.zh-CN.md')).toBe(
      '/zh/examples/frameworks/nestjs',
    )
    expect(addressOf('grafana-dashboard.json', 'docs/observability.md')).toBe(
      '/grafana-dashboard.json',
    )
  })

  it('/llms.txt of the site leads to the pages as they are written, at the paths of the repository', () => {
    const site = withAddresses(llmsTxt())
    expect(site).toContain('](text/docs/start.md): ')
    expect(site).toContain('](text/SECURITY.md): ')
    expect(() => withAddresses('- [gone](gone.md): it is')).toThrow('docs/gone.md')
  })

  it('a link to a file that is not on the site fails the build, by the name of both', () => {
    expect(() => addressOf('../src/axios.ts', 'docs/details.md')).toThrow(
      'docs/details.md links to ../src/axios.ts, which is not on the site',
    )
  })

  it('the anchor of a heading is that of GitHub', () => {
    expect(anchorOf('Egg、Midway：urllib')).toBe('eggmidwayurllib')
    expect(anchorOf('What is counted')).toBe('what-is-counted')
  })
})

describe('the check of the built site', () => {
  const folder = mkdtempSync(join(tmpdir(), 'site-'))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** Pages of a site below /base/, each with its html. */
  function built(pages: Readonly<Record<string, string>>): () => void {
    for (const [file, html] of Object.entries(pages)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), html)
    }
    return () => assertNoDeadLinks(folder, '/base/')
  }

  it('a site whose links lead to pages and headings passes, and may link to other sites', () => {
    const home = '<a href="/base/zh/a.html#%E7%AD%89">a</a><a href="https://example.com">b</a>'
    expect(
      built({ 'index.html': home, 'zh/a.html': '<h2 id="等"></h2><a href="../">c</a>' }),
    ).not.toThrow()
  })

  it('a link to a page that does not exist fails the build', () => {
    expect(built({ 'index.html': '<a href="/base/gone.html">a</a>' })).toThrow(
      'dead links:\nindex.html: /base/gone.html',
    )
  })

  it('a link to a heading that does not exist fails the build', () => {
    expect(built({ 'index.html': '<h1 id="here"></h1><a href="#there">a</a>' })).toThrow(
      'index.html: #there',
    )
  })

  it('a page that loads a script, a style or an image from elsewhere fails the build', () => {
    const tags =
      '<script src="https://cdn.example/x.js"></script><link href="//fonts.example/f.css">'
    const load = built({ 'index.html': `${tags}<img src="https://img.example/i.png">` })
    for (const from of ['cdn.example', 'fonts.example', 'img.example']) expect(load).toThrow(from)
  })
})
