import { afterEach, expect, it, vi } from 'vitest'
import { withToken } from '../../src/fetch.js'
import { fakeClock } from '../../src/testing.js'

const API = 'https://qyapi.weixin.qq.com/cgi-bin'
const APP = { corpId: 'ww1', corpSecret: 'secret' }

/** A fetch to WeCom, as Next.js' own if it is said so: gettoken repeats its string. */
function wecom(isNextFetch: boolean) {
  const sent: { url: string; init: Record<string, unknown> }[] = []
  let business = 0
  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    const url = String(input)
    sent.push({ url, init: { ...init } })
    if (url.includes('/gettoken'))
      return Response.json({ errcode: 0, access_token: 'token', expires_in: 7200 })
    business += 1
    return Response.json({ errcode: business === 1 ? 42001 : 0 })
  }
  const patched = isNextFetch ? Object.assign(fetch, { __nextPatched: true }) : fetch
  vi.stubGlobal('fetch', patched)
  const clock = fakeClock()
  // A wrapper shows nothing of what it wraps.
  const qyFetch = withToken((...args: Parameters<typeof fetch>) => patched(...args), APP, { clock })
  return { qyFetch, clock, sent, urls: () => sent.map(({ url }) => url.replace(/^.*cgi-bin/, '')) }
}

afterEach(() => {
  vi.unstubAllGlobals()
})

it('rule 12: Next.js keeps a token request out of the data cache, also if fetchCache overrides no-store', async () => {
  const { qyFetch, sent } = wecom(true)
  await qyFetch(`${API}/user/get`)
  expect(sent[0]?.init).toMatchObject({ cache: 'no-store', next: { internal: true } })
  expect(sent[1]?.init).not.toHaveProperty('next')
  expect(sent[1]?.init).not.toHaveProperty('cache')
})

it('rule 8: Next.js never answers a string that came back from the cache of before its refusal', async () => {
  const { qyFetch, clock, urls } = wecom(true)
  await qyFetch(`${API}/user/get`)
  const wall = clock.wall()
  clock.advance(1_000)
  await qyFetch(`${API}/user/get#mine`)
  expect(urls()).toEqual([
    '/gettoken?corpid=ww1&corpsecret=secret',
    '/user/get?access_token=token',
    '/gettoken?corpid=ww1&corpsecret=secret',
    `/user/get?access_token=token#${wall}`,
    `/user/get?access_token=token#mine-${wall}`,
  ])
})

it('rule 12: Next.js is detected by the global fetch: elsewhere requests are unchanged', async () => {
  const { qyFetch, sent, urls } = wecom(false)
  await qyFetch(`${API}/user/get`)
  expect(urls()[3]).toBe('/user/get?access_token=token')
  for (const { init } of sent) expect(init).not.toHaveProperty('next')
})
