import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run, usePackage } from '../package/packed.js'

/** Outside of what we support, a prerelease among them: ranges leave those out. */
const OLD_AXIOSES = ['0.19.2', '0.21.4', '1.0.0-alpha.1']

const ours = usePackage()

test('npm install brings this package and nothing else where only fetch is used', async () => {
  const project = await ours.project('fetch-only')
  const installed = await readdir(join(project, 'node_modules'))
  expect(installed.filter((name) => !name.startsWith('.'))).toEqual(['qyapi-token'])
})

test.each(OLD_AXIOSES)(
  'npm install succeeds beside axios %s, which attachToken refuses in one sentence with the version it needs',
  async (axios) => {
    const project = await ours.project(axios, { axios })
    for (const program of ['old-axios.cjs', 'old-axios.mjs']) {
      const { end, stdout, stderr } = await run(process.execPath, [program], project)
      expect({ end, stderr }).toEqual({ end: 0, stderr: '' })
      expect(stdout).toMatch(
        /^bad_options: attachToken and axiosTransport need axios [\d.]+ or newer, but .*\.\n$/,
      )
    }
  },
)
