import { isText } from './check.js'
import { type Clock, elapsedMs, type Instant, instantOf, later } from './clock.js'
import type { TicketNeed } from './credential.js'
import { QyapiTokenError } from './errors.js'
import { functionFailed } from './fetch-failure.js'
import type { SharedTokens } from './shared-tokens.js'

/** WeCom pushes a ticket every 10 min, and it lives 30 min. */
const TICKET_LIFE_MS = 1_800_000

/** A ticket that was pushed to this process, or to another one. */
interface PushedTicket {
  readonly value: string
  /** When WeCom sent it, by WeCom's clock. */
  readonly sentAtMs: number
  readonly receivedAt: Instant
}

/** The tickets of one credential. */
export interface Tickets {
  /** Takes the ticket of a callback; `false` if a newer one is there already. */
  push(value: string, sentAtMs: number): Promise<boolean>
  /** The newest ticket that WeCom has not refused. Throws what to do if there is none. */
  newest(doing: string): Promise<string>
  /** WeCom called it stale: it is not sent again. */
  refuse(ticket: string): void
}

/** Tickets that WeCom refused are remembered, but not for ever. */
const MOST_REFUSED = 100

/**
 * The newest ticket counts, also if an older one arrives later. One that WeCom called stale is not
 * sent again: a newer one is waited for.
 */
export function ticketsFor(
  need: TicketNeed,
  shared: SharedTokens | undefined,
  clock: Clock,
): Tickets {
  const refused = new Set<unknown>()
  let pushed: PushedTicket | undefined

  function keep(ticket: PushedTicket): boolean {
    if (pushed !== undefined && ticket.sentAtMs <= pushed.sentAtMs) return false
    pushed = ticket
    return true
  }

  /** A newer one that another process has put into the store. */
  async function adopt(): Promise<void> {
    const stored = await shared?.get()
    if (stored === undefined) return
    const { value, generation, ageMs } = stored
    keep({ value, sentAtMs: generation, receivedAt: later(instantOf(clock), -ageMs) })
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
    const { name, staleErrcodes } = need
    const isRefused = [pushed?.value, given].some((ticket) => refused.has(ticket))
    const errcode = isRefused ? staleErrcodes[0] : undefined
    const what =
      errcode !== undefined
        ? `WeCom refused the newest ${name} as an old one (${errcode})`
        : pushed === undefined
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
      if (!keep({ value, sentAtMs, receivedAt: instantOf(clock) })) return false
      const stored = { value, generation: sentAtMs, ageMs: 0, expiresInMs: TICKET_LIFE_MS }
      await shared?.set(stored)
      return true
    },
    async newest(doing) {
      await adopt()
      if (pushed !== undefined && isYoung(pushed) && !refused.has(pushed.value)) return pushed.value
      const given = await givenNow(doing)
      if (isText(given) && !refused.has(given)) return given
      throw missing(doing, given)
    },
    refuse(ticket) {
      if (refused.size >= MOST_REFUSED) refused.clear()
      refused.add(ticket)
    },
  }
}
