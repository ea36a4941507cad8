import { onAbort } from './platform.js'

/** Waits for a promise only until the signal is aborted. The promise itself goes on. */
export function waitFor<T>(
  promise: Promise<T>,
  signal: AbortSignal | null | undefined,
): Promise<T> {
  if (signal == null) return promise
  return new Promise<T>((resolve, reject) => {
    const giveUp = () => reject(signal.reason)
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
