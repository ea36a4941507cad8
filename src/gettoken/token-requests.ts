import { type Instant, instantOf } from '../core/clock.js'
import { type Credential, secretIfReadable } from '../core/credential.js'
import type { SourceSettings } from '../core/options.js'
import { type ControllerBelow, controllerBelow, throwIfAborted } from '../core/wait.js'
import { fetchToken } from './fetch-token.js'
import type { PushedTickets } from './pushed-tickets.js'
import type { FetchedToken } from './token-answer.js'

/** What a token request came to. */
export type RequestOutcome =
  | {
      readonly fetched: FetchedToken & {
        readonly askedAt: Instant
        readonly request: number
        readonly requestMs: number
      }
    }
  | {
      readonly error: unknown
      /** The one that it was made with: a function may give another by the time that it has failed. */
      readonly secret: string | undefined
    }

/** The token requests of one source, one after the other. */
export class TokenRequests {
  /** How many there were. */
  count = 0
  private underWay: ControllerBelow | undefined

  constructor(
    private readonly settings: SourceSettings,
    private readonly tickets: PushedTickets | undefined,
  ) {}

  /** Rejects only if `closed` is aborted, with its reason. */
  async make(credential: Credential, closed: AbortSignal): Promise<RequestOutcome> {
    this.count += 1
    const request = this.count
    const askedAt = instantOf(this.settings.clock)
    const secret = secretIfReadable(credential)
    const controller = controllerBelow(closed)
    this.underWay = controller
    try {
      const context = { credential, tickets: this.tickets, ...this.settings }
      const token = await fetchToken(context, controller.signal)
      const requestMs = this.settings.clock.monotonic() - askedAt.monotonic
      return { fetched: { ...token, askedAt, request, requestMs } }
    } catch (error) {
      throwIfAborted(closed)
      return { error, secret }
    } finally {
      controller.release()
      if (this.underWay === controller) this.underWay = undefined
    }
  }

  /** Ends the one that is under way. */
  abort(): void {
    this.underWay?.abort()
  }
}
