import type { AxiosResponse, AxiosStatic } from 'axios'
import { tryRead } from '../core/errcode.js'
import { systemClock } from '../core/platform.js'
import type { Token } from '../core/token.js'
import { type Awaitable, onAbort, unlessAborted, untilSettled } from '../core/wait.js'
import { isNodeReadable } from '../request/peek-node-stream.js'
import {
  type Attempt,
  bareUrlOf,
  type RequestContext,
  remainingMs,
  type WaitingRequest,
} from './request.js'

type Listen = (abort: (reason: unknown) => void) => () => void

/**
 * Rule 11: waits for a token until the caller's abort or timeout, and then rejects as axios would: with
 * a `CanceledError`, or a timeout error with the caller's own figure. The fetch itself goes on.
 */
function waitLikeAxios<T>(awaited: Awaitable<T>, context: WaitingRequest): Promise<T> {
  const listen = cancellationOf(context)
  return listen === undefined ? untilSettled(awaited) : unlessAborted(awaited, listen)
}

/** Waits for a newer token, and for a place in the call limits. */
export function waitToReplay(
  replacement: Awaitable<Token | undefined>,
  context: RequestContext,
): Promise<Token | undefined> {
  const token = waitLikeAxios(replacement, context)
  return context.limited?.enterWith(token, (given) => waitLikeAxios(given, context)) ?? token
}

/** Listens for the caller's abort and timeout; `undefined` if the request has neither. */
function cancellationOf(context: WaitingRequest): Listen | undefined {
  const { signal, cancelToken } = context.config
  const left = remainingMs(context)
  if (!signal && !cancelToken && left === undefined) return undefined

  return (abort) => {
    const cancel = () =>
      abort(withRequest(canceledError(context.lib, undefined, context.config), context))
    const subscription = cancelToken?.promise.then(abort) as { cancel?: () => void } | undefined
    if (signal?.aborted) cancel()
    const stopListening = signal?.addEventListener && onAbort(signal as AbortSignal, cancel)
    const onTimeout = () => abort(timeoutError(context))
    const stopTimer = left === undefined ? undefined : systemClock.after(left, onTimeout)
    return () => {
      stopTimer?.()
      stopListening?.()
      subscription?.cancel?.()
    }
  }
}

/**
 * The same for a body that is a stream, which may break meanwhile. Axios does not listen to it yet, so
 * this rejects as axios would.
 */
export function waitWithBody<T>(awaited: Awaitable<T>, context: WaitingRequest): Promise<T> {
  const { config, lib } = context
  const { data: body } = config
  if (!isNodeReadable(body)) return waitLikeAxios(awaited, context)

  return unlessAborted(awaited, (abort) => {
    const stopListening = cancellationOf(context)?.(abort)
    const onError = (error: unknown) =>
      abort(withRequest(lib.AxiosError.from(error as Error, undefined, config), context))
    const onClose = () => {
      if (body.readableEnded) return
      abort(withRequest(canceledError(lib, 'Request stream has been aborted', config), context))
    }
    body.on('error', onError)
    body.on('close', onClose)
    return () => {
      stopListening?.()
      body.off('error', onError)
      body.off('close', onClose)
    }
  })
}

/** An adapter may throw instead of rejecting; that error is redacted too. */
export function sendAttempt({ context, outgoing }: Attempt): Promise<AxiosResponse> {
  try {
    return context.adapter(outgoing)
  } catch (error) {
    return Promise.reject(error)
  }
}

function timeoutError(context: WaitingRequest): Error {
  const { config, lib } = context
  const { timeout, timeoutErrorMessage, transitional } = config
  const message = timeoutErrorMessage || `timeout of ${timeout}ms exceeded`
  const { ETIMEDOUT, ECONNABORTED } = lib.AxiosError
  const code = transitional?.clarifyTimeoutError ? ETIMEDOUT : ECONNABORTED
  return withRequest(new lib.AxiosError(message, code, config), context)
}

/**
 * Without us the error would have a request, and axios-auth-refresh reads its `status` unchecked. So
 * this one describes what would have been sent.
 */
function withRequest(error: Error, context: WaitingRequest): Error {
  const { method = 'get' } = context.config
  const url = tryRead(() => new URL(bareUrlOf(context)))
  const { href, protocol, host, pathname = '', search = '' } = url ?? {}
  const where = { url: href, protocol, host, path: `${pathname}${search}` }
  const value = { method: method.toUpperCase(), ...where, aborted: true, destroyed: true }
  return Object.defineProperty(error, 'request', { value, writable: true, configurable: true })
}

/** Axios' own error for a message or a signal's reason; without a config once the response has arrived. */
export function canceledError(
  { AxiosError, CanceledError }: AxiosStatic,
  reason?: unknown,
  config?: object,
): Error {
  if (reason instanceof AxiosError) return reason
  const message = reason instanceof Error ? reason.message : reason
  // Its declared constructor is AxiosError's; the real one takes message, config and request.
  const Canceled = CanceledError as unknown as new (message?: unknown, config?: object) => Error
  return new Canceled(message, config)
}
