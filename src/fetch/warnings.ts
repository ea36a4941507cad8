import { LONGEST_JUDGED_BYTES, mayBeJson } from '../core/errcode.js'
import type { Destination } from '../request/destination.js'
import type { Middleware } from '../request/middleware.js'
import {
  lookAt,
  refusalOfAnyToken,
  warnOfBaseUrl,
  warnOfCallerToken,
  warnOfNoFetch,
} from '../request/warnings.js'

type Sent = Promise<Response>

/** A call with a token of its own: it is left alone, also if that is refused. */
export function noticingRefusal(
  { warnings }: Middleware,
  {
    destination,
    input,
    init,
  }: { destination: Destination; input: unknown; init: RequestInit | null | undefined },
  sent: Sent,
): Sent {
  if (warnings.has('QYAPI_TOKEN_CALLER_TOKEN')) return sent
  // A signal would end the clone in another way than the answer.
  const hasSignal = init?.signal != null || (typeof input === 'object' && 'signal' in Object(input))
  const judge = (header: unknown, body: unknown) => {
    const errcode = refusalOfAnyToken(header, body)
    if (errcode !== undefined) warnOfCallerToken(warnings, destination, errcode)
  }
  lookAt(sent, (answer) => {
    const { headers } = answer as Response
    const header = headers.get('error-code')
    if (header !== null || hasSignal || !isShortJson(headers)) return judge(header, undefined)
    lookAt((answer as Response).clone().text(), (text) => judge(null, text))
  })
  return sent
}

/** A long one, or one of unknown length, is not worth a clone. */
function isShortJson(headers: Headers): boolean {
  const length = Number(headers.get('content-length') ?? Number.NaN)
  return length <= LONGEST_JUDGED_BYTES && mayBeJson(headers.get('content-type'))
}

/** A call that gets no token: its url may lack the `/cgi-bin`. */
export function noticingNotFound(
  door: Middleware,
  address: { readonly url: string; readonly lacksCgiBin: boolean } | undefined,
  sent: Sent,
): Sent {
  if (!address?.lacksCgiBin || door.warnings.has('QYAPI_TOKEN_BASE_URL')) return sent
  lookAt(sent, (answer) => {
    if ((answer as Response).status === 404) warnOfBaseUrl(door.warnings, address.url, door)
  })
  return sent
}

/** An axios client is a function, too. What else is no fetch shows by its answers. */
export function noticingNoFetch({ warnings }: Middleware, fetch: object): () => void {
  const { interceptors } = fetch as { interceptors?: { request?: unknown } }
  if (interceptors?.request !== undefined) warnOfNoFetch(warnings, 'an axios client')
  return () => warnOfNoFetch(warnings, 'something that does not answer like fetch')
}
