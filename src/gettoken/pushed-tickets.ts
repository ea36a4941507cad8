import { isText } from '../core/check.js'
import { type Clock, elapsedMs, type Instant, instantOf, later } from '../core/clock.js'
import type { TicketNeed } from '../core/credential.js'
import { QyapiTokenError } from '../core/errors.js'
import type { StoredToken } from '../core/store.js'
import type { StoreEntry } from '../sharing/store-entry.js'
import { functionFailed } from './fetch-failure.js'

/** WeCom pushes a ticket every 10 min, and it lives 30 min. */
const TICKET_LIFE_MS = 1_800_000

/** A ticket that was pushed to this process, or to another one. */
interface PushedTicket {
  readonly value: string
  /** When WeCom sent it, by WeCom's clock; or when it came, by the store's. */
  readonly sentAtMs: number
  /** Or by this machine's, which may be wrong: what WeCom dates counts more. */
  readonly isGuess?: boolean
  readonly receivedAt: Instant
}

/** The tickets of one credential. */
export interface PushedTickets {
  /**
   * Takes the ticket of a callback, sent now if it does not say when; `false` if a newer one is there
   * already.
   */
  push(value: string, sentAtMs: number | undefined): Promise<boolean>
  /** Looks after the store no longer. */
  close(): void
  /** The newest ticket that WeCom has not refused. Throws what to do if there is none. */
  newest(doing: string): Promise<string>
  /** Whether the last call failed for want of one, and another process has stored one since. */
  hasCome(): Promise<boolean>
  /** WeCom called it stale: it is not sent again. */
  refuse(ticket: string, errcode?: number): void
}

/** No ticket was sent so much later than now: whose machine says so has a wrong clock. */
const MOST_AHEAD_MS = 600_000

/** So often the process that was pushed a ticket looks whether the store has it still. */
const WATCH_MS = 15_000

/** Tickets that WeCom refused are remembered, but not for ever. */
const MOST_REFUSED = 100

/** Of the tickets that were pushed within 30 min, the good ones are three at the most. */
const MOST_KEPT = 10

/**
 * The newest ticket counts, also if an older one arrives later. One that WeCom called stale is not
 * sent again: the newest of the others is, since a callback may have brought another suite's.
 */
