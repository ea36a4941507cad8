import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { bundleOf, command, type EntryPoint, entryPoints, packageOf } from './bundles.js'
import { inPackage } from './packed.js'

/** What an entry point may import. */
const OWN_DEPENDENCIES: Readonly<Record<string, readonly string[]>> = {
  'qyapi-token/axios': ['axios'],
  'qyapi-token/testing': ['node:assert/strict', 'node:fs/promises', 'node:http', 'node:util'],
}

/** What its types may name besides: nothing of it is loaded. */
const TYPES_OF: Readonly<Record<string, readonly string[]>> = {
  'qyapi-token/otel': ['@opentelemetry/api'],
}

/** The sources that belong to one entry point, by where they lie. */
const ROOMS: Readonly<Record<string, RegExp>> = {
  'qyapi-token': /^src\/wecom\/errcodes\//,
  'qyapi-token/axios': /^src\/axios(\.ts|\/)/,
  'qyapi-token/fetch': /^src\/fetch(\.ts|\/)/,
  'qyapi-token/limits': /^src\/limits(\.ts|\/)/,
  'qyapi-token/otel': /^src\/otel\.ts/,
  'qyapi-token/testing': /^src\/testing(\.ts|\/)/,
  'qyapi-token/stores/keyv': /^src\/stores\/keyv\.ts/,
  'qyapi-token/stores/redis': /^src\/stores\/redis(\.ts|\/)/,
}

/** What comes along with a source of ours, inside of the bundle. */
const BROUGHT_BY: Readonly<Record<string, readonly string[]>> = {
  'src/token/memoized-token.ts': ['mimic-function', 'p-memoize'],
  'src/axios/transport.ts': ['axios-retry', 'is-retry-allowed'],
}

const ownDependencies = ({ name }: EntryPoint) => OWN_DEPENDENCIES[name] ?? []

function importsOf(file: string): string[] {
  const { imports } = bundleOf(file)
  return imports.map((name) => (isBuiltin(name) ? `node:${name.replace(/^node:/, '')}` : name))
}

function inlinedIn(file: string): string[] {
  const packages = bundleOf(file).sources.map(packageOf)
  return [...new Set(packages)].filter((name) => name !== undefined).sort()
}

const filesOf = (entry: EntryPoint) => [entry.import.default, entry.require.default]

describe.each(entryPoints)(
  'the bundles of $name hold what that entry point needs, and no more',
  (entry) => {
    test.each(filesOf(entry))(
      '%s imports what belongs to its entry point, and nothing else',
      (file) => {
        expect(importsOf(file)).toEqual(ownDependencies(entry))
      },
    )

    test.each(filesOf(entry))(
      '%s holds the packages that its sources need, and no other',
      (file) => {
        const needed = bundleOf(file).sources.flatMap((source) => BROUGHT_BY[source] ?? [])
        expect(inlinedIn(file)).toEqual(needed.sort())
      },
    )

    test('the types name no dependency of another entry point', () => {
      for (const { types } of [entry.import, entry.require]) {
        const own = [...ownDependencies(entry), ...(TYPES_OF[entry.name] ?? [])]
        const foreign = importsOf(types).filter((name) => !own.includes(name))
        expect(foreign).toEqual([])
      }
    })

    test('a bundle holds no code of another entry point', () => {
      for (const file of filesOf(entry)) {
        const { sources } = bundleOf(file)
        for (const [other, room] of Object.entries(ROOMS)) {
          if (other !== entry.name)
            expect(sources.filter((source) => room.test(source))).toEqual([])
        }
      }
    })
  },
)

test('the command needs Node alone, and no entry point holds a part of it', () => {
  expect(importsOf(command).filter((name) => !isBuiltin(name))).toEqual([])
  const sources = entryPoints.flatMap(filesOf).flatMap((file) => bundleOf(file).sources)
  expect(sources.filter((source) => source.startsWith('src/cli'))).toEqual([])
})

test('the table of errcodes is left out of a program that does not import explainErrcode', async () => {
  const contents = (name: string) =>
    `import { ${name} } from './dist/index.js'; console.log(${name})`
  const bundled = async (name: string) => {
    const stdin = { contents: contents(name), resolveDir: inPackage('') }
    const quiet = { bundle: true, write: false, logLevel: 'silent' } as const
    const options = { ...quiet, stdin, format: 'esm', platform: 'node' } as const
    return (await build(options)).outputFiles[0]?.text ?? ''
  }
  expect(await bundled('explainErrcode')).toContain('stale_suite_ticket')
  expect(await bundled('createTokenSource')).not.toContain('stale_suite_ticket')
})

const inlined = [...new Set(entryPoints.flatMap(filesOf).flatMap(inlinedIn))].sort()
const notices = readFileSync(inPackage('THIRD-PARTY-LICENSES.txt'), 'utf8')

test('the bundled packages leave nothing to be installed with ours', () => {
  expect(manifest).not.toHaveProperty('dependencies')
  expect(manifest).not.toHaveProperty('optionalDependencies')
  expect(Object.keys(manifest.peerDependencies)).toEqual(Object.keys(manifest.peerDependenciesMeta))
  for (const meta of Object.values(manifest.peerDependenciesMeta))
    expect(meta).toEqual({ optional: true })
})

test.each(inlined)(
  'the bundled package %s is shipped with its version, its licence and a notice in the code',
  (name) => {
    const folder = inPackage(`node_modules/${name}`)
    const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
    expect(notices).toContain(`${name} ${version}, ${license}\n`)
    const file = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file))
    expect(notices).toContain(readFileSync(`${folder}/${file}`, 'utf8').trim())
    for (const file of entryPoints.flatMap(filesOf).flatMap((entry) => bundleOf(entry).files)) {
      const [notice] = readFileSync(inPackage(file), 'utf8').split('*/', 1)
      expect(notice, file).toMatch(new RegExp(`^/\\*!.*${name}`))
    }
  },
)

test('the bundled packages are shipped with the whole text of the Apache License where one has it', () => {
  expect(inlined).toContain('axios-retry')
  expect(notices).toContain('TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION')
  expect(notices).toContain('END OF TERMS AND CONDITIONS')
})
