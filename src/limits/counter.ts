import type { LimitName, LimitRow } from '../wecom/limits.js'
import { Lane } from './lane.js'
import type { Limit, LimitedBy, Waiter } from './limit.js'
import { SlidingWindow, type WindowSpec } from './sliding-window.js'

/** Places that several processes share. */
export interface SharedPlaces {
  /** Each process counts by itself, with this share of what is allowed; `undefined`: they count together. */
  readonly alone: number | undefined
  /** Like a limit's own. Asks for more places if there are too few. */
  roomInMs(now: number, cost: number): number
  /** There are fewer places than were asked for. */
  isShort(): boolean
  take(cost: number): void
  end(now: number, cost: number): void
  cancel(cost: number): void
  /** A 45009 closed the API for that long. */
  close(forMs: number): void
  isIdle(): boolean
}

/** One count of WeCom's, e.g. of one corp's calls of one API: in a minute, in an hour. */
export class Counter implements Limit {
  readonly lane = new Lane<Waiter>()
  cancelTimer: (() => void) | undefined
  looksAgainAt = 0
  readonly windows: readonly SlidingWindow[]
  places: SharedPlaces | undefined
  /** Another process got a 45009 there. */
  onClosed: ((untilMs: number) => void) | undefined
  /** By its own windows, at the last look. */
  private isFull = false

  /** `calendar`: milliseconds of China's calendar, for a window that is a day. */
  constructor(
    readonly name: LimitName,
    /** Whose count it is, e.g. a corp and an API. May contain a secret. */
    readonly key: string,
    specs: readonly WindowSpec[],
    private readonly calendar: () => number,
  ) {
    this.windows = specs.map((spec) => new SlidingWindow(spec))
  }

  limitedBy(): LimitedBy | undefined {
    return this.places === undefined || this.isFull || this.places.isShort() ? this.name : undefined
  }

  roomInMs(now: number, cost: number): number {
    const { places } = this
    const share = places?.alone
    let room = 0
    for (const window of this.windows) {
      const { most } = window.spec
      const mine = share === undefined ? most : Math.max(1, Math.floor(most * share))
      const roomOfWindow = window.roomInMs(this.timeOf(window, now), cost, mine)
      if (roomOfWindow > room) room = roomOfWindow
    }
    this.isFull = room > 0
    if (room > 0 || places === undefined || share !== undefined) return room
    return places.roomInMs(now, cost)
  }

  fits(cost: number): boolean {
    return this.windows.every(({ spec }) => cost <= spec.most)
  }

  take(cost: number): void {
    for (const window of this.windows) window.inFlight += cost
    this.places?.take(cost)
  }

  end(now: number, cost: number): void {
    for (const window of this.windows) window.end(this.timeOf(window, now), cost)
    this.places?.end(now, cost)
  }

  cancel(_now: number, cost: number): void {
    for (const window of this.windows) window.inFlight -= cost
    this.places?.cancel(cost)
  }

  /** The window that has no room for the longest time. */
  fullest(now: number, cost: number): WindowSpec | undefined {
    const rooms = this.windows.map((window) => ({
      spec: window.spec,
      room: window.roomInMs(this.timeOf(window, now), cost, window.spec.most),
    }))
    return rooms.sort((a, b) => b.room - a.room)[0]?.spec
  }

  isIdle(now: number): boolean {
    if (this.lane.head !== undefined || this.places?.isIdle() === false) return false
    return this.windows.every((window) => window.used(this.timeOf(window, now)) === 0)
  }

  timeOf({ spec }: SlidingWindow, now: number): number {
    return spec.spanMs === 0 ? this.calendar() : now
  }
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000
/** The longest month: it holds for calendar months and for any 30 days. */
const MONTH_MS = 31 * DAY_MS
/** How many buckets a window has: one bucket more than the window is counted. */
const BUCKETS = 240

/** China has had no summer time since 1991. */
export const CHINA_AHEAD_MS = 8 * HOUR_MS

const SPANS = [
  ['minute', 'a minute', MINUTE_MS],
  ['hour', 'an hour', HOUR_MS],
  ['day', 'a day', 0],
  ['month', 'a month', MONTH_MS],
] as const

/** The windows of a row; `times`: by what its figures are multiplied. */
export function windowsOf(row: LimitRow, times: number): WindowSpec[] {
  const published = SPANS.flatMap(([figure, name, spanMs]) => {
    const most = row[figure]
    if (most === undefined) return []
    const bucketMs = spanMs === 0 ? DAY_MS : spanMs / BUCKETS
    return [{ name, most: most * times, spanMs, bucketMs }]
  })
  const others = (row.windows ?? []).map(({ ms, most }) => {
    const name = `${ms / 1000} s`
    return { name, most: most * times, spanMs: ms, bucketMs: ms / BUCKETS }
  })
  return [...published, ...others]
}
