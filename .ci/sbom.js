// Prints the bill of materials of what is published, in CycloneDX: npm's own, without devDependencies, and with the
// packages whose code is bundled into dist/, which npm counts among the devDependencies. Needs a build.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const json = (file) => JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'))

const inputs = ['esm', 'cjs'].flatMap((format) =>
  Object.values(json(`dist/metafile-${format}.json`).outputs).flatMap(({ inputs }) =>
    Object.keys(inputs),
  ),
)
const names = inputs.map((input) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1])
const bundled = [...new Set(names.filter((name) => name !== undefined))]
  .sort()
  .map((name) => json(`node_modules/${name}/package.json`))

const idOf = ({ name, version }) => `${name}@${version}`
const componentOf = ({ name, version, license }) => ({
  'bom-ref': idOf({ name, version }),
  type: 'library',
  name,
  version,
  scope: 'required',
  purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
  properties: [{ name: 'cdx:npm:package:bundled', value: 'true' }],
  licenses: [{ license: { id: license } }],
})
const dependencyOf = ({ name, version, dependencies = {} }) => ({
  ref: idOf({ name, version }),
  dependsOn: bundled.filter(({ name }) => Object.hasOwn(dependencies, name)).map(idOf),
})

const args = ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--omit', 'peer']
const cwd = new URL('..', import.meta.url)
const bill = JSON.parse(execFileSync('npm', args, { cwd, encoding: 'utf8' }))
const { metadata, components, dependencies } = bill
const ours = metadata.component['bom-ref']
// npm takes the folder's name for it.
metadata.component.name = json('package.json').name
bill.components = [...components, ...bundled.map(componentOf)]
bill.dependencies = [
  ...dependencies.map(({ ref, dependsOn }) =>
    ref === ours ? { ref, dependsOn: [...dependsOn, ...bundled.map(idOf)] } : { ref, dependsOn },
  ),
  ...bundled.map(dependencyOf),
]
console.log(JSON.stringify(bill, null, 2))
