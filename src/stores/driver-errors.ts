import { hasMethods } from '../core/check.js'
import type { StoreProblem, TokenStore } from '../core/store.js'

/** What Node's emitters have, and Keyv. */
interface Emitter {
  on(event: 'error', listener: (error: unknown) => void): unknown
  getMaxListeners?(): number
  setMaxListeners?(most: number): unknown
}

/**
 * A driver's `error` events as problems of a store. It listens from the beginning: node-redis and
 * others end the process with an `error` that has no listener.
 */
export function driverErrors(driver: unknown): Required<Pick<TokenStore, 'onProblem'>> {
  const listeners = new Set<(problem: StoreProblem) => void>()
  if (hasMethods('on')(driver)) {
    listen(driver as Emitter, (error) => {
      const message = error instanceof Error ? error.message : 'the driver emitted an error'
      for (const listener of listeners) listener({ reason: 'down', message })
    })
  }
  return { onProblem: (listener) => void listeners.add(listener) }
}

/** Many stores may be made of one client: their listeners are no leak. */
function listen(driver: Emitter, listener: (error: unknown) => void): void {
  const most = driver.getMaxListeners?.()
  if (most !== undefined && most > 0) driver.setMaxListeners?.(most + 1)
  driver.on('error', listener)
}
