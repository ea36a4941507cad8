import axios, { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { axiosTransport } from '../../src/axios.js'
import type { TokenRequest, TransportContext } from '../../src/core/transport.js'
import { answer } from '../support/stub-axios.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const GET: TokenRequest = {
  method: 'GET',
  url: 'https://wecom.example/cgi-bin/gettoken?corpid=c&corpsecret=s%26',
}
const POST: TokenRequest = {
  method: 'POST',
  url: 'https://wecom.example/cgi-bin/service/get',
  body: '{"a":1}',
}

/** Sends one token request with a client whose adapter answers so, and settles as axios' own do. */
function send(
  request: TokenRequest,
  respond: (config: InternalAxiosRequestConfig, count: number) => unknown,
  {
    defaults = {},
    shouldTryAgain = () => false,
    signal = new AbortController().signal,
  }: Partial<Omit<TransportContext, 'wait'>> & { defaults?: object } = {},
) {
  const sent: InternalAxiosRequestConfig[] = []
  const adapter = async (config: InternalAxiosRequestConfig) => {
    sent.push(config)
    const response = (await respond(config, sent.length)) as AxiosResponse
    if (config.validateStatus?.(response.status) ?? true) return response
    throw new AxiosError('not valid', 'ERR_BAD_RESPONSE', config, null, response)
  }
  const client = axios.create({ ...defaults, adapter })
  const context = { signal, shouldTryAgain, wait: async () => {} }
  const outcome = axiosTransport(client)(request, context).catch((error: unknown) => error)
  const settled = async () => {
    await vi.advanceTimersByTimeAsync(1_000)
    return outcome
  }
  return { sent, settled }
}

it('rule 12: a token request uses the client’s network settings, and nothing else of its defaults', async () => {
  const connection = {
    httpAgent: { own: 1 },
    httpsAgent: { own: 2 },
    proxy: { host: 'p', port: 1 },
    lookup: () => {},
    family: 4,
    socketPath: '/s',
    transport: { request: () => {} },
    insecureHTTPParser: true,
    httpVersion: 2,
    http2Options: { own: 3 },
    env: { fetch: () => {} },
  }
  const fetchOptions = {
    dispatcher: { own: 4 },
    cache: 'force-cache',
    next: { revalidate: 60 },
    redirect: 'follow',
  }
  const others = {
    baseURL: 'https://elsewhere.example',
    headers: { 'x-own': '1' },
    timeout: 7,
    params: { own: 1 },
    auth: { username: 'u', password: 'p' },
    responseType: 'json',
    transformResponse: [() => 'theirs'],
    maxRedirects: 5,
  }
  const { sent, settled } = send(GET, answer('{"a":1}'), {
    defaults: { ...connection, fetchOptions, ...others },
  })
  expect(await settled()).toEqual({ status: 200, body: '{"a":1}' })
  const {
    headers,
    adapter,
    signal,
    'axios-retry': _,
    ...config
  } = sent[0] as never as Record<string, unknown>
  expect(config).toEqual({
    ...connection,
    transport: { request: expect.any(Function) },
    fetchOptions: { dispatcher: { own: 4 }, cache: 'no-store', redirect: 'manual' },
    method: 'get',
    url: 'https://wecom.example/cgi-bin/gettoken',
    params: { corpid: 'c', corpsecret: 's&' },
    beforeRedirect: expect.any(Function),
    responseType: 'text',
    env: expect.objectContaining(connection.env),
    allowAbsoluteUrls: true,
    data: undefined,
    validateStatus: expect.anything(),
  })
  expect({ ...(headers as object) }).toEqual({
    Accept: 'application/json, text/plain, */*',
    'cache-control': 'no-cache, no-store',
  })
  expect(adapter).toBeTypeOf('function')
  expect(signal).toBeInstanceOf(AbortSignal)
})

it('rule 12: a token request with a body sends it as JSON, unchanged', async () => {
  const { sent, settled } = send(POST, answer('{}'))
  await settled()
  expect(sent[0]).toMatchObject({ method: 'post', data: '{"a":1}' })
  expect(sent[0]?.headers.get('content-type')).toBe('application/json')
})

it.each([
  ['text', '{"a":1}', '{"a":1}'],
  ['the object of a mock adapter', { a: 1 }, '{"a":1}'],
  ['nothing', undefined, ''],
])('rule 12: axiosTransport returns the answer as text: %s', async (_name, data, body) => {
  const { settled } = send(GET, answer(data, {}, { status: 404 }))
  expect(await settled()).toEqual({ status: 404, body })
})

it('rule 10: the quick tries of a token request are three for answers that are retried, and the last one is the answer', async () => {
  const { sent, settled } = send(
    GET,
    (config, count) => answer(`try ${count}`, {}, { status: 500 })(config),
    { shouldTryAgain: () => true },
  )
  expect(await settled()).toEqual({ status: 500, body: 'try 3' })
  expect(sent).toHaveLength(3)
})

it.each([
  [0, [0, 100, 300]],
  [1, [0, 120, 360]],
])(
  'rule 10: the quick tries of a token request are 100 and 200 ms apart, and with a random value of %s up to a fifth more',
  async (die, times) => {
    vi.spyOn(Math, 'random').mockReturnValue(die)
    const startedAt = Date.now()
    const left: number[] = []
    const { settled } = send(
      GET,
      (config) => {
        left.push(Date.now() - startedAt)
        return answer('busy')(config)
      },
      { shouldTryAgain: () => true },
    )
    await settled()
    expect(left).toEqual(times)
  },
)

it('rule 10: the quick tries of a token request end with the first good answer', async () => {
  const { sent, settled } = send(GET, (config, count) => answer(`try ${count}`)(config), {
    shouldTryAgain: ({ body }) => body === 'try 1',
  })
  expect(await settled()).toEqual({ status: 200, body: 'try 2' })
  expect(sent).toHaveLength(2)
})

it('rule 10: the quick tries of a token request are three for network errors, and the last one is thrown', async () => {
  const { sent, settled } = send(GET, (config, count) => {
    throw new AxiosError(`reset ${count}`, 'ECONNRESET', config)
  })
  expect(await settled()).toMatchObject({ message: 'reset 3', code: 'ECONNRESET' })
  expect(sent).toHaveLength(3)
})

it('rule 10: the quick tries of a token request end when they are aborted', async () => {
  const controller = new AbortController()
  const canceled = new axios.CanceledError()
  const { sent, settled } = send(
    GET,
    (config) => {
      controller.abort()
      throw Object.assign(canceled, { config })
    },
    { signal: controller.signal },
  )
  expect(await settled()).toBe(canceled)
  expect(sent).toHaveLength(1)
})

it('rule 10: the quick tries of a token request are one for an error that is not axios’ own', async () => {
  const strange = new Error('from a mock')
  const { sent, settled } = send(GET, () => {
    throw strange
  })
  expect(await settled()).toBe(strange)
  expect(sent).toHaveLength(1)
})
