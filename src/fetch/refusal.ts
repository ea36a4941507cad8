import {
  errcodeOfHeader,
  LONGEST_JUDGED_BYTES,
  mayBeJson,
  type TokenErrcodes,
} from '../core/errcode.js'
import { isNodeReadable, peekNodeStream } from '../request/peek-node-stream.js'
import { isWebStream, peekWebStream } from '../request/peek-web-stream.js'
import { type Carried, redactResponse } from './redact-response.js'
import type { ResponseViews } from './response-view.js'

/** How one request's answer is judged and shown. */
export interface Judging extends Carried {
  readonly views: ResponseViews
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
  judging: Judging,
  signal: AbortSignal | null | undefined,
): JudgedResponse | Promise<JudgedResponse> {
  // Mocks and polyfills may return less than a whole Response: what cannot be judged is passed on.
  if (typeof answer?.headers?.get !== 'function') {
    if (!hasReader(answer)) judging.notFetch?.()
    return { response: redactResponse(answer, judging), refusedBy: undefined }
  }
  const errcode = errcodeOfHeader(answer.headers.get('error-code'))
  if (errcode === undefined && isWorthReading(answer))
    return judgeBody(answer, refusals, judging, signal)
  const refusedBy = refusals.finds(errcode) ? errcode : undefined
  return { response: judging.views.show(answer, judging), refusedBy }
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
  judging: Judging,
  signal: AbortSignal | null | undefined,
): JudgedResponse | Promise<JudgedResponse> {
  const { body } = answer
  const judged = (response: Response, bytes: Uint8Array | undefined) => ({
    response,
    refusedBy: bytes && refusals.inBytes(bytes),
  })
  // node-fetch and its relatives have Node streams: what was read is put back into the same stream.
  if (isNodeReadable(body))
    return peekNodeStream(body).then((bytes) => judged(redactResponse(answer, judging), bytes))
  if (!isWebStream(body) || !judging.views.canPeek(answer))
    return judged(redactResponse(answer, judging), undefined)
  return peekWebStream(body, signal).then((peeked) =>
    judged(judging.views.show(answer, judging, peeked), peeked.bytes),
  )
}
