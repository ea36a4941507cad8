import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RedisAddress, startAnyRedis } from '../support/redis.js'
import { inChinese, read, snippetsIn } from './pages.js'

const run = promisify(execFile)
const ROOT = new URL('../../', import.meta.url).pathname

/** Runs every snippet of some pages. `folder`: of this call alone. */
export function runSnippets(pages: readonly string[], folder: string): void {
  // Inside the package, so that `qyapi-token` is found by its own name.
  const snippetsFolder = `${ROOT}test/examples/.snippets-${folder}`
  let redis: RedisAddress

  beforeAll(async () => {
    mkdirSync(snippetsFolder, { recursive: true })
    redis = await startAnyRedis()
  })
  afterAll(async () => {
    rmSync(snippetsFolder, { recursive: true, force: true })
    await redis.stop()
  })

  describe.each(pages)('%s', (name) => {
    const snippets = snippetsIn(name)

    it('a paper has the snippets and the levels of headings that it has in Chinese', () => {
      const chinese = inChinese(name)
      const levels = (page: string) =>
        [...read(page).matchAll(/^(#+) /gm)].map(([, marks]) => marks)
      expect(levels(chinese)).toEqual(levels(name))
      const kinds = (page: string) => snippetsIn(page).map(({ fence }) => fence)
      expect(kinds(chinese)).toEqual(kinds(name))
    })

    it.each(snippets.filter(({ isRun }) => isRun))(
      'snippet $index of a paper runs',
      async (snippet) => {
        const { index, code } = snippet
        const file = `${snippetsFolder}/${name.replaceAll('/', '-')}-${index}.js`
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
}
