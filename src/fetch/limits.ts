import { LONGEST_JUDGED_BYTES, mayBeJson, tryRead } from '../core/errcode.js'
import type { Token } from '../core/token.js'
import { type Awaitable, waitFor } from '../core/wait.js'
import type { Middleware } from '../request/middleware.js'
import type { LimitedCall } from '../token/limited-call.js'
import type { RequestContext } from './context.js'
import type { JudgedResponse } from './refusal.js'
import { signalOf, textOf } from './request.js'

type Fetch = typeof globalThis.fetch

/** Waits for a newer token, and for a place in the call limits. */
export function waitToReplay(
  replacement: Awaitable<Token | undefined>,
  { limited, outgoing: { signal } }: RequestContext,
): Promise<Token | undefined> {
  const token = waitFor(replacement, signal)
  return limited?.enterWith(token, (given) => waitFor(given, signal)) ?? token
}

/** The answer ends the call's place. Only a token-invalid errcode stays in it. */
export function endPlace(
  limited: LimitedCall,
  judged: JudgedResponse | Promise<JudgedResponse>,
): JudgedResponse | Promise<JudgedResponse> {
  const ended = ({ response, refusedBy }: JudgedResponse) => ({
    response,
    refusedBy: limited.ended(refusedBy),
  })
  if (!(judged instanceof Promise)) return ended(judged)
  return judged.then(ended, (error) => {
    limited.failed()
    throw error
  })
}

/** Sends calls without a token of ours, counted if there are call limits. */
export function withoutToken({ sendCounted }: Middleware, fetch: Fetch): Fetch {
  if (sendCounted === undefined) return fetch
  return (input, init) => {
    const url = tryRead(() => textOf(input))
    const send = () => fetch(input, init)
    if (url === undefined) return send()
    const { body } = Object(init) as RequestInit
    const signal = signalOf(input, init)
    return sendCounted({ url, body }, { wait: (place) => waitFor(place, signal), send, read })
  }
}

/** A body that is long, or of unknown length, is not cloned. */
async function read(answer: Response) {
  const { headers } = answer
  const header = headers.get('error-code')
  const length = Number(headers.get('content-length') ?? Number.NaN)
  const isRead =
    header === null && length <= LONGEST_JUDGED_BYTES && mayBeJson(headers.get('content-type'))
  return { header, body: isRead ? await answer.clone().text() : undefined }
}
