import { processChannel } from '../core/debug.js'
import { tokenErrcodes } from '../core/errcode.js'
import { emitEvent, type OwnEvent } from '../core/events.js'
import { type CallPlace, placeIn } from '../core/limits.js'
import type { MiddlewareOptions } from '../core/options.js'
import { platform } from '../core/platform.js'
import { OVER_LIMIT, TOO_MANY_AT_ONCE } from '../wecom/limits.js'
import type { Choice } from './choose-source.js'
import { endpointsBelow } from './destination.js'
import { errcodeIn } from './warnings.js'

/** How an entry sends a call, and reads its answer. */
interface SendWithoutToken<Answer> {
  /** Waits until this caller aborts or times out. */
  wait(place: Promise<CallPlace>): Promise<CallPlace>
  send(): Promise<Answer>
  /** The `error-code` header, and the body if it can be read without changing the answer. */
  read(answer: Answer): Promise<{ header: unknown; body: unknown }>
}

/**
 * Sends a call without a token of ours: of a group robot, or with a token of its own. Only its IP
 * is known, or the robot's key.
 */
export type SendCounted = <Answer>(
  call: { readonly url: string; readonly body: unknown },
  how: SendWithoutToken<Answer>,
) => Promise<Answer>

/** `undefined` if neither the middleware nor one of its sources has `limits`. */
export function sendsCounted(
  policies: Choice['policies'],
  baseUrl: string,
  { onEvent, trustedOrigins = [], ...options }: MiddlewareOptions,
): SendCounted | undefined {
  const sources = Object.values(policies).map(({ context }) => context.settings)
  const limits = options.limits ?? sources.find((source) => source.limits)?.limits
  if (limits === undefined) return undefined
  const listener = onEvent ?? sources.find((source) => source.onEvent)?.onEvent
  const channel = processChannel(platform)
  const emit = (event: OwnEvent) => emitEvent(UNKNOWN, event, { onEvent: listener, channel })
  const errcodes = tokenErrcodes([], [OVER_LIMIT, TOO_MANY_AT_ONCE])
  const endpointOf = endpointsBelow(baseUrl, trustedOrigins)

  return async (call, { wait, send, read }) => {
    const endpoint = endpointOf(call.url)
    if (endpoint === undefined) return send()
    const entered = limits.enter({ ...call, endpoint, credential: undefined, emit })
    const place = await placeIn(entered, wait)
    try {
      const answer = await send()
      read(answer).then(
        ({ header, body }) => place.end(errcodeIn(errcodes, header, body)),
        () => place.fail(),
      )
      return answer
    } catch (error) {
      place.fail()
      throw error
    }
  }
}

const UNKNOWN = { kind: 'none', subject: 'a call without a token of ours' }
