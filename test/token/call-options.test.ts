import { expect, it } from 'vitest'
import { memoryStore, type TokenSource } from '../../src/index.js'
import { settle } from '../support/qyapi.js'
import { sourceWith } from '../support/source.js'

const asAny = (value: unknown) => value as never

const calls: [string, (source: TokenSource) => unknown, string][] = [
  [
    'run',
    (source) => source.run(() => 1, asAny({ endPoint: 'a' })),
    "'endPoint' in options of run: known are endpoint, signal, body, errcodeOf",
  ],
  [
    'memoryStore',
    () => memoryStore(asAny({ ttl: 1 })),
    "'ttl' in options of memoryStore: known are clock",
  ],
]

it.each(calls)(
  'unknown options of a call are refused by name: %s',
  async (_name, call, message) => {
    const { source, fetches } = sourceWith('token')
    const refused = (async () => call(source))()
    await expect(refused).rejects.toMatchObject({
      code: 'bad_options',
      message: `Unknown key ${message}.`,
    })
    await settle()
    expect(fetches()).toBe(0)
  },
)

it.each<[string, (source: TokenSource) => unknown, string]>([
  [
    'endpoint',
    (source) => source.run(() => 1, asAny({ endpoint: 7 })),
    "endpoint must be what is called, e.g. 'message/send', got 7.",
  ],
  [
    'errcodeOf',
    (source) => source.run(() => 1, asAny({ errcodeOf: 7 })),
    'errcodeOf must be a function (outcome) => errcode, got 7.',
  ],
  [
    'signal',
    (source) => source.run(() => 1, asAny({ signal: 7 })),
    'signal must be an AbortSignal, got 7.',
  ],
  [
    'call',
    (source) => source.run(asAny('token')),
    'call must be a function (token) => promise, got something of type string (not shown).',
  ],
])(
  'a wrong option of a call is refused before anything is sent: %s',
  async (_name, call, message) => {
    const { source, fetches } = sourceWith('token')
    await expect(call(source)).rejects.toMatchObject({ code: 'bad_options', message })
    expect(fetches()).toBe(0)
  },
)

const aborted = AbortSignal.abort(new Error('enough'))

it('a caller whose signal is aborted already gets the reason, and no token is fetched', async () => {
  const { source, fetches } = sourceWith('token')
  await expect(source.get({ signal: aborted })).rejects.toThrow('enough')
  await expect(source.run(() => 1, { signal: aborted })).rejects.toThrow('enough')
  await settle()
  expect(fetches()).toBe(0)
})

it('a caller whose signal is aborted already gets the reason also while there is a usable token', async () => {
  const { source } = sourceWith('token')
  await source.get()
  await expect(source.get({ signal: aborted })).rejects.toThrow('enough')
})
