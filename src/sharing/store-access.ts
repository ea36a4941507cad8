import type { Clock } from '../core/clock.js'
import type { StoreProblem, TokenStore } from '../core/store.js'
import { fifo } from './fifo.js'
import { type LeaseTurns, leaseTurns } from './lease-turns.js'

/** How long a store may take to answer a command, counted from when it is sent. */
const DEADLINE_MS = 400
/**
 * The same for a command that gets no answer while the store answers others, e.g. another shard.
 */
const LONGEST_DEADLINE_MS = 2_000
const STEP_MS = 50

/** A client queues more than this anyway: the rest waits here, where no deadline runs. */
const MAX_IN_FLIGHT = 100

const MAX_REPORTED = 100

/** The outcome of a command. */
export type StoreResult<T> =
  | { readonly answer: T }
  | { readonly reason: 'down' | 'refused' | 'skipped'; readonly error: unknown }

/**
 * Access to one store, shared by all sources that use it (rule 16). A burst is not an outage:
 * commands in flight are bounded, a deadline starts when a command is sent, and a store that
 * answers anything is not down. A store that is down gets no commands for 1 s, doubling to 30 s.
 */
export class StoreAccess {
  private inFlight = 0
  /** Commands of a lease holder go first: other processes wait for their outcome. */
  private readonly urgent = fifo<() => void>()
  private readonly waiting = fifo<() => void>()
  /** Counts answers: a command gets more time while the store answers others. */
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
   * Sends as soon as there is room; never rejects. `report` receives problems outside of any
   * command, until the next `send`.
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
        return {
          reason: 'skipped',
          error: new Error(`the store was down; it gets no commands for ${leftMs} ms more`),
        }
      const result = await this.answerTo(command)
      if ('answer' in result) this.answered()
      return result
    } finally {
      this.leave()
    }
  }

  /**
   * Pauses between two polls for another process's token: longer the more callers poll, so that
   * thousands of polls do not delay the writes that they wait for.
   */
  async pause(ms: number): Promise<void> {
    this.pausing += 1
    const crowd = Math.min(15, Math.max(1, this.pausing / MAX_IN_FLIGHT))
    await new Promise<void>((resolve) => this.clock.after(ms * crowd, resolve))
    this.pausing -= 1
  }

  /** One limit for each kind of credential: fetching one kind's token may need a parent's token. */
  leaseTurns(kind: string): LeaseTurns {
    const turns = this.turns.get(kind) ?? leaseTurns(this.clock)
    this.turns.set(kind, turns)
    return turns
  }

  /** Whether this was not reported before: each process reports a message once. */
  isNews(what: string): boolean {
    if (this.reported.has(what)) return false
    if (this.reported.size >= MAX_REPORTED) this.reported.clear()
    this.reported.add(what)
    return true
  }

  /** Milliseconds for which the store still gets no commands. */
  cooldownMs(): number {
    if (this.failures === 0) return 0
    return Math.max(0, Math.ceil(this.cooldownUntil - this.clock.monotonic()))
  }

  private enqueue(isUrgent: boolean): Promise<void> {
    const queue = isUrgent ? this.urgent : this.waiting
    return new Promise((resolve) => queue.push(resolve))
  }

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
   * Counts in small steps: a process that was frozen or blocked has not waited as long as its clock
   * says, and reads pending answers first.
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

  /** A failure during a cooldown belongs to the same outage. */
  private failed(): void {
    if (this.cooldownMs() > 0) return
    this.cooldownUntil = this.clock.monotonic() + Math.min(30_000, 1_000 * 2 ** this.failures)
    this.failures += 1
  }

  /**
   * Reports what a driver emits while no command is in flight. A driver that keeps reconnecting
   * emits each time: only the first is reported, until the store answers.
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

/** By identity, so that all sources of one store share its access, and collected with the store. */
const accesses = new WeakMap<TokenStore, WeakMap<Clock, StoreAccess>>()

/** The shared access to this store with this clock. */
export function storeAccess(store: TokenStore, clock: Clock): StoreAccess {
  const byClock = accesses.get(store) ?? new WeakMap<Clock, StoreAccess>()
  accesses.set(store, byClock)
  const access = byClock.get(clock) ?? new StoreAccess(store, clock)
  byClock.set(clock, access)
  return access
}

/**
 * Redis' replies begin with a word in capitals (`READONLY`, `OOM`, `ERR`), Node's error codes with
 * an E.
 */
const REPLY = /^-?(ERR|(?!E)[A-Z]{3,})\b|signalled by the server/
/** A database's error about a statement; classes 08 and 57 are about the connection. */
const SQLSTATE = /^[2-4][\dA-Z]{4}$/

/** Whether the server itself refused. Any other error is a connection error. */
function isRefusal(error: unknown): boolean {
  const { message, code } = Object(error) as { message?: unknown; code?: unknown }
  return REPLY.test(String(message)) || SQLSTATE.test(String(code))
}
