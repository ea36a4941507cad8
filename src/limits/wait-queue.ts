import { LONGEST_TIMER_MS } from '../core/check.js'
import type { Clock } from '../core/clock.js'
import type { CallPlace, CountedCall, PendingPlace } from '../core/limits.js'
import type { ApiGate, Limit, Needs, Passage, Use, Waiter } from './limit.js'
import { limitReached, neverFits, queueFull } from './not-sent.js'

export interface QueueSettings {
  readonly clock: Clock
  readonly onLimit: 'wait' | 'fail'
  readonly maxWaitMs: number
  readonly maxQueue: number
}

/** Without a better guess, e.g. while other calls have to end first. */
const SOON_MS = 1_000

/** Gives each call all its places at once, or lets it wait until there is room for all of them. */
export class WaitQueue {
  constructor(private readonly settings: QueueSettings) {}

  enter(call: CountedCall, needs: Needs): CallPlace | PendingPlace {
    const now = this.settings.clock.monotonic()
    for (const { limit, cost } of needs.uses) {
      if (limit.lane.head !== undefined || limit.roomInMs(now, cost) > 0)
        return this.enqueue(call, needs, now)
    }
    return this.take(needs)
  }

  /** Lets the first callers of these limits go, if they may. */
  look(limits: readonly Limit[]): void {
    const now = this.settings.clock.monotonic()
    const pending = [...limits]
    // One caller at a time, so that the next one of its queue gets behind those of others.
    for (const limit of pending) {
      const next = limit.lane.head
      if (next === undefined) continue
      this.admit(next.item, now, pending)
      if (limit.lane.head !== next && limit.lane.head !== undefined) pending.push(limit)
    }
  }

  private take({ gate, uses }: Needs): CallPlace {
    for (const { limit, cost } of uses) limit.take(cost)
    return new Place(this, this.settings.clock, gate, uses)
  }

  private enqueue(call: CountedCall, needs: Needs, now: number): PendingPlace {
    const { clock, maxQueue, maxWaitMs } = this.settings
    const { gate, uses } = needs
    if (!uses.every(({ limit, cost }) => limit.fits(cost))) return refused(neverFits(call, uses))
    if (gate.waiting >= maxQueue) return refused(queueFull(call, maxQueue))
    const waitMs = Math.min(maxWaitMs, call.maxWaitMs ?? LONGEST_TIMER_MS)
    const waiter: Waiter = {
      call,
      needs,
      nodes: [],
      sinceMs: now,
      untilMs: now + waitMs,
      limitedBy: undefined,
      isOver: false,
      cancelTimer: () => {},
      resolve: () => {},
      reject: () => {},
    }
    let granted: CallPlace | undefined
    const place = new Promise<CallPlace>((resolve, reject) => {
      waiter.resolve = (given) => {
        granted = given
        resolve(given)
      }
      waiter.reject = reject
    })
    gate.waiting += 1
    waiter.cancelTimer = clock.after(waitMs, () => this.giveUp(waiter))
    for (const [index, { limit, isWide }] of uses.entries())
      if (!isWide) waiter.nodes[index] = limit.lane.add(waiter)
    const touched: Limit[] = []
    this.admit(waiter, now, touched)
    this.look(touched)
    return { place, cancel: () => (granted === undefined ? this.abort(waiter) : granted.cancel()) }
  }

  /** Lets a caller go if it is the next one everywhere and there is room. Adds where others are next then. */
  private admit(waiter: Waiter, now: number, touched: Limit[]): boolean {
    const { needs, nodes } = waiter
    for (const [index, { limit, cost, isWide }] of needs.uses.entries()) {
      if (isWide) nodes[index] ??= limit.lane.add(waiter)
      const isNext = limit.lane.head === nodes[index]
      const roomInMs = isNext ? limit.roomInMs(now, cost) : 0
      if (isNext && roomInMs <= 0) continue
      leave(waiter, touched, (later) => later > index && needs.uses[later]?.isWide === true)
      if (isNext) this.waitFor(waiter, limit, now, roomInMs, touched)
      return false
    }
    this.remove(waiter, touched)
    this.report(waiter, now, 'sent')
    waiter.resolve(this.take(needs))
    return true
  }

  /** There is no room at a limit where the caller is the next one. */
  private waitFor(waiter: Waiter, limit: Limit, now: number, roomInMs: number, touched: Limit[]) {
    const limitedBy = limit.limitedBy()
    waiter.limitedBy = limitedBy ?? waiter.limitedBy
    const { onLimit, maxWaitMs } = this.settings
    const isInVain = Number.isFinite(roomInMs) && now + roomInMs > waiter.untilMs + maxWaitMs
    if (limitedBy !== undefined && (onLimit === 'fail' || isInVain)) {
      this.refuse(waiter, now, limit, roomInMs, touched)
    } else if (Number.isFinite(roomInMs)) this.lookAgain(limit, now + roomInMs)
  }

