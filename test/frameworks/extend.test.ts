import { cp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { inPackage, run, usePackage } from '../package/packed.js'

/** What is built outside of the repository, on the packed package alone. */
const FOLDER = inPackage('examples/extend')
const { undici, 'node-sqlite3-wasm': sqlite } = manifest.devDependencies

const ours = usePackage()
let project: string

beforeAll(async () => {
  project = await ours.project('extend', { undici, 'node-sqlite3-wasm': sqlite })
  await cp(FOLDER, join(project, 'extend'), { recursive: true })
  await run('npm', ['pkg', 'set', 'type=module'], project)
})

/** Each with the number of rules in its contracts, and its own tests. */
const EXAMPLES = [
  { example: 'gateway-credential', contracts: ['credentialContract'] },
  { example: 'sqlite-store', contracts: ['storeContract', 'leaseContract'] },
  { example: 'undici-client', contracts: ['clientContract'] },
]

describe.each(EXAMPLES)('the extension $example', ({ example, contracts }) => {
  it('an extension that a stranger builds on the packed package keeps its contract', async () => {
    const counts = contracts.map((name) => `${name}(() => {}).length`).join(' + ')
    const count = `import { ${contracts} } from 'qyapi-token/testing'; console.log(${counts})`
    const open = count.replace('credentialContract(() => {})', 'credentialContract({ open() {} })')
    const { stdout: rules } = await run(
      process.execPath,
      ['--input-type=module', '-e', open],
      project,
    )
    const test = `extend/${example}.test.js`
    const { end, stdout } = await run(process.execPath, ['--test', test], project)
    expect({ end, stdout }).toMatchObject({ end: 0 })
    const [, passed] = /^(?:#|ℹ) pass (\d+)$/m.exec(stdout) ?? []
    expect(Number(passed)).toBe(Number(rules) + 1)
  })

  it('an extension imports public entry points and the packages that it extends, nothing else', async () => {
    for (const file of [`${example}.js`, `${example}.test.js`]) {
      const text = await readFile(join(FOLDER, file), 'utf8')
      const imported = [...text.matchAll(/from '([^']+)'/g)].map(([, name = '']) => name)
      expect(imported).not.toEqual([])
      const isAllowed = (name: string) =>
        name === `./${example}.js` ||
        /^(node:|undici$|node-sqlite3-wasm$|qyapi-token(\/|$))/.test(name)
      expect(imported.filter((name) => !isAllowed(name))).toEqual([])
    }
  })
})

it('each file of examples/extend is one of these, with at most 80 lines', async () => {
  const files = (await readdir(FOLDER)).sort()
  expect(files).toEqual(
    EXAMPLES.flatMap(({ example }) => [`${example}.js`, `${example}.test.js`]).sort(),
  )
  for (const file of files) {
    const text = await readFile(join(FOLDER, file), 'utf8')
    expect(text.trimEnd().split('\n').length, file).toBeLessThanOrEqual(80)
  }
})
