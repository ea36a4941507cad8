import type { Clock } from '../core/clock.js'
import type { StoreProblem, TokenStore } from '../core/store.js'
import { fifo } from './fifo.js'
import { type LeaseTurns, leaseTurns } from './lease-turns.js'

/** How long a store may take to answer a command, counted from its sending. */
const DEADLINE_MS = 400
/** The same for a command that gets no answer while the store answers others, e.g. another shard. */
const LONGEST_DEADLINE_MS = 2_000
const STEP_MS = 50

/** A client sends more than this one after the other: the rest waits here, where no deadline runs. */
const MAX_IN_FLIGHT = 100

const MAX_REPORTED = 100

/** What a command came to. */
export type StoreResult<T> =
  | { readonly answer: T }
  | { readonly reason: 'down' | 'refused' | 'skipped'; readonly error: unknown }

/**
 * The way to one store, shared by every source that uses it (rule 16). A burst is not an outage:
 * commands in flight are bounded, a deadline counts from the sending, and a store that answers
 * anything is not down. One that is down is left alone for 1 s, doubling to 30 s.
 */
export class StoreAccess {
  private inFlight = 0
  /** Commands of a process that holds a lease go first: others wait for what they bring. */
  private readonly urgent = fifo<() => void>()
  private readonly waiting = fifo<() => void>()
  /** Counts up: a command whose store answers others meanwhile has more time. */
  private answers = 0
  private pausing = 0
  private failures = 0
  private cooldownUntil = 0
  private readonly reported = new Set<string>()
  private readonly turns = new Map<string, LeaseTurns>()
  private report: StoreProblemListener | undefined
  private isDownReported = false

  constructor(
    store: TokenStore,
    private readonly clock: Clock,
  ) {
    store.onProblem?.((problem) => this.reportProblem(problem))
    store.onAnswer?.(() => {
      this.answers += 1
    })
  }

  /**
   * Sends as soon as there is room; never rejects. `report`: hears of problems that no command has,
   * until the next one sends.
   */
  async send<T>(
    command: () => Promise<T>,
    { isUrgent, report }: { isUrgent: boolean; report: StoreProblemListener },
  ): Promise<StoreResult<T>> {
    this.report = report
    if (this.inFlight < MAX_IN_FLIGHT) this.inFlight += 1
    else await this.enqueue(isUrgent)
    try {
      const leftMs = this.cooldownMs()
      if (leftMs > 0)
        return { reason: 'skipped', error: new Error(`it is left alone for ${leftMs} ms more`) }
      const result = await this.answerTo(command)
      if ('answer' in result) this.answered()
      return result
    } finally {
      this.leave()
    }
  }

  /**
   * Pauses between two looks of one who waits for another process: longer the more wait, so that
   * thousands of looks do not delay the very writes that they wait for.
   */
  async pause(ms: number): Promise<void> {
    this.pausing += 1
    const crowd = Math.min(15, Math.max(1, this.pausing / MAX_IN_FLIGHT))
    await new Promise<void>((resolve) => this.clock.after(ms * crowd, resolve))
    this.pausing -= 1
  }

  /** Of one kind of credential: to fetch one kind's token may take another kind's. */
  leaseTurns(kind: string): LeaseTurns {
    const turns = this.turns.get(kind) ?? leaseTurns(this.clock)
    this.turns.set(kind, turns)
    return turns
  }

  /** Whether this was not reported before: once for each process, not for each call. */
  isNews(what: string): boolean {
    if (this.reported.has(what)) return false
    if (this.reported.size >= MAX_REPORTED) this.reported.clear()
    this.reported.add(what)
    return true
  }

  /** For how much longer the store is left alone. */
  cooldownMs(): number {
    if (this.failures === 0) return 0
    return Math.max(0, Math.ceil(this.cooldownUntil - this.clock.monotonic()))
  }

