import type { Clock } from '../core/clock.js'
import type { CountedCall } from '../core/limits.js'
import { platform } from '../core/platform.js'
import type { TokenStore } from '../core/store.js'
import type { RunScript } from '../sharing/redis-script.js'
import { StoreAccess } from '../sharing/store-access.js'
import type { Counter } from './counter.js'
import { type Asking, type CounterReport, RedisPlaces } from './redis-places.js'
import { SYNC } from './redis-script.js'

export interface RedisSyncSettings {
  readonly clock: Clock
  readonly run: RunScript
  /** Problems and answers of the client outside of a command. */
  readonly driver: Pick<TokenStore, 'onProblem' | 'onAnswer'>
  readonly prefix: string
  /** How many processes share the limits; `undefined`: as many as Redis has seen. */
  readonly processes: number | undefined
  /** Called when Redis has answered: callers may go. */
  readonly onAnswer: (counters: readonly Counter[]) => void
  /** All counters of this process. */
  readonly counters: () => Iterable<Counter>
}

/** Places that a process does not confirm for this long count as used. */
const LEASE_MS = 10_000
const CONFIRM_MS = 3_000
/** Counters in one command, so that no script blocks Redis for long. */
const MOST_COUNTERS = 50
/** After Redis has lost its data, the processes first tell it what they know. */
const RESTORE_MS = 2 * CONFIRM_MS

/** Shares counters among processes by one script, and counts alone while Redis does not answer. */
export class RedisSync implements Asking {
  private readonly access: StoreAccess
  private readonly me = platform.nonce()
  private readonly keys = new WeakMap<RedisPlaces, Promise<string>>()
  /** Those that want places. */
  private asking = new Set<RedisPlaces>()
  /** Those that hold places, or have answers to tell. */
  private readonly holding = new Set<RedisPlaces>()
  private isRunning = false
  private cancelConfirm: (() => void) | undefined
  private epoch: string | undefined
  private seen = 1
  private aloneUntilMs = 0
  private isReported = false
  /** A recent call, whose listener gets the events. */
  caller: Pick<CountedCall, 'emit'> | undefined

  constructor(private readonly settings: RedisSyncSettings) {
    const { driver, clock } = settings
    this.access = new StoreAccess(driver as TokenStore, clock)
  }

  share(counter: Counter): void {
    counter.places = new RedisPlaces(counter, this)
  }

  alone(): number | undefined {
    if (this.settings.clock.monotonic() >= this.aloneUntilMs) return undefined
    return 1 / Math.max(1, this.settings.processes ?? this.seen)
  }

  ask(places: RedisPlaces): void {
    this.asking.add(places)
    if (!this.isRunning) void this.work()
  }

  note(places: RedisPlaces): void {
    this.holding.add(places)
    this.confirmLater()
  }

  /** Sends what is to be sent, one command after the other: what comes meanwhile goes together. */
  private async work(): Promise<void> {
    this.isRunning = true
    // Calls of the same turn share a command.
    await Promise.resolve()
    while (this.asking.size > 0) {
      const asked = [...this.asking].slice(0, MOST_COUNTERS)
      for (const places of asked) this.asking.delete(places)
      await this.sync(asked)
    }
    this.isRunning = false
  }

  private async sync(asked: readonly RedisPlaces[]): Promise<void> {
    const { clock } = this.settings
    const keys = await Promise.all(asked.map((places) => this.keyOf(places)))
    const sentAtMs = clock.monotonic()
    const reports = asked.map((places) => places.report(sentAtMs))
    const result = await this.access.send(() => this.command(keys, reports), {
      isUrgent: false,
      report: ({ reason, message }) => this.report(reason, message),
    })
    if ('answer' in result) this.answered(asked, reports, result.answer, sentAtMs)
    else this.failed(asked, reports, sentAtMs, result)
    for (const places of asked) if (places.isIdle()) this.holding.delete(places)
    this.settings.onAnswer(asked.map(({ counter }) => counter))
  }

  private command(keys: readonly string[], reports: readonly CounterReport[]) {
    const tag = `${this.settings.prefix}{qyapi-token:limits}`
    const args = [this.me, LEASE_MS, platform.nonce(), JSON.stringify(reports)]
    return this.settings.run(SYNC, [`${tag}:processes`, `${tag}:epoch`, ...keys], args)
  }

  private answered(
    asked: readonly RedisPlaces[],
    reports: readonly CounterReport[],
    answer: unknown,
    sentAtMs: number,
  ): void {
    const [epoch, processes, replies] = answer as [unknown, unknown, unknown[][]]
    const now = this.settings.clock.monotonic()
    this.isReported = false
    const isLost = this.epoch !== undefined && this.epoch !== String(epoch)
    this.epoch = String(epoch)
    if (isLost) this.restore(now)
    // An empty Redis has seen few of them.
    const fewest = this.alone() === undefined ? 1 : this.seen
    this.seen = Math.max(fewest, Number(processes))
    for (const [index, places] of asked.entries()) {
      const [granted, waitMs, closedMs] = (replies[index] ?? []).map(Number)
      const { want } = reports[index] as CounterReport
      places.granted(isLost ? 0 : (granted ?? 0), want, waitMs ?? -1, now)
      if (closedMs) places.counter.onClosed?.(sentAtMs + closedMs)
    }
  }

  /** Redis is empty: each process tells it again what it knows, and counts alone until all have. */
  private restore(now: number): void {
    this.aloneUntilMs = now + RESTORE_MS
    for (const { places } of this.settings.counters()) {
      if (!(places instanceof RedisPlaces)) continue
      places.isLost = true
      this.asking.add(places)
    }
  }

  private failed(
    asked: readonly RedisPlaces[],
    reports: readonly CounterReport[],
    sentAtMs: number,
    { reason, error }: { reason: 'down' | 'refused' | 'skipped'; error: unknown },
  ): void {
    const now = this.settings.clock.monotonic()
    for (const [index, places] of asked.entries())
      places.notReported(reports[index] as CounterReport, sentAtMs)
    this.aloneUntilMs = now + Math.max(1_000, this.access.cooldownMs())
    if (reason !== 'skipped') this.report(reason, error instanceof Error ? error.message : '')
  }

  private report(reason: 'down' | 'refused' | 'not_decryptable', why: string): void {
    if (this.isReported) return
    this.isReported = true
    const message = `Call limits: each process counts by itself, with its share, until Redis answers. ${why}`
    this.caller?.emit({ type: 'store_error', reason, operation: 'count', message })
  }

  /** Places are confirmed, and answers reported, by a timer that does not keep the process alive. */
  private confirmLater(): void {
    if (this.cancelConfirm !== undefined) return
    const { clock } = this.settings
    const confirm = () => {
      this.cancelConfirm = undefined
      for (const places of this.holding) this.asking.add(places)
      if (this.holding.size > 0) this.confirmLater()
      if (!this.isRunning) void this.work()
    }
    this.cancelConfirm = clock.after(CONFIRM_MS, confirm, { isBackground: true })
  }

  /** The key of a robot or an app contains a secret. */
  private keyOf(places: RedisPlaces): Promise<string> {
    const { name, key } = places.counter
    const known =
      this.keys.get(places) ??
      platform
        .hash(key)
        .then((hash) => `${this.settings.prefix}{qyapi-token:limits}:${name}:${hash.slice(0, 32)}`)
    this.keys.set(places, known)
    return known
  }
}
