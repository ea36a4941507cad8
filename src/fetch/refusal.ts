import {
  errcodeOfHeader,
  LONGEST_JUDGED_BYTES,
  mayBeJson,
  type TokenErrcodes,
} from '../core/errcode.js'
import type { Token } from '../core/token.js'
import { isNodeReadable, peekNodeStream } from '../request/peek-node-stream.js'
import { isWebStream, peekWebStream } from '../request/peek-web-stream.js'
import { canBeRebuilt, rebuildResponse } from './rebuild-response.js'
import { redactResponse } from './redact-response.js'

/** The token that a request carried, and all parameter names that may hold one. */
export interface Carried {
  readonly token: Token
  readonly parameters: readonly string[]
  /** Called if the wrapped function is neither a fetch nor a mock of one. */
  readonly notFetch?: () => void
}

/** The caller's response, without the token, and its token-invalid errcode. */
export interface JudgedResponse {
  readonly response: Response
  readonly refusedBy: number | undefined
}

/**
 * Judges an answer by its `error-code` header, synchronously; without one by a short JSON body, whose
 * bytes the returned response yields again.
 */
export function judgeResponse(
  answer: Response,
  refusals: TokenErrcodes,
  carried: Carried,
  signal: AbortSignal | null | undefined,
): JudgedResponse | Promise<JudgedResponse> {
  const { token, parameters } = carried
  // Mocks and polyfills may return less than a whole Response: what cannot be judged is passed on.
  if (typeof answer?.headers?.get !== 'function') {
    if (!hasReader(answer)) carried.notFetch?.()
    return { response: redactResponse(answer, token, parameters), refusedBy: undefined }
  }
  const errcode = errcodeOfHeader(answer.headers.get('error-code'))
  if (errcode === undefined && isWorthReading(answer))
    return judgeBody(answer, refusals, carried, signal)
  const refusedBy = refusals.finds(errcode) ? errcode : undefined
  return { response: redactResponse(answer, token, parameters), refusedBy }
}

function hasReader(answer: Partial<Response> | undefined): boolean {
  return typeof answer?.json === 'function' || typeof answer?.text === 'function'
}

/** A body that is already being read is not touched. */
function isWorthReading({ headers, body, bodyUsed }: Response): boolean {
  if (body == null || bodyUsed || body.locked) return false
  const isLong = Number(headers.get('content-length')) > LONGEST_JUDGED_BYTES
  return !isLong && mayBeJson(headers.get('content-type'))
}

function judgeBody(
  answer: Response,
  refusals: TokenErrcodes,
  { token, parameters }: Carried,
  signal: AbortSignal | null | undefined,
): JudgedResponse | Promise<JudgedResponse> {
  const { body } = answer
  const judged = (response: Response, bytes: Uint8Array | undefined) => ({
    response,
    refusedBy: bytes && refusals.inBytes(bytes),
  })
  // node-fetch and its relatives have Node streams: what was read is put back into the same stream.
  if (isNodeReadable(body))
    return peekNodeStream(body).then((bytes) =>
      judged(redactResponse(answer, token, parameters), bytes),
    )
  if (!isWebStream(body) || !canBeRebuilt(answer))
    return judged(redactResponse(answer, token, parameters), undefined)
  return peekWebStream(body, signal).then((peeked) =>
    judged(rebuildResponse(answer, peeked.body, token, parameters), peeked.bytes),
  )
}