  private enqueue(isUrgent: boolean): Promise<void> {
    const queue = isUrgent ? this.urgent : this.waiting
    return new Promise((resolve) => queue.push(resolve))
  }

  /** The next one takes the place. */
  private leave(): void {
    const next = this.urgent.shift() ?? this.waiting.shift()
    if (next === undefined) this.inFlight -= 1
    else next()
  }

  private async answerTo<T>(command: () => Promise<T>): Promise<StoreResult<T>> {
    const deadline = this.deadline()
    try {
      return { answer: await Promise.race([command(), deadline.passed]) }
    } catch (error) {
      const reason = isRefusal(error) ? 'refused' : 'down'
      if (reason === 'refused') this.answers += 1
      else if (!deadline.isOfThisCommandAlone()) this.failed()
      return { reason, error }
    } finally {
      deadline.cancel()
    }
  }

  /**
   * Passes in small steps: a process that was frozen, or too busy to look, has not waited as long as
   * its clock says, and hears first what was answered.
   */
  private deadline() {
    let cancel = () => {}
    let isAlone = false
    const passed = new Promise<never>((_, reject) => {
      let seen = this.answers
      const wait = (leftMs: number, leftInAllMs: number) => {
        if (leftMs <= 0 || leftInAllMs <= 0) {
          isAlone = leftMs > 0
          reject(new Error(`no answer within ${isAlone ? LONGEST_DEADLINE_MS : DEADLINE_MS} ms`))
          return
        }
        cancel = this.clock.after(STEP_MS, () => {
          const hasAnswered = this.answers !== seen
          seen = this.answers
          wait(hasAnswered ? DEADLINE_MS : leftMs - STEP_MS, leftInAllMs - STEP_MS)
        })
      }
      wait(DEADLINE_MS, LONGEST_DEADLINE_MS)
    })
    return { passed, cancel: () => cancel(), isOfThisCommandAlone: () => isAlone }
  }

  private answered(): void {
    this.answers += 1
    this.failures = 0
    this.isDownReported = false
  }

  /** What fails during a cooldown is the same outage. */
  private failed(): void {
    if (this.cooldownMs() > 0) return
    this.cooldownUntil = this.clock.monotonic() + Math.min(30_000, 1_000 * 2 ** this.failures)
    this.failures += 1
  }

  /**
   * What a driver emits while no command is in flight. One that connects again and again emits each
   * time: the first counts, until the store answers.
   */
  private reportProblem(problem: StoreProblem): void {
    if (this.report === undefined) return
    const isDown = problem.reason === 'down'
    if (isDown ? this.isDownReported : !this.isNews(problem.message)) return
    this.isDownReported ||= isDown
    this.report(problem)
  }
}

type StoreProblemListener = (problem: StoreProblem) => void

/** By identity, so that all sources over one store share its access; it goes with the store. */
const accesses = new WeakMap<TokenStore, WeakMap<Clock, StoreAccess>>()

/** The one access to this store by this clock. */
export function storeAccess(store: TokenStore, clock: Clock): StoreAccess {
  const byClock = accesses.get(store) ?? new WeakMap<Clock, StoreAccess>()
  accesses.set(store, byClock)
  const access = byClock.get(clock) ?? new StoreAccess(store, clock)
  byClock.set(clock, access)
  return access
}

/** Redis' replies begin with a word in capitals (`READONLY`, `OOM`, `ERR`), Node's error codes with an E. */
const REPLY = /^-?(ERR|(?!E)[A-Z]{3,})\b|signalled by the server/
/** What a database says of a statement; class 08 and 57 are about the connection. */
const SQLSTATE = /^[2-4][\dA-Z]{4}$/

/** Whether the server itself said no. Anything else is about the way to it. */
function isRefusal(error: unknown): boolean {
  const { message, code } = Object(error) as { message?: unknown; code?: unknown }
  return REPLY.test(String(message)) || SQLSTATE.test(String(code))
}
