import { createRequire } from 'node:module'
import { beforeAll, expect, test } from 'vitest'
import { copyWithout, inPackage, run, usePackage } from '../package/packed.js'

const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc')
const TYPE_ROOTS = inPackage('node_modules/@types')
const NO_ERRORS = { end: 0, stdout: '', stderr: '' }

const ours = usePackage()
let project: string

beforeAll(async () => {
  project = await ours.projectWithPeers()
})

/** Checks every declaration, ours and those that ours import, except for TypeScript's own. */
function typeCheck(args: readonly string[], cwd = project) {
  const all = ['--skipDefaultLibCheck', '--types', 'node', '--typeRoots', TYPE_ROOTS]
  return run(process.execPath, [TSC, ...args, ...all], cwd)
}

test.each(['node16', 'bundler'])(
  'the declarations of the installed package type-check whole, without skipLibCheck, with %s resolution',
  async (resolution) => {
    expect(await typeCheck(['--project', `tsconfig.${resolution}.json`])).toEqual(NO_ERRORS)
  },
)

test('the declarations of the installed package type-check without axios, where only fetch is used', async () => {
  const withoutAxios = ours.folderOf('without-axios')
  await copyWithout(['axios', 'axios-retry'], project, withoutAxios)
  const files = ['usage-fetch.mts', 'usage-fetch.cts']
  const options = ['--module', 'node16', '--target', 'ES2022', '--strict', '--noEmit']
  expect(await typeCheck([...options, ...files], withoutAxios)).toEqual(NO_ERRORS)
})
