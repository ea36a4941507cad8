import type { AxiosResponse, AxiosStatic } from 'axios'
import { tryRead } from '../core/errcode.js'
import { systemClock } from '../core/platform.js'
import { type Awaitable, onAbort, patiently, unlessGivenUp } from '../core/wait.js'
import { isNodeReadable } from '../request/peek-node-stream.js'
import { isSentByFetch } from './adapter.js'
import { type Attempt, bareUrlOf, remainingMs, type WaitingRequest } from './request.js'

type Listen = (giveUp: (reason: unknown) => void) => () => void

/**
 * Waits for a token for as long as the caller would wait for the call, and ends as axios would: a
 * `CanceledError`, or a timeout with the caller's own figure. What is waited for goes on.
 */
export function waitLikeAxios<T>(awaited: Awaitable<T>, call: WaitingRequest): Promise<T> {
  const listen = endOf(call)
  return listen === undefined ? patiently(awaited) : unlessGivenUp(awaited, listen)
}

/** When the caller would end the call; `undefined`: never. */
function endOf(call: WaitingRequest): Listen | undefined {
  const { signal, cancelToken } = call.config
  const left = remainingMs(call)
  if (!signal && !cancelToken && left === undefined) return undefined

  return (giveUp) => {
    const cancel = () => giveUp(abortError(call))
    const subscription = cancelToken?.promise.then(giveUp) as { cancel?: () => void } | undefined
    if (signal?.aborted) cancel()
    const stopListening = signal?.addEventListener && onAbort(signal as AbortSignal, cancel)
    const late = () => giveUp(timeoutError(call))
    const stopTimer = left === undefined ? undefined : systemClock.after(left, late)
    return () => {
      stopTimer?.()
      stopListening?.()
      subscription?.cancel?.()
    }
  }
}

/**
 * Waits for a token likewise while the call's body is a stream, which may break meanwhile: nobody
 * else hears of it yet, and the call ends as axios ends one whose body breaks.
 */
export function waitWithBody<T>(awaited: Awaitable<T>, call: WaitingRequest): Promise<T> {
  const { config, lib } = call
  const { data: body } = config
  if (!isNodeReadable(body)) return waitLikeAxios(awaited, call)

  return unlessGivenUp(awaited, (giveUp) => {
    const stopListening = endOf(call)?.(giveUp)
    const onError = (error: unknown) =>
      giveUp(withRequest(lib.AxiosError.from(error as Error, undefined, config), call))
    const onClose = () => {
      if (body.readableEnded) return
      giveUp(withRequest(canceledError(lib, 'Request stream has been aborted', config), call))
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

/** An adapter that throws instead of rejecting shows its outgoing config too. */
export function attempt({ call, outgoing }: Attempt): Promise<AxiosResponse> {
  try {
    return call.adapter(outgoing)
  } catch (error) {
    return Promise.reject(error)
  }
}

function timeoutError(call: WaitingRequest): Error {
  const { config, lib } = call
  const { timeout, timeoutErrorMessage, transitional } = config
  const isFetch = isSentByFetch(call)
  // The fetch adapter has words and a code of its own, by which axios-retry tries again.
  const message = (!isFetch && timeoutErrorMessage) || `timeout of ${timeout}ms exceeded`
  const { ETIMEDOUT, ECONNABORTED } = lib.AxiosError
  const isClear = transitional?.clarifyTimeoutError || isFetch
  const code = isClear ? ETIMEDOUT : ECONNABORTED
  return withRequest(new lib.AxiosError(message, code, config), call)
}

/** By its signal: the http adapter says `canceled`, the fetch adapter what the signal's reason says. */
function abortError(call: WaitingRequest): Error {
  const { lib, config } = call
  const reason = isSentByFetch(call) ? (config.signal as AbortSignal).reason : undefined
  return withRequest(canceledError(lib, reason, config), call)
}

/**
 * Bare axios has a request by then, and others look into it without asking: axios-auth-refresh at its
 * `status`. This one tells what would have been sent.
 */
function withRequest(error: Error, call: WaitingRequest): Error {
  const { method = 'get' } = call.config
  const url = tryRead(() => new URL(bareUrlOf(call)))
  const { href, protocol, host, pathname = '', search = '' } = url ?? {}
  const where = { url: href, protocol, host, path: `${pathname}${search}` }
  const value = { method: method.toUpperCase(), ...where, aborted: true, destroyed: true }
  return Object.defineProperty(error, 'request', { value, writable: true, configurable: true })
}

/** As axios makes it, of a text or a signal's reason; of an answer on its way already, without a config. */
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
