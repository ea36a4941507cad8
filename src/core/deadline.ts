import type { Clock } from './clock.js'

/** Runs until it is done, `timeoutMs` are over, or the source is closed: then its signal is aborted. */
export async function withinDeadline<T>(
  run: (signal: AbortSignal) => Promise<T>,
  { clock, timeoutMs }: { clock: Clock; timeoutMs: number },
  closed: AbortSignal,
): Promise<T> {
  const controller = new AbortController()
  const { signal } = controller
  const onClose = () => controller.abort(closed.reason)
  closed.addEventListener('abort', onClose)
  const callOff = clock.after(timeoutMs, () =>
    controller.abort(new Error(`no answer within ${timeoutMs} ms`)),
  )
  try {
    // What does not heed the signal must not hold everyone up.
    return await Promise.race([run(signal), rejectionOf(signal)])
  } finally {
    callOff()
    closed.removeEventListener('abort', onClose)
  }
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason))
  })
}
