/** An answer of the fake qyapi. Set either `json` or `body`. */
export interface FakeAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: Readonly<Record<string, unknown>>
  readonly body?: string | Uint8Array
}

/** A business endpoint of the fake: a fixed answer, or one that depends on the request. */
export type FakeEndpoint = FakeAnswer | ((request: FakeRequest) => FakeAnswer)

/** The next answer of a path, instead of its usual one. */
export interface NextAnswer {
  readonly errcode?: number
  readonly status?: number
  /** Cuts the connection without an answer. */
  readonly reset?: boolean
  /** Cuts the connection half-way through the answer. */
  readonly truncate?: boolean
  readonly delayMs?: number
  /** Delays the answer until this promise resolves: for a test that must not depend on a machine's speed. */
  readonly until?: PromiseLike<unknown>
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One request as the fake received it. */
export interface FakeRequest {
  readonly method: string
  /** Below `/cgi-bin/`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Uint8Array
  /**
   * The corp whose token the request carried, if it was a known one. For a token request: the corp
   * whose token it requests.
   */
  readonly corpId: string | undefined
}

/** The wording of the samples and of 全局错误码 (document/path/90313); the triple c of 40082 is WeCom's. */
export const MEANINGS: Readonly<Record<number, string>> = {
  [-1]: 'system busy',
  40001: 'invalid credential',
  40013: 'invalid corpid',
  40014: 'invalid access_token',
  40056: 'invalid agentid',
  40058: 'invalid parameter',
  40080: 'invalid suite secret',
  40082: 'invalid suite_acccess_token or provider_access_token',
  40083: 'invalid suite id',
  40084: 'invalid permanent code',
  40085: 'invalid suite ticket',
  40106: 'invalid device_access_token',
  41001: 'access_token missing',
  41002: 'corpid missing',
  41004: 'corpsecret missing',
  41011: 'agentid missing',
  41021: 'suite_id missing',
  41022: 'suite_access_token missing',
  41023: 'suite_ticket missing',
  41024: 'suite_secret missing',
  41025: 'permanent_code missing',
  42001: 'access_token expired',
  42009: 'suite_access_token expired',
  42021: 'device_access_token expired',
  45009: 'api freq out of limit',
  45033: 'api concurrent out of limit',
  60020: 'not allow to access from your ip',
  710400: 'invalid model_access_token',
  710401: 'model_access_token expired',
  710402: 'invalid model ticket',
  710403: 'model_access_token missing',
}

/** An error as WeCom sends it: HTTP 200, the success fields first and empty, a hint, the caller's IP. */
export function errorAnswer(
  errcode: number,
  emptyFields: Record<string, unknown> = {},
): FakeAnswer {
  const meaning = MEANINGS[errcode] ?? 'error'
  const more = `more info at https://open.work.weixin.qq.com/devtool/query?e=${errcode}`
  const errmsg = `${meaning}, hint: [1744000000_28_0123456789abcdef], from ip: 203.0.113.7, ${more}`
  return { json: { ...emptyFields, errcode, errmsg } }
}

/** A success with an errcode; not all of WeCom's have one. */
export function okAnswer(fields: Record<string, unknown> = {}): FakeAnswer {
  return { json: { errcode: 0, errmsg: 'ok', ...fields } }
}

/** WeCom's answer to an unknown path. */
export const UNKNOWN_PATH: FakeAnswer = { status: 404, body: '' }

/** The answers that `failNext` planned, in order, by path. */
export function plannedAnswers() {
  const planned = new Map<string, NextAnswer[]>()

  return {
    /** What is planned, and how often, by path. */
    list: () =>
      [...planned].flatMap(([path, queue]) =>
        queue.slice(0, 1).map((next) => ({ path, next, times: queue.length })),
      ),
    /** The planned answer to this request; `'*'` does not apply to token requests. */
    next(path: string, isTokenCall: boolean): NextAnswer {
      const own = planned.get(path)?.shift()
      return own ?? (isTokenCall ? undefined : planned.get('*')?.shift()) ?? {}
    },
    failNext(path: string, answer: NextAnswer, times = 1): void {
      const queue = planned.get(path) ?? []
      for (let added = 0; added < times; added += 1) queue.push(answer)
      planned.set(path, queue)
    },
    recover(path?: string): void {
      if (path === undefined) planned.clear()
      else planned.delete(path)
    },
  }
}

/** The answer to a request, with what was planned for it. */
export function instead(
  answer: FakeAnswer,
  { errcode, status, body, headers = {} }: NextAnswer,
): FakeAnswer {
  if (errcode !== undefined) return { ...errorAnswer(errcode), ...(status && { status }), headers }
  if (body !== undefined) return { status: status ?? 200, body, headers }
  if (status !== undefined) return { status, body: '', headers }
  return { ...answer, headers: { ...answer.headers, ...headers } }
}
