import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { bundleOf, command, entryPoints, packageOf } from './bundles.js'
import { inPackage, run, temporaryFolder } from './packed.js'

const read = (file: string) => readFile(inPackage(file), 'utf8')

const entries = [
  ...entryPoints.flatMap((entry) => [entry.import.default, entry.require.default]),
  command,
]
const bundled = [...new Set(entries.flatMap((entry) => bundleOf(entry).sources.map(packageOf)))]
  .filter((name) => name !== undefined)
  .sort()

test('npm publish corrects nothing in package.json', async () => {
  await using folder = await temporaryFolder()
  const copy = join(folder.path, 'package.json')
  await cp(inPackage('package.json'), copy)
  expect(await run('npm', ['pkg', 'fix'], folder.path)).toMatchObject({ end: 0 })
  expect(JSON.parse(await readFile(copy, 'utf8'))).toEqual(manifest)
})

test('the package is published for everyone, with provenance', async () => {
  expect(manifest.publishConfig).toEqual({ access: 'public', provenance: true })
  const workflow = await read('.github/workflows/release.yml')
  expect(workflow).toMatch(/^ {6}id-token: write$/m)
})

describe('the bill of materials', () => {
  interface Component {
    readonly name: string
    readonly version: string
    readonly licenses: readonly { readonly license: { readonly id: string } }[]
  }

  test('the bill of materials lists what is bundled, with versions and licences, and no other devDependency', async () => {
    const { end, stdout, stderr } = await run(process.execPath, ['.ci/sbom.js'], inPackage(''))
    expect({ end, stderr }).toEqual({ end: 0, stderr: '' })
    const bill = JSON.parse(stdout)
    expect(bill).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: { component: { name: manifest.name } },
    })
    const components: readonly Component[] = bill.components
    expect(components.map(({ name }) => name).sort()).toEqual(bundled)
    for (const { name, version, licenses } of components) {
      const installed = JSON.parse(await read(`node_modules/${name}/package.json`))
      expect({ version, licenses }).toEqual({
        version: installed.version,
        licenses: [{ license: { id: installed.license } }],
      })
    }
    const refs = bill.dependencies.map(({ ref }: { ref: string }) => ref)
    expect(refs).toHaveLength(bundled.length + 1)
  })

  test('the workflow that publishes keeps the bill of materials', async () => {
    const workflow = await read('.github/workflows/release.yml')
    expect(workflow).toContain('npm run --silent sbom > qyapi-token.cdx.json')
    expect(workflow).toContain(
      'uses: actions/upload-artifact@v4\n        with: { name: sbom, path: qyapi-token.cdx.json }',
    )
  })
})

test('the notices name each bundled package, and none that is no longer bundled', async () => {
  const notices = await read('THIRD-PARTY-LICENSES.txt')
  const named = [...notices.matchAll(/^-{20,}\n(\S+) [\d.]+, \S+$/gm)].map(([, name]) => name)
  expect(named).toEqual(bundled)
})

test('a changeset becomes the next version and its entry at the top of the changelog', async () => {
  await using folder = await temporaryFolder()
  const { path } = folder
  for (const file of ['package.json', 'CHANGELOG.md', '.changeset/config.json'])
    await cp(inPackage(file), join(path, file))
  await mkdir(join(path, '.changeset'), { recursive: true })
  const change = `---\n'${manifest.name}': minor\n---\n\nA sentence for users.\n`
  await writeFile(join(path, '.changeset/one.md'), change)
  const { end, stderr } = await run(
    process.execPath,
    [inPackage('node_modules/@changesets/cli/bin.js'), 'version'],
    path,
  )
  expect({ end, stderr }).toMatchObject({ end: 0 })
  const { version } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8'))
  const [major, minor] = manifest.version.split('.').map(Number)
  expect(version).toBe(`${major}.${Number(minor) + 1}.0`)
  const changelog = await readFile(join(path, 'CHANGELOG.md'), 'utf8')
  const entry = `## ${version}\n\n### Minor Changes\n\n- A sentence for users.\n`
  expect(changelog.replace(/^- [\da-f]{7}: /m, '- ')).toContain(`# Changelog\n\n${entry}`)
  expect(changelog.indexOf(entry)).toBeLessThan(changelog.indexOf(`## ${manifest.version}`))
})

test('the changelog begins with the version of package.json', async () => {
  const [, first] = /^## (.+)$/m.exec(await read('CHANGELOG.md')) ?? []
  expect(first).toBe(manifest.version)
})

test.each(['SECURITY.md', 'SECURITY.zh-CN.md'])(
  '%s says that the minor version of package.json gets fixes',
  async (page) => {
    const [major, minor] = manifest.version.split('.')
    expect(await read(page)).toMatch(
      new RegExp(`^\\| ${major}\\.${minor}\\.x \\| (yes|是) \\|`, 'm'),
    )
  },
)
