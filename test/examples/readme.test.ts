import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RedisAddress, startAnyRedis } from '../support/redis.js'
import { inChinese, PAGES, read, snippetsIn } from './pages.js'

const run = promisify(execFile)
const ROOT = new URL('../../', import.meta.url).pathname
// Inside the package, so that `qyapi-token` is found by its own name.
const SNIPPETS = `${ROOT}test/examples/.snippets`

let redis: RedisAddress

beforeAll(async () => {
  mkdirSync(SNIPPETS, { recursive: true })
  redis = await startAnyRedis()
})
afterAll(async () => {
  rmSync(SNIPPETS, { recursive: true, force: true })
  await redis.stop()
})

describe.each(PAGES)('%s', (name) => {
  const snippets = snippetsIn(name)

  it('a paper has the snippets and the levels of headings that it has in Chinese', () => {
    const chinese = inChinese(name)
    const levels = (page: string) => [...read(page).matchAll(/^(#+) /gm)].map(([, marks]) => marks)
    expect(levels(chinese)).toEqual(levels(name))
    const kinds = (page: string) => snippetsIn(page).map(({ fence }) => fence)
    expect(kinds(chinese)).toEqual(kinds(name))
  })

  it.each(snippets.filter(({ isRun }) => isRun))(
    'snippet $index of a paper runs',
    async (snippet) => {
      const { index, code } = snippet
      const file = `${SNIPPETS}/${name.replaceAll('/', '-')}-${index}.js`
      writeFileSync(file, code)
      const env = {
        ...process.env,
        REDIS_URL: redis.url,
        METRICS_PORT: '0',
        SNIPPET_BRINGS_NOCK: code.includes("from 'nock'") ? 'yes' : 'no',
      }
      const { stdout, stderr } = await run(
        process.execPath,
        ['--import', './test/examples/preamble.js', file],
        { cwd: ROOT, env },
      )
      // A comment behind a console.log is what it prints.
      for (const [, expected = ''] of code.matchAll(/console\.log\(.*\) \/\/ (.+)$/gm)) {
        expect(stdout.split('\n')).toContain(expected)
      }
      expect(stderr).not.toContain('QYAPI_TOKEN_')
    },
  )
})

describe.each(['README.md', 'README.zh-CN.md'])('%s', (name) => {
  const text = read(name)

  it('the README shows ten working lines by line 20 and says how it works by line 40', () => {
    const lines = text.split('\n')
    const first = lines.slice(0, 20).join('\n')
    expect(first).toMatch(/```js[\s\S]*attachToken\(client[\s\S]*```/)
    expect(lines.slice(0, 40).join('\n')).toMatch(/7000[\s\S]*(replays the request once|重放一次)/)
    expect(lines.length).toBeLessThanOrEqual(200)
  })

  it('the README says exactly how to see it work and how to test it', () => {
    expect(text).toContain('```sh\nnpm ci && npm start\nnpm ci && npm test\n```')
  })

  it('the README leads to every page of docs/ in its language', () => {
    const language = name.includes('zh-CN')
    const pages = PAGES.filter(
      (page) => page.startsWith('docs/') && page.includes('zh-CN') === language,
    )
    expect(pages.length).toBeGreaterThan(7)
    for (const page of pages) expect(text).toContain(`](${page}`)
  })
})

describe.each(['', '.zh-CN'])('docs/options%s.md and docs/errors-and-events%s.md', (language) => {
  const optionsPage = read(`docs/options${language}.md`)
  const errorsPage = read(`docs/errors-and-events${language}.md`)

  it('the page of options names every option with its default', () => {
    const defaults = read('src/core/options.ts')
    const options = [...defaults.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(
      ([, option = '']) => option,
    )
    expect(options.length).toBeGreaterThan(12)
    for (const option of options) expect(optionsPage).toContain(`| \`${option}\` |`)
  })

  it('the page of errors and events names every error code and every event', () => {
    const codes =
      /export type QyapiTokenErrorCode =([\s\S]*?)\n\n/.exec(read('src/core/errors.ts'))?.[1] ?? ''
    const events = read('src/core/events.ts')
    for (const [, code = ''] of codes.matchAll(/'(\w+)'/g))
      expect(errorsPage).toContain(`| \`${code}\` |`)
    for (const [, type = ''] of events.matchAll(/readonly type: '(\w+)'/g))
      expect(errorsPage).toContain(`| \`${type}\` |`)
  })

  it('the row of each event names its fields and its reasons', () => {
    const source = read('src/core/events.ts')
    const members = source
      .slice(0, source.indexOf('/** Described at'))
      .split(/\n {4}\| \{/)
      .slice(1)
    expect(members.length).toBeGreaterThan(9)
    for (const member of members) {
      const [, type = ''] = /readonly type: '(\w+)'/.exec(member) ?? []
      const row = errorsPage.split('\n').find((line) => line.startsWith(`| \`${type}\` |`)) ?? ''
      const fields = [...member.matchAll(/^ {8}readonly (\w+)\??:/gm)].map(([, field]) => field)
      const reasons =
        type === 'store_error' ? [] : [...member.matchAll(/\* - `(\w+)`/g)].map(([, one]) => one)
      for (const word of [...fields, ...reasons])
        if (word !== 'type') expect(row, `${type}: ${word}`).toContain(`\`${word}\``)
    }
  })
})
