import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import type { AxiosStatic } from 'axios'
import { beforeAll, describe, expect, test } from 'vitest'
import type * as axiosEntry from '../../src/axios.js'
import type * as fetchEntry from '../../src/fetch.js'
import type * as root from '../../src/index.js'
import type * as testing from '../../src/testing.js'
import { copyWithout, onEveryEntry, run, runProgram, usePackage } from './packed.js'

const require = createRequire(import.meta.url)
const JEST = require.resolve('jest/bin/jest')

const WRONG = { corpId: 'ww-fake', corpSecret: 'wrong' }

const ours = usePackage()
let project: string
let projectWithoutAxios: string

beforeAll(async () => {
  project = await ours.projectWithPeers()
  projectWithoutAxios = ours.folderOf('without-axios')
  await copyWithout(['axios', 'axios-retry'], project, projectWithoutAxios)
})

describe.concurrent('the installed package', () => {
  const withoutAxios = { end: 0, stdout: `${process.version}: source, fetch\n`, stderr: '' }

  test('the installed package works from an ES module', async () => {
    expect(await runProgram('smoke.mjs', project)).toEqual(onEveryEntry())
  })

  test('the installed package works from CommonJS, without Node’s require(esm)', async () => {
    expect(await runProgram('smoke.cjs', project)).toEqual(onEveryEntry())
  })

  test.each(['page.mjs', 'page.cjs'])(
    'the fake of the installed package has its page with all files: %s',
    async (program) => {
      const stdout = '200 200 200 404\n'
      expect(await runProgram(program, project)).toEqual({ end: 0, stdout, stderr: '' })
    },
  )

  test('the installed package works without axios, where only fetch is used', async () => {
    expect(await runProgram('without-axios.mjs', projectWithoutAxios)).toEqual(withoutAxios)
    expect(await runProgram('without-axios.cjs', projectWithoutAxios)).toEqual(withoutAxios)
  })

  test.each(['own-retry.mjs', 'own-retry.cjs'])(
    'request rule 8: the axios-retry of the installed package and the user’s own each send their own calls again: %s',
    async (program) => {
      const outcome = [0, 3, 3]
      const stdout = `${JSON.stringify([outcome, outcome])}\n`
      expect(await runProgram(program, project)).toEqual({ end: 0, stdout, stderr: '' })
    },
  )

  test('the installed package keeps the process alive while a caller waits for the next try of a token call', async () => {
    const failed = { end: 0, stdout: 'token_fetch_failed\n', stderr: '' }
    expect(await runProgram('waiting.mjs', project)).toEqual(failed)
  })

  test('the installed command explains and diagnoses, and ends with its exit code', async () => {
    const qyapiToken = (...args: string[]) =>
      run(join(project, 'node_modules/.bin/qyapi-token'), args, project)
    const explained = {
      end: 0,
      stdout: expect.stringMatching(/^60020 ip_not_trusted: /),
      stderr: '',
    }
    expect(await qyapiToken('explain', '60020', '--lang', 'en')).toEqual(explained)
    expect(await qyapiToken('explode')).toMatchObject({ end: 2, stdout: '' })
    const nowhere = ['--base-url', 'http://127.0.0.1:1', '--corpid', 'ww1', '--corpsecret', 'wrong']
    const { end, stdout, stderr } = await qyapiToken('doctor', '--json', ...nowhere)
    expect({ end, stderr }).toEqual({ end: 1, stderr: '' })
    expect(JSON.parse(stdout).checks.at(-1)).toMatchObject({ check: 'tcp', status: 'fail' })
  })

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'the installed command runs a fake WeCom until %s, and then ends with exit code 0',
    async (signal) => {
      const binary = join(project, 'node_modules/.bin/qyapi-token')
      const child = spawn(binary, ['fake', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
      const ended = once(child, 'exit')
      const [line] = await once(createInterface(child.stdout), 'line')
      const { url } = JSON.parse(line)
      expect((await fetch(`${url}/cgi-bin/user/get`)).status).toBe(200)
      child.kill(signal)
      expect(await ended).toEqual([0, null])
    },
  )

  test('the installed package works in a Jest CommonJS project', async () => {
    const cache = ours.folderOf('jest')
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
