import axios from 'axios'
import { describe, expect, it } from 'vitest'
import { attachToken } from '../../src/axios.js'
import { withToken } from '../../src/fetch.js'
import { createTokenSource, selfBuilt, type TokenSource } from '../../src/index.js'
import { type ClientContext, type ContractSend, clientContract } from '../../src/testing.js'

const sourceOf = ({ corpId, corpSecret, options }: ClientContext) =>
  createTokenSource(selfBuilt({ corpId, corpSecret }), options)

const CLIENTS: Readonly<Record<string, (context: ClientContext) => ContractSend>> = {
  fetch: (context) => {
    const call = withToken(fetch, sourceOf(context))
    return async (url, body, signal) => {
      const posted = body && { method: 'POST', body: JSON.stringify(body) }
      const response = await call(url, { ...posted, ...(signal && { signal }) })
      return ((await response.json()) as { errcode: number }).errcode
    }
  },
  axios: (context) => {
    const client = axios.create()
    attachToken(client, sourceOf(context))
    return async (url, data, signal) => {
      const method = data === undefined ? 'get' : 'post'
      const answer = await client.request({ url, method, data, ...(signal && { signal }) })
      return answer.data.errcode
    }
  },
}

describe.each(Object.entries(CLIENTS))('clientContract for %s', (_name, open) => {
  for (const { name, run } of clientContract(open)) it(name, run)
})

/** Sends with a token, as ten lines of one's own would. */
async function sent(url: string, token: string, body?: object, signal?: AbortSignal) {
  const target = new URL(url)
  target.searchParams.set('access_token', token)
  const init = body ? { method: 'POST', body: JSON.stringify(body) } : {}
  const response = await fetch(target, { ...init, ...(signal && { signal }) })
  return (await response.json()) as { errcode: number }
}

type Broken = (source: TokenSource, ...call: Parameters<ContractSend>) => Promise<number>

/** What is wrong with each, and what of the contract notices. */
const BROKEN: readonly [string, string, Broken][] = [
  [
    'sends each call once only',
    'clears a refused token and sends the request once more',
    async (source, url, body, signal) =>
      (await sent(url, await source.get(), body, signal)).errcode,
  ],
  [
    'loses the body when it sends again',
    'with the same body',
    async (source, url, body, signal) => {
      let given = body
      const call = async (token: string) => {
        const answer = await sent(url, token, given, signal)
        given = {}
        return answer
      }
      return (await source.run(call)).errcode
    },
  ],
  [
    'takes a 40001 for a refused token',
    'request rule 4',
    async (source, url, body, signal) => {
      const errcodeOf = (answer: unknown) => {
        const { errcode } = Object(answer) as { errcode?: number }
        return errcode === 40001 ? 42001 : errcode
      }
      return (await source.run((token) => sent(url, token, body, signal), { errcodeOf })).errcode
    },
  ],
  [
    'sends its token anywhere',
    'sends no token to another origin',
    async (source, url, body, signal) =>
      (await source.run((token) => sent(url, token, body, signal))).errcode,
  ],
  [
    'fetches a token for each call',
    'injects one memoized token',
    async (source, url, body, signal) => {
      const token = await source.get()
      await source.invalidate(token)
      return (await sent(url, token, body, signal)).errcode
    },
  ],
]

it.each(BROKEN)('clientContract notices a client that %s', async (_wrong, rule, call) => {
  const rules = clientContract((context) => {
    const source = sourceOf(context)
    return (...given) => call(source, ...given)
  })
  const failed = await Promise.all(
    rules.map(({ name, run }) =>
      run().then(
        () => [],
        () => [name],
      ),
    ),
  )
  expect(failed.flat().join('\n')).toContain(rule)
})

it('clientContract refuses what makes no client', () => {
  expect(() => clientContract({} as never)).toThrow('open must be a function that makes a client')
})
