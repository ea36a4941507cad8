import axios from 'axios'
import { afterAll, expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { withToken } from '../../src/fetch.js'
import type { TokenSource } from '../../src/index.js'
import { collectGarbage } from '../support/garbage.js'
import { settle } from '../support/qyapi.js'
import { deferred, sourceWith } from '../support/source.js'

const URL = 'https://qyapi.weixin.qq.com/cgi-bin/user/get'
const CALLERS = 100
/** A promise that never settles needs a reference, as a socket would have one. */
const hung: unknown[] = []
afterAll(() => void hung.splice(0))

/** How many of these objects the garbage collector cannot collect. */
async function kept(objects: readonly WeakRef<object>[]): Promise<number> {
  const count = () => objects.filter((object) => object.deref() !== undefined).length
  for (let turn = 0; turn < 500 && count() > 10; turn += 1) {
    // What was peeked is retained until the turn is over.
    await settle()
    collectGarbage()
  }
  return count()
}

/** A source with a first token, which is refused if so configured; the next token request hangs. */
function hangingSource(isTokenThere: boolean) {
  const { promise } = deferred<string>()
  const { source, fetches } = sourceWith((count) =>
    isTokenThere && count === 1 ? 'token-1' : promise,
  )
  hung.push(source, promise)
  return { source, fetches }
}

const refused = async () => ({ errcode: 42001, errmsg: 'expired' })

type Call = (source: TokenSource, signal: AbortSignal) => Promise<unknown>

const CALLS: readonly [string, Call][] = [
  ['source.get', (source, signal) => source.get({ signal })],
  ['source.run', (source, signal) => source.run(refused, { signal })],
  [
    'the wrapped fetch',
    (source, signal) => {
      const answer = async () => new Response(JSON.stringify(await refused()))
      return withToken(answer as typeof fetch, source)(URL, { signal })
    },
  ],
  [
    'an attached axios',
    (source, signal) => {
      const client = axios.create({
        adapter: async (config) => ({
          data: await refused(),
          status: 200,
          statusText: '',
          headers: {},
          config,
        }),
      })
      attachToken(client, source)
      return client.get(URL, { signal, timeout: 3_600_000 })
    },
  ],
]

it.each(CALLS)(
  'rule 11: %s retains nothing of callers that aborted in a token request that hangs',
  async (_name, call) => {
    const { source, fetches } = hangingSource(false)
    // The caller that began it, and waits on.
    hung.push(source.get().catch(() => {}))
    const one = async () => {
      const controller = new AbortController()
      const ended = call(source, controller.signal).catch(() => 'ended')
      await settle()
      controller.abort(new Error('enough'))
      expect(await ended).toBe('ended')
      return new WeakRef(controller.signal)
    }
    const signals: WeakRef<object>[] = []
    for (let at = 0; at < CALLERS; at += 1) signals.push(await one())
    expect(await kept(signals)).toBeLessThanOrEqual(10)
    expect(fetches()).toBe(1)
  },
)

it.each(CALLS.slice(1))(
  'rule 11: %s retains nothing of callers that aborted in a replacement that hangs',
  async (_name, call) => {
    const { source, fetches } = hangingSource(true)
    await source.get()
    const controllers = Array.from({ length: CALLERS }, () => new AbortController())
    const ended = controllers.map(({ signal }) => call(source, signal).catch(() => 'ended'))
    await settle()
    for (const controller of controllers) controller.abort(new Error('enough'))
    expect(new Set(await Promise.all(ended))).toEqual(new Set(['ended']))
    const signals = controllers.splice(0).map(({ signal }) => new WeakRef<object>(signal))
    ended.splice(0)
    expect(await kept(signals)).toBeLessThanOrEqual(10)
    expect(fetches()).toBe(2)
  },
)

it('rule 11: axios requests that time out retain nothing in a token request that hangs', async () => {
  const { source, fetches } = hangingSource(false)
  hung.push(source.get().catch(() => {}))
  const client = axios.create()
  attachToken(client, source)
  const one = async () => {
    const validateStatus = () => true
    const ended = client.get(URL, { validateStatus, timeout: 1 }).catch(({ code }) => code)
    expect(await ended).toBe('ECONNABORTED')
    return new WeakRef(validateStatus)
  }
  const configs: WeakRef<object>[] = []
  for (let at = 0; at < CALLERS; at += 1) configs.push(await one())
  expect(await kept(configs)).toBeLessThanOrEqual(10)
  expect(fetches()).toBe(1)
})
