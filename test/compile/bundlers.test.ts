import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import { inPackage, run, usePackage } from '../package/packed.js'

const TOOLS = {
  webpack: '5.105.4',
  rollup: '4.67.4',
  '@rollup/plugin-node-resolve': '16.0.3',
}

/** Each bundles `entry.js` to `bundle.js`. */
const BUILDS: Readonly<Record<string, string>> = {
  esbuild: `require(${JSON.stringify(inPackage('node_modules/esbuild'))}).build({
    entryPoints: ['entry.js'], bundle: true, minify: true, format: 'esm', outfile: 'bundle.js',
    logLevel: 'error',
  })`,
  // Only leaves out: what is left is not minified.
  rollup: `require('rollup').rollup({
    input: 'entry.js', plugins: [require('@rollup/plugin-node-resolve').default()],
  }).then((bundle) => bundle.write({ file: 'bundle.js', format: 'es' }))`,
  webpack: `require('webpack')(
    { mode: 'production', context: __dirname, entry: './entry.js',
      output: { path: __dirname, filename: 'bundle.js' } },
    (error, stats) => process.stderr.write(error ? error.stack : stats.toString('errors-only')),
  )`,
}

const ours = usePackage()
let project: string

beforeAll(async () => {
  project = await ours.project('project', TOOLS)
})
test.each(Object.entries(BUILDS))(
  '%s leaves everything out of a program that imports isQyapiTokenError alone, but 1 kB',
  async (_, build) => {
    const entry = `import { isQyapiTokenError } from 'qyapi-token'
      console.log(isQyapiTokenError(new Error('another')))`
    await writeFile(join(project, 'entry.js'), entry)
    await writeFile(join(project, 'build.cjs'), build)
    const built = await run(process.execPath, ['build.cjs'], project)
    expect(built).toMatchObject({ end: 0, stderr: '' })
    const bundle = join(project, 'bundle.js')
    expect((await stat(bundle)).size).toBeGreaterThan(100)
    expect(gzipSync(await readFile(bundle)).length).toBeLessThanOrEqual(1_000)
    const ran = await run(process.execPath, ['bundle.js'], project)
    expect(ran).toMatchObject({ end: 0, stdout: 'false\n' })
  },
)
