import { type Exchange, KEPT } from './fake-log.js'
import type { FakeParts } from './fake-parts.js'
import { callEntry, isMessage, type MessageEntry, messageEntry } from './page-entries.js'
import type { pageEvents } from './page-events.js'
import { masking } from './page-masking.js'
import { fileOf } from './page-media.js'
import type { SavedPage } from './page-save.js'

/** Turns what happens on the fake into entries of the page, after those that were saved. */
export function pageRecord(
  parts: FakeParts,
  events: ReturnType<typeof pageEvents>,
  saved: SavedPage = { messages: [], robots: [] },
) {
  const { log, media, tokens } = parts
  const mask = masking(parts)
  const exchanges = new Map<number, Exchange>()
  const robots = new Map(saved.robots.map((key, index) => [key, index + 1]))

  const robotOf = (key: string) => {
    const number = robots.get(key) ?? robots.size + 1
    robots.set(key, number)
    return number
  }
  const filesOf = { add: media.add, named: (text: string) => filesNamed(text, media) }

  function record(exchange: Exchange): void {
    const id = events.nextId()
    exchanges.set(id, exchange)
    for (const oldest of exchanges.keys()) {
      if (exchanges.size <= KEPT) break
      exchanges.delete(oldest)
    }
    events.addCall(callEntry(id, exchange, { mask, tokens }))
    if (isMessage(exchange)) {
      events.addMessage(messageEntry(events.nextId(), exchange, { mask, robotOf, filesOf }))
    }
  }

  for (const message of saved.messages) events.addMessage({ ...message, id: events.nextId() })
  log.follow((exchange) => {
    if (exchange !== undefined) record(exchange)
    events.changed()
  })

  return {
    robots: () => [...robots.keys()],
    /** What was sent and answered in one call. */
    details(id: number): object {
      const exchange = exchanges.get(id)
      if (exchange === undefined) return {}
      const { request, answer } = exchange
      return {
        request: mask.body(request.body),
        answer: mask.body(answer.json ? JSON.stringify(answer.json) : (answer.body ?? '')),
      }
    },
  }
}

function filesNamed(text: string, media: FakeParts['media']): MessageEntry['files'] {
  const ids = text.match(/fake-media-\d+(-\d+)?/g) ?? []
  return Object.fromEntries(
    ids.flatMap((id) => {
      const upload = media.get(id)
      if (upload === undefined) return []
      const { name, contentType } = fileOf(upload)
      return [[id, { name, type: contentType }]]
    }),
  )
}
