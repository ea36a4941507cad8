import {
  ENDPOINTS,
  errorAnswer,
  type FakeAnswer,
  type FakeEndpoint,
  type FakeRequest,
  type NextAnswer,
  UNKNOWN_PATH,
} from './fake-answers.js'
import {
  fakeServer,
  type Handled,
  type Incoming,
  interceptByNock,
  type NockLike,
  type WireAnswer,
} from './fake-server.js'
import { type FakeApp, fakeTokens, realisticText, type TokenMode } from './fake-tokens.js'

export interface FakeQyapiOptions {
  /**
   * The apps that it knows.
   * @default [{ corpId: 'ww-fake', corpSecret: 'fake-secret' }]
   */
  readonly apps?: readonly FakeApp[]
  /**
   * Whether gettoken gives a new string each time, or the same one while it lives.
   * @default 'new'
   */
  readonly tokens?: TokenMode
  /**
   * What the n-th token looks like.
   * @default 214 characters, like the real ones
   */
  readonly tokenText?: (count: number, app: FakeApp) => string
  /**
   * How long tokens live, in seconds.
   * @default 7200
   */
  readonly expiresInSeconds?: number
  /**
   * Whether answers carry WeCom's undocumented `error-code` and `error-msg` headers.
   * @default true
   */
  readonly errorCodeHeader?: boolean
  /**
   * Wall clock, in milliseconds.
   * @default Date.now
   */
  readonly now?: () => number
}

/** A stand-in for qyapi.weixin.qq.com, as a server on loopback or behind nock. */
export interface FakeQyapi {
  /** Starts a server on a free port of 127.0.0.1. Resolves with its address, for `baseUrl`. */
  listen(): Promise<string>
  /** Stops the server and cuts its connections. */
  close(): Promise<void>
  /** Answers every `/cgi-bin/` call to `baseUrl` by nock, until `nock.cleanAll()`. */
  interceptWith(nock: NockLike, baseUrl?: string): void
  addApp(app: FakeApp): void
  /** Makes an endpoint, or changes what one answers. */
  on(path: string, endpoint: FakeEndpoint): void
  /** Tokens are refused with 40014 from now on: all, or those of one app. */
  revoke(only?: Partial<FakeApp>): void
  /** Tokens are refused with 42001 from now on, as if their time were over. */
  expire(only?: Partial<FakeApp>): void
  /** The next calls to a path (`'*'`: to any but gettoken) get this answer. */
  failNext(path: string, answer: NextAnswer, times?: number): void
  /** Forgets what was planned by `failNext`: for one path, or for all. */
  recover(path?: string): void
  /** How many calls came to a path, of all apps or of one corp. */
  count(path: string, corpId?: string): number
  /** Everything that came over the wire, tokens included: keep it inside the test. */
  readonly requests: readonly FakeRequest[]
}

const ROOT = '/cgi-bin/'

/**
 * Makes a fake of WeCom's API with tokens that really expire and can be revoked.
 *
 * @example
 * const wecom = fakeQyapi()
 * const baseUrl = await wecom.listen()
 * const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
 * attachToken(client, { corpId: 'ww-fake', corpSecret: 'fake-secret' }, { baseUrl })
 * wecom.revoke()
 * await client.post('/message/send', {})   // one gettoken later, it is sent
 */
export function fakeQyapi(options: FakeQyapiOptions = {}): FakeQyapi {
  const { errorCodeHeader = true, expiresInSeconds = 7200, now = Date.now } = options
  const { tokens: mode = 'new', tokenText: textOf = realisticText } = options
  const tokens = fakeTokens({ mode, expiresInSeconds, now, textOf })
  const endpoints = new Map(Object.entries(ENDPOINTS))
  const planned = new Map<string, NextAnswer[]>()
  const requests: FakeRequest[] = []
  for (const app of options.apps ?? [{ corpId: 'ww-fake', corpSecret: 'fake-secret' }])
    tokens.add(app)

  /** What happens to one call: an answer, a delay, a cut connection. */
  async function handle(incoming: Incoming, uri: string): Promise<Handled> {
    const { pathname, searchParams: query } = new URL(uri, 'http://fake')
    if (!pathname.startsWith(ROOT)) return { answer: withHeaders(UNKNOWN_PATH), next: {} }
    const path = pathname.slice(ROOT.length)
    const next = nextFor(path)
    if (next.delayMs !== undefined) await sleep(next.delayMs)
    const { answer, corpId } = answerTo({ ...incoming, path, query, corpId: undefined })
    requests.push({ ...incoming, path, query, corpId })
    return { answer: withHeaders(instead(answer, next)), next }
  }

  function nextFor(path: string): NextAnswer {
    const own = planned.get(path)?.shift()
    return own ?? (path === 'gettoken' ? undefined : planned.get('*')?.shift()) ?? {}
  }

  function answerTo(request: FakeRequest): { answer: FakeAnswer; corpId: string | undefined } {
    const { path, query } = request
    if (path === 'gettoken') {
      const { errcode, ...given } = tokens.gettoken(query.get('corpid'), query.get('corpsecret'))
      const answer =
        errcode === 0 ? { json: { errcode, errmsg: 'ok', ...given } } : errorAnswer(errcode)
      return { answer, corpId: query.get('corpid') ?? undefined }
    }
    const endpoint = endpoints.get(path)
    if (endpoint === undefined) return { answer: UNKNOWN_PATH, corpId: undefined }
    const { errcode, corpId } = tokens.check(query.get('access_token'))
    if (errcode !== 0) return { answer: errorAnswer(errcode, { ip_list: [] }), corpId }
    return {
      answer: typeof endpoint === 'function' ? endpoint({ ...request, corpId }) : endpoint,
      corpId,
    }
  }

  function withHeaders(answer: FakeAnswer): WireAnswer {
    const { status = 200, json, headers } = answer
    const body = json === undefined ? (answer.body ?? '') : JSON.stringify(json)
    const errcode = json?.errcode
    return {
      status,
      body: Buffer.from(body),
      headers: {
        ...(json === undefined ? {} : { 'content-type': 'application/json; charset=UTF-8' }),
        ...(errorCodeHeader && typeof errcode === 'number'
          ? { 'error-code': String(errcode), 'error-msg': String(json?.errmsg) }
          : {}),
        ...headers,
        'content-length': String(Buffer.byteLength(body)),
      },
    }
  }

  const { listen, close } = fakeServer(handle)
  return {
    listen,
    close,
    interceptWith: (nock, baseUrl) => interceptByNock(nock, handle, baseUrl),
    addApp: (app) => void tokens.add(app),
    on: (path, endpoint) => void endpoints.set(path, endpoint),
    revoke: (only = {}) => tokens.end('revoked', only),
    expire: (only = {}) => tokens.end('expired', only),
    failNext(path, answer, times = 1) {
      const queue = planned.get(path) ?? []
      for (let added = 0; added < times; added += 1) queue.push(answer)
      planned.set(path, queue)
    },
    recover: (path) => void (path === undefined ? planned.clear() : planned.delete(path)),
    count: (path, corpId) =>
      requests.filter(
        (request) => request.path === path && (corpId ?? request.corpId) === request.corpId,
      ).length,
    requests,
  }
}

function instead(
  answer: FakeAnswer,
  { errcode, status, body, headers = {} }: NextAnswer,
): FakeAnswer {
  if (errcode !== undefined) return { ...errorAnswer(errcode), ...(status && { status }), headers }
  if (body !== undefined) return { status: status ?? 200, body, headers }
  if (status !== undefined) return { status, body: '', headers }
  return { ...answer, headers: { ...answer.headers, ...headers } }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
