import { Agent } from 'node:http'
import { Stream } from 'node:stream'
import { inspect } from 'node:util'
import axios, { type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios'
import { expect } from 'vitest'

/** One request of a script. Made anew for each run, since some of its parts can be used once. */
export type Make = () => AxiosRequestConfig

/** Everything that a caller can see of one request, in a form that can be compared. */
export async function seenBy(client: AxiosInstance, make: Make) {
  const order: string[] = []
  const progress: string[] = []
  const request = client.interceptors.request.use(
    (config) => {
      order.push(`request ${Object.keys(config).sort().join()}`)
      return config
    },
    undefined,
    { synchronous: true },
  )
  const response = client.interceptors.response.use(
    (given) => {
      order.push('answered')
      return given
    },
    (error) => {
      order.push('rejected')
      throw error
    },
  )
  const given = {
    ...make(),
    onDownloadProgress: ({ loaded }: { loaded: number }) => void progress.push(`down ${loaded}`),
  }
  const before = Object.entries(given)
  const calling = client.request(given)
  order.push('called')
  const outcome = await calling.then(
    async (answer) => ({ answer: await responseOf(answer) }),
    async (error) => ({ error: await errorOf(error) }),
  )
  client.interceptors.request.eject(request)
  client.interceptors.response.eject(response)
  // What the caller passed is unchanged, part by part.
  expect(Object.keys(given)).toEqual(before.map(([key]) => key))
  for (const [key, value] of before) expect(given[key as 'url']).toBe(value)
  // Progress depends on the time that passes.
  return { ...outcome, order, progress: [progress[0], progress.at(-1)] }
}

async function responseOf(answer: AxiosResponse) {
  // An interceptor may have replaced it.
  if (answer?.config === undefined) return answer
  const { status, statusText, headers, data, config, request, ...others } = answer
  const { date: _date, ...shown } = { ...headers }
  return {
    status,
    statusText,
    headers: shown,
    data: await contentOf(data),
    config: configOf(config),
    request: requestOf(request),
    others: Object.keys(others).sort(),
    prototype: Object.getPrototypeOf(headers ?? {}).constructor?.name,
  }
}

async function contentOf(data: unknown): Promise<unknown> {
  if (data instanceof ArrayBuffer) return ['ArrayBuffer', Buffer.from(data).toString('latin1')]
  if (data instanceof Uint8Array) return ['Buffer', Buffer.from(data).toString('latin1')]
  const name = (data as object | null)?.constructor?.name
  const isStream = typeof data === 'object' && data !== null && Symbol.asyncIterator in data
  if (!isStream) return data
  let text = ''
  try {
    for await (const chunk of data as AsyncIterable<Uint8Array>)
      text += Buffer.from(chunk).toString('latin1')
    return [name, text]
  } catch (error) {
    // One that broke while it was peeked is a plain Readable, with the same bytes and error.
    return ['broken', text, (error as Error & { code?: string }).code ?? (error as Error).message]
  }
}

export function configOf(config: object | undefined) {
  if (config === undefined) return undefined
  const parts = Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1))
  // They show how much was read; that they are the caller's own was compared already.
  const isBusy = (part: unknown) => part instanceof Stream || part instanceof Agent
  const shown = parts.map(([key, part]) => [key, isBusy(part) ? part.constructor.name : part])
  const symbols = Object.getOwnPropertySymbols(config).map(String)
  return (
    inspect([Object.fromEntries(shown), symbols], { depth: 4 })
      // Where a token's reason was made depends on what else the event loop had to do.
      .replace(/\n +at [^\n]*/g, '')
      .replace(/boundary=[\w.-]+/g, 'boundary=X')
      .replace(/formdata-undici-\d+/g, 'BOUNDARY')
      .replace(/AbortSignal \{[^}]*\}/g, 'AbortSignal')
      .replace(/-{10,}[\w-]+/g, 'BOUNDARY')
  )
}

async function errorOf(
  error: Error & {
    config?: object
    response?: AxiosResponse
    request?: unknown
    code?: string
    status?: number
    cause?: unknown
    event?: unknown
  },
) {
  const {
    name,
    message,
    code,
    status,
    config,
    response,
    request,
    cause,
    event: _event,
    ...others
  } = error
  return {
    name,
    message,
    code,
    status,
    config: configOf(config),
    response: response === undefined ? undefined : await responseOf(response),
    request: requestOf(request),
    isSameConfig: response === undefined ? undefined : response.config === config,
    cause: cause instanceof Error ? cause.message : cause,
    isAxiosError: axios.isAxiosError(error),
    isCancel: axios.isCancel(error),
    others: Object.keys(others)
      .filter((key) => key !== 'request')
      .sort(),
    prototype: Object.getPrototypeOf(error).constructor.name,
  }
}

/** What Node and the package follow-redirects store in a request, and users read. */
function requestOf(given: unknown) {
  if (typeof given !== 'object' || given === null) return given
  const { path, url, _header, res, _redirectable = given as Redirectable } = given as NodeRequest
  const { _currentUrl, _options, _redirectCount, _isRedirect } = _redirectable
  return {
    kind: given.constructor.name,
    path,
    // Axios removes a hash where it adds a query.
    url: url?.replace(/#.*/, ''),
    header: _header?.split('\r\n')[0],
    responseUrl: res?.responseUrl,
    isFollowed: '_currentUrl' in _redirectable,
    currentUrl: _currentUrl,
    redirects: [_redirectCount, _isRedirect],
    options: ['path', 'pathname', 'search', 'href', 'maxRedirects', 'maxBodyLength'].map(
      // An empty query and none are the same.
      (key) => _options?.[key] || undefined,
    ),
  }
}

interface NodeRequest {
  readonly url?: string
  readonly path?: string
  readonly _header?: string
  readonly res?: { readonly responseUrl?: string }
  readonly _redirectable?: Redirectable
}

interface Redirectable {
  readonly _currentUrl?: string
  readonly _options?: Record<string, unknown>
  readonly _redirectCount?: number
  readonly _isRedirect?: boolean
}
