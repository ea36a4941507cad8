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

/** The token that a call carried, and the names under which one can ride. */
export interface Carried {
  readonly token: Token
  readonly parameters: readonly string[]
  /** Called where what answered is no fetch, nor a mock of one. */
  readonly notFetch?: () => void
}

/** An answer as the caller may have it, and the errcode by which it refuses the token. */
export interface JudgedResponse {
  readonly response: Response
  readonly refusedBy: number | undefined
}

/**
 * Judges an answer by its `error-code` header, at once; where there is none, by a short JSON body,
 * which is then given on as if nobody had looked.
 */
export function judgeResponse(
  answer: Response,
  refusals: TokenErrcodes,
  carried: Carried,
  signal: AbortSignal | null | undefined,
): JudgedResponse | Promise<JudgedResponse> {
  const { token, parameters } = carried
  // Mocks and polyfills may give less than a whole Response: what cannot be judged is given on.
  if (typeof answer?.headers?.get !== 'function') {
    if (!hasReader(answer)) carried.notFetch?.()
    return { response: redactResponse(answer, token, parameters), refusedBy: undefined }
  }
  const errcode = errcodeOfHeader(answer.headers.get('error-code'))
  if (errcode === undefined && isWorthReading(answer))
    return judgeBody(answer, refusals, carried, signal)
  const refusedBy = refusals.has(errcode) ? errcode : undefined
  return { response: redactResponse(answer, token, parameters), refusedBy }
}

function hasReader(answer: Partial<Response> | undefined): boolean {
  return typeof answer?.json === 'function' || typeof answer?.text === 'function'
}

/** A body that somebody reads already is theirs. */
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
  // node-fetch and its kin give Node streams: what was read goes back into the very same stream.
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
