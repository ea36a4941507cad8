/** Where time comes from. Everything in milliseconds; pass one of your own to test without sleeping. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. It may jump. */
  wall(): number
  /** Milliseconds since any fixed moment. It never goes back, but may stand still while the machine sleeps. */
  monotonic(): number
  /**
   * Calls back after `delayMs`. Returns what calls it off. `isBackground`: nobody waits for it, so it
   * must not keep the process alive.
   */
  after(delayMs: number, callback: () => void, options?: { isBackground?: boolean }): () => void
}

/** One moment on both clocks. */
export interface Instant {
  readonly wall: number
  readonly monotonic: number
}

export function instantOf(clock: Clock): Instant {
  return { wall: clock.wall(), monotonic: clock.monotonic() }
}

/**
 * Milliseconds from one moment to another, by the clock that has gone further: either may stand
 * still or be set back. Negative only if neither clock has reached the other moment.
 */
export function elapsedMs(from: Instant, to: Instant): number {
  return Math.max(to.wall - from.wall, to.monotonic - from.monotonic)
}

/** That much later, on both clocks. */
export function later({ wall, monotonic }: Instant, ms: number): Instant {
  return { wall: wall + ms, monotonic: monotonic + ms }
}

/** Each clock by itself: no jump of one of them is carried over to the other. */
export function latest(one: Instant, other: Instant): Instant {
  return {
    wall: Math.max(one.wall, other.wall),
    monotonic: Math.max(one.monotonic, other.monotonic),
  }
}

/** The earlier one, on each clock by itself. */
export function earliest(one: Instant, other: Instant): Instant {
  return {
    wall: Math.min(one.wall, other.wall),
    monotonic: Math.min(one.monotonic, other.monotonic),
  }
}
