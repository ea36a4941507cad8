import assert from 'node:assert/strict'
import { badOption } from '../core/errors.js'
import type { SourceOptions } from '../core/options.js'
import { fakeClock } from './fake-clock.js'
import { type FakeQyapi, fakeQyapi } from './fake-qyapi.js'
import type { ContractRule } from './store-contract.js'

/** What a client of your own needs to call the fake WeCom. */
export interface ClientContext {
  /** The fake's address, without `/cgi-bin`. */
  readonly baseUrl: string
  readonly corpId: string
  readonly corpSecret: string
  /** Options for `createTokenSource`, `baseUrl` among them. */
  readonly options: SourceOptions
}

/**
 * Sends a request, as POST if it has a body, and resolves with the errcode of its answer. `url` is
 * absolute.
 */
export type ContractSend = (
  url: string,
  body?: object,
  signal?: AbortSignal,
) => Promise<number | undefined>

/**
 * What every client guarantees that injects tokens, as rules to run one by one, each on a fake WeCom
 * of its own: for one that you made with `source.run` and `tokenDestinations`.
 *
 * @param open Makes a client.
 * @throws `bad_options` if `open` is not a function.
 * @example
 * const open = ({ baseUrl, corpId, corpSecret, options }) => {
 *   const source = createTokenSource(selfBuilt({ corpId, corpSecret }), options)
 *   const call = myClient(source, baseUrl)
 *   return async (url, body, signal) => (await call(url, { body, signal })).errcode
 * }
 * for (const { name, run } of clientContract(open)) test(name, run)
 */
export function clientContract(
  open: (context: ClientContext) => ContractSend | Promise<ContractSend>,
): ContractRule[] {
  if (typeof open !== 'function') throw badOption('open', 'a function that makes a client', open)
  return Object.entries(RULES).map(([name, keep]) => ({
    name,
    async run() {
      const clock = fakeClock()
      const wecom = fakeQyapi({ apps: [APP], now: () => clock.wall() })
      try {
        const baseUrl = await wecom.listen()
        const opened = (corpSecret = APP.corpSecret) =>
          open({ baseUrl, ...APP, corpSecret, options: { baseUrl, clock, refreshAheadMs: 0 } })
        await keep({ wecom, api: `${baseUrl}/cgi-bin`, advance: clock.advance, open: opened })
      } finally {
        await wecom.close()
      }
    },
  }))
}

interface Wire {
  readonly wecom: FakeQyapi
  readonly api: string
  readonly advance: (ms: number) => void
  open(corpSecret?: string): ContractSend | Promise<ContractSend>
}

const APP = { corpId: 'ww-contract', corpSecret: 'contract-secret' }
const MESSAGE = { touser: 'zhangsan', text: { content: '你好' } }
const fetches = ({ wecom }: Wire) => wecom.count('gettoken')

function bodiesOf({ wecom }: Wire, path: string): unknown[] {
  const sent = wecom.requests.filter((request) => request.path === path)
  return sent.map(({ body }) => JSON.parse(new TextDecoder().decode(body)))
}

