import {
  errcodeOfHeader,
  LONGEST_JUDGED_BYTES,
  mayBeJson,
  type TokenErrcodes,
} from '../core/errcode.js'
import { textOf } from '../core/platform.js'
import { isNodeReadable, peekNodeStream } from '../request/peek-node-stream.js'
import { isWebStream, peekWebStream } from '../request/peek-web-stream.js'
import { type Carried, redactResponse } from './redact-response.js'
import type { ResponseViews } from './response-view.js'

/** How one request's answer is judged and shown. */
export interface Judging extends Carried {
  readonly views: ResponseViews
  /** The request's signal. */
  readonly signal: AbortSignal | null | undefined
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
): JudgedResponse | Promise<JudgedResponse> {
  // Mocks and polyfills may return less than a whole Response: what cannot be judged is passed on.
  if (typeof answer?.headers?.get !== 'function') {
    if (!hasReader(answer)) judging.notFetch?.()
    return { response: redactResponse(answer, judging), refusedBy: undefined }
  }
  const errcode = errcodeOfHeader(answer.headers.get('error-code'))
  if (errcode === undefined) {
    const length = lengthOf(answer)
    if (isWorthReading(answer, length))
      return judgeBody(answer, refusals, judging, !Number.isNaN(length))
  }
  const refusedBy = refusals.finds(errcode) ? errcode : undefined
  return { response: judging.views.show(answer, judging), refusedBy }
}

function hasReader(answer: Partial<Response> | undefined): boolean {
  return typeof answer?.json === 'function' || typeof answer?.text === 'function'
}

/** A body that is already being read is not touched. */
function isWorthReading({ headers, body, bodyUsed }: Response, length: number): boolean {
  if (body == null || bodyUsed || body.locked) return false
  return !(length > LONGEST_JUDGED_BYTES) && mayBeJson(headers.get('content-type'))
}

/** By `content-length`; `NaN` if it is unknown. */
function lengthOf({ headers }: Response): number {
  return Number(headers.get('content-length') ?? Number.NaN)
}

function judgeBody(
  answer: Response,
  refusals: TokenErrcodes,
  judging: Judging,
  isShort: boolean,
): JudgedResponse | Promise<JudgedResponse> {
  const { signal } = judging
  const { body } = answer
  // node-fetch and its relatives have Node streams: what was read is put back into the same stream.
  if (isNodeReadable(body))
    return peekNodeStream(body).then((bytes) => ({
      response: redactResponse(answer, judging),
      refusedBy: bytes && refusals.inBytes(bytes),
    }))
  if (!isWebStream(body) || !judging.views.canPeek(answer))
    return { response: redactResponse(answer, judging), refusedBy: undefined }
  return peekWebStream(body, { signal, isShort }).then((peeked) => {
    const text = peeked.bytes && textOf(peeked.bytes)
    return {
      response: judging.views.showPeeked(answer, judging, peeked, text),
      refusedBy: text === undefined ? undefined : refusals.inText(text),
    }
  })
}
