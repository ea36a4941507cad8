import { type ExecFileException, execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url))
const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url))

/** Where to find a file of the repository. */
export function inPackage(path: string): string {
  return join(PACKAGE, path)
}

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'qyapi-token-'))
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  }
}

/** How a program ended: with an exit code, by a signal, or because it could not be started. */
export interface Ended {
  readonly end: number | string | null | undefined
  readonly stdout: string
  readonly stderr: string
}

export async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  timeout = 900_000,
): Promise<Ended> {
  const shell = program === 'npm' && process.platform === 'win32'
  // Without NO_COLOR, because Node warns on stderr where both are set.
  const env = { ...process.env, FORCE_COLOR: '0', NO_COLOR: undefined }
  try {
    return { end: 0, ...(await promisify(execFile)(program, args, { cwd, env, shell, timeout })) }
  } catch (error) {
    const { code, signal, stdout = '', stderr = '' } = error as ExecFileException
    return { end: code ?? signal, stdout, stderr }
  }
}

async function npm(args: readonly string[], cwd: string): Promise<string> {
  const { end, stdout, stderr } = await run('npm', args, cwd)
  if (end !== 0) throw new Error(`npm ${args[0]} ended with ${end}: ${stderr}`)
  return stdout
}

/** A tarball as npm would publish it, of the bundles that are in dist now. */
export interface Packed {
  readonly path: string
  /** What it holds, with paths relative to the package. */
  readonly files: readonly string[]
  /** In bytes, packed. */
  readonly size: number
}

export async function packInto(folder: string): Promise<Packed> {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const printed = await npm(args, PACKAGE)
  const [packed] = JSON.parse(printed) as {
    filename: string
    size: number
    files: { path: string }[]
  }[]
  if (packed === undefined) throw new Error(`npm pack printed ${printed}`)
  const { filename, size, files } = packed
  return { path: join(folder, filename), files: files.map(({ path }) => path), size }
}

/** Makes an empty project that depends on these, and installs them. */
export async function installInto(
  folder: string,
  dependencies: Readonly<Record<string, string>>,
  optionalDependencies: Readonly<Record<string, string>> = {},
): Promise<void> {
  await mkdir(folder)
  const manifest = { private: true, dependencies, optionalDependencies }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  // What npm would only warn of is an error here.
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  await npm(['install', '--prefix', folder, '--strict-peer-deps', ...quiet], folder)
  await layFixtures(folder)
}

/** This package, packed, and a folder for projects, removed after the tests. Call once in a file. */
export function usePackage() {
  let folder: TemporaryFolder
  let tarball = ''
  beforeAll(async () => {
    folder = await temporaryFolder()
    tarball = (await packInto(folder.path)).path
  })
  afterAll(() => folder?.[Symbol.asyncDispose]())
  const folderOf = (name: string) => join(folder.path, name)

  return {
    folderOf,
    /** Makes a project of that name which has this package and others. */
    async project(name: string, others: Readonly<Record<string, string>> = {}): Promise<string> {
      await installInto(folderOf(name), { 'qyapi-token': `file:${tarball}`, ...others })
      return folderOf(name)
    },
    /** With its peers and axios-retry. */
    projectWithPeers(): Promise<string> {
      const peers = ['axios', 'axios-retry', '@opentelemetry/api'] as const
      const installed = peers.map((name) => [name, manifest.devDependencies[name]])
      return this.project('project', Object.fromEntries(installed))
    },
  }
}

/** Runs a program of a project until it ends: what keeps the process alive fails the test. */
export function runProgram(program: string, project: string, node = process.execPath) {
  // Older loaders and Jest have no require(esm). The oldest Node has neither that nor the flag.
  const hasFlag = program.endsWith('.cjs') && !node.includes('node-20.16')
  const flags = hasFlag ? ['--no-experimental-require-module'] : []
  return run(node, [...flags, program], project)
}

/** How the smoke programs end on a version of Node. */
export function onEveryEntry(version = process.version): Ended {
  return { end: 0, stdout: `${version}: source, fetch, axios\n`, stderr: '' }
}

/** A copy of an installed project that lacks some of its packages. */
export async function copyWithout(
  missing: readonly string[],
  project: string,
  folder: string,
): Promise<void> {
  await mkdir(folder)
  await cp(join(project, 'package.json'), join(folder, 'package.json'))
  const names = await readdir(join(project, 'node_modules'))
  for (const name of names.filter((name) => !missing.includes(name))) {
    const path = join('node_modules', name)
    await cp(join(project, path), join(folder, path), { recursive: true })
  }
  await layFixtures(folder)
}

/** With each TypeScript file also as an ES module's and a CommonJS module's. */
async function layFixtures(folder: string): Promise<void> {
  for (const name of await readdir(FIXTURES)) {
    const names = name.endsWith('.ts') ? [name, asKind(name, 'mts'), asKind(name, 'cts')] : [name]
    for (const copy of names) await cp(join(FIXTURES, name), join(folder, copy))
  }
}

function asKind(name: string, extension: 'mts' | 'cts'): string {
  return name.replace(/ts$/, extension)
}
