/** A window in which no more than a number of calls may arrive. */
export interface WindowSpec {
  /** For messages: `a minute`, `10 s`. */
  readonly name: string
  readonly most: number
  /**
   * How long a call counts after its answer, in milliseconds; 0: until the end of its bucket, which
   * is then a calendar day.
   */
  readonly spanMs: number
  /** Calls that end in the same bucket are counted together. */
  readonly bucketMs: number
}

/**
 * Counts calls so that no more than `most` arrive at the server within any window of its own.
 *
 * When a call arrives is unknown: between its sending and its answer. So a call in flight counts as
 * now, and ages only from its answer on. Take any `most + 1` calls, the last of which is sent at the
 * moment s: each of the others is in flight at s, or had its answer before s. In the second case it
 * arrived before s too, and if it counted no more at s, then more than the span before.
 */
export class SlidingWindow {
  /** Calls without an answer. */
  inFlight = 0
  /** Calls with an answer that still count. */
  private ended = 0
  /** Buckets with calls, the oldest first; those before `first` are over. */
  private ids: number[] = []
  private counts: number[] = []
  private first = 0

  constructor(readonly spec: WindowSpec) {}

  /** How many count now. */
  used(now: number): number {
    this.expire(now)
    return this.ended + this.inFlight
  }

  /** Milliseconds until there is room for `cost` more; `Infinity` if an answer must come first. */
  roomInMs(now: number, cost: number, most: number): number {
    this.expire(now)
    let tooMany = this.ended + this.inFlight + cost - most
    if (tooMany <= 0) return 0
    for (let index = this.first; index < this.ids.length; index += 1) {
      tooMany -= this.counts[index] as number
      if (tooMany <= 0) return this.endOf(this.ids[index] as number) - now
    }
    return Number.POSITIVE_INFINITY
  }

  /** Moves `cost` calls in flight to those with an answer. */
  end(now: number, cost: number): void {
    this.inFlight -= cost
    this.add(now, cost)
  }

  add(now: number, cost: number): void {
    const last = this.ids.length - 1
    // A clock that is set back: the newest bucket lasts longer.
    const id = Math.max(Math.floor(now / this.spec.bucketMs), this.ids[last] ?? 0)
    this.ended += cost
    if (this.ids[last] === id) {
      this.counts[last] = (this.counts[last] as number) + cost
    } else {
      this.ids.push(id)
      this.counts.push(cost)
    }
  }

  /** The calls that still count, as the time of their bucket's end and their number. */
  *buckets(now: number): Generator<readonly [endedAt: number, count: number]> {
    this.expire(now)
    for (let index = this.first; index < this.ids.length; index += 1) {
      const endedAt = ((this.ids[index] as number) + 1) * this.spec.bucketMs
      yield [Math.min(endedAt, now), this.counts[index] as number]
    }
  }

  private endOf(id: number): number {
    return (id + 1) * this.spec.bucketMs + this.spec.spanMs
  }

  private expire(now: number): void {
    const { ids, counts } = this
    while (this.first < ids.length && this.endOf(ids[this.first] as number) <= now) {
      this.ended -= counts[this.first] as number
      this.first += 1
    }
    if (this.first * 2 <= ids.length || this.first === 0) return
    this.ids = ids.slice(this.first)
    this.counts = counts.slice(this.first)
    this.first = 0
  }
}
