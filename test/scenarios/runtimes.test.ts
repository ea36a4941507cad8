import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

const API = 'https://qyapi.weixin.qq.com/cgi-bin'
const APP = { corpId: 'ww1', corpSecret: 'secret' }
const REFUSED = '{"errcode":42001,"errmsg":"access_token expired"}'

/** The server's answer: the first business request is refused. */
function server() {
  const tokens: (string | null)[] = []
  let fetched = 0
  return {
    tokens,
    answerTo(url: string): string {
      const { pathname, searchParams } = new URL(url)
      if (pathname.endsWith('/gettoken')) {
        fetched += 1
        return `{"errcode":0,"access_token":"token-${fetched}","expires_in":7200}`
      }
      tokens.push(searchParams.get('access_token'))
      return tokens.length === 1 ? REFUSED : '{"errcode":0}'
    },
  }
}

/** Removes these from the globals, and loads the package anew. */
function without(names: readonly string[]): void {
  for (const name of names) vi.stubGlobal(name, undefined)
  vi.resetModules()
}

function withoutNewerSignals(): void {
  for (const [object, key] of [
    [AbortSignal, 'any'],
    [AbortSignal, 'timeout'],
    [AbortSignal.prototype, 'throwIfAborted'],
  ] as const)
    restore.push(hidden(object, key))
}

const restore: (() => void)[] = []

function hidden(object: object, key: string): () => void {
  // Each of these exists on Node 20.
  const descriptor = Object.getOwnPropertyDescriptor(object, key) as PropertyDescriptor
  Reflect.deleteProperty(object, key)
  return () => Reflect.defineProperty(object, key, descriptor)
}

beforeEach(withoutNewerSignals)

afterEach(() => {
  for (const back of restore.splice(0)) back()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.resetModules()
})

/** As Jest's environment jsdom has them. */
const JSDOM_LACKS = [
  ...['TextEncoder', 'TextDecoder', 'ReadableStream', 'Response', 'Request', 'structuredClone'],
  'fetch',
]

it('a fetch request is replayed on a runtime without AbortSignal.any, timeout and throwIfAborted', async () => {
  // As in Next.js' edge runtime.
  vi.spyOn(process, 'getBuiltinModule').mockImplementation(() => {
    throw new Error('A Node.js API is used (process.getBuiltinModule)')
  })
  vi.resetModules()
  const { withToken } = await import('../../src/fetch.js')
  const { tokens, answerTo } = server()
  const fetch = async (url: string | URL | Request, _init?: RequestInit) =>
    new Response(answerTo(String(url)))
  const { signal } = new AbortController()
  const response = await withToken(fetch, APP)(`${API}/user/get`, { signal })
  expect(await response.json()).toEqual({ errcode: 0 })
  expect(tokens).toEqual(['token-1', 'token-2'])
})

it.each([
  ['text', (text: string) => text],
  ['a Buffer', (text: string) => Buffer.from(text)],
  ['an object', (text: string) => JSON.parse(text)],
])(
  'an axios request whose answer is %s is replayed on a runtime without what jsdom lacks',
  async (_name, given) => {
    without(JSDOM_LACKS)
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
    const { default: axios } = await import('axios')
    const { attachToken } = await import('../../src/axios.js')
    const { tokens, answerTo } = server()
    const adapter = async (config: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
      const isToken = axios.getUri(config).includes('/gettoken')
      const text = answerTo(axios.getUri(config))
      const data = isToken ? text : given(text)
      return { data, status: 200, statusText: 'OK', headers: {}, config }
    }
    const client = axios.create({ baseURL: API, adapter })
    attachToken(client, APP, { axios })
    await client.get('/user/get', { signal: new AbortController().signal })
    expect(tokens).toEqual(['token-1', 'token-2'])
  },
)

it('a replaced credential ends the token request in flight without AbortSignal.any', async () => {
  vi.resetModules()
  const { createTokenSource, selfBuilt } = await import('../../src/index.js')
  const secrets: string[] = []
  const transport = (request: { url: string }, { signal }: { signal: AbortSignal }) => {
    const secret = String(new URL(request.url).searchParams.get('corpsecret'))
    secrets.push(secret)
    const body = '{"errcode":0,"access_token":"token","expires_in":7200}'
    if (secret !== 'old') return Promise.resolve({ status: 200, body })
    return new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  }
  const credential = (corpSecret: string) => selfBuilt({ corpId: 'ww1', corpSecret })
  const source = createTokenSource(credential('old'), { transport })
  const token = source.get()
  await vi.waitFor(() => expect(secrets).toEqual(['old']))
  source.replaceCredential(credential('new'))
  expect(await token).toBe('token')
  expect(secrets).toEqual(['old', 'new'])
})
