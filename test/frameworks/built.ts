import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect } from 'vitest'
import { run } from '../package/packed.js'
import { environment, load, project } from './apps.js'

const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc')

/** The NestJS example as nest build makes it; gives what requires from there. */
export async function compiledNest() {
  const dist = join(project, 'nest')
  await mkdir(dist)
  await writeFile(join(dist, 'package.json'), '{ "type": "commonjs" }')
  const compilerOptions = {
    ...{ target: 'es2022', module: 'commonjs', moduleResolution: 'node10' },
    ...{ experimentalDecorators: true, emitDecoratorMetadata: true, strict: true },
    ...{ skipLibCheck: true, ignoreDeprecations: '6.0', types: [], outDir: dist },
  }
  const config = { compilerOptions, files: ['nestjs.ts'] }
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(config))
  expect(await run(process.execPath, [TSC, '--project', project], project)).toMatchObject({
    end: 0,
    stdout: '',
  })
  return createRequire(join(dist, 'nestjs.js'))
}

interface Miniflare {
  readonly ready: Promise<URL>
  dispose(): Promise<void>
}

/** The Worker example on workerd, behind an entry whose requests to /gone are over at once. */
export async function startedWorker(name: string) {
  const { build } = createRequire(join(project, 'load.cjs'))('esbuild')
  const contents = `
    import worker from './cloudflare-worker.js'
    export default {
      fetch(request) {
        const answer = worker.fetch(request)
        if (new URL(request.url).pathname !== '/gone') return answer
        answer.catch(() => {})
        return new Response('{}')
      },
    }`
  const { outputFiles } = await build({
    ...{ stdin: { contents, resolveDir: project }, bundle: true, format: 'esm', write: false },
    external: ['node:*', 'cloudflare:*'],
  })
  const { Miniflare } = await load<{ Miniflare: new (options: object) => Miniflare }>('miniflare')
  const worker = new Miniflare({
    modules: true,
    script: outputFiles[0].text,
    compatibilityDate: '2025-09-01',
    bindings: environment(name),
  })
  return { address: (await worker.ready).href, stop: () => worker.dispose() }
}
