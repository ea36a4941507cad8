import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { inPackage, run, usePackage } from '../package/packed.js'

/** Tools that do not read `exports`, and find a subpath by its folder. */
const TOOLS = {
  jest: '27.5.1',
  webpack: '4.47.0',
  eslint: '8.57.1',
  'eslint-plugin-import': '2.31.0',
}

const ours = usePackage()
let project: string
/** Every subpath as it is imported, e.g. `qyapi-token/axios`. */
let subpaths: string[]

beforeAll(async () => {
  project = await ours.project('project', { axios: '1.21.1', ...TOOLS })
  const { exports } = JSON.parse(await readFile(inPackage('package.json'), 'utf8'))
  subpaths = Object.keys(exports)
    .filter((path) => path !== './package.json')
    .map((path) => `qyapi-token${path.slice(1)}`)
  expect(subpaths.length).toBeGreaterThan(5)
})

const write = (name: string, text: string) => writeFile(join(project, name), text)
const node = (...args: string[]) => run(process.execPath, args, project)

/** An ES module that imports each of these and prints how many names the poorest has. */
const importing = (paths: readonly string[]) =>
  [
    ...paths.map((path, index) => `import * as module${index} from '${path}'`),
    `const modules = [${paths.map((_, index) => `module${index}`)}]`,
    'console.log(Math.min(...modules.map((one) => Object.keys(one).length)))\n',
  ].join('\n')

test('Jest 27 finds every subpath', async () => {
  const spec = `test.each(${JSON.stringify(subpaths)})('%s', (path) => {
    expect(Object.keys(require(path)).length).toBeGreaterThan(0)
  })`
  await write('subpaths.spec.js', spec)
  const { end, stderr } = await node('node_modules/jest/bin/jest.js', 'subpaths.spec.js')
  expect(end, stderr).toBe(0)
  expect(stderr).toContain(`Tests:       ${subpaths.length} passed`)
})

test('eslint-plugin-import finds every subpath, and none that is not there', async () => {
  const wrong = 'qyapi-token/nothing'
  await write('imports.js', importing([...subpaths, wrong]))
  const { stdout } = await node(
    ...['node_modules/eslint/bin/eslint.js', '--no-eslintrc', '--plugin', 'import'],
    ...['--parser-options', 'ecmaVersion:2022,sourceType:module'],
    ...['--rule', 'import/no-unresolved: error', '--format', 'json', 'imports.js'],
  )
  const [{ messages }] = JSON.parse(stdout)
  const texts = messages.map(({ message }: { message: string }) => message)
  expect(texts).toEqual([`Unable to resolve path to module '${wrong}'.`])
})

test('webpack 4 finds every subpath; its parser needs a loader for the newer syntax', async () => {
  const loader = `const { transformSync } = require(${JSON.stringify(inPackage('node_modules/esbuild'))})
    module.exports = (source) => transformSync(source, { target: 'es2019' }).code`
  await write('loader.js', loader)
  await write('entry.js', importing(subpaths))
  const build = `require('webpack')(
    {
      mode: 'development',
      target: 'node',
      context: __dirname,
      entry: './entry.js',
      output: { path: __dirname, filename: 'bundle.js', hashFunction: 'sha256' },
      // Only of the fake WeCom, which is a server.
      externals: (_, path, give) => (/^node:/.test(path) ? give(null, 'commonjs ' + path) : give()),
      module: { rules: [{ test: /node_modules.*js$/, loader: require.resolve('./loader.js') }] },
    },
    (error, stats) => console.log(error ? error.stack : stats.toString('errors-only')),
  )`
  await write('build.js', build)
  const built = await node('build.js')
  expect(built.stdout.trim()).toBe('')
  const { stdout, stderr } = await node('bundle.js')
  expect(Number(stdout), stderr).toBeGreaterThan(0)
})
