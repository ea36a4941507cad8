import type { IncomingMessage, ServerResponse } from 'node:http'
import { systemClock } from '../core/platform.js'
import { KEPT } from './fake-log.js'
import type { CallEntry, MessageEntry } from './page-entries.js'

/** Changes of this time reach a page together. */
const BATCH_MS = 40

/** The last calls and messages, and the pages that follow them by server-sent events. */
export function pageEvents(stateNow: () => object) {
  const calls: CallEntry[] = []
  const messages: MessageEntry[] = []
  const streams = new Set<() => void>()
  let last = 0
  let era = newEra()
  let isScheduled = false

  function add<T>(list: T[], entry: T): void {
    list.push(entry)
    if (list.length > KEPT) list.shift()
  }

  function changed(): void {
    if (isScheduled) return
    isScheduled = true
    const flush = () => {
      isScheduled = false
      for (const send of streams) send()
    }
    systemClock.after(BATCH_MS, flush, { isBackground: true })
  }

  /** Goes on after the last event that this page received, or begins anew. */
  function open(request: IncomingMessage, response: ServerResponse): void {
    const [knownEra, known] = String(request.headers['last-event-id'] ?? '').split(' ')
    let sentEra = knownEra
    let sent = Number(known) || 0

    function send(): void {
      // A page that reads slowly gets everything at once later.
      if (response.writableNeedDrain || response.destroyed) return
      const isReset = sentEra !== era
      if (isReset) sent = 0
      const isNew = ({ id }: { id: number }) => id > sent
      const data = JSON.stringify({
        ...(isReset && { reset: true }),
        ...{ calls: calls.filter(isNew), messages: messages.filter(isNew), state: stateNow() },
      })
      sentEra = era
      sent = last
      response.write(`id: ${era} ${last}\ndata: ${data}\n\n`)
    }

    response.write('retry: 1000\n\n')
    send()
    streams.add(send)
    response.on('drain', send)
    response.once('close', () => streams.delete(send))
  }

  return {
    open,
    changed,
    nextId: () => ++last,
    addCall: (call: CallEntry) => add(calls, call),
    addMessage: (message: MessageEntry) => add(messages, message),
    messages: (): readonly MessageEntry[] => messages,
    clear(): void {
      calls.length = 0
      messages.length = 0
      era = newEra()
    },
  }
}

/** Numbers begin anew with each process: a page must not mistake them for its own. */
function newEra(): string {
  return crypto.randomUUID()
}