  private refuse(waiter: Waiter, now: number, limit: Limit, roomInMs: number, touched: Limit[]) {
    this.remove(waiter, touched)
    this.report(waiter, now, 'failed')
    const retryAfterMs = Number.isFinite(roomInMs) ? Math.ceil(roomInMs) : SOON_MS
    waiter.reject(limitReached(waiter, limit, now, retryAfterMs))
  }

  private lookAgain(limit: Limit, atMs: number): void {
    if (limit.cancelTimer !== undefined) {
      if (limit.looksAgainAt <= atMs) return
      limit.cancelTimer()
    }
    const { clock } = this.settings
    limit.looksAgainAt = atMs
    const delayMs = Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(atMs - clock.monotonic())))
    limit.cancelTimer = clock.after(delayMs, () => {
      limit.cancelTimer = undefined
      this.look([limit])
    })
  }

  /** `maxWaitMs` is over: the last look. */
  private giveUp(waiter: Waiter): void {
    this.look(waiter.needs.uses.map(({ limit }) => limit))
    if (waiter.isOver) return
    const now = this.settings.clock.monotonic()
    const blocked = waiter.needs.uses.map((use) => ({
      limit: use.limit,
      roomInMs: use.limit.roomInMs(now, use.cost),
    }))
    const { limit, roomInMs } = blocked.reduce((a, b) => (b.roomInMs > a.roomInMs ? b : a))
    const touched: Limit[] = []
    waiter.limitedBy ??= limit.limitedBy()
    this.refuse(waiter, now, limit, roomInMs > 0 ? roomInMs : SOON_MS, touched)
    this.look(touched)
  }

  private abort(waiter: Waiter): void {
    if (waiter.isOver) return
    const touched: Limit[] = []
    this.remove(waiter, touched)
    this.report(waiter, this.settings.clock.monotonic(), 'aborted')
    this.look(touched)
  }

  private remove(waiter: Waiter, touched: Limit[]): void {
    waiter.isOver = true
    waiter.cancelTimer()
    waiter.needs.gate.waiting -= 1
    leave(waiter, touched, () => true)
  }

  private report(waiter: Waiter, now: number, outcome: 'sent' | 'failed' | 'aborted'): void {
    const { call, limitedBy: limit, sinceMs } = waiter
    if (limit === undefined) return
    const waitMs = Math.round(now - sinceMs)
    call.emit({ type: 'limited', limit, endpoint: call.endpoint, waitMs, outcome })
  }
}

/** Leaves some of its lanes; adds those in which another caller is the next one now. */
function leave(waiter: Waiter, touched: Limit[], isLeft: (index: number) => boolean): void {
  const { nodes, needs } = waiter
  for (const [index, { limit }] of needs.uses.entries()) {
    const node = nodes[index]
    if (node === undefined || !isLeft(index)) continue
    nodes[index] = undefined
    const wasNext = limit.lane.head === node
    limit.lane.remove(node)
    if (limit.lane.head === undefined) {
      limit.cancelTimer?.()
      limit.cancelTimer = undefined
    } else if (wasNext) touched.push(limit)
  }
}

function refused(error: Error): PendingPlace {
  return { place: Promise.reject(error), cancel: () => {} }
}

/** The places of one call. */
class Place implements CallPlace, Passage {
  readonly openings: number
  readonly narrowings: number
  private isOver = false

  constructor(
    private readonly queue: WaitQueue,
    private readonly clock: Clock,
    private readonly gate: ApiGate,
    private readonly uses: readonly Use[],
  ) {
    this.openings = gate.openings
    this.narrowings = gate.narrowings
  }

  end(errcode?: number): void {
    this.leave('end', true, errcode)
  }

  fail(): void {
    this.leave('end', false)
  }

  cancel(): void {
    this.leave('cancel', false)
  }

  private leave(how: 'end' | 'cancel', wasAnswered: boolean, errcode?: number): void {
    if (this.isOver) return
    this.isOver = true
    const now = this.clock.monotonic()
    for (const { limit, cost } of this.uses) limit[how](now, cost)
    this.gate.left(this, now, errcode, wasAnswered)
    for (const { limit } of this.uses) {
      if (limit.lane.head === undefined) continue
      this.queue.look(this.uses.map((use) => use.limit))
      return
    }
  }
}
