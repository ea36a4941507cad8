import { LONGEST_JUDGED_BYTES, mayBeJson } from '../core/errcode.js'
import type { Destination } from '../request/destination.js'
import type { Middleware } from '../request/middleware.js'
import {
  observe,
  refusalOfAnyToken,
  warnOfBaseUrl,
  warnOfCallerToken,
  warnOfNoFetch,
} from '../request/warnings.js'

type Sent = Promise<Response>

/** For a request with a token of its own, which is passed through even if that token is refused. */
export function warnIfRefused(
  { warnings }: Middleware,
  {
    destination,
    input,
    init,
  }: { destination: Destination; input: unknown; init: RequestInit | null | undefined },
  sent: Sent,
): Sent {
  if (warnings.has('QYAPI_TOKEN_CALLER_TOKEN')) return sent
  // An abort would end a clone differently from the response itself.
  const hasSignal = init?.signal != null || (typeof input === 'object' && 'signal' in Object(input))
  const judge = (header: unknown, body: unknown) => {
    const errcode = refusalOfAnyToken(warnings, header, body)
    if (errcode !== undefined) warnOfCallerToken(warnings, destination, errcode)
  }
  observe(sent, (answer) => {
    const { headers } = answer as Response
    const header = headers.get('error-code')
    if (header !== null || hasSignal || !isShortJson(headers)) return judge(header, undefined)
    observe((answer as Response).clone().text(), (text) => judge(null, text))
  })
  return sent
}

/** A body that is long, or of unknown length, is not cloned. */
function isShortJson(headers: Headers): boolean {
  const length = Number(headers.get('content-length') ?? Number.NaN)
  return length <= LONGEST_JUDGED_BYTES && mayBeJson(headers.get('content-type'))
}

/** For a request that gets no token: its url may lack the `/cgi-bin`. */
export function warnIfNotFound(
  middleware: Middleware,
  address: { readonly url: string; readonly lacksCgiBin: boolean } | undefined,
  sent: Sent,
): Sent {
  if (!address?.lacksCgiBin || middleware.warnings.has('QYAPI_TOKEN_BASE_URL')) return sent
  observe(sent, (answer) => {
    if ((answer as Response).status === 404)
      warnOfBaseUrl(middleware.warnings, address.url, middleware)
  })
  return sent
}

/** An axios client is a function, too. Other functions that are not a fetch are found by what they return. */
export function warnIfNotFetch({ warnings }: Middleware, fetch: object): () => void {
  const { interceptors } = fetch as { interceptors?: { request?: unknown } }
  if (interceptors?.request !== undefined) warnOfNoFetch(warnings, 'an axios client')
  return () => warnOfNoFetch(warnings, 'something that does not answer like fetch')
}
