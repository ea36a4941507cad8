import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PAGES, snippetsIn } from '../examples/pages.js'

const ROOT = new URL('../../', import.meta.url).pathname
// Inside the package, so that `qyapi-token` is found by its own name.
const SNIPPETS = `${ROOT}test/examples/.snippets-types`
const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc')

beforeAll(() => {
  mkdirSync(SNIPPETS, { recursive: true })
})
afterAll(() => {
  rmSync(SNIPPETS, { recursive: true, force: true })
})

/** What comes of packages that are not installed here: their modules, and parameters of their callbacks. */
const UNINSTALLED = /error TS(?:2307|7006|7016|7031):/

test('every snippet of the READMEs and of docs/ compiles under strict', async () => {
  const files = PAGES.flatMap((page) =>
    snippetsIn(page).map(({ index, fence, code }) => {
      const kind = fence.endsWith(' no-run') ? 'no-run' : 'run'
      const file = `${SNIPPETS}/${page.replaceAll('/', '-')}-${index}.${kind}.mts`
      writeFileSync(file, code)
      return file
    }),
  )
  expect(files.length).toBeGreaterThan(30)
  const config = {
    compilerOptions: {
      module: 'node16',
      target: 'ES2022',
      lib: ['ES2022', 'DOM'],
      strict: true,
      noEmit: true,
      types: ['node'],
      skipLibCheck: true,
      experimentalDecorators: true,
      esModuleInterop: true,
    },
    files: [...files, `${ROOT}test/examples/preamble.d.ts`],
  }
  writeFileSync(`${SNIPPETS}/tsconfig.json`, JSON.stringify(config))
  const compiled = await promisify(execFile)(process.execPath, [TSC, '--project', SNIPPETS]).catch(
    ({ stdout }) => ({ stdout }),
  )
  const lines: string[] = compiled.stdout.split('\n').filter(Boolean)
  const isOfSnippet = (line: string) => !(line.includes('.no-run.mts') && UNINSTALLED.test(line))
  expect(lines.filter(isOfSnippet)).toEqual([])
})
