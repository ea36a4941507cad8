import type { AxiosResponse, AxiosStatic } from 'axios'
import { isObject } from '../core/check.js'
import {
  errcodeOfHeader,
  LONGEST_JUDGED_BYTES,
  mayBeJson,
  type TokenErrcodes,
} from '../core/errcode.js'
import { isArrayBuffer, isBlob } from '../request/body.js'
import { bufferBody, isNodeReadable, peekNodeStream } from '../request/peek-node-stream.js'
import { isWebStream, peekWebStream } from '../request/peek-web-stream.js'
import type { Outcome } from '../token/replay.js'
import type { RequestContext } from './request.js'
import { canceledError } from './timeout.js'

/** The response of an attempt, which its error may have, too. */
export function responseOf(outcome: Outcome<AxiosResponse>): AxiosResponse | undefined {
  if ('value' in outcome) return outcome.value
  return isObject(outcome.error) ? (outcome.error.response as AxiosResponse) : undefined
}

/** The token-invalid errcode of an answer. It ends the call's place in the call limits. */
export function refusedBy(
  response: AxiosResponse | undefined,
  { policy, lib, limited }: RequestContext,
): number | undefined | Promise<number | undefined> {
  if (limited === undefined) return errcodeIn(response, policy.errcodes, lib)
  if (!isObject(response)) return limited.failed()
  return limited.judged(errcodeIn(response, limited.errcodes, lib))
}

/**
 * The errcode of an answer that is to be found, from the `error-code` header if there is one, else from the
 * untransformed body: text, bytes, Blob, stream, or an object from a mock adapter.
 */
function errcodeIn(
  response: AxiosResponse | undefined,
  refusals: TokenErrcodes,
  lib: AxiosStatic,
): number | undefined | Promise<number | undefined> {
  if (!isObject(response)) return undefined
  const { data, headers } = response
  const errcode = errcodeOfHeader(headers?.['error-code'])
  if (errcode !== undefined) return refusals.finds(errcode) ? errcode : undefined
  if (typeof data === 'string') return refusals.inText(data)
  if (!isObject(data)) return undefined
  if (ArrayBuffer.isView(data)) return refusals.inBytes(data as unknown as Uint8Array)
  if (isArrayBuffer(data)) return refusals.inBytes(new Uint8Array(data))
  return refusedByReading(response, refusals, lib)
}

/** For bodies that must be read first. */
function refusedByReading(
  response: AxiosResponse,
  refusals: TokenErrcodes,
  lib: AxiosStatic,
): number | undefined | Promise<number | undefined> {
  const { data, headers } = response
  const contentType = headers?.['content-type']
  if (isBlob(data)) {
    const isWorthReading = data.size <= LONGEST_JUDGED_BYTES && mayBeJson(contentType ?? data.type)
    return isWorthReading ? data.text().then(refusals.inText) : undefined
  }
  if (isNodeReadable(data)) {
    if (!mayBeJson(contentType)) return undefined
    const replaceBody = (stream: unknown) => {
      response.data = stream
    }
    return peekNodeStream(data, replaceBody).then((bytes) => bytes && refusals.inBytes(bytes))
  }
  if (isWebStream(data)) {
    return mayBeJson(contentType) ? refusedByWebStream(response, refusals, lib) : undefined
  }
  return refusals.inValue(data)
}

async function refusedByWebStream(
  response: AxiosResponse,
  refusals: TokenErrcodes,
  lib: AxiosStatic,
) {
  const signal = response.config?.signal as AbortSignal | undefined
  const canceled = ({ reason }: AbortSignal) => canceledError(lib, reason)
  const { bytes, body } = await peekWebStream(response.data, { signal, reasonOf: canceled })
  response.data = ArrayBuffer.isView(body) ? new Blob([body]).stream() : body
  return bytes && refusals.inBytes(bytes)
}

/** A refused answer must not occupy the connection that the token request needs. */
export async function freeConnection(response: AxiosResponse | undefined): Promise<void> {
  if (isNodeReadable(response?.data)) response.data = await bufferBody(response.data)
}
