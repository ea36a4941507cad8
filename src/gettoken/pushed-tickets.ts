import { isText } from '../core/check.js'
import { type Clock, elapsedMs, type Instant, instantOf, later } from '../core/clock.js'
import type { TicketNeed } from '../core/credential.js'
import { QyapiTokenError } from '../core/errors.js'
import type { StoredToken } from '../core/store.js'
import type { StoreEntry } from '../sharing/store-entry.js'
import { functionFailed } from './fetch-failure.js'

/** WeCom pushes a ticket every 10 min, and each is valid for 30 min. */
const TICKET_LIFE_MS = 1_800_000

/** A ticket that was pushed to this process, or to another one. */
interface PushedTicket {
  readonly value: string
  /** When WeCom sent it, by WeCom's clock; if unknown, when it arrived, by the store's clock. */
  readonly sentAtMs: number
  /** `sentAtMs` is by this machine's clock, which may be wrong: a date from WeCom has priority. */
  readonly isGuess?: boolean
  readonly receivedAt: Instant
}

/** The tickets of one credential. */
export interface PushedTickets {
  /**
   * Takes the ticket of a callback; without `sentAtMs` it counts as sent now. `false` if there is
   * already a newer one.
   */
  push(value: string, sentAtMs: number | undefined): Promise<boolean>
  /** Stops watching the store. */
  close(): void
  /**
   * The newest ticket that WeCom has not refused. If there is none, throws an error with advice.
   */
  newest(doing: string): Promise<string>
  /** Whether the last request failed because there was no ticket, and the store has one since. */
  hasArrived(): Promise<boolean>
  /** WeCom called the ticket stale: it is not sent again. */
  refuse(ticket: string, errcode?: number): void
}

/** A ticket dated further ahead comes from a machine with a wrong clock. */
const MOST_AHEAD_MS = 600_000

/** The process that received a ticket checks at this interval that the store still has it. */
const WATCH_MS = 15_000

/** How many refused tickets are remembered. */
const MOST_REFUSED = 100

/** How many tickets are kept: within 30 min at most three valid ones arrive. */
const MOST_KEPT = 10

/**
 * The newest ticket is used, also if an older one arrives later. One that WeCom called stale is not
 * sent again; the next newest is used instead, since a callback may have passed on another suite's.
 */
