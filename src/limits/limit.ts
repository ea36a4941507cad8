import type { CallPlace, CountedCall } from '../core/limits.js'
import type { LimitName } from '../wecom/limits.js'
import type { Lane, LaneNode } from './lane.js'

/** What made a call wait: a row of the table, or an errcode of WeCom's. */
export type LimitedBy = LimitName | 'errcode_45009' | 'errcode_45033'

/** Something that a call needs a place in before it is sent. */
export interface Limit {
  /** Callers that wait for it, in order. */
  readonly lane: Lane<Waiter>
  /** Cancels the timer that looks again, if there is one. */
  cancelTimer: (() => void) | undefined
  /** When that timer fires, by the monotonic clock. */
  looksAgainAt: number
  /**
   * Milliseconds until there may be room; `Infinity` if not a timer but an answer brings it. `now`
   * is the monotonic clock's.
   */
  roomInMs(now: number, cost: number): number
  /** Whether that many can ever have a place together. */
  fits(cost: number): boolean
  /** What makes calls wait there; `undefined`: nothing yet, the number of places is being asked for. */
  limitedBy(): LimitedBy | undefined
  take(cost: number): void
  end(now: number, cost: number): void
  cancel(now: number, cost: number): void
}

/** What one call takes of a limit. */
export interface Use {
  readonly limit: Limit
  readonly cost: number
  /**
   * Several queues share it, of other corps or of other receivers. Callers get into its lane only
   * when they are the next of their own queue and need nothing else, so that queues take turns.
   */
  readonly isWide: boolean
}

/** What a call remembers of the gate that it went through. */
export interface Passage {
  /** How often it had been closed. */
  readonly openings: number
  /** How often it had been narrowed. */
  readonly narrowings: number
}

/** One API of one corp, as WeCom's answers leave it. */
export interface ApiGate extends Limit, Passage {
  /** Callers that wait for any of the limits of this API. */
  waiting: number
  /** A call went, with this answer, or without one. */
  left(passed: Passage, now: number, errcode: number | undefined, wasAnswered?: boolean): void
}

/** What a call takes, narrow limits first: all of it or nothing. */
export interface Needs {
  readonly gate: ApiGate
  readonly uses: readonly Use[]
}

/** A caller in the queue. */
export interface Waiter {
  readonly call: CountedCall
  readonly needs: Needs
  /** Its places in the lanes of its uses, in the same order. */
  readonly nodes: (LaneNode<Waiter> | undefined)[]
  readonly sinceMs: number
  readonly untilMs: number
  limitedBy: LimitedBy | undefined
  isOver: boolean
  cancelTimer: () => void
  resolve(place: CallPlace): void
  reject(error: unknown): void
}
