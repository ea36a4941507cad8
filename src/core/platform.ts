import type { Clock } from './clock.js'
import { fetchTransport, type Transport } from './transport.js'

/** What a source takes from the machine it runs on. Nothing else in core touches a global. */
export interface Platform {
  readonly clock: Clock
  readonly transport: Transport
  /** SHA-256 of a text, in hex. */
  hash(text: string): Promise<string>
  /** A number from 0 to 1. */
  random(): number
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    const timer: { unref?: () => void } | number = setTimeout(callback, delayMs)
    if (typeof timer === 'object') timer.unref?.()
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>)
  },
}

export const platform: Platform = {
  clock: systemClock,
  transport: fetchTransport((input, init) => globalThis.fetch(input, init)),
  async hash(text) {
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
  },
  random: Math.random,
}
