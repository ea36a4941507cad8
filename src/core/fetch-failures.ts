import { rememberedFailure } from './backoff.js'
import type { Clock } from './clock.js'
import { type Credential, secretIfReadable } from './credential.js'
import { isQyapiTokenError, type QyapiTokenError } from './errors.js'
import type { Emit } from './events.js'
import { isInConsequence } from './fetch-failure.js'

/** The failed fetches of one source: remembered for the secret that they were made with, and told. */
export class FetchFailures {
  /** Made with the first failure, and dropped with the next token. */
  private remembered: ReturnType<typeof rememberedFailure> | undefined

  constructor(
    private readonly clock: Clock,
    private readonly credential: () => Credential,
    private readonly emit: Emit,
  ) {}

  /** Milliseconds until someone may ask again. */
  restsForMs(): number {
    return this.remembered?.restsForMs(secretIfReadable(this.credential())) ?? 0
  }

  /** The failure that still keeps everyone from asking, as an error for one caller. */
  current(): QyapiTokenError | undefined {
    return this.remembered?.current(secretIfReadable(this.credential()))
  }

  /** Another source's failure is remembered there, and only there. */
  rememberOwn(error: unknown, secret: string | undefined): unknown {
    return isQyapiTokenError(error) && !isInConsequence(error)
      ? this.remember(error, undefined, secret)
      : error
  }

  remember(
    error: QyapiTokenError,
    restMs?: number,
    secret = secretIfReadable(this.credential()),
  ): QyapiTokenError {
    this.remembered ??= rememberedFailure(this.clock)
    const failure = this.remembered.remember(error, secret, restMs)
    const { code, errcode, message, retryAfterMs = 0 } = failure
    const told = { type: 'failed', code, message, retryAfterMs } as const
    this.emit(errcode === undefined ? told : { ...told, errcode })
    return failure
  }

  forget(): void {
    this.remembered = undefined
  }
}
