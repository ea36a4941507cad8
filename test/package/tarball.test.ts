import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { posix } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { bundleOf, command, entryPoints } from './bundles.js'
import { inPackage, packInto, temporaryFolder } from './packed.js'

const BUNDLE = /^dist\/(stores\/)?[\w-]+(\.c?js|\.d\.c?ts)$/
/** The page of the fake WeCom, file by file. */
const PAGE = /^dist\/page\/[\w-]+\.(html|css|js|svg)$/
const PAPERS =
  /^(package\.json|(README|SECURITY)(\.zh-CN)?\.md|LICENSE|CHANGELOG\.md|CONTRIBUTING\.md|THIRD-PARTY-LICENSES\.txt)$/
/** What the papers show and link to. */
const LINKED =
  /^(docs\/([\w.-]+\.md|grafana-dashboard\.json|llms\.txt|images\/[\w.-]+\.(png|svg))|examples\/.+|bench\/(RESULTS\.md|results\.svg))$/
/** For what does not read `exports`. */
const SUBPATH_FOLDER = /^(axios|fetch|limits|otel|testing|stores\/\w+)\/package\.json$/

/** What an absolute path of this machine starts with; a home at / says nothing. */
const PLACES = [inPackage(''), `${homedir()}/`, 'file:///'].filter((place) => place !== '//')

let files: readonly string[]
let size: number

beforeAll(async () => {
  await using folder = await temporaryFolder()
  ;({ files, size } = await packInto(folder.path))
})

test('the tarball holds bundles, folders of subpaths, package.json and the papers with what they link to, nothing else', () => {
  const isExpected = (file: string) =>
    [BUNDLE, PAGE, SUBPATH_FOLDER, PAPERS, LINKED].some((pattern) => pattern.test(file))
  expect(files.filter((file) => !isExpected(file))).toEqual([])
})

test('the tarball holds what its papers link to: every relative link leads to a file of it', async () => {
  const papers = files.filter((file) => file.endsWith('.md'))
  expect(papers).toContain('README.md')
  for (const paper of papers) {
    const text = await readFile(inPackage(paper), 'utf8')
    const links = [...text.matchAll(/(?:\]\(|(?:src|href)=["'])([^)\s"'#]+)/g)].map(
      ([, to = '']) => to,
    )
    const relative = links.filter((link) => !/^[a-z]+:/i.test(link))
    const led = relative.map((link) => posix.join(posix.dirname(paper), link))
    expect(
      led.filter((file) => !files.includes(file)),
      paper,
    ).toEqual([])
  }
})

test('the tarball has a folder for each subpath that leads where `exports` leads', async () => {
  for (const entry of entryPoints.filter(({ name }) => name !== 'qyapi-token')) {
    const folder = posix.relative('qyapi-token', entry.name)
    expect(files).toContain(`${folder}/package.json`)
    const manifest = JSON.parse(await readFile(inPackage(`${folder}/package.json`), 'utf8'))
    const led = ['main', 'module', 'types'].map((key) => posix.join(folder, manifest[key]))
    const { require, import: imported } = entry
    expect(led).toEqual(
      [require.default, imported.default, require.types].map((file) => posix.normalize(file)),
    )
  }
})

test('the tarball holds every file that package.json names', () => {
  const named = entryPoints.flatMap((entry) => [entry.import, entry.require].flatMap(Object.values))
  expect(named).not.toEqual([])
  expect(named.filter((file) => !files.includes(posix.normalize(file)))).toEqual([])
})

test('the tarball holds no chunk of an older build: every bundle is reached from an entry point', () => {
  const bundled = entryPoints.flatMap((entry) =>
    [entry.import, entry.require].flatMap(Object.values),
  )
  const reached = new Set([...bundled, command].flatMap((entry) => bundleOf(entry).files))
  const bundles = files.filter((file) => BUNDLE.test(file))
  expect(bundles.filter((file) => !reached.has(file))).toEqual([])
})

test('the tarball stays below 1 MB', () => {
  expect(size).toBeLessThan(1_000_000)
})

test('the tarball holds no absolute path of this machine', async () => {
  for (const file of files) {
    const text = await readFile(inPackage(file), 'utf8')
    expect(
      PLACES.filter((place) => text.includes(place)),
      file,
    ).toEqual([])
  }
})
