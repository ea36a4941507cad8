import type { Credential } from '../core/credential.js'
import { errcodeOf } from '../core/errcode.js'
import type { Emitter, OwnEvent } from '../core/events.js'
import { type CallLimits, type CallPlace, placeIn } from '../core/limits.js'
import type { Transport } from '../core/transport.js'
import { waitFor } from '../core/wait.js'
import { jsonOf } from './token-answer.js'

interface CountedRequest {
  readonly credential: Credential
  readonly endpoint: string
  /** For all tries together, with their waits. */
  readonly tokenTimeoutMs: number
  readonly source: Pick<Emitter, 'emit'>
}

/** For how much of the timeout a token request waits for its place. */
const SHARE_OF_TIMEOUT = 0.9

/** A transport whose every try takes a place in the call limits. */
export function countedTransport(
  transport: Transport,
  limits: CallLimits,
  { credential, endpoint, tokenTimeoutMs, source }: CountedRequest,
): Transport {
  // Before the deadline ends, whose error would name the network.
  const maxWaitMs = tokenTimeoutMs * SHARE_OF_TIMEOUT
  const emit = (event: OwnEvent) => source.emit(event)
  return async (request, context) => {
    const { signal } = context
    let place: CallPlace | undefined
    const enter = async () => {
      const call = { endpoint, credential, isTokenRequest: true, maxWaitMs, emit }
      place = await placeIn(limits.enter(call), (given) => waitFor(given, signal))
    }
    const end = (errcode?: number) => {
      place?.end(errcode)
      place = undefined
    }
    const fail = () => {
      place?.fail()
      place = undefined
    }
    await enter()
    try {
      const answer = await transport(request, {
        ...context,
        wait: (delayMs) => context.wait(delayMs),
        shouldTryAgain(given) {
          end(errcodeOf(jsonOf(given)))
          return context.shouldTryAgain(given)
        },
        async beforeRetry() {
          fail()
          await enter()
        },
      })
      end(errcodeOf(jsonOf(answer)))
      return answer
    } finally {
      fail()
    }
  }
}
