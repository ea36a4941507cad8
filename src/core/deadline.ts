import type { Clock } from './clock.js'
import { controllerBelow, throwIfAborted, waitFor } from './wait.js'

/** Runs for as long as there is time. `awaited`: what was not there in time, in words. */
export type WithinDeadline = <T>(
  run: (signal: AbortSignal) => Promise<T>,
  awaited?: string,
) => Promise<T>

/**
 * One deadline for all that is run within it, one after the other: what one takes is missing to the
 * next. What is waited for in between, which has a deadline of its own, does not count.
 */
export function sharedDeadline(
  { clock, timeoutMs }: { clock: Clock; timeoutMs: number },
  closed: AbortSignal,
): WithinDeadline {
  let leftMs = timeoutMs
  return async (run, awaited = 'answer') => {
    const beganAtMs = clock.monotonic()
    try {
      const late = new Error(`no ${awaited} within ${timeoutMs} ms`)
      return await withinDeadline(run, { clock, timeoutMs: leftMs, late }, closed)
    } finally {
      leftMs = Math.max(0, leftMs - (clock.monotonic() - beganAtMs))
    }
  }
}

/** Runs until it is done, `timeoutMs` are over, or the source is closed: then its signal is aborted. */
async function withinDeadline<T>(
  run: (signal: AbortSignal) => Promise<T>,
  { clock, timeoutMs, late }: { clock: Clock; timeoutMs: number; late: Error },
  closed: AbortSignal,
): Promise<T> {
  throwIfAborted(closed)
  const controller = controllerBelow(closed)
  const { signal } = controller
  const cancel = clock.after(timeoutMs, () => controller.abort(late))
  try {
    // What does not heed the signal must not hold everyone up.
    return await waitFor(run(signal), signal)
  } finally {
    cancel()
    controller.release()
  }
}
