import type { AxiosResponse, AxiosStatic, InternalAxiosRequestConfig } from 'axios'
import { isSameApi } from '../request/choose-source.js'
import type { Destination } from '../request/destination.js'
import type { Middleware } from '../request/middleware.js'
import {
  lacksCgiBin,
  observe,
  refusalOfAnyToken,
  warnOfBaseUrl,
  warnOfCallerToken,
  warnOfSecondAttach,
} from '../request/warnings.js'
import type { AxiosClient } from './options.js'

type Sent = Promise<AxiosResponse>

function observeResponse(
  sent: Sent,
  onResponse: (response: Partial<AxiosResponse> | undefined) => void,
): void {
  observe(sent, (response, error) =>
    onResponse(
      (response ?? (error as { response?: unknown } | undefined)?.response) as AxiosResponse,
    ),
  )
}

/** For a request with a token of its own, which is passed through even if that token is refused. */
export function warnIfRefused(
  { warnings }: Middleware,
  destination: Destination,
  sent: Sent,
): Sent {
  if (warnings.has('QYAPI_TOKEN_CALLER_TOKEN')) return sent
  observeResponse(sent, (response) => {
    const errcode = refusalOfAnyToken(warnings, response?.headers?.['error-code'], response?.data)
    if (errcode !== undefined) warnOfCallerToken(warnings, destination, errcode)
  })
  return sent
}

/** For a request that gets no token: its `baseURL` may lack the `/cgi-bin`. */
export function warnIfNotFound(
  middleware: Middleware,
  { config, lib }: { config: InternalAxiosRequestConfig; lib: AxiosStatic },
  sent: Sent,
): Sent {
  if (!config.baseURL || middleware.warnings.has('QYAPI_TOKEN_BASE_URL')) return sent
  observeResponse(sent, (response) => {
    if (response?.status !== 404) return
    const { baseURL, url } = config
    const final = lib.getUri({ baseURL, ...(url !== undefined && { url }) })
    if (lacksCgiBin(final, middleware)) warnOfBaseUrl(middleware.warnings, final, middleware)
  })
  return sent
}

/** Marks an interceptor with its attachment; other copies of this package know it, too. */
const ATTACHMENT = Symbol.for('qyapi-token.attachment')

interface Attachment {
  readonly middleware: Middleware
  readonly isDetached: boolean
}

export function markInterceptor(interceptor: object, attachment: Attachment): void {
  Object.defineProperty(interceptor, ATTACHMENT, { value: attachment })
}

/** If both attachments match a request, the first one handles it: warn once. */
export function warnIfAttachedBefore(
  client: AxiosClient,
  middleware: Middleware,
  options: object,
): void {
  const { handlers = [] } = client.interceptors.request as {
    handlers?: ({ fulfilled?: { [ATTACHMENT]?: Attachment } | null } | null)[]
  }
  const earlier = handlers
    .map((handler) => handler?.fulfilled?.[ATTACHMENT])
    .find((one) => one && !one.isDetached && overlaps(one.middleware, middleware, options))
  if (earlier !== undefined) warnOfSecondAttach(earlier.middleware.warnings)
}

/** Whether the first attachment takes requests that the second would handle with other tokens or options. */
function overlaps(first: Middleware, second: Middleware, options: object): boolean {
  if (!isSameApi(first.baseUrl, second.baseUrl)) return false
  if (first.hasChooser && second.hasChooser) return true
  const kinds = Object.keys(second.policies) as (keyof Middleware['policies'])[]
  return kinds.some((kind) => {
    const { [kind]: policy } = first.policies
    if (policy === second.policies[kind]) return Object.keys(options).length > 0
    return policy !== undefined || first.hasChooser
  })
}