export function pushedTicketsFor(
  need: TicketNeed,
  shared: StoreEntry | undefined,
  clock: Clock,
  onCome: () => void = () => {},
): PushedTickets {
  const refused = new Set<unknown>()
  /** The newest first, without those that were refused. */
  let kept: readonly PushedTicket[] = []
  /** The newest of all, if WeCom refused it. */
  let refusedNewest: PushedTicket | undefined
  let lastErrcode: number | undefined
  let isMissing = false
  let look: Promise<unknown> | undefined
  let cancel = () => {}
  let isClosed = false

  function keep(ticket: PushedTicket): void {
    kept = [ticket, ...kept.filter(isYoung)].slice(0, MOST_KEPT)
    if (isNewer(ticket, refusedNewest)) refusedNewest = undefined
  }

  /** A newer one that another process has put into the store. */
  async function adopt(): Promise<StoredToken | undefined> {
    const found = await shared?.get()
    if (found === undefined) return undefined
    const { value, generation, ageMs } = found
    const receivedAt = later(instantOf(clock), -ageMs)
    const ticket = { value, sentAtMs: generation, receivedAt }
    if (!refused.has(value) && isNewer(ticket, kept[0])) keep(ticket)
    return found
  }

  /** What the store lost, or never was given, is put back. */
  function putBackUnless(found: StoredToken | undefined): void {
    const [newest] = kept
    const isLost = newest !== undefined && (found?.generation ?? 0) < newest.sentAtMs
    if (isLost && isYoung(newest)) void shared?.set(stored(newest))
  }

  /** A machine may have put one there that is said to come from a time still to come: it gives way. */
  async function publish(ticket: PushedTicket, nowMs: number): Promise<void> {
    if ((await shared?.set(stored(ticket))) !== false) return
    const found = await shared?.get()
    if (found === undefined || found.generation <= nowMs + MOST_AHEAD_MS) return
    await shared?.delete(found)
    await shared?.set(stored(ticket))
  }

  /** As long as there is a ticket that lives. Keeps no process alive. */
  function watch(): void {
    if (shared === undefined || isClosed) return
    cancel()
    const look = async () => {
      if (!kept.some(isYoung)) return
      watch()
      putBackUnless(await adopt())
    }
    cancel = clock.after(WATCH_MS, () => void look(), { isBackground: true })
  }

  /** Unless a newer one is there. What comes from a time still to come is said to have been sent now. */
  function dated(value: string, sentAtMs: number | undefined, storeNowMs: number | undefined) {
    const receivedAt = instantOf(clock)
    const nowMs = storeNowMs ?? receivedAt.wall
    const isPossible = (atMs: number) => atMs <= nowMs + MOST_AHEAD_MS
    const isDated = sentAtMs !== undefined && isPossible(sentAtMs)
    // What is pushed now cannot be dead already: then this machine's clock is ahead.
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

  /** Takes a refused ticket out of the store, and puts the one in its place that was there before. */
  async function giveBack({ sentAtMs, value }: PushedTicket): Promise<void> {
    await shared?.delete({ generation: sentAtMs, value })
    const [newest] = kept
    if (newest !== undefined && isYoung(newest)) await shared?.set(stored(newest))
  }

  function stored({ value, sentAtMs, receivedAt }: PushedTicket): StoredToken {
    const ageMs = Math.max(0, elapsedMs(receivedAt, instantOf(clock)))
    return { value, generation: sentAtMs, ageMs, expiresInMs: TICKET_LIFE_MS }
  }

  /** The newest pushed one, if it can be sent. */
  function usable(): string | undefined {
    const [newest] = kept
    return newest !== undefined && isYoung(newest) ? newest.value : undefined
  }

  function isYoung({ receivedAt }: PushedTicket): boolean {
    return elapsedMs(receivedAt, instantOf(clock)) < TICKET_LIFE_MS
  }

  /** What the user's own function says; a database gives `null` for what it does not have. */
  async function givenNow(doing: string): Promise<unknown> {
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
        ? `WeCom refused the newest ${name} as an old one, or as another's (${errcode})`
        : kept.length === 0
          ? `there is no ${name} yet`
          : `the newest ${name} is more than 30 min old`
    const message =
      `${doing}: ${what}. WeCom pushes one to the callback address every 10 min: ` +
      `pass each on with source.pushTicket(ticket, { timeStamp }). A newer one is taken at once.`
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
      onCome()
      return true
    },
    async newest(doing) {
      putBackUnless(await adopt())
      isMissing = false
      const ticket = usable()
      if (ticket !== undefined) return ticket
      const given = await givenNow(doing)
      if (isText(given) && !refused.has(given)) return given
      isMissing = true
      throw missing(doing, given)
    },
    async hasCome() {
      if (!isMissing) return false
      // One look for all who fail in the same moment.
      look ??= adopt().finally(() => (look = undefined))
      await look
      if (usable() === undefined) return false
      onCome()
      return true
    },
    close() {
      isClosed = true
      cancel()
    },
    refuse(ticket, errcode = need.staleErrcodes[0]) {
      if (refused.size >= MOST_REFUSED) refused.clear()
      refused.add(ticket)
      lastErrcode = errcode
      const [newest] = kept
      kept = kept.filter(({ value }) => value !== ticket)
      if (newest?.value !== ticket) return
      refusedNewest = newest
      void giveBack(newest)
    },
  }
}

function isNewer({ sentAtMs }: PushedTicket, other: PushedTicket | undefined): boolean {
  return other === undefined || sentAtMs > other.sentAtMs
}
