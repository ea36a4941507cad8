/** The time source, in milliseconds. Pass your own to test without sleeping. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. It may jump. */
  wall(): number
  /**
   * Milliseconds since any fixed moment. It never goes back, but may stand still while the machine
   * sleeps.
   */
  monotonic(): number
  /**
   * Calls back after `delayMs`. Returns a function that cancels the call. `isBackground`: the timer
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

export function later({ wall, monotonic }: Instant, ms: number): Instant {
  return { wall: wall + ms, monotonic: monotonic + ms }
}

/**
 * The later value of each clock separately, so that a jump of one clock does not affect the other.
 */
export function latest(one: Instant, other: Instant): Instant {
  return {
    wall: Math.max(one.wall, other.wall),
    monotonic: Math.max(one.monotonic, other.monotonic),
  }
}

/** The earlier value of each clock separately. */
export function earliest(one: Instant, other: Instant): Instant {
  return {
    wall: Math.min(one.wall, other.wall),
    monotonic: Math.min(one.monotonic, other.monotonic),
  }
}
