import axios, { type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import { describe, expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { withToken } from '../../src/fetch.js'
import {
  createTokenSource,
  memoryStore,
  type SourceOptions,
  type StoredToken,
  selfBuilt,
  type TokenSource,
  type TokenStore,
  wrapSdk,
} from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { APP, settle } from '../support/qyapi.js'
import { type Given, sourceWith, tokenBody } from '../support/source.js'

const URL_OF_CALL = 'https://qyapi.weixin.qq.com/cgi-bin/user/get'

/** How WeCom answers a call with a token: 0, or the errcode by which it refuses it. */
type Judge = (token: string) => number

/** One call of `user/get` through each face; gives the errcode that its caller got. */
const FACES: [
  string,
  (source: TokenSource, judge: Judge, body?: () => unknown) => Promise<number>,
][] = [
  [
    'axios',
    async (source, judge, body = () => '{}') => {
      const client = axios.create({
        adapter: async (config: InternalAxiosRequestConfig) => {
          const token = new URL(axios.getUri(config)).searchParams.get('access_token') ?? ''
          const data = JSON.stringify({ errcode: judge(token) })
          return { data, status: 200, statusText: 'OK', headers: {}, config } as AxiosResponse
        },
      })
      attachToken(client, source)
      return (await client.post(URL_OF_CALL, body())).data.errcode
    },
  ],
  [
    'fetch',
    async (source, judge, body = () => '{}') => {
      const plain = async (input: string | URL | Request) => {
        const token = new URL(String(input)).searchParams.get('access_token') ?? ''
        return new Response(JSON.stringify({ errcode: judge(token) }))
      }
      const qyFetch = withToken(plain as typeof fetch, source)
      const init = { method: 'POST', body: body() as string, duplex: 'half' } as RequestInit
      return ((await (await qyFetch(URL_OF_CALL, init)).json()) as { errcode: number }).errcode
    },
  ],
  [
    'run',
    async (source, judge) =>
      (await source.run(async (token) => ({ errcode: judge(token) }), { endpoint: 'user/get' }))
        .errcode,
  ],
  [
    'wrapSdk',
    async (source, judge) => {
      const sdk = { user: { get: async (token: string) => ({ errcode: judge(token) }) } }
      return (await wrapSdk(sdk, source).user.get()).errcode
    },
  ],
]

/** A store into which another process puts tokens; `dead` are those that WeCom refuses. */
function fleet(
  options: SourceOptions = {},
  answers: (count: number) => Given = (count) => `token-${count}`,
) {
  const memory = memoryStore()
  const lease = memory.lease as NonNullable<TokenStore['lease']>
  let theirs: StoredToken | undefined
  const deleted: number[] = []
  const store: TokenStore = {
    ...memory,
    get: async (key) => {
      const own = await memory.get(key)
      return (theirs?.generation ?? 0) > (own?.generation ?? 0) ? theirs : own
    },
    delete: async (key, generation) => {
      deleted.push(generation)
      if (theirs?.generation === generation) theirs = undefined
      return memory.delete(key, generation)
    },
    lease: {
      ...lease,
      acquire: async (key, request) =>
        theirs !== undefined && theirs.generation > request.above
          ? { token: theirs }
          : lease.acquire(key, request),
    },
  }
  const dead = new Set<string>()
  const sent: string[] = []
  const judge: Judge = (token) => {
    sent.push(token)
    return dead.has(token) ? 40014 : 0
  }
  const put = (value: string, generation: number, more: Partial<StoredToken> = {}) => {
    theirs = { value, generation, ageMs: 0, expiresInMs: 7_200_000, ...more }
  }
  return {
    ...sourceWith(answers, { store, ...options }),
    dead,
    sent,
    judge,
    put,
    deleted,
  }
}

describe.each(FACES)('many processes, through %s', (face, call) => {
  it('rule 7: a string that was refused is not adopted under a newer generation', async () => {
    const { source, clock, dead, sent, judge, put, fetches, deleted } = fleet()
    await source.get()
    clock.advance(5_000)
    // Another process's token request brought the same string once more, 2 s ago.
    put('token-1', 2, { ageMs: 5_000, reconfirmedAtMs: 3_000 })
    dead.add('token-1')
    expect(await call(source, judge)).toBe(0)
    expect(sent).toEqual(['token-1', 'token-2'])
    expect(fetches()).toBe(2)
    await settle()
    // Nor by any other process.
    expect(deleted).toContain(2)
    expect(source.describe().generation).toBeGreaterThan(2)
  })

  it('rule 7: a string that a token request brought which was in flight when the refused call was sent is adopted', async () => {
    const { source, clock, sent, put, fetches } = fleet()
    await source.get()
    clock.advance(5_000)
    const judge: Judge = (token) => {
      sent.push(token)
      if (sent.length > 1) return 0
      put('token-1', 2, { ageMs: 5_000, reconfirmedAtMs: 4_500, requestMs: 600 })
      return 40014
    }
    expect(await call(source, judge)).toBe(0)
    expect(sent).toEqual(['token-1', 'token-1'])
    expect(fetches()).toBe(1)
  })

  it('rule 7: a string that a token request brought after the refused call was sent is adopted', async () => {
    const { source, clock, sent, put, fetches } = fleet()
    await source.get()
    let answers = 0
    const judge: Judge = (token) => {
      sent.push(token)
      answers += 1
      if (answers > 1) return 0
      clock.advance(2_000)
      put('token-1', 2, { ageMs: 2_000, reconfirmedAtMs: 1_000 })
      return 40014
    }
    expect(await call(source, judge)).toBe(0)
    expect(sent).toEqual(['token-1', 'token-1'])
    expect(fetches()).toBe(1)
  })

  it('rule 9: a replay that is refused with an adopted token is followed by one with a fetched token', async () => {
    const { source, dead, sent, judge, put, fetches, types } = fleet()
    await source.get()
    put('theirs', 7)
    for (const token of ['token-1', 'theirs']) dead.add(token)
    expect(await call(source, judge)).toBe(0)
    expect(sent).toEqual(['token-1', 'theirs', 'token-2'])
    expect(fetches()).toBe(2)
    expect(types()).not.toContain('endpoint_cooldown')
  })

  it('rule 9: the second replay carries a fetched token, though the store has a newer one again', async () => {
    const { source, dead, sent, put, fetches } = fleet()
    await source.get()
    put('theirs-7', 7)
    for (const token of ['token-1', 'theirs-7', 'theirs-8']) dead.add(token)
    const judge: Judge = (token) => {
      sent.push(token)
      if (token === 'theirs-7') put('theirs-8', 8)
      return dead.has(token) ? 40014 : 0
    }
    expect(await call(source, judge)).toBe(0)
    expect(sent).toEqual(['token-1', 'theirs-7', 'token-2'])
    expect(fetches()).toBe(2)
    expect(source.describe().generation).toBeGreaterThan(8)
  })

  it('rule 9: there are at most two sends after the first, and then the endpoint cools down', async () => {
    const { source, sent, put, fetches, types } = fleet()
    await source.get()
    put('theirs', 7)
    const refuseAll: Judge = (token) => {
      sent.push(token)
      return 40014
    }
    expect(await call(source, refuseAll)).toBe(40014)
    expect(sent).toEqual(['token-1', 'theirs', 'token-2'])
    expect(types().at(-1)).toBe('endpoint_cooldown')
    expect(await call(source, refuseAll)).toBe(40014)
    expect(fetches()).toBe(2)
    expect(sent).toHaveLength(4)
  })

  it('rule 9: an endpoint that cools down forces no refresh, but adopts and replays', async () => {
    const { source, sent, put, fetches, dead, judge } = fleet()
    await source.get()
    await call(source, (token) => {
      dead.add(token)
      return 40014
    })
    expect(fetches()).toBe(2)
    put('theirs', 7)
    expect(await call(source, judge)).toBe(0)
    expect(sent).toEqual(['token-2', 'theirs'])
    expect(fetches()).toBe(2)
  })

  it.runIf(face === 'axios' || face === 'fetch')(
    'rule 9: a body that is a stream is sent once, whatever the store has',
    async () => {
      const { source, dead, sent, judge, put } = fleet()
      await source.get()
      put('theirs', 7)
      dead.add('token-1')
      const stream = () => new Blob(['{}']).stream()
      expect(await call(source, judge, stream)).toBe(40014)
      expect(sent).toEqual(['token-1'])
      expect(await call(source, judge, stream)).toBe(0)
    },
  )

  it('rules 7 and 9: four sources over one store, under load, with early ends and one bad endpoint, lose no good call', async () => {
    const clock = fakeClock()
    const store = memoryStore({ clock })
    const good = new Set<string>()
    let fetches = 0
    const transport = async () => {
      fetches += 1
      const value = `token-${fetches}`
      good.add(value)
      return { status: 200, body: tokenBody(value) }
    }
    const sources = [1, 2, 3, 4].map(() =>
      createTokenSource(selfBuilt(APP), { clock, store, transport, refreshBudget: 1_000 }),
    )
    const judge: Judge = (token) => (good.has(token) ? 0 : 42001)
    const calls: Promise<number>[] = []
    for (let round = 0; round < 60; round += 1) {
      if (round % 5 === 0) good.clear()
      sources.forEach((source, at) => {
        // One is idle for a while, and is generations behind then.
        if (at === 3 && round % 15 !== 14) return
        calls.push(call(source, judge))
        void source
          .run(async () => ({ errcode: 40014 }), { endpoint: 'bad/endpoint' })
          .catch(() => {})
      })
      for (let step = 0; step < 4; step += 1) {
        await settle()
        clock.advance(150)
      }
    }
    for (let step = 0; step < 40; step += 1) {
      await settle()
      clock.advance(150)
    }
    const lost = (await Promise.all(calls)).filter((errcode) => errcode !== 0)
    expect(lost).toEqual([])
    // Twelve early ends, and what the bad endpoint forces of each process every 30 s.
    expect(fetches).toBeLessThan(12 * 2 + 4 * 3)
  })
})

it('rule 10: a replay that is refused with an adopted token makes no token request while a failure is remembered', async () => {
  const { source, put, fetches, clock } = fleet({}, (count) =>
    count === 2 ? new Error('ECONNREFUSED') : `token-${count}`,
  )
  await source.get()
  put('theirs', 7)
  const send = async (token: string) => {
    if (token !== 'theirs') return { errcode: token === 'token-1' ? 40014 : 0 }
    await source.invalidate('theirs')
    await expect(source.get()).rejects.toMatchObject({ code: 'token_fetch_failed' })
    return { errcode: 40014 }
  }
  const call = () => source.run(send, { endpoint: 'user/get' })
  expect(await call()).toEqual({ errcode: 40014 })
  expect(fetches()).toBe(2)
  clock.advance(1_000)
  expect(await call()).toEqual({ errcode: 0 })
  expect(fetches()).toBe(3)
})

it('rule 7: a string is not used again for a call that refused it, also where another call adopted its newer generation', async () => {
  const { source, put, fetches, clock } = fleet()
  await source.get()
  const sent: string[] = []
  const answers: ((errcode: number) => void)[] = []
  const call = () =>
    source.run(
      (token) => {
        sent.push(token)
        return new Promise<{ errcode: number }>((resolve) =>
          answers.push((errcode) => resolve({ errcode })),
        )
      },
      { endpoint: 'user/get' },
    )
  const early = call()
  await settle()
  // Another process's token request takes these 100 ms, and the second call is sent after it.
  clock.advance(100)
  put('token-1', 2, { ageMs: 100, reconfirmedAtMs: 0, requestMs: 100 })
  const late = call()
  await settle()
  answers[0]?.(40014)
  await settle()
  answers[1]?.(40014)
  await settle()
  expect(sent).toEqual(['token-1', 'token-1', 'token-1', 'token-2'])
  for (const answer of answers) answer(0)
  await Promise.all([early, late])
  expect(fetches()).toBe(2)
})
