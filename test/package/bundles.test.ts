import { isBuiltin } from 'node:module'
import { describe, expect, test } from 'vitest'
import { bundleOf, type Door, doors, packageOf } from './bundles.js'

/** What a door may import besides p-memoize, which every door that makes tokens has. */
const OWN_DEPENDENCIES: Readonly<Record<string, readonly string[]>> = {
  'qyapi-token/axios': ['axios', 'axios-retry'],
  'qyapi-token/testing': ['node:assert/strict', 'node:http'],
}

/** The sources that belong to one door, by where they lie. */
const ROOMS: Readonly<Record<string, RegExp>> = {
  'qyapi-token/axios': /^src\/axios(\.ts|\/)/,
  'qyapi-token/fetch': /^src\/fetch(\.ts|\/)/,
  'qyapi-token/testing': /^src\/testing(\.ts|\/)/,
  'qyapi-token/stores/keyv': /^src\/stores\/keyv\.ts/,
  'qyapi-token/stores/redis': /^src\/stores\/redis(\.ts|\/)/,
}

/** The only source that knows p-memoize. */
const MEMO = 'src/core/memoized-token.ts'
const INLINED_IN_COMMONJS = ['mimic-function', 'p-memoize']

const ownDependencies = ({ name }: Door) => OWN_DEPENDENCIES[name] ?? []

function importsOf(file: string): string[] {
  const { imports } = bundleOf(file)
  return imports.map((name) => (isBuiltin(name) ? `node:${name.replace(/^node:/, '')}` : name))
}

function inlinedIn(file: string): string[] {
  const packages = bundleOf(file).sources.map(packageOf)
  return [...new Set(packages)].filter((name) => name !== undefined).sort()
}

describe.each(doors)("no door's bundle holds another door's dependency: $name", (door) => {
  const isTokenMaker = bundleOf(door.import.default).sources.includes(MEMO)

  test('its ES module imports its own dependencies and p-memoize, and holds nobody’s code', () => {
    const allowed = [...ownDependencies(door), ...(isTokenMaker ? ['p-memoize'] : [])]
    expect(importsOf(door.import.default)).toEqual(allowed.sort())
    expect(inlinedIn(door.import.default)).toEqual([])
  })

  test('its CommonJS requires its own dependencies, and holds p-memoize alone', () => {
    expect(importsOf(door.require.default)).toEqual(ownDependencies(door))
    expect(inlinedIn(door.require.default)).toEqual(isTokenMaker ? INLINED_IN_COMMONJS : [])
  })

  test('its types name no other door’s dependency', () => {
    for (const { types } of [door.import, door.require]) {
      const foreign = importsOf(types).filter((name) => !ownDependencies(door).includes(name))
      expect(foreign).toEqual([])
    }
  })

  test('it holds no code of another door', () => {
    for (const file of [door.import.default, door.require.default]) {
      const { sources } = bundleOf(file)
      for (const [other, room] of Object.entries(ROOMS)) {
        if (other !== door.name) expect(sources.filter((source) => room.test(source))).toEqual([])
      }
    }
  })
})
