import { CHINA_AHEAD_MS, type Counter, DAY_MS, type SharedPlaces } from './counter.js'

/** What one counter says to Redis. */
export interface CounterReport {
  readonly held: number
  readonly want: number
  readonly ended: readonly (readonly [ageMs: number, count: number])[]
  readonly closeMs: number
  readonly windows: readonly object[]
  readonly lifeMs: number
}

/** How Redis is asked. */
export interface Asking {
  /** Each process counts by itself, with this share; `undefined`: they count together. */
  alone(): number | undefined
  /** Soon asks Redis for places of this counter. */
  ask(places: RedisPlaces): void
  /** This counter has something to tell, at the next opportunity. */
  note(places: RedisPlaces): void
}

/** A batch is at most this part of what a window allows. */
const LARGEST_BATCH = 1 / 20
/** Batches grow if they last shorter than this, and shrink if they last longer. */
const SHORT_MS = 100
const LONG_MS = 400
/** Redis is asked at most this often for places of a counter that has none. */
const PACE_MS = 20
/** Answers that came this close together are reported as one, with the time of the last. */
const SAME_MS = 20
const MOST_REPORTED = 400

/**
 * The places of one counter that this process got from Redis. They come in batches, which double
 * while the calls keep using them up, so that a busy process asks once for hundreds of calls.
 */
export class RedisPlaces implements SharedPlaces {
  /** Got, and not used yet. */
  private stock = 0
  private inFlight = 0
  private batch = 1
  private askedAtMs = Number.NEGATIVE_INFINITY
  private isAsked = false
  private wanted = 0
  private shortUntilMs = 0
  private isShortNow = false
  private closeMs = 0
  /** Answers that Redis does not know: when, and how many. */
  private ended: [endedAtMs: number, count: number][] = []
  /** Redis has lost what it knew. */
  isLost = false
  lastUsedMs = 0

  constructor(
    readonly counter: Counter,
    private readonly asking: Asking,
  ) {}

  get alone(): number | undefined {
    return this.asking.alone()
  }

  isShort(): boolean {
    return this.isShortNow
  }

  roomInMs(now: number, cost: number): number {
    if (this.stock >= cost) return 0
    this.wanted = Math.max(this.wanted, cost, this.counter.lane.size)
    if (this.shortUntilMs > now) return this.shortUntilMs - now
    if (!this.isAsked) {
      this.isAsked = true
      this.isShortNow = false
      this.grow(now)
      this.asking.ask(this)
    }
    return Number.POSITIVE_INFINITY
  }

  take(cost: number): void {
    this.inFlight += cost
    if (this.alone === undefined) this.stock -= cost
    this.asking.note(this)
  }

  end(now: number, cost: number): void {
    this.lastUsedMs = now
    this.inFlight -= cost
    const last = this.ended[this.ended.length - 1]
    if (last === undefined || now - last[0] > SAME_MS * (1 + this.ended.length / 20))
      this.ended.push([now, cost])
    else {
      last[0] = now
      last[1] += cost
    }
    if (this.ended.length > MOST_REPORTED) this.forgetOld(now)
  }

  /** Intentionally not back into the stock: it may have been taken while Redis was down. */
  cancel(cost: number): void {
    this.inFlight -= cost
  }

  /** Closed by a 45009. */
  close(forMs: number): void {
    this.closeMs = forMs
    this.asking.ask(this)
  }

  isIdle(): boolean {
    return this.inFlight === 0 && this.stock === 0 && this.ended.length === 0 && !this.isAsked
  }

  /** What is reported now. Places that were not used for a while are given back. */
  report(now: number): CounterReport {
    const { counter } = this
    const isUnused = now - this.lastUsedMs > 1_000 && counter.lane.head === undefined
    if (isUnused) {
      this.stock = 0
      this.batch = 1
    }
    const lacks = this.isAsked ? Math.max(this.wanted, this.batch) - this.stock : 0
    const ended = this.isLost ? this.everything(now) : this.ended
    const spans = counter.windows.map(({ spec }) => spec.spanMs || DAY_MS)
    const report = {
      held: this.inFlight + this.stock,
      want: Math.max(0, Math.ceil(lacks)),
      ended: ended.map(([at, count]) => [Math.max(0, Math.floor(now - at)), count] as const),
      closeMs: Math.ceil(this.closeMs),
      windows: counter.windows.map(({ spec }) => ({
        most: spec.most,
        span: spec.spanMs,
        bucket: spec.bucketMs,
        ahead: spec.spanMs === 0 ? CHINA_AHEAD_MS : 0,
      })),
      lifeMs: 2 * Math.max(...spans),
    }
    this.ended = []
    this.wanted = 0
    this.closeMs = 0
    return report
  }

  /** Redis did not answer: it is reported again. It may then count twice, but never not at all. */
  notReported({ ended, closeMs }: CounterReport, reportedAtMs: number): void {
    this.ended = [
      ...ended.map(([age, count]): [number, number] => [reportedAtMs - age, count]),
      ...this.ended,
    ]
    this.closeMs = Math.max(this.closeMs, closeMs)
    this.stock = 0
    this.isAsked = false
  }

  granted(granted: number, want: number, waitMs: number, now: number): void {
    this.isAsked = false
    this.isLost = false
    this.stock += granted
    this.isShortNow = granted < want
    if (granted > 0) this.lastUsedMs = now
    const paceMs = this.paceMs()
    const wait = granted > 0 || waitMs < 0 ? paceMs : Math.max(paceMs, waitMs)
    this.shortUntilMs = this.isShortNow ? now + wait : 0
  }

  /** A batch should last for a few tenths of a second. */
  private grow(now: number): void {
    const sinceMs = now - this.askedAtMs
    this.askedAtMs = now
    const most = Math.min(...this.counter.windows.map(({ spec }) => spec.most))
    const factor = sinceMs < SHORT_MS ? 2 : sinceMs > LONG_MS ? 1 / 2 : 1
    const largest = Math.max(1, Math.floor(most * LARGEST_BATCH))
    this.batch = Math.min(largest, Math.max(1, Math.floor(this.batch * factor)))
  }

  /** Two buckets: then answers of others are over, too. */
  private paceMs(): number {
    const bucketMs = Math.min(...this.counter.windows.map(({ spec }) => spec.bucketMs))
    return Math.min(500, Math.max(PACE_MS, 2 * bucketMs))
  }

  /** All that this process knows of its own calls. */
  private everything(now: number): [number, number][] {
    const { windows } = this.counter
    const longest = windows.reduce((a, b) => (b.spec.spanMs > a.spec.spanMs ? b : a))
    const shift = now - this.counter.timeOf(longest, now)
    return [...longest.buckets(now - shift)].map(([at, count]) => [at + shift, count])
  }

  private forgetOld(now: number): void {
    const longest = Math.max(...this.counter.windows.map(({ spec }) => spec.spanMs || DAY_MS))
    this.ended = this.ended.filter(([at]) => now - at <= longest)
  }
}
