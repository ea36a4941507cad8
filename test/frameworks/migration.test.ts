import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { snippetsIn } from '../examples/pages.js'
import { inPackage, run, usePackage } from '../package/packed.js'

/** Which path each SDK calls in the snippets, and what they print at the end. */
const SDKS = [
  { sdk: 'wechat-enterprise-api', path: 'user/get', printed: 'ok' },
  { sdk: 'co-wechat-api', path: 'getcallbackip', printed: 'true' },
]
const snippets = snippetsIn('docs/migration.md').filter(({ fence }) => fence === 'js no-run')

const ours = usePackage()
let project: string

beforeAll(async () => {
  project = await ours.project('project', {
    'co-wechat-api': '3.11.0',
    nock: '14.0.17',
    urllib: '2.44.0',
    'wechat-enterprise-api': '0.3.0',
  })
  await cp(inPackage('test/examples/preamble.js'), join(project, 'preamble.mjs'))
})

/** `refused`: the first call of that path is answered with 42001. */
async function printedBy(code: string, refused = ''): Promise<string> {
  await writeFile(join(project, 'snippet.mjs'), code)
  const loader = `process.env.SNIPPET_REFUSED_ONCE = '${refused}'; await import('./preamble.mjs')\n`
  await writeFile(join(project, 'loader.mjs'), loader)
  const { stdout, stderr } = await run(
    process.execPath,
    ['--import', './loader.mjs', 'snippet.mjs'],
    project,
  )
  return stdout.trim() || stderr
}

describe.each(SDKS)('the migration from $sdk', ({ sdk, path, printed }) => {
  const [before, after] = snippets.filter(({ code }) => code.includes(`from '${sdk}'`))

  it('a migration starts from code that works', async () => {
    expect(await printedBy(before?.code ?? '')).toBe(printed)
  })

  it('a migration ends with code that works, with the methods of the SDK', async () => {
    expect(await printedBy(after?.code ?? '')).toBe(printed)
  })

  it('a migration ends with code that sends a refused call again', async () => {
    expect(await printedBy(before?.code ?? '', path)).not.toBe(printed)
    expect(await printedBy(after?.code ?? '', path)).toBe(printed)
  })
})
