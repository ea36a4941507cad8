import type { AxiosRequestConfig } from 'axios'
import { expect, it } from 'vitest'
import { answer, OK, REFUSED, stubAxios } from '../support/stub-axios.js'
import { API, stubFetch } from '../support/stub-fetch.js'

/** A path of a gateway that takes the app's token under a name of its own. */
const options = {
  endpoints: [{ path: 'own/', token: 'app', parameter: 'corp_token' }],
} as const
const OWN = '/own/list'

it.each<[string, string, AxiosRequestConfig]>([
  ['in the url', `${OWN}?corp_token=mine`, {}],
  ['in params', OWN, { params: { corp_token: 'mine' } }],
  ['in URLSearchParams', OWN, { params: new URLSearchParams({ corp_token: 'mine' }) }],
  ['on a path with another name', '/user/get?corp_token=mine', {}],
])(
  'request rule 2: an axios request with a token in a parameter of the option endpoints passes through unchanged: %s',
  async (_name, url, config) => {
    const { client, urls, events } = stubAxios(answer(REFUSED), { options })
    await client.get(url, config)
    expect(urls()).toEqual([`${API}${url.split('?', 1)}?corp_token=mine`])
    expect(events.map(({ type }) => type)).toContain('skipped')
  },
)

it('request rule 2: a fetch request with a token in a parameter of the option endpoints passes through unchanged', async () => {
  const { qyFetch, sent, events } = stubFetch(undefined, options)
  await qyFetch(`${API}${OWN}?corp_token=mine`)
  expect(sent.map(({ input }) => input)).toEqual([`${API}${OWN}?corp_token=mine`])
  expect(events.map(({ type }) => type)).toContain('skipped')
})

it('request rule 2: an empty parameter of the option endpoints is replaced by ours, so that there is one', async () => {
  const { client, urls } = stubAxios(answer(OK), { options })
  await client.get(`${OWN}?corp_token=`)
  await client.get(OWN, { params: { corp_token: '' } })
  const { qyFetch, sent } = stubFetch(undefined, options)
  await qyFetch(`${API}${OWN}?corp_token=`)
  const expected = `${API}${OWN}?corp_token=token-1`
  expect([...urls(), sent[0]?.input]).toEqual([expected, expected, expected])
})

it("request rule 2: callerToken: 'replace' replaces the token in a parameter of the option endpoints, so that there is one", async () => {
  const replace = { ...options, callerToken: 'replace' } as const
  const { client, urls } = stubAxios(answer(OK), { options: replace })
  await client.get(`${OWN}?corp_token=mine`)
  await client.get(OWN, { params: { corp_token: 'mine', access_token: 'mine' } })
  await client.get(OWN, { params: new URLSearchParams({ corp_token: 'mine' }) })
  const { qyFetch, sent } = stubFetch(undefined, replace)
  await qyFetch(`${API}${OWN}?corp_token=mine`)
  const expected = `${API}${OWN}?corp_token=token-1`
  expect([...urls(), sent[0]?.input]).toEqual(Array(4).fill(expected))
})

it('request rule 9: an answer and an error of a request with a token of its own read as they would without us', async () => {
  const location = `https://elsewhere.example/?corp_token=token-1&a=1`
  const { client } = stubAxios(answer(OK, { location }), { options })
  const { headers } = await client.get(OWN)
  const { qyFetch } = stubFetch(() => new Response('{}', { headers: { location } }), options)
  const response = await qyFetch(`${API}${OWN}`)
  const failing = stubFetch(({ input }) => Promise.reject(new Error(`no ${input}`)), options)
  const error = await failing.qyFetch(`${API}${OWN}`).catch((failed) => failed)
  expect(headers.location).toBe('https://elsewhere.example/?a=1')
  expect(response.headers.get('location')).toBe('https://elsewhere.example/?a=1')
  expect(error.message).toBe(`no ${API}${OWN}`)
})
