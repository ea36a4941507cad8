import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, it } from 'vitest'

const SRC = new URL('../src', import.meta.url).pathname

interface SourceFile {
  readonly path: string
  readonly text: string
  readonly imports: readonly string[]
}

const files: SourceFile[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(join(SRC, path), 'utf8')
    const imports = [...text.matchAll(/(?:from|import)\s+'([^']+)'/g)].map(([, name = '']) =>
      name.startsWith('.') ? normalize(join(dirname(path), name)).replace(/\.js$/, '.ts') : name,
    )
    return { path, text, imports }
  })

/** Arrows point down: axios, fetch → request, credentials → token → gettoken → sharing → core → wecom. */
const BELOW_TOKEN = ['gettoken', 'sharing', 'core', 'wecom']
const BELOW_REQUEST = ['token', ...BELOW_TOKEN]
const MAY_IMPORT: Record<string, readonly string[]> = {
  wecom: ['wecom'],
  core: ['core', 'wecom'],
  sharing: ['sharing', 'core', 'wecom'],
  gettoken: BELOW_TOKEN,
  token: BELOW_REQUEST,
  credentials: ['credentials', ...BELOW_REQUEST],
  request: ['request', ...BELOW_REQUEST],
  stores: ['stores', 'sharing', 'core', 'wecom'],
  limits: ['limits', 'sharing', 'core', 'wecom'],
  testing: ['testing', 'core', 'wecom'],
  axios: ['axios', 'request', ...BELOW_REQUEST],
  fetch: ['fetch', 'request', ...BELOW_REQUEST],
  cli: ['cli', 'testing', 'stores', 'credentials', ...BELOW_REQUEST],
  '': [
    ...['cli', 'axios', 'fetch', 'limits', 'testing', 'credentials', 'stores', 'request'],
    ...BELOW_REQUEST,
  ],
}

const roomOf = (path: string) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '')
const isOurs = (name: string) => files.some(({ path }) => path === name)

it('arrows point down only', () => {
  const wrong = files.flatMap(({ path, imports }) =>
    imports
      .filter(isOurs)
      .filter((name) => !(MAY_IMPORT[roomOf(path)] ?? []).includes(roomOf(name)))
      .map((name) => `${path} -> ${name}`),
  )
  expect(wrong).toEqual([])
})

it('no file imports the root entry', () => {
  expect(files.filter(({ imports }) => imports.includes('index.ts'))).toEqual([])
})

it('the imports have no cycles, types included', () => {
  const importsOf = new Map(files.map(({ path, imports }) => [path, imports.filter(isOurs)]))
  const cycles: string[] = []
  const done = new Set<string>()
  const walk = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
    if (trail.includes(path) || done.has(path)) return
    for (const name of importsOf.get(path) ?? []) walk(name, [...trail, path])
    done.add(path)
  }
  for (const { path } of files) walk(path, [])
  expect(cycles).toEqual([])
})

it('each dependency lives in one place', () => {
  const importersOf = (name: string) =>
    files.filter(({ imports }) => imports.includes(name)).map(({ path }) => path)
  expect(importersOf('p-memoize')).toEqual(['token/memoized-token.ts'])
  expect(importersOf('axios-retry')).toEqual(['axios/transport.ts'])
  for (const path of importersOf('axios')) expect(path).toMatch(/^axios[./]/)
})

it('a client without `limits` loads nothing of the call limits', () => {
  const loaded = new Set<string>()
  const load = (path: string) => {
    if (loaded.has(path)) return
    loaded.add(path)
    for (const name of files.find((file) => file.path === path)?.imports ?? []) load(name)
  }
  for (const entry of ['axios.ts', 'fetch.ts', 'index.ts', 'testing.ts']) load(entry)
  expect(loaded.size).toBeGreaterThan(80)
  expect([...loaded].filter((path) => path.startsWith('limits/'))).toEqual([])
})

it('below the entry points only the platform touches Node or a global', () => {
  const core = files.filter(({ path }) =>
    /^(core|sharing|gettoken|token|request|limits)\//.test(path),
  )
  expect(core.filter(({ imports }) => imports.some((name) => name.startsWith('node:')))).toEqual([])
  const globals = /\b(performance|globalThis|Date\.now|setTimeout|setInterval|process|crypto)\b[.(]/
  const touching = core.filter(({ text }) => globals.test(text.replace(/\/\*[\s\S]*?\*\//g, '')))
  expect(touching.map(({ path }) => path)).toEqual(['core/node-streams.ts', 'core/platform.ts'])
})

it('no module keeps state that outlives its factories', () => {
  const keeping = files.filter(({ text }) => /^(export )?(let|var) /m.test(text))
  expect(keeping.map(({ path }) => path)).toEqual([])
})

it('files stay below 250 lines', () => {
  const long = files.filter(({ text }) => text.split('\n').length > 251)
  expect(long.map(({ path }) => path)).toEqual([])
})

it('the axios entry opens with the sentence that says what it does', () => {
  const entry = files.find(({ path }) => path === 'axios.ts')?.text.replace(/\n \* /g, ' ') ?? ''
  expect(entry).toContain(
    'a request interceptor injects the memoized token, with the memoization expiring after 7000 s',
  )
  expect(entry).toContain(
    'spots token-invalid errcodes, clears the cache, and replays the request once',
  )
})

const TESTS = new URL('.', import.meta.url).pathname
const tests = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && path !== 'architecture.test.ts')
  // Several processes have no fake clock between them: their limits are generous.
  .filter((path) => !path.startsWith('machines/'))
  .map((path) => ({ path, text: readFileSync(join(TESTS, path), 'utf8') }))

const FAKE_TIME = /useFakeTimers/
it.each<[string, RegExp, unless?: RegExp]>([
  ['count what the whole process has', /getActiveResourcesInfo|_getActive(Handles|Requests)/],
  ['look at the listeners of the whole process', /\bprocess\.(listenerCount|listeners)\(/],
  ['count every warning of the process', /\bprocess\.(on|once)\('warning'/],
  ['measure by the clock on the wall', /\b(performance|Date)\.now\(\) - /, FAKE_TIME],
  ['pass if they fail only now and then', /\bretry: [1-9]/],
  ['listen on a port that another may have', /\.listen\([1-9]/],
])('tests do not %s: a busy machine makes no difference', (_what, means, unless) => {
  const found = tests.filter(({ text }) => means.test(text) && !unless?.test(text))
  expect(found.map(({ path }) => path)).toEqual([])
})
