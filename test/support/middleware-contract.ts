import nock from 'nock'
import { describe, expect, it } from 'vitest'
import type { TokenEvent, TokenSource } from '../../src/index.js'
import { hold } from './hold.js'
import { interceptQyapi, ORIGIN, type Wire } from './qyapi.js'

/** One middleware on a wire. */
export interface OpenMiddleware {
  readonly source: TokenSource
  /** Sends a request and returns the errcode of its answer. `url` is absolute. */
  send(url: string, body?: object, signal?: AbortSignal): Promise<number>
}

/** Attaches the app of the fake, or one with another secret. */
export type Open = (
  wire: Wire,
  options: {
    onEvent?: (event: TokenEvent) => void
    refreshAheadMs?: number
    callerToken?: 'keep' | 'replace'
    trustedOrigins?: string[]
  },
  corpSecret?: string,
) => OpenMiddleware

const API = `${ORIGIN}/cgi-bin`
const message = { touser: 'zhangsan', text: { content: '你好' } }

/** What every middleware guarantees. A new entry's test calls this with ten lines of its own. */
export function middlewareContract(name: string, open: Open): void {
  const opened = (wire: Wire, options: Parameters<Open>[1] = {}, corpSecret?: string) => {
    const events: TokenEvent[] = []
    const middleware = open(
      wire,
      { onEvent: (event) => events.push(event), ...options },
      corpSecret,
    )
    return { ...middleware, events, types: () => events.map(({ type }) => type) }
  }
  const bodiesOf = ({ wecom }: Wire) =>
    wecom.requests.filter(({ path }) => path === 'message/send').map(({ body }) => String(body))

  describe(name, () => {
    it('injects the memoized token', async () => {
      const wire = interceptQyapi()
      const { source, send } = opened(wire)
      expect(await send(`${API}/message/send`, message)).toBe(0)
      expect(await send(`${API}/user/get?userid=zhangsan`)).toBe(0)
      const token = await source.get()
      const sent = wire.wecom.requests.filter(({ path }) => path !== 'gettoken')
      expect(sent.map(({ query }) => query.getAll('access_token'))).toEqual([[token], [token]])
      expect(wire.fetches()).toBe(1)
    })

    it('the memo expires after 7000 s', async () => {
      const wire = interceptQyapi()
      // Without a refresh ahead, which would run in the background from 6700 s on.
      const { send } = opened(wire, { refreshAheadMs: 0 })
      await send(`${API}/user/get`)
      wire.clock.advance(6_999_000)
      await send(`${API}/user/get`)
      expect(wire.fetches()).toBe(1)
      wire.clock.advance(2_000)
      await send(`${API}/user/get`)
      expect(wire.fetches()).toBe(2)
    })

    it('42001 or 40014: clears the cache and replays once', async () => {
      const wire = interceptQyapi()
      const { send } = opened(wire)
      await send(`${API}/user/get`)
      wire.wecom.expire()
      expect(await send(`${API}/message/send`, message)).toBe(0)
      expect(wire.fetches()).toBe(2)
      wire.wecom.revoke()
      expect(await send(`${API}/message/send`, message)).toBe(0)
      expect(wire.fetches()).toBe(3)
      expect(bodiesOf(wire)).toEqual(Array(4).fill(JSON.stringify(message)))
    })

    it('rule 9: a refusal of a replay is the caller’s answer: sent again once, not twice', async () => {
      const wire = interceptQyapi()
      const { send, types } = opened(wire)
      wire.wecom.failNext('user/get', { errcode: 42001 }, 5)
      expect(await send(`${API}/user/get`)).toBe(42001)
      expect(wire.wecom.count('user/get')).toBe(2)
      expect(wire.fetches()).toBe(2)
      expect(types()).toEqual(['fetched', 'refused', 'fetched', 'replayed', 'endpoint_cooldown'])
    })

    it('request rule 4: a refusal is never a 40001, which is a wrong secret', async () => {
      const wire = interceptQyapi()
      const { send } = opened(wire)
      wire.wecom.failNext('user/get', { errcode: 40001 })
      expect(await send(`${API}/user/get`)).toBe(40001)
      expect(wire.wecom.count('user/get')).toBe(1)
      expect(wire.fetches()).toBe(1)
    })

    it('request rule 4: a refusal is not a nested errcode of the caller’s own data', async () => {
      const wire = interceptQyapi({ errorCodeHeader: false })
      const { send } = opened(wire)
      const rows = [{ errcode: 42001 }, { text: '"errcode":42001' }]
      wire.wecom.on('user/simplelist', {
        json: { errcode: 0, userlist: rows, note: 'errcode 40014' },
      })
      expect(await send(`${API}/user/simplelist`)).toBe(0)
      expect(wire.fetches()).toBe(1)
    })

    it('request rule 6: a refusal without a replacement is the caller’s answer, and an event carries the cause', async () => {
      const wire = interceptQyapi()
      const { source, send, events } = opened(wire)
      await source.get()
      wire.wecom.revoke()
      wire.wecom.failNext('gettoken', { errcode: 45009 })
      expect(await send(`${API}/user/get`)).toBe(40014)
      expect(events.at(-1)).toMatchObject({ type: 'not_replayed', reason: 'no_replacement' })
      expect(JSON.stringify(events.at(-1))).toContain('45009')
    })

    it('rule 9: an endpoint that refuses everything costs two gettoken for 50 requests at once and 50 in a row', async () => {
      const wire = interceptQyapi()
      const { send } = opened(wire)
      wire.wecom.failNext('agent/get', { errcode: 42001 }, 1000)
      const atOnce = await Promise.all(Array.from({ length: 50 }, () => send(`${API}/agent/get`)))
      for (let call = 0; call < 50; call += 1) atOnce.push(await send(`${API}/agent/get`))
      expect(new Set(atOnce)).toEqual(new Set([42001]))
      expect(wire.fetches()).toBe(2)
      expect(await send(`${API}/user/get`)).toBe(0)
    })

    it.each(['new', 'same'] as const)(
      'rule 5: a storm of 100 refusals spread over 500 ms costs one gettoken, with 100 successes (server returns %s strings)',
      async (tokens) => {
        const wire = interceptQyapi({ tokens })
        const { source, send } = opened(wire)
        await source.get()
        wire.wecom.revoke()
        for (let call = 0; call < 100; call += 1) {
          wire.wecom.failNext('message/send', { errcode: 40014, delayMs: call * 5 })
        }
        const calls = Array.from({ length: 100 }, () => send(`${API}/message/send`, message))
        expect((await Promise.all(calls)).filter((errcode) => errcode === 0)).toHaveLength(100)
        expect(wire.fetches()).toBe(2)
      },
    )

    it.each(['new', 'same'] as const)(
      'rule 5: a refusal of 20 stragglers with the old token costs no further gettoken (server returns %s strings)',
      async (tokens) => {
        const wire = interceptQyapi({ tokens })
        const { source, send } = opened(wire)
        await source.get()
        const held = hold(wire.wecom, 'user/get', { errcode: 42001 }, 20)
        const stragglers = Array.from({ length: 20 }, () => send(`${API}/user/get`))
        await held.arrived(20)
        wire.wecom.failNext('message/send', { errcode: 42001 })
        await send(`${API}/message/send`, message)
        expect(wire.fetches()).toBe(2)
        held.release()
        expect(await Promise.all(stragglers)).toEqual(Array(20).fill(0))
        expect(wire.fetches()).toBe(2)
      },
    )

    it('rule 6: a hit that races a clear never sends undefined', async () => {
      const wire = interceptQyapi()
      const { source, send } = opened(wire)
      for (let round = 0; round < 10; round += 1) {
        const token = await source.get()
        await Promise.all([
          send(`${API}/user/get`),
          source.invalidate(token),
          send(`${API}/user/get`),
        ])
      }
      for (const { path, query } of wire.wecom.requests) {
        if (path !== 'gettoken') expect(query.get('access_token')).toMatch(/^fake-token_/)
      }
    })

    it('rule 10: a wrong secret is requested once, however many callers there are', async () => {
      const wire = interceptQyapi()
      const { send } = opened(wire, {}, 'wrong-secret')
      const calls = Array.from({ length: 50 }, () =>
        send(`${API}/user/get`).catch((error) => error.code),
      )
      expect(new Set(await Promise.all(calls))).toEqual(new Set(['credential_refused']))
      await expect(send(`${API}/user/get`)).rejects.toMatchObject({
        errcode: 40001,
        retryable: false,
      })
      expect(wire.fetches()).toBe(1)
      expect(wire.wecom.count('user/get')).toBe(0)
    })

    it('rule 11: 1,000 callers that abort at once end only their own wait', async () => {
      const wire = interceptQyapi()
      const { send } = opened(wire)
      const fetched = hold(wire.wecom, 'gettoken')
      const controller = new AbortController()
      const impatient = Array.from({ length: 1000 }, () =>
        send(`${API}/user/get`, undefined, controller.signal).then(
          () => 'served',
          () => 'aborted',
        ),
      )
      const patient = send(`${API}/user/get`)
      await fetched.arrived()
      controller.abort()
      expect(new Set(await Promise.all(impatient))).toEqual(new Set(['aborted']))
      fetched.release()
      expect(await patient).toBe(0)
      expect(wire.fetches()).toBe(1)
    })

    it.each([
      'https://evil.example/cgi-bin/user/get',
      'https://qyapi.weixin.qq.com@evil.example/cgi-bin/user/get',
      'https://qyapi.weixin.qq.com.evil.example/cgi-bin/user/get',
      'https://qyapi.weixin.qq.com:8443/cgi-bin/user/get',
      'http://qyapi.weixin.qq.com/cgi-bin/user/get',
      'https://api.weixin.qq.com/cgi-bin/user/get',
      'https://qyapi.weixin.qq.com/cgi-binary/user/get',
    ])('request rule 1: a request to %s gets no token', async (url) => {
      const wire = interceptQyapi()
      const { send } = opened(wire)
      // Nothing listens there: the request fails, and its error has the url.
      const error = await send(url).catch((caught) => caught)
      expect(String(error.cause?.message ?? error.message)).not.toContain('token')
      expect(wire.fetches()).toBe(0)
    })

    it('request rule 1: a request to a trusted origin gets a token too, and a refused one is replayed', async () => {
      const wire = interceptQyapi()
      wire.wecom.interceptWith(nock, 'https://twin.example')
      const { send, types } = opened(wire, { trustedOrigins: ['https://twin.example'] })
      expect(await send('https://twin.example/cgi-bin/user/get')).toBe(0)
      wire.wecom.revoke()
      expect(await send('https://twin.example/cgi-bin/message/send', message)).toBe(0)
      expect(await send(`${API}/user/get`)).toBe(0)
      expect(wire.fetches()).toBe(2)
      expect(types()).toEqual(['fetched', 'refused', 'fetched', 'replayed'])
    })

    it('request rule 2: a path that takes no token, or one of another kind, gets none', async () => {
      const wire = interceptQyapi()
      const { send } = opened(wire)
      for (const path of ['webhook/send', 'service/get_corp_token', 'license/create_new_order']) {
        wire.wecom.on(path, { json: { errcode: 0 } })
        await send(`${API}/${path}`, message)
        expect([...(wire.wecom.requests.at(-1)?.query.keys() ?? [])]).toEqual([])
      }
    })

    it('request rule 2: a request with a token of its own passes through, and an event says so', async () => {
      const wire = interceptQyapi()
      const { send, events } = opened(wire)
      expect(await send(`${API}/user/get?access_token=theirs`)).toBe(40014)
      const skipped = { type: 'skipped', endpoint: 'user/get', reason: 'caller_token' }
      expect(events).toMatchObject([skipped])
      expect(wire.fetches()).toBe(0)
    })

    it("request rule 2: callerToken 'replace' replaces the request’s own token", async () => {
      const wire = interceptQyapi()
      const { send, source } = opened(wire, { callerToken: 'replace' })
      expect(await send(`${API}/user/get?access_token=theirs&userid=u`)).toBe(0)
      const { query } = wire.wecom.requests.at(-1) ?? expect.fail('nothing was sent')
      expect(query.getAll('access_token')).toEqual([await source.get()])
      expect(query.get('userid')).toBe('u')
    })
  })
}
