/** An answer of the fake qyapi. `json` and `body` exclude each other. */
export interface FakeAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: Readonly<Record<string, unknown>>
  readonly body?: string | Uint8Array
}

/** A business endpoint of the fake: a fixed answer, or one that depends on the request. */
export type FakeEndpoint = FakeAnswer | ((request: FakeRequest) => FakeAnswer)

/** What a path answers next, instead of what it should. */
export interface NextAnswer {
  readonly errcode?: number
  readonly status?: number
  /** The connection is cut without an answer. */
  readonly reset?: boolean
  /** The connection is cut half-way through the answer. */
  readonly truncate?: boolean
  readonly delayMs?: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One call as the fake saw it on the wire. */
export interface FakeRequest {
  readonly method: string
  /** Below `/cgi-bin/`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Uint8Array
  /** The app whose token or secret the call carried, if it was a known one. */
  readonly corpId: string | undefined
}

const MEANINGS: Readonly<Record<number, string>> = {
  [-1]: 'system busy',
  40001: 'invalid credential',
  40013: 'invalid corpid',
  40014: 'invalid access_token',
  41001: 'access_token missing',
  41002: 'corpid missing',
  41004: 'corpsecret missing',
  42001: 'access_token expired',
  45009: 'api freq out of limit',
  45033: 'api concurrent out of limit',
  60020: 'not allow to access from your ip',
}

/** An error as WeCom words it: HTTP 200, the success fields first and empty, a hint, the caller's IP. */
export function errorAnswer(
  errcode: number,
  emptyFields: Record<string, unknown> = {},
): FakeAnswer {
  const meaning = MEANINGS[errcode] ?? 'error'
  const more = `more info at https://open.work.weixin.qq.com/devtool/query?e=${errcode}`
  const errmsg = `${meaning}, hint: [1744000000_28_0123456789abcdef], from ip: 203.0.113.7, ${more}`
  return { json: { ...emptyFields, errcode, errmsg } }
}

/** WeCom's answer to a path that it does not know. */
export const UNKNOWN_PATH: FakeAnswer = { status: 404, body: '' }

/** A one-pixel PNG. */
const PIXEL = Uint8Array.from(
  atob(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  ),
  (character) => character.charCodeAt(0),
)

/** Some endpoints that everyone calls; more are added with `on`. */
export const ENDPOINTS: Readonly<Record<string, FakeEndpoint>> = {
  'message/send': { json: { errcode: 0, errmsg: 'ok', invaliduser: '', msgid: 'fake-msgid' } },
  'user/get': ({ query }) => ({
    json: {
      errcode: 0,
      errmsg: 'ok',
      userid: query.get('userid') ?? '',
      name: '张三',
      department: [1],
    },
  }),
  'user/simplelist': { json: { errcode: 0, errmsg: 'ok', userlist: [] } },
  'department/list': {
    json: { errcode: 0, errmsg: 'ok', department: [{ id: 1, name: '广州研发中心' }] },
  },
  get_api_domain_ip: { json: { ip_list: ['203.0.113.1'], errcode: 0, errmsg: 'ok' } },
  'media/upload': ({ body }) => ({
    json: {
      errcode: 0,
      errmsg: '',
      type: 'file',
      media_id: `fake-media-${body.length}`,
      created_at: '1744000000',
    },
  }),
  'media/get': ({ headers }) => mediaAnswer(headers.range),
  'agent/get': { json: { errcode: 0, errmsg: 'ok', agentid: 1000002, name: 'fake' } },
  'externalcontact/list': { json: { errcode: 0, errmsg: 'ok', external_userid: [] } },
}

/** Binary on success, in part if a range was asked for; JSON on failure, like every other. */
function mediaAnswer(range: string | string[] | undefined): FakeAnswer {
  const headers = {
    'content-type': 'image/png',
    'content-disposition': 'attachment; filename="pixel.png"',
  }
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(String(range)) ?? []
  if (from === undefined) return { headers, body: PIXEL }
  const end = to ? Number(to) + 1 : PIXEL.length
  const part = PIXEL.slice(Number(from), end)
  const contentRange = `bytes ${from}-${Number(from) + part.length - 1}/${PIXEL.length}`
  return { status: 206, headers: { ...headers, 'content-range': contentRange }, body: part }
}
