/** 推送suite_ticket: pushed every 10 min, each valid for 30 min, so that three are valid at a time. */
const TICKET_LIFE_MS = 30 * 60_000

/** The tickets that WeCom pushed to one suite or model. */
export function pushedTickets(prefix: string, now: () => number) {
  const pushedAt = new Map<string, number>()
  let count = 0

  return {
    /** Pushes a new ticket, or the given one; `timeStamp` in seconds, as callbacks have it. */
    push(given?: string): { ticket: string; timeStamp: number } {
      count += 1
      const ticket = given ?? `${prefix}-${count}`
      pushedAt.set(ticket, now())
      return { ticket, timeStamp: Math.floor(now() / 1000) }
    },
    isGood(ticket: string): boolean {
      const since = pushedAt.get(ticket)
      return since !== undefined && now() - since < TICKET_LIFE_MS
    },
  }
}
