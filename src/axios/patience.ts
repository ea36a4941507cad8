import type { IncomingMessage, RequestOptions } from 'node:http'
import type { AxiosResponse, AxiosStatic } from 'axios'
import { isNodeReadable } from '../core/peek.js'
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

/**
 * Waits for a token likewise while the call's body is a stream, which may break meanwhile: nobody
 * else hears of it yet, and the call ends as axios ends one whose body breaks.
 */
export function waitWithBody<T>(promise: Promise<T>, call: WaitedFor): Promise<T> {
  const { config, lib } = call
  const { data: body } = config
  const waiting = waitLikeAxios(promise, call)
  if (!isNodeReadable(body)) return waiting

  return new Promise<T>((resolve, reject) => {
    const onError = (error: unknown) =>
      reject(lib.AxiosError.from(error as Error, undefined, config))
    const onClose = () => {
      if (!body.readableEnded) reject(canceledError(call, 'Request stream has been aborted'))
    }
    const stopListening = () => {
      body.off('error', onError)
      body.off('close', onClose)
    }
    body.on('error', onError)
    body.on('close', onClose)
    waiting.then(resolve, reject).finally(stopListening)
  })
}

/** An adapter that throws instead of rejecting shows its outgoing config too. */
export function attempt({ call, outgoing }: Sending): Promise<AxiosResponse> {
  try {
    if (outgoing.timeout && isUntimedBeforeConnect(call.lib))
      outgoing.transport ??= timedTransport(outgoing.timeout)
    return call.adapter(outgoing)
  } catch (error) {
    return Promise.reject(error)
  }
}

/**
 * Without redirects, axios before 1.18 times a request only once it is connected, and a name that
 * never resolves would hold the caller for ever. This is Node's own transport, which tells of the
 * timeout until there is an answer; from then on the socket does.
 */
function timedTransport(timeoutMs: number) {
  return {
    request(options: RequestOptions, onResponse: (response: IncomingMessage) => void) {
      const name = options.protocol === 'https:' ? 'node:https' : 'node:http'
      const request = process.getBuiltinModule(name).request(options, onResponse)
      const timer = setTimeout(() => request.emit('timeout'), timeoutMs)
      const stop = () => clearTimeout(timer)
      return request.once('response', stop).once('close', stop)
    },
  }
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

function canceledError({ config, lib }: WaitedFor, message?: string): Error {
  // Its declared constructor is AxiosError's; the real one takes message, config and request.
  const CanceledError = lib.CanceledError as unknown as new (
    message: string | undefined,
    config: object,
  ) => Error
  return new CanceledError(message, config)
}
