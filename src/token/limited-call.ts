import type { Credential } from '../core/credential.js'
import type { TokenErrcodes } from '../core/errcode.js'
import type { OwnEvent } from '../core/events.js'
import {
  type CallLimits,
  type CallPlace,
  type CountedCall,
  type PendingPlace,
  placeIn,
} from '../core/limits.js'
import type { Token } from '../core/token.js'
import { controllerBelow, waitFor } from '../core/wait.js'
import type { TokenPolicy } from './token-policy.js'

type WaitForPlace = (place: Promise<CallPlace>) => Promise<CallPlace>

/** One call that call limits count. Each time that it is sent it takes a place. */
export class LimitedCall implements CountedCall {
  private place: CallPlace | undefined

  constructor(
    private readonly limits: CallLimits,
    private readonly policy: TokenPolicy,
    readonly endpoint: string,
    readonly body: unknown,
  ) {}

  get credential(): Credential {
    return this.policy.credential
  }

  emit(event: OwnEvent): void {
    this.policy.emit(event)
  }

  /** What its answers are judged by. */
  get errcodes(): TokenErrcodes {
    const { context, credential } = this.policy
    return context.limitErrcodesOf(credential.tokenInvalidErrcodes)
  }

  /** Takes a place; `undefined`: at once. `wait`: until this caller aborts or times out. */
  enter(wait: WaitForPlace): Promise<void> | undefined {
    const entered = this.limits.enter(this)
    if ('place' in entered) return this.waitIn(entered, wait)
    this.place = entered
    return undefined
  }

  /** Closing the source ends the wait: there is no token to send then. */
  private async waitIn(entered: PendingPlace, wait: WaitForPlace): Promise<void> {
    const { signal, release } = controllerBelow(this.policy.refresher.pendingRefreshes.closed)
    try {
      this.place = await placeIn(entered, (place) => wait(waitFor(place, signal)))
    } finally {
      release()
    }
  }

  /** For a replay: takes a place once there is a token. */
  async enterWith(token: Promise<Token | undefined>, wait: WaitForPlace) {
    const replacement = await token
    if (replacement !== undefined) await this.enter(wait)
    return replacement
  }

  /** The answer is judged: ends its place. Returns the errcode if it refuses the token. */
  ended(found?: number): number | undefined {
    this.place?.end(found)
    this.place = undefined
    return this.policy.errcodes.has(found) ? found : undefined
  }

  /** There was no answer: ends its place. */
  failed(): undefined {
    this.place?.fail()
    this.place = undefined
  }

  /** The same as `ended` while the answer is still being read. */
  judged(
    found: number | undefined | Promise<number | undefined>,
  ): number | undefined | Promise<number | undefined> {
    if (!(found instanceof Promise)) return this.ended(found)
    return found.then(
      (errcode) => this.ended(errcode),
      (error) => {
        this.failed()
        throw error
      },
    )
  }
}

/** `limits`: the middleware's, for a source without its own. */
export function limitedCall(
  policy: TokenPolicy,
  limits: CallLimits | undefined,
  endpoint: string,
  body: unknown,
): LimitedCall | undefined {
  const own = policy.context.settings.limits ?? limits
  return own && new LimitedCall(own, policy, endpoint, body)
}
