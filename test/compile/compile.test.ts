import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { inPackage, installInto, run, usePackage } from '../package/packed.js'

const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url))
const TYPESCRIPTS = { '5.0': '5.0.4', '5.4': '5.4.5', '5.9': '5.9.3', '6.0': '6.0.3' }
const AXIOSES = { '1.7': '1.7.8', '1.13': '1.13.5', '1.18': '1.18.1', '1.21': '1.21.1' }
/** The oldest that the exporters of OpenTelemetry take, those in use, and the newest. */
const OTEL_APIS: Readonly<Record<string, string>> = {
  '1.7': '1.3.0',
  '1.13': '1.9.1',
  '1.18': '1.9.1',
  '1.21': '1.10.0',
}

/** How a project finds its modules, as compiler options. */
const RESOLUTIONS = {
  node10: { module: 'commonjs', moduleResolution: 'node', esModuleInterop: true },
  node16: { module: 'node16', moduleResolution: 'node16' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
}

const ours = usePackage()

beforeAll(async () => {
  const named = Object.entries(TYPESCRIPTS).map(([name, version]) => [
    `typescript-${name}`,
    `npm:typescript@${version}`,
  ])
  await installInto(ours.folderOf('typescripts'), Object.fromEntries(named))
  for (const [name, axios] of Object.entries(AXIOSES)) {
    const peers = { axios, '@opentelemetry/api': OTEL_APIS[name] ?? '' }
    const project = await ours.project(name, peers)
    await cp(FIXTURES, project, { recursive: true })
  }
})

interface Job {
  readonly file: string
  readonly axios: string
  readonly options: object
}

/** Compiles files of users' projects; what the compiler prints of each, line by line. */
async function compile(typescript: string, jobs: readonly Job[]): Promise<string[][]> {
  const path = ours.folderOf(`typescripts/node_modules/typescript-${typescript}`)
  const typeRoots = inPackage('node_modules/@types')
  const inFolders = jobs.map(({ axios, file, options }) => {
    // TypeScript 6 finds node10 old, and wants to be asked twice.
    const asked = typescript === '6.0' ? { ignoreDeprecations: '6.0' } : {}
    return { folder: ours.folderOf(axios), file, options: { ...options, ...asked }, typeRoots }
  })
  const args = [inPackage('test/compile/compiler.js'), path, JSON.stringify(inFolders)]
  const { stdout, stderr } = await run(process.execPath, args, inPackage(''), 280_000)
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

/** Declarations of others are theirs: old compilers do not read all of them. */
const isOurs = (line: string) => !/^(?:\S*\/)?node_modules\/(?!qyapi-token\/)/.test(line)

describe.each(Object.keys(TYPESCRIPTS))('with TypeScript %s', (typescript) => {
  test.each(Object.entries(RESOLUTIONS))(
    'strict projects with %s resolution compile on every axios, with skipLibCheck and without',
    async (_, resolution) => {
      const jobs = Object.keys(AXIOSES).flatMap((axios) =>
        [true, false].map((skipLibCheck) => {
          return { file: 'user.ts', axios, options: { ...resolution, skipLibCheck } }
        }),
      )
      const outcome = await compile(typescript, jobs)
      expect(outcome.map((lines) => lines.filter(isOurs))).toEqual(jobs.map(() => []))
    },
  )

  test('each mistake in a project is one compile error that names it', async () => {
    const options = { ...RESOLUTIONS.node16, skipLibCheck: true }
    const [printed = []] = await compile(typescript, [
      { file: 'mistakes.ts', axios: '1.21', options },
    ])
    // Older ones say in a second line what newer ones say at once.
    const lines = printed.join('\n').split(/\n(?! )/)
    const source = await readFile(join(FIXTURES, 'mistakes.ts'), 'utf8')
    const mistakes = source.split('\n').flatMap((text, index) => {
      const [, name] =
        /^\w+\(.*\b(corpSecert|store|refreshAhead|maxAge|onEvents)\b/.exec(text) ?? []
      return name === undefined ? [] : [{ line: index + 1, name }]
    })
    expect(mistakes).toHaveLength(7)
    expect(lines).toHaveLength(mistakes.length)
    for (const [index, { line, name }] of mistakes.entries())
      expect(lines[index]).toMatch(
        new RegExp(`^mistakes\\.ts\\(${line},[^]*'${name}' does not exist`),
      )
  })
})
