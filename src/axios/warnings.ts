import type { AxiosResponse, AxiosStatic, InternalAxiosRequestConfig } from 'axios'
import { isSameApi } from '../request/choose-source.js'
import type { Destination } from '../request/destination.js'
import type { Middleware } from '../request/middleware.js'
import {
  lacksCgiBin,
  lookAt,
  refusalOfAnyToken,
  warnOfBaseUrl,
  warnOfCallerToken,
  warnOfSecondAttach,
} from '../request/warnings.js'
import type { AxiosClient } from './options.js'

type Sent = Promise<AxiosResponse>

function lookAtResponse(
  sent: Sent,
  look: (response: Partial<AxiosResponse> | undefined) => void,
): void {
  lookAt(sent, (response, error) =>
    look((response ?? (error as { response?: unknown } | undefined)?.response) as AxiosResponse),
  )
}

/** A call with a token of its own: it is left alone, also if that is refused. */
export function noticingRefusal(
  { warnings }: Middleware,
  destination: Destination,
  sent: Sent,
): Sent {
  if (warnings.has('QYAPI_TOKEN_CALLER_TOKEN')) return sent
  lookAtResponse(sent, (response) => {
    const errcode = refusalOfAnyToken(response?.headers?.['error-code'], response?.data)
    if (errcode !== undefined) warnOfCallerToken(warnings, destination, errcode)
  })
  return sent
}

/** A call that gets no token: its `baseURL` may lack the `/cgi-bin`. */
export function noticingNotFound(
  middleware: Middleware,
  { config, lib }: { config: InternalAxiosRequestConfig; lib: AxiosStatic },
  sent: Sent,
): Sent {
  if (!config.baseURL || middleware.warnings.has('QYAPI_TOKEN_BASE_URL')) return sent
  lookAtResponse(sent, (response) => {
    if (response?.status !== 404) return
    const { baseURL, url } = config
    const final = lib.getUri({ baseURL, ...(url !== undefined && { url }) })
    if (lacksCgiBin(final, middleware)) warnOfBaseUrl(middleware.warnings, final, middleware)
  })
  return sent
}

/** Whose attach an interceptor is of; known to other copies of this package, too. */
const ATTACHMENT = Symbol.for('qyapi-token.attachment')

interface Attachment {
  readonly middleware: Middleware
  readonly isDetached: boolean
}

export function markInterceptor(interceptor: object, attachment: Attachment): void {
  Object.defineProperty(interceptor, ATTACHMENT, { value: attachment })
}

/** The first attach serves what both could, and says so once. */
export function noticeEarlierAttach(
  client: AxiosClient,
  middleware: Middleware,
  options: object,
): void {
  const { handlers = [] } = client.interceptors.request as {
    handlers?: ({ fulfilled?: { [ATTACHMENT]?: Attachment } | null } | null)[]
  }
  const earlier = handlers
    .map((handler) => handler?.fulfilled?.[ATTACHMENT])
    .find((one) => one && !one.isDetached && servesBefore(one.middleware, middleware, options))
  if (earlier !== undefined) warnOfSecondAttach(earlier.middleware.warnings)
}

/** Whether calls go to the first that the second would serve, with other tokens or options. */
function servesBefore(first: Middleware, second: Middleware, options: object): boolean {
  if (!isSameApi(first.baseUrl, second.baseUrl)) return false
  if (first.hasChooser && second.hasChooser) return true
  const kinds = Object.keys(second.policies) as (keyof Middleware['policies'])[]
  return kinds.some((kind) => {
    const { [kind]: policy } = first.policies
    if (policy === second.policies[kind]) return Object.keys(options).length > 0
    return policy !== undefined || first.hasChooser
  })
}