export function pushedTicketsFor(
  need: TicketNeed,
  shared: StoreEntry | undefined,
  clock: Clock,
  onArrival: () => void = () => {},
): PushedTickets {
  const refused = new Set<unknown>()
  /** Newest first, without refused ones. */
  let kept: readonly PushedTicket[] = []
  /** The newest ticket, if WeCom refused it. */
  let refusedNewest: PushedTicket | undefined
  let lastErrcode: number | undefined
  let isMissing = false
  let look: Promise<unknown> | undefined
  let cancelWatch = () => {}
  let isClosed = false

  function keep(ticket: PushedTicket): void {
    kept = [ticket, ...kept.filter(isAlive)].slice(0, MOST_KEPT)
    if (isNewer(ticket, refusedNewest)) refusedNewest = undefined
  }

  /** Adopts a newer ticket that another process has stored. */
  async function adopt(): Promise<StoredToken | undefined> {
    const found = await shared?.get()
    if (found === undefined) return undefined
    const { value, generation, ageMs } = found
    const receivedAt = later(instantOf(clock), -ageMs)
    const ticket = { value, sentAtMs: generation, receivedAt }
    if (!refused.has(value) && isNewer(ticket, kept[0])) keep(ticket)
    return found
  }

  /** Stores the newest ticket again if the store lost it or never received it (rule 18). */
  function putBackUnless(found: StoredToken | undefined): void {
    const [newest] = kept
    const isLost = newest !== undefined && (found?.generation ?? 0) < newest.sentAtMs
    if (isLost && isAlive(newest)) void shared?.set(stored(newest))
  }

  /**
   * A machine with a wrong clock may have stored a ticket dated in the future: replace that one.
   */
  async function publish(ticket: PushedTicket, nowMs: number): Promise<void> {
    if ((await shared?.set(stored(ticket))) !== false) return
    const found = await shared?.get()
    if (found === undefined || found.generation <= nowMs + MOST_AHEAD_MS) return
    await shared?.delete(found)
    await shared?.set(stored(ticket))
  }

  /** Runs while there is a valid ticket. The timer does not keep the process alive. */
  function watch(): void {
    if (shared === undefined || isClosed) return
    cancelWatch()
    const look = async () => {
      if (!kept.some(isAlive)) return
      watch()
      putBackUnless(await adopt())
    }
    cancelWatch = clock.after(WATCH_MS, () => void look(), { isBackground: true })
  }

  /** `undefined` if there is a newer ticket. A ticket dated in the future counts as sent now. */
  function dated(value: string, sentAtMs: number | undefined, storeNowMs: number | undefined) {
    const receivedAt = instantOf(clock)
    const nowMs = storeNowMs ?? receivedAt.wall
    const isPossible = (atMs: number) => atMs <= nowMs + MOST_AHEAD_MS
    const isDated = sentAtMs !== undefined && isPossible(sentAtMs)
    // A ticket pushed now cannot have expired already: then this machine's clock is ahead.
    const isWrong = isDated && nowMs - sentAtMs >= TICKET_LIFE_MS
    const known = [kept[0], refusedNewest]
      .filter((ticket) => ticket !== undefined)
      .filter((ticket) => isPossible(ticket.sentAtMs) && !(isWrong && ticket.isGuess))
    const newestMs = Math.max(0, ...known.map((ticket) => ticket.sentAtMs))
    if (isDated && sentAtMs <= newestMs) return undefined
    const isGuess = !isDated && storeNowMs === undefined
    const atMs = isDated ? sentAtMs : Math.max(nowMs, newestMs + 1)
    return { ticket: { value, sentAtMs: atMs, receivedAt, isGuess }, nowMs }
  }

  /** Replaces a refused ticket in the store by the one before it. */
  async function restorePrevious({ sentAtMs, value }: PushedTicket): Promise<void> {
    await shared?.delete({ generation: sentAtMs, value })
    const [newest] = kept
    if (newest !== undefined && isAlive(newest)) await shared?.set(stored(newest))
  }

  function stored({ value, sentAtMs, receivedAt }: PushedTicket): StoredToken {
    const ageMs = Math.max(0, elapsedMs(receivedAt, instantOf(clock)))
    return { value, generation: sentAtMs, ageMs, expiresInMs: TICKET_LIFE_MS }
  }

  /** The newest pushed ticket, if it is still valid. */
  function usable(): string | undefined {
    const [newest] = kept
    return newest !== undefined && isAlive(newest) ? newest.value : undefined
  }

  function isAlive({ receivedAt }: PushedTicket): boolean {
    return elapsedMs(receivedAt, instantOf(clock)) < TICKET_LIFE_MS
  }

  /** What the user's own function returns; a database returns `null` for a missing value. */
  async function providedTicket(doing: string): Promise<unknown> {
    try {
      return await need.given()
    } catch (error) {
      throw functionFailed(doing, need.name, error)
    }
  }

  function missing(doing: string, given: unknown): QyapiTokenError {
    const { name } = need
    const isRefused = refusedNewest !== undefined || refused.has(given)
    const errcode = isRefused ? lastErrcode : undefined
    const what =
      errcode !== undefined
        ? `WeCom refused the newest ${name} as stale or as belonging to another app (${errcode})`
        : kept.length === 0
          ? `there is no ${name} yet`
          : `the newest ${name} is more than 30 min old`
    const message =
      `${doing}: ${what}. WeCom pushes one to the callback address every 10 min: ` +
      `pass each on with source.pushTicket(ticket, { timeStamp }). A newer one is used at once.`
    const details = { retryable: true, ...(errcode === undefined ? {} : { errcode }) }
    return new QyapiTokenError('token_fetch_failed', message, details)
  }

  return {
    async push(value, sentAtMs) {
      await adopt()
      const pushed = dated(value, sentAtMs, await shared?.now())
      if (pushed === undefined) return false
      keep(pushed.ticket)
      await publish(pushed.ticket, pushed.nowMs)
      watch()
      onArrival()
      return true
    },
    async newest(doing) {
      putBackUnless(await adopt())
      isMissing = false
      const ticket = usable()
      if (ticket !== undefined) return ticket
      const given = await providedTicket(doing)
      if (isText(given) && !refused.has(given)) return given
      isMissing = true
      throw missing(doing, given)
    },
    async hasArrived() {
      if (!isMissing) return false
      // One store read for all callers that fail at the same moment.
      look ??= adopt().finally(() => (look = undefined))
      await look
      if (usable() === undefined) return false
      onArrival()
      return true
    },
    close() {
      isClosed = true
      cancelWatch()
    },
    refuse(ticket, errcode = need.staleErrcodes[0]) {
      if (refused.size >= MOST_REFUSED) refused.clear()
      refused.add(ticket)
      lastErrcode = errcode
      const [newest] = kept
      kept = kept.filter(({ value }) => value !== ticket)
      if (newest?.value !== ticket) return
      refusedNewest = newest
      void restorePrevious(newest)
    },
  }
}

function isNewer({ sentAtMs }: PushedTicket, other: PushedTicket | undefined): boolean {
  return other === undefined || sentAtMs > other.sentAtMs
}
