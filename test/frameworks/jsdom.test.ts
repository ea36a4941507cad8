import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { run, usePackage } from '../package/packed.js'

const SPEC = fileURLToPath(new URL('./jsdom.spec.cjs', import.meta.url))

const ours = usePackage()

it("both entries heal a call in Jest's environment jsdom", async () => {
  const jest = { jest: '29.7.0', 'jest-environment-jsdom': '29.7.0' }
  const project = await ours.project('jsdom', { axios: '1.21.1', ...jest })
  await cp(SPEC, join(project, 'jsdom.spec.cjs'))
  await writeFile(join(project, 'jest.config.json'), '{ "testMatch": ["**/jsdom.spec.cjs"] }')
  const { end, stderr } = await run('npx', ['--no-install', 'jest'], project)
  expect(end, stderr).toBe(0)
  expect(stderr).toContain('2 passed')
})
