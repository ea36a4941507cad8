import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { read } from '../examples/pages.js'

const ROOT = new URL('../../', import.meta.url).pathname
// Inside the package, so that `qyapi-token` is found by its own name.
const FOLDER = `${ROOT}test/examples/.snippets-start`

it.each(['docs/start.md', 'docs/start.zh-CN.md'])(
  'the first program of %s sends its message to the fake that the page starts',
  async (page) => {
    const [, program = ''] = /^```js no-run\n([\s\S]*?)^```/m.exec(read(page)) ?? []
    expect(read(page)).toContain('npx qyapi-token fake --port 8700\n')
    expect(program).toContain("'http://127.0.0.1:8700'")
    const fake = spawn(process.execPath, ['dist/cli.js', 'fake', '--json'], { cwd: ROOT })
    try {
      const [line] = await once(fake.stdout, 'data')
      const { url } = JSON.parse(String(line))
      mkdirSync(FOLDER, { recursive: true })
      const file = `${FOLDER}/${page.replaceAll('/', '-')}.mjs`
      writeFileSync(file, program.replace('http://127.0.0.1:8700', url))
      const { stdout } = await promisify(execFile)(process.execPath, [file])
      expect(stdout).toBe('ok\n')
    } finally {
      fake.kill()
      rmSync(FOLDER, { recursive: true, force: true })
    }
  },
)
