import { expect, it, vi } from 'vitest'
import { debugListener } from '../../src/core/debug.js'
import { platform } from '../../src/core/platform.js'
import { withToken } from '../../src/fetch.js'
import { createTokenSource, selfBuilt, serviceProvider } from '../../src/index.js'
import { APP } from '../support/qyapi.js'
import { tokenBody } from '../support/source.js'
import { sourceOn } from '../support/source-on.js'
import { API } from '../support/stub-fetch.js'

type Env = Readonly<Partial<Record<'DEBUG' | 'NODE_DEBUG', string | undefined>>>

/** A machine with this environment, and what it printed. */
function machineWith(env: Env) {
  const lines: string[] = []
  const readEnv = vi.fn((name: string) => env[name as keyof Env])
  const printLine = (line: string) => void lines.push(line)
  return { machine: { ...platform, readEnv, printLine }, lines }
}

it.each([
  { DEBUG: 'qyapi-token' },
  { DEBUG: '*' },
  { DEBUG: 'axios,qyapi-token' },
  { DEBUG: 'axios qyapi*' },
  { NODE_DEBUG: 'http,QYAPI-TOKEN' },
])('DEBUG or NODE_DEBUG of %j prints a line for each event', (env: Env) => {
  expect(debugListener(machineWith(env).machine)).toBeTypeOf('function')
})

it.each([
  {},
  { DEBUG: '' },
  { DEBUG: 'axios' },
  { DEBUG: 'qyapi-token:more' },
  { DEBUG: '*,-qyapi-token' },
  { NODE_DEBUG: 'http' },
])('DEBUG or NODE_DEBUG of %j prints nothing', (env: Env) => {
  expect(debugListener(machineWith(env).machine)).toBeUndefined()
})

it('DEBUG prints one line for each event, beside onEvent, without the token and the secret', async () => {
  const { machine, lines } = machineWith({ DEBUG: 'qyapi-token' })
  const types: string[] = []
  const transport = async () => ({ status: 200, body: tokenBody('t0ken') })
  const onEvent = ({ type }: { type: string }) => void types.push(type)
  const source = sourceOn(selfBuilt(APP), { transport, onEvent }, machine)
  await source.get()
  expect(types).toEqual(['fetched'])
  expect(lines).toEqual([
    expect.stringMatching(
      /^qyapi-token fetched \[self-built app of corp ww-fake\] generation=\d+ tookMs=\d\S* isSameString=false$/,
    ),
  ])
  expect(lines.join()).not.toContain('t0ken')
  expect(lines.join()).not.toContain(APP.corpSecret)
})

it('DEBUG keeps a message with line breaks on one line', () => {
  const { machine, lines } = machineWith({ DEBUG: '*' })
  const failed = { type: 'failed', code: 'closed', message: 'one\ntwo', retryAfterMs: 0 } as const
  debugListener(machine)?.({ kind: 'self-built', subject: 'corp ww1', ...failed })
  expect(lines).toEqual([
    'qyapi-token failed [self-built corp ww1] code=closed message="one\\ntwo" retryAfterMs=0',
  ])
})

it('DEBUG is read once, when the source is created', async () => {
  const { machine } = machineWith({})
  const transport = async () => ({ status: 200, body: tokenBody('t0ken') })
  const source = sourceOn(selfBuilt(APP), { transport }, machine)
  const reads = machine.readEnv.mock.calls.length
  await source.get()
  expect(reads).toBeGreaterThan(0)
  expect(machine.readEnv.mock.calls).toHaveLength(reads)
})

it('a call that matches none of several sources is one debug line', async () => {
  vi.stubEnv('DEBUG', 'qyapi-token')
  const written = vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
  const sources = [
    createTokenSource(selfBuilt(APP)),
    createTokenSource(serviceProvider({ corpId: 'ww1', providerSecret: 'secret' })),
  ]
  const qyFetch = withToken(async () => new Response('{}'), sources)
  await (qyFetch as typeof fetch)(`${API}/service/get_pre_auth_code`)
  vi.unstubAllEnvs()
  const lines = written.mock.calls.map(([line]) => line)
  vi.restoreAllMocks()
  expect(lines).toEqual([
    'qyapi-token skipped [suite a call that none of the sources serves] endpoint=service/get_pre_auth_code reason=no_source\n',
  ])
})

it('the platform prints a line on stderr, and on the console where there is no stderr', () => {
  const written = vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
  const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
  platform.printLine('a line')
  expect(written.mock.calls).toEqual([['a line\n']])
  vi.stubGlobal('process', undefined)
  platform.printLine('a line')
  vi.unstubAllGlobals()
  expect(printed.mock.calls).toEqual([['a line']])
  vi.restoreAllMocks()
})

it('the platform reads the environment if there is one that needs no permission', () => {
  vi.stubEnv('QYAPI_TOKEN_TEST', 'yes')
  const read = () => platform.readEnv('QYAPI_TOKEN_TEST')
  expect(read()).toBe('yes')
  for (const [state, found] of [
    ['granted', 'yes'],
    ['prompt', undefined],
  ]) {
    vi.stubGlobal('Deno', { permissions: { querySync: () => ({ state }) } })
    expect(read()).toBe(found)
  }
  vi.unstubAllGlobals()
  vi.stubGlobal('process', undefined)
  expect(read()).toBeUndefined()
  vi.unstubAllGlobals()
  vi.unstubAllEnvs()
})
