import { hasMethods } from '../core/check.js'
import type { StoreProblem, TokenStore } from '../core/store.js'

/** The part of Node's emitters and of Keyv that is used here. */
interface Emitter {
  on(event: 'error', listener: (error: unknown) => void): unknown
  getMaxListeners?(): number
  setMaxListeners?(most: number): unknown
}

/**
 * Turns a driver's `error` events into problems of a store. It listens from the beginning: an
 * `error` event without a listener ends the process, e.g. with node-redis (rule 20).
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

/** Raises the listener limit: many stores of one client are not a leak. */
function listen(driver: Emitter, listener: (error: unknown) => void): void {
  const most = driver.getMaxListeners?.()
  if (most !== undefined && most > 0) driver.setMaxListeners?.(most + 1)
  driver.on('error', listener)
}