const RULES: Readonly<Record<string, (wire: Wire) => Promise<void>>> = {
  'injects one memoized token into every call': async (wire) => {
    const send = await wire.open()
    const calls = ['user/get?userid=a', 'user/get?userid=b', 'department/list']
    const sent = await Promise.all(calls.map((path) => send(`${wire.api}/${path}`)))
    assert.deepEqual([...sent, await send(`${wire.api}/message/send`, MESSAGE)], [0, 0, 0, 0])
    assert.equal(fetches(wire), 1)
    const users = wire.wecom.requests.filter(({ path }) => path === 'user/get')
    assert.deepEqual(users.map(({ query }) => query.get('userid')).sort(), ['a', 'b'])
    assert.deepEqual(bodiesOf(wire, 'message/send'), [MESSAGE])
  },
  'requests a new token after 7000 s': async (wire) => {
    const send = await wire.open()
    await send(`${wire.api}/user/get`)
    wire.advance(6_999_000)
    await send(`${wire.api}/user/get`)
    assert.equal(fetches(wire), 1)
    wire.advance(2_000)
    assert.equal(await send(`${wire.api}/user/get`), 0)
    assert.equal(fetches(wire), 2)
  },
  'clears a refused token and sends the request once more, with the same body': async (wire) => {
    const send = await wire.open()
    await send(`${wire.api}/user/get`)
    wire.wecom.expire()
    assert.equal(await send(`${wire.api}/message/send`, MESSAGE), 0)
    wire.wecom.revoke()
    assert.equal(await send(`${wire.api}/message/send`, MESSAGE), 0)
    assert.equal(fetches(wire), 3)
    assert.deepEqual(bodiesOf(wire, 'message/send'), Array(4).fill(MESSAGE))
  },
  'rule 5: requests one new token for twenty calls that are refused together': async (wire) => {
    const send = await wire.open()
    await send(`${wire.api}/user/get`)
    wire.wecom.revoke()
    const calls = Array.from({ length: 20 }, () => send(`${wire.api}/user/get`))
    assert.deepEqual(await Promise.all(calls), Array(20).fill(0))
    assert.equal(fetches(wire), 2)
  },
  'rule 9: returns the answer of a replay that is refused again': async (wire) => {
    const send = await wire.open()
    wire.wecom.failNext('user/get', { errcode: 42001 }, 5)
    assert.equal(await send(`${wire.api}/user/get`), 42001)
    assert.equal(wire.wecom.count('user/get'), 2)
  },
  'rule 9: requests two tokens for an endpoint that refuses all, however often it is called':
    async (wire) => {
      const send = await wire.open()
      wire.wecom.failNext('agent/get', { errcode: 42001 }, 100)
      for (let call = 0; call < 10; call += 1)
        assert.equal(await send(`${wire.api}/agent/get`), 42001)
      assert.equal(fetches(wire), 2)
      assert.equal(await send(`${wire.api}/user/get`), 0)
    },
  'request rule 4: takes no 40001 and no errcode within the caller’s data for a refused token':
    async (wire) => {
      const send = await wire.open()
      wire.wecom.failNext('user/get', { errcode: 40001 })
      assert.equal(await send(`${wire.api}/user/get`), 40001)
      const json = { errcode: 0, userlist: [{ errcode: 42001 }], note: '"errcode":40014' }
      wire.wecom.on('user/simplelist', { json })
      assert.equal(await send(`${wire.api}/user/simplelist`), 0)
      assert.equal(wire.wecom.count('user/get') + wire.wecom.count('user/simplelist'), 2)
      assert.equal(fetches(wire), 1)
    },
  'request rule 6: returns the refusal if there is no other token': async (wire) => {
    const send = await wire.open()
    await send(`${wire.api}/user/get`)
    wire.wecom.revoke()
    wire.wecom.failNext('gettoken', { errcode: 45009 })
    assert.equal(await send(`${wire.api}/user/get`), 40014)
  },
  'rule 10: rejects calls with a wrong secret without sending them': async (wire) => {
    const send = await wire.open('wrong-secret')
    const calls = Array.from({ length: 5 }, () => send(`${wire.api}/user/get`))
    for (const { status, reason } of (await Promise.allSettled(calls)) as PromiseRejectedResult[]) {
      assert.equal(status, 'rejected')
      assert.equal(reason.code, 'credential_refused')
    }
    assert.equal(fetches(wire), 1)
    assert.equal(wire.wecom.count('user/get'), 0)
  },
  'rule 11: sends nothing if the call is already aborted': async (wire) => {
    const send = await wire.open()
    await assert.rejects(send(`${wire.api}/user/get`, undefined, AbortSignal.abort()))
    assert.equal(wire.wecom.requests.length, 0)
  },
  'request rule 1: sends no token to another origin, nor above /cgi-bin/': async (wire) => {
    const send = await wire.open()
    const other = fakeQyapi({ apps: [APP] })
    try {
      // The client may send the call without a token, or reject it.
      await Promise.allSettled([
        send(`${await other.listen()}/cgi-bin/user/get`),
        send(wire.api.replace('cgi-bin', 'elsewhere/cgi-bin/user/get')),
        send(`${wire.api}/../user/get`),
      ])
      const requests = [...other.requests, ...wire.wecom.requests]
      const carrying = requests.filter(({ query }) => query.has('access_token'))
      assert.equal(carrying.length, 0)
    } finally {
      await other.close()
    }
  },
  'request rule 1: sends no token to a path that takes none': async (wire) => {
    const send = await wire.open()
    await send(`${wire.api}/webhook/send?key=robot`, MESSAGE).catch(() => {})
    const robots = wire.wecom.requests.filter(({ path }) => path === 'webhook/send')
    assert.deepEqual(
      robots.map(({ query }) => [...query.keys()]),
      robots.map(() => ['key']),
    )
  },
}
