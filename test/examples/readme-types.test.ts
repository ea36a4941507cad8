import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

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

test('every snippet of both READMEs compiles under strict', async () => {
  const files = ['README.md', 'README.zh-CN.md'].flatMap((name) => {
    const text = readFileSync(`${ROOT}${name}`, 'utf8')
    return [...text.matchAll(/^```[jt]s\n([\s\S]*?)^```/gm)].map(([, code = ''], index) => {
      const file = `${SNIPPETS}/${name}-${index + 1}.mts`
      writeFileSync(file, code)
      return file
    })
  })
  expect(files.length).toBeGreaterThan(10)
  const config = {
    compilerOptions: {
      module: 'node16',
      target: 'ES2022',
      lib: ['ES2022', 'DOM'],
      strict: true,
      noEmit: true,
      types: ['node'],
      skipLibCheck: true,
    },
    files: [...files, `${ROOT}test/examples/preamble.d.ts`],
  }
  writeFileSync(`${SNIPPETS}/tsconfig.json`, JSON.stringify(config))
  const compiled = await promisify(execFile)(process.execPath, [TSC, '--project', SNIPPETS]).catch(
    ({ stdout }) => ({ stdout }),
  )
  expect(compiled.stdout).toBe('')
})
