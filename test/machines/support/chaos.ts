import type { OwnProcess } from './processes.js'

/** From when to when, by the wall clock. */
export interface Span {
  readonly from: number
  to: number
}

/** When this process should have run and did not, since the machine had no time for it. */
export function watchDelays(delays: Span[]): () => void {
  let due = Date.now() + TICK_MS
  const timer = setInterval(() => {
    const now = Date.now()
    if (now > due) delays.push({ from: due, to: now })
    due = now + TICK_MS
  }, TICK_MS)
  return () => clearInterval(timer)
}
const TICK_MS = 25

/** One process of a random history, and what was done to it. */
export interface Victim {
  readonly own: OwnProcess
  readonly frozen: Span[]
  killedAt?: number
}

/** A look into the store. */
export interface Snapshot {
  readonly at: number
  /** Counts up each time that Redis began empty. */
  readonly epoch: number
  readonly generation: number
  readonly token: string
}

export interface History {
  readonly victims: readonly Victim[]
  readonly snapshots: readonly Snapshot[]
  /** When no token could be had from WeCom, and for how long that is remembered. */
  readonly droughts: readonly Span[]
  /** When WeCom, which is the tests' own process, could not run. */
  readonly delays: readonly Span[]
}

/**
 * Until a refusal is acted upon, the store is asked for a newer token, which takes up to its
 * deadline of 0.4 s.
 */
const REACTION_MS = 2_000
/** A dead holder's lease, the store's deadline, a token call: 3 s. */
const LONGEST_MS = 6_000

/** Whatever in a history should not have been, each with what came before it. */
export function violationsIn({ victims, snapshots, droughts, delays }: History): string[] {
  return [
    ...replaced(snapshots),
    ...victims.flatMap((victim, index) => {
      const asleep = [...victim.frozen, ...delaysOf(victim), ...delays]
      return [...usedAfterRefusal(victim, asleep), ...unserved(victim, droughts, asleep)].map(
        ({ what, at }) => `process ${index}: ${what} at ${at}\n${before(at, victim)}`,
      )
    }),
  ]
}

/** When it should have run and did not, by its own report. */
function delaysOf({ own: { log } }: Victim): Span[] {
  return log.flatMap((entry) => (entry.what === 'late' ? [{ from: entry.from, to: entry.at }] : []))
}

interface Violation {
  readonly what: string
  readonly at: number
}

/** The last second but for what went well. */
function before(at: number, { own: { log } }: Victim): string {
  const last = log.filter(
    (entry) =>
      entry.at > at - 1_000 &&
      entry.at <= at &&
      entry.what !== 'begins' &&
      entry.what !== 'late' &&
      !('errcode' in entry && entry.errcode === 0),
  )
  return last.map((entry) => `  ${JSON.stringify(entry)}`).join('\n')
}

/** No newer token in the store was replaced by an older one, nor by another of the same number. */
function replaced(snapshots: readonly Snapshot[]): string[] {
  return snapshots.flatMap((now, index) => {
    const before = snapshots[index - 1]
    if (before === undefined || before.epoch !== now.epoch) return []
    const isNewer = now.generation > before.generation
    const isSame = now.generation === before.generation && now.token === before.token
    return isNewer || isSame
      ? []
      : [`the store had token ${name(before)}, and then ${name(now)} at ${now.at}`]
  })
}

function name({ token, generation }: Snapshot): string {
  return `${token} (generation ${generation})`
}

/** No process sent a token after it saw it refused. */
function usedAfterRefusal({ own }: Victim, asleep: readonly Span[]): Violation[] {
  const refusedAt = new Map<string, number>()
  const found: Violation[] = []
  for (const entry of own.log) {
    if (entry.what !== 'answer') continue
    const at = refusedAt.get(entry.token)
    if (at !== undefined) {
      const awakeMs = entry.sentAt - at - overlap(asleep, { from: at, to: entry.sentAt })
      if (awakeMs > REACTION_MS)
        found.push({
          what: `token ${entry.token} was sent ${awakeMs} ms after its refusal`,
          at: entry.at,
        })
    } else if (entry.errcode !== 0) refusedAt.set(entry.token, entry.at)
  }
  return found
}

/**
 * Every caller was served, and none waited long. Unless WeCom gave no token, or the process died; or
 * the call was sent once more with a token of another process, which the same refusal had met.
 */
function unserved(
  { own, killedAt }: Victim,
  droughts: readonly Span[],
  asleep: readonly Span[],
): Violation[] {
  const open = new Set<number>()
  const found: Violation[] = []
  for (const entry of own.log) {
    if (entry.what === 'begins') open.add(entry.call)
    if (entry.what !== 'ends') continue
    open.delete(entry.call)
    const span = { from: entry.startedAt, to: entry.at }
    if (overlap(droughts, span) > 0) continue
    const awakeMs = entry.tookMs - overlap(asleep, span)
    const { errcode, message = '', at } = entry
    if (errcode !== 0 && !(errcode !== undefined && isRefusedTwice(own.log, span)))
      found.push({ what: `a call ended with ${errcode ?? message}`, at })
    if (awakeMs > LONGEST_MS) found.push({ what: `a call took ${awakeMs} ms`, at })
  }
  if (killedAt === undefined && open.size > 0)
    found.push({ what: `${open.size} calls never ended`, at: own.log.at(-1)?.at ?? 0 })
  return found
}

function isRefusedTwice(log: OwnProcess['log'], { from, to }: Span): boolean {
  const refused = log.filter(
    (entry) =>
      entry.what === 'answer' && entry.errcode !== 0 && entry.sentAt >= from && entry.at <= to,
  )
  return new Set(refused.map((entry) => entry.what === 'answer' && entry.token)).size > 1
}

/** For how long one of them was while the other was; a moment counts as 1 ms. */
function overlap(spans: readonly Span[], { from, to }: Span): number {
  const shares = spans.map((span) => Math.min(to, span.to) - Math.max(from, span.from) + 1)
  return shares.reduce((sum, ms) => sum + Math.max(0, ms), 0)
}

/** Numbers from 0 to 1, the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
