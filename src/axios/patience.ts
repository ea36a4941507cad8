import type { IncomingMessage, RequestOptions } from 'node:http'
import type { AxiosResponse, AxiosStatic } from 'axios'
import { isNodeReadable } from '../core/peek.js'
import { onAbort, systemClock } from '../core/platform.js'
import { remainingMs, type Sending, timeoutOf, type WaitedFor } from './call.js'
import { resolvedAdapter } from './own-adapter.js'

/**
 * Waits for a token for as long as the caller would wait for the call, and ends as axios would: a
 * `CanceledError`, or a timeout with the caller's own figure. What is waited for goes on.
 */
export function waitLikeAxios<T>(promise: Promise<T>, call: WaitedFor): Promise<T> {
  const { signal, cancelToken } = call.config
  const left = remainingMs(call)
  if (!signal && !cancelToken && left === undefined) return promise

  return new Promise<T>((resolve, reject) => {
    const cancel = () => reject(canceledError(call.lib, undefined, call.config))
    const late = () => reject(timeoutError(call))
    const stopTimer = left === undefined ? undefined : systemClock.after(left, late)
    const subscription = cancelToken?.promise.then(reject) as { cancel?: () => void } | undefined
    const stopWaiting = () => {
      stopTimer?.()
      stopListening?.()
      subscription?.cancel?.()
    }
    if (signal?.aborted) cancel()
    const stopListening = signal?.addEventListener && onAbort(signal as AbortSignal, cancel)
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
      if (!body.readableEnded) reject(canceledError(lib, 'Request stream has been aborted', config))
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
    const timeoutMs = timeoutOf(outgoing)
    // Who wants no redirects has Node's own transport, and its timing, as it is.
    if (timeoutMs !== undefined && call.config.maxRedirects !== 0)
      outgoing.transport ??= timedTransport(timeoutMs, timeoutOf(call.config) ?? timeoutMs)
    return call.adapter(outgoing)
  } catch (error) {
    return Promise.reject(error)
  }
}

/**
 * Node's own transport, with the timing of the package follow-redirects, which axios leaves out when
 * it follows none. Until there is an answer, the whole time counts, be it for a name that never
 * resolves; from then on each silence of the server does, which breaks the answer.
 */
function timedTransport(timeoutMs: number, silenceMs: number) {
  return {
    request(options: RequestOptions, onResponse: (response: IncomingMessage) => void) {
      const name = options.protocol === 'https:' ? 'node:https' : 'node:http'
      const request = process.getBuiltinModule(name).request(options, onResponse)
      let timer: NodeJS.Timeout | undefined
      const stop = () => clearTimeout(timer)
      request.once('socket', () => {
        timer = setTimeout(() => request.emit('timeout'), timeoutMs)
      })
      request.once('close', stop)
      request.prependOnceListener('response', ({ socket }) => {
        stop()
        request.removeAllListeners('timeout')
        socket.setTimeout(silenceMs)
        // A socket that is kept alive has this listener once.
        socket.off('timeout', socket.destroy).on('timeout', socket.destroy)
      })
      return request
    },
  }
}

function timeoutError(call: WaitedFor): Error {
  const { config, lib } = call
  const { timeout, timeoutErrorMessage, transitional } = config
  const message = timeoutErrorMessage || `timeout of ${timeout}ms exceeded`
  const { ETIMEDOUT, ECONNABORTED } = lib.AxiosError
  const isClear = transitional?.clarifyTimeoutError || isSentByFetch(call)
  return new lib.AxiosError(message, isClear ? ETIMEDOUT : ECONNABORTED, config)
}

/** The fetch adapter of axios has a code of its own for a timeout, by which axios-retry tries again. */
function isSentByFetch({ adapter, lib, config }: WaitedFor): boolean {
  try {
    return adapter === resolvedAdapter(lib, 'fetch', config)
  } catch {
    // There is none.
    return false
  }
}

/** As axios makes it; of an answer that was on its way already, without a config. */
export function canceledError(
  { CanceledError }: AxiosStatic,
  message?: string,
  config?: object,
): Error {
  // Its declared constructor is AxiosError's; the real one takes message, config and request.
  const Canceled = CanceledError as unknown as new (message?: string, config?: object) => Error
  return new Canceled(message, config)
}
