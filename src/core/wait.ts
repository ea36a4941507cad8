import { onAbort } from './platform.js'

/** Waits for a promise only until the signal is aborted. The promise itself goes on. */
export function waitFor<T>(
  promise: Promise<T>,
  signal: AbortSignal | null | undefined,
): Promise<T> {
  if (signal == null) return promise
  return new Promise<T>((resolve, reject) => {
    const giveUp = () => reject(reasonOf(signal))
    if (signal.aborted) giveUp()
    const stopListening = onAbort(signal, giveUp)
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
  })
}

/** Why a signal was aborted, as fetch would tell it: a polyfill's signal may not say. */
export function reasonOf(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException('This operation was aborted', 'AbortError')
}
