import type { AxiosAdapter, AxiosResponse, AxiosStatic } from 'axios'
import { remainingMs, type Sending, type WaitedFor } from './call.js'

/**
 * Waits for a token for as long as the caller would wait for the call, and ends as axios would: a
 * `CanceledError`, or a timeout with the caller's own figure. What is waited for goes on.
 */
export function waitLikeAxios<T>(promise: Promise<T>, call: WaitedFor): Promise<T> {
  const { signal, cancelToken } = call.config
  const left = remainingMs(call)
  if (!signal && !cancelToken && left === undefined) return promise

  return new Promise<T>((resolve, reject) => {
    const cancel = () => reject(canceledError(call))
    const timer =
      left === undefined ? undefined : setTimeout(() => reject(timeoutError(call)), left)
    const subscription = cancelToken?.promise.then(reject) as { cancel?: () => void } | undefined
    const stopWaiting = () => {
      clearTimeout(timer)
      signal?.removeEventListener?.('abort', cancel)
      subscription?.cancel?.()
    }
    if (signal?.aborted) cancel()
    signal?.addEventListener?.('abort', cancel)
    promise.then(resolve, reject).finally(stopWaiting)
  })
}

/** An adapter that throws instead of rejecting shows its outgoing config too. */
export function attempt(sending: Sending): Promise<AxiosResponse> {
  try {
    return withDeadline(sending, sending.call.adapter)
  } catch (error) {
    return Promise.reject(error)
  }
}

/**
 * Without redirects, axios before 1.18 times a request only once it is connected. A name that never
 * resolves would hold the caller for ever, so there the deadline is ours.
 */
function withDeadline({ call, outgoing }: Sending, send: AxiosAdapter): Promise<AxiosResponse> {
  const left = remainingMs(call)
  if (left === undefined || !isUntimedBeforeConnect(call.lib)) return send(outgoing)
  const controller = new AbortController()
  const abort = () => controller.abort()
  const { signal } = outgoing
  if (signal?.aborted) abort()
  signal?.addEventListener?.('abort', abort)
  outgoing.signal = controller.signal
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    abort()
  }, left)
  const settled = () => {
    clearTimeout(timer)
    // A streamed answer goes on, and the caller's signal still ends it.
    if (outgoing.responseType !== 'stream') signal?.removeEventListener?.('abort', abort)
  }
  const late = (error: unknown): never => {
    throw isLate ? timeoutError(call) : error
  }
  return send(outgoing).catch(late).finally(settled)
}

function isUntimedBeforeConnect({ VERSION }: AxiosStatic): boolean {
  const [major = 0, minor = 0] = VERSION.split('.').map(Number)
  return major === 1 && minor < 18
}

function timeoutError({ config, lib }: WaitedFor): Error {
  const { timeout, timeoutErrorMessage, transitional } = config
  const message = timeoutErrorMessage || `timeout of ${timeout}ms exceeded`
  const { ETIMEDOUT, ECONNABORTED } = lib.AxiosError
  return new lib.AxiosError(
    message,
    transitional?.clarifyTimeoutError ? ETIMEDOUT : ECONNABORTED,
    config,
  )
}

function canceledError({ config, lib }: WaitedFor): Error {
  // Its declared constructor is AxiosError's; the real one takes message, config and request.
  const CanceledError = lib.CanceledError as unknown as new (
    message: undefined,
    config: object,
  ) => Error
  return new CanceledError(undefined, config)
}
