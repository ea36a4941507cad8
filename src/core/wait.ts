import { onAbort } from './platform.js'

/** Waits for a promise only until the signal is aborted. The promise itself goes on. */
export function waitFor<T>(
  promise: Promise<T>,
  signal: AbortSignal | null | undefined,
): Promise<T> {
  if (signal == null) return promise
  return unlessGivenUp(promise, (giveUp) => {
    const abort = () => giveUp(reasonOf(signal))
    if (signal.aborted) abort()
    return onAbort(signal, abort)
  })
}

/**
 * Settles as the promise does, unless `giveUp` is called before. The promise gets its handlers first:
 * `listen` touches what a caller passed in, which may throw, and then the promise must not be left
 * without one.
 */
export function unlessGivenUp<T>(
  promise: Promise<T>,
  listen: (giveUp: (reason: unknown) => void) => () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let stopListening = () => {}
    promise.then(
      (value) => {
        stopListening()
        resolve(value)
      },
      (error) => {
        stopListening()
        reject(error)
      },
    )
    stopListening = listen(reject)
  })
}

/** As `signal.throwIfAborted`, which Jest's jsdom and older runtimes lack. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw reasonOf(signal)
}

export interface ControllerBelow extends AbortController {
  /** From now on the parent's abort is not its own. */
  release(): void
}

/**
 * A controller that is aborted with `parent`, until it is released: `AbortSignal.any` with an end.
 * The edge runtime of Next.js and Jest's jsdom lack that.
 */
export function controllerBelow(parent: AbortSignal): ControllerBelow {
  const controller = new AbortController()
  const abort = () => controller.abort(reasonOf(parent))
  if (parent.aborted) abort()
  return Object.assign(controller, { release: onAbort(parent, abort) })
}

/** Why a signal was aborted, as fetch would tell it: a polyfill's signal may not say. */
export function reasonOf(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException('This operation was aborted', 'AbortError')
}
