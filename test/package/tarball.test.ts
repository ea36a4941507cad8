import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { posix } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { bundleOf, doors } from './bundles.js'
import { inPackage, packInto, temporaryFolder } from './packed.js'

const BUNDLE = /^dist\/(stores\/)?[\w-]+(\.c?js(\.map)?|\.d\.c?ts)$/
const PAPERS = /^(package\.json|README(\.zh-CN)?\.md|LICENSE|CHANGELOG\.md|SECURITY\.md)$/

/** What an absolute path of this machine starts with; a home at / says nothing. */
const PLACES = [inPackage(''), `${homedir()}/`, 'file:///'].filter((place) => place !== '//')

let files: readonly string[]

beforeAll(async () => {
  await using folder = await temporaryFolder()
  files = (await packInto(folder.path)).files
})

describe('the tarball', () => {
  test('holds bundles, package.json and the papers, nothing else', () => {
    expect(files.filter((file) => !BUNDLE.test(file) && !PAPERS.test(file))).toEqual([])
  })

  test('holds every file that package.json names', () => {
    const named = doors.flatMap((door) => [door.import, door.require].flatMap(Object.values))
    expect(named).not.toEqual([])
    expect(named.filter((file) => !files.includes(posix.normalize(file)))).toEqual([])
  })

  test('holds no chunk of an older build: every bundle is reached from a door', () => {
    const entries = doors.flatMap((door) => [door.import, door.require].flatMap(Object.values))
    const reached = new Set(entries.flatMap((entry) => bundleOf(entry).files))
    const bundles = files.filter((file) => BUNDLE.test(file))
    const isReached = (file: string) => reached.has(file.replace(/\.map$/, ''))
    expect(bundles.filter((file) => !isReached(file))).toEqual([])
  })

  test('holds no absolute path of this machine', async () => {
    for (const file of files) {
      const text = await readFile(inPackage(file), 'utf8')
      expect(
        PLACES.filter((place) => text.includes(place)),
        file,
      ).toEqual([])
    }
  })
})
