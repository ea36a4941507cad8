import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { withToken } from '../../src/fetch.js'
import { API, stubFetch } from '../support/stub-fetch.js'

const URL_WITH_TOKEN = `${API}/user/get?userid=u&access_token=token-1`
const URL_WITHOUT = `${API}/user/get?userid=u`

/** What the caller gets when the wrapped fetch fails with that. */
async function failedWith(failure: unknown): Promise<unknown> {
  const { qyFetch } = stubFetch(() => {
    throw failure
  })
  return qyFetch(URL_WITHOUT).then(
    () => expect.fail('did not fail'),
    (error) => error,
  )
}

function shows(value: unknown): boolean {
  return `${inspect(value, { depth: 10 })}${JSON.stringify(value)}`.includes('token-1')
}

it.each<[string, unknown]>([
  ['a message', new TypeError(`GET ${URL_WITH_TOKEN} failed`)],
  ['a cause that is an object', new Error('failed', { cause: { url: URL_WITH_TOKEN } })],
  ['errors that it gathers', new AggregateError([new Error(URL_WITH_TOKEN)], 'all failed')],
  ['an object that is no error', { url: URL_WITH_TOKEN }],
])(
  'request rule 9: an error of the wrapped fetch contains no token in %s, and is the same object',
  async (_name, failure) => {
    const error = await failedWith(failure)
    expect(error).toBe(failure)
    expect(shows(error)).toBe(false)
  },
)

it('request rule 9: a string that the wrapped fetch throws contains no token', async () => {
  expect(await failedWith(`GET ${URL_WITH_TOKEN}`)).toBe(`GET ${URL_WITHOUT}`)
  expect(await failedWith('no access for token: token-1')).toBe('no access for token: [hidden]')
})

it('request rule 9: an error of the wrapped fetch contains no token in its request and response, which stay readable', async () => {
  const request = new Request(URL_WITH_TOKEN)
  const response = Object.defineProperty(new Response(null), 'url', {
    value: URL_WITH_TOKEN,
    configurable: true,
  })
  const failure = Object.assign(new Error('failed'), { request, response })
  const error = await failedWith(new Error('failed', { cause: failure }))
  expect(shows(error)).toBe(false)
  expect(failure.request).toBe(request)
  expect(failure.response).toBe(response)
  expect(Object.keys(failure)).toEqual([])
  for (const one of [request, request.clone(), response, response.clone().clone()])
    expect(one.url).toBe(URL_WITHOUT)
})

it('request rule 9: the request of an error stays unchanged if it has no token', async () => {
  const request = new Request(URL_WITHOUT)
  const error = await failedWith(Object.assign(new Error('failed'), { request }))
  expect(Object.keys(error as object)).toEqual(['request'])
  expect(Object.hasOwn(request, 'url')).toBe(false)
})

it('request rule 9: the request of an error stays unchanged if it is none, or has no address', async () => {
  const said = { request: null, response: { url: 7 } }
  const failure = Object.assign(new Error('failed'), said)
  expect(await failedWith(failure)).toBe(failure)
  expect({ ...failure }).toEqual(said)
})

it('request rule 9: an error of the wrapped fetch contains no token also if fetch throws instead of rejecting', async () => {
  const { source } = stubFetch()
  await source.get()
  const failure = new Error(URL_WITH_TOKEN)
  const throwing = () => {
    throw failure
  }
  expect(() => withToken(throwing as typeof fetch, source)(URL_WITHOUT)).toThrow(failure)
  expect(shows(failure)).toBe(false)
})
