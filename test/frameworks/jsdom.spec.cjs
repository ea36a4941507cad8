/** @jest-environment jsdom */
const axios = require('axios')
const { attachToken } = require('qyapi-token/axios')
const { withToken } = require('qyapi-token/fetch')

const API = 'https://qyapi.weixin.qq.com/cgi-bin'
const APP = { corpId: 'ww1', corpSecret: 'secret' }

/** The first business call is refused. */
function wecom() {
  const tokens = []
  let fetched = 0
  const answerTo = (url) => {
    if (!url.includes('/gettoken')) {
      tokens.push(new URL(url).searchParams.get('access_token'))
      return { errcode: tokens.length === 1 ? 42001 : 0 }
    }
    fetched += 1
    return { errcode: 0, access_token: `token-${fetched}`, expires_in: 7200 }
  }
  return { tokens, answerTo }
}

test('axios heals a call', async () => {
  const { tokens, answerTo } = wecom()
  const adapter = async (config) => {
    const data = JSON.stringify(answerTo(axios.getUri(config)))
    return { data, status: 200, statusText: 'OK', headers: {}, config }
  }
  const client = axios.create({ baseURL: API, adapter })
  attachToken(client, APP)
  const { signal } = new AbortController()
  const { data } = await client.get('/user/get', { signal, timeout: 10_000 })
  expect(data).toEqual({ errcode: 0 })
  expect(tokens).toEqual(['token-1', 'token-2'])
})

test('fetch heals a call', async () => {
  const { tokens, answerTo } = wecom()
  const fetch = async (url) => {
    const answer = answerTo(String(url))
    const headers = new Headers({ 'error-code': String(answer.errcode) })
    const text = async () => JSON.stringify(answer)
    return { status: 200, ok: true, headers, text, json: async () => answer }
  }
  const { signal } = new AbortController()
  const response = await withToken(fetch, APP)(`${API}/user/get`, { signal })
  expect(await response.json()).toEqual({ errcode: 0 })
  expect(tokens).toEqual(['token-1', 'token-2'])
})
