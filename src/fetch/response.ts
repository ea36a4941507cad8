import { isNodeReadable, isWebStream, peekNodeStream, peekWebStream } from '../core/peek.js'
import type { Token } from '../core/token.js'
import {
  errcodeOfHeader,
  LONGEST_VERDICT_BYTES,
  mayBeJson,
  type Refusals,
} from '../core/verdict.js'
import { canBeRebuilt, rebuilt } from './rebuilt.js'
import { showWithoutToken } from './shown.js'

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
  refusals: Refusals,
  carried: Carried,
  signal: AbortSignal | null | undefined,
): JudgedResponse | Promise<JudgedResponse> {
  const { token, parameters } = carried
  // Mocks and polyfills may give less than a whole Response: what cannot be judged is given on.
  if (typeof answer?.headers?.get !== 'function') {
    if (!hasReader(answer)) carried.notFetch?.()
    return { response: showWithoutToken(answer, token, parameters), refusedBy: undefined }
  }
  const errcode = errcodeOfHeader(answer.headers.get('error-code'))
  if (errcode === undefined && isWorthReading(answer))
    return judgeBody(answer, refusals, carried, signal)
  const refusedBy = refusals.has(errcode) ? errcode : undefined
  return { response: showWithoutToken(answer, token, parameters), refusedBy }
}

function hasReader(answer: Partial<Response> | undefined): boolean {
  return typeof answer?.json === 'function' || typeof answer?.text === 'function'
}

/** A body that somebody reads already is theirs. */
function isWorthReading({ headers, body, bodyUsed }: Response): boolean {
  if (body == null || bodyUsed || body.locked) return false
  const isLong = Number(headers.get('content-length')) > LONGEST_VERDICT_BYTES
  return !isLong && mayBeJson(headers.get('content-type'))
}

function judgeBody(
  answer: Response,
  refusals: Refusals,
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
      judged(showWithoutToken(answer, token, parameters), bytes),
    )
  if (!isWebStream(body) || !canBeRebuilt(answer))
    return judged(showWithoutToken(answer, token, parameters), undefined)
  return peekWebStream(body, signal).then((peeked) =>
    judged(rebuilt(answer, peeked.body, token, parameters), peeked.bytes),
  )
}
