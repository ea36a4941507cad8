import { type Instant, instantOf } from '../core/clock.js'
import { type Credential, secretIfReadable } from '../core/credential.js'
import type { Emitter } from '../core/events.js'
import type { SourceSettings } from '../core/options.js'
import { type ControllerBelow, controllerBelow, throwIfAborted } from '../core/wait.js'
import { fetchToken } from './fetch-token.js'
import type { PushedTickets } from './pushed-tickets.js'
import type { FetchedToken } from './token-answer.js'

/** The outcome of a token request. */
export type RequestOutcome =
  | {
      readonly fetched: FetchedToken & {
        readonly askedAt: Instant
        readonly request: number
        readonly requestMs: number
      }
    }
  | FailedRequest

export interface FailedRequest {
  readonly error: unknown
  /** The secret of this request: the user's function may return another one by now. */
  readonly secret: string | undefined
}

/** The token requests of one source, one after the other. */
export class TokenRequests {
  /** Requests made so far. */
  count = 0
  private inFlight: ControllerBelow | undefined

  constructor(
    private readonly settings: SourceSettings,
    private readonly tickets: PushedTickets | undefined,
    private readonly source: Emitter,
  ) {}

  /** Rejects only if `closed` is aborted, with its reason. */
  async make(credential: Credential, closed: AbortSignal): Promise<RequestOutcome> {
    this.count += 1
    const request = this.count
    const askedAt = instantOf(this.settings.clock)
    const secret = secretIfReadable(credential)
    const controller = controllerBelow(closed)
    this.inFlight = controller
    try {
      const { tickets, source, settings } = this
      const context = { credential, tickets, source, ...settings }
      const token = await fetchToken(context, controller.signal)
      const requestMs = this.settings.clock.monotonic() - askedAt.monotonic
      return { fetched: { ...token, askedAt, request, requestMs } }
    } catch (error) {
      throwIfAborted(closed)
      return { error, secret }
    } finally {
      controller.release()
      if (this.inFlight === controller) this.inFlight = undefined
    }
  }

  abort(): void {
    this.inFlight?.abort()
  }
}
