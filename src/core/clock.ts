/** Where time comes from. Everything in milliseconds; pass one of your own to test without sleeping. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. It may jump. */
  wall(): number
  /** Milliseconds since any fixed moment. It never goes back, but may stand still while the machine sleeps. */
  monotonic(): number
  /** Calls back after `delayMs`. Returns what calls it off. */
  after(delayMs: number, callback: () => void): () => void
}

/** One moment on both clocks. */
export interface Instant {
  readonly wall: number
  readonly monotonic: number
}

export function instantOf(clock: Clock): Instant {
  return { wall: clock.wall(), monotonic: clock.monotonic() }
}
