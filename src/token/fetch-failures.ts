import type { Clock } from '../core/clock.js'
import { type Credential, secretIfReadable } from '../core/credential.js'
import { isCausedByParent, isQyapiTokenError, type QyapiTokenError } from '../core/errors.js'
import type { Emit } from '../core/events.js'
import type { FailedRequest } from '../gettoken/token-requests.js'
import { rememberedFailure } from './cooldowns.js'

/** The failed fetches of one source: remembered for the secret that failed, and reported. */
export class FetchFailures {
  /** Created with the first failure, and dropped with the next token. */
  private remembered: ReturnType<typeof rememberedFailure> | undefined

  constructor(
    private readonly clock: Clock,
    private readonly credential: () => Credential,
    private readonly emit: Emit,
  ) {}

  /** Milliseconds until the next token request is allowed. */
  cooldownMs(): number {
    return this.remembered?.cooldownMs(secretIfReadable(this.credential())) ?? 0
  }

  /** The failure that is still cooling down, as an error for one caller. */
  current(): QyapiTokenError | undefined {
    return this.remembered?.current(secretIfReadable(this.credential()))
  }

  /** A parent source's failure is remembered there, and only there. */
  rememberOwn({ error, secret }: FailedRequest, tookMs: number): unknown {
    if (!isQyapiTokenError(error) || isCausedByParent(error)) return error
    return this.remember(error, secret, { tookMs })
  }

  /** A failure that another process shared. */
  rememberShared(error: QyapiTokenError, cooldownMs: number): QyapiTokenError {
    return this.remember(error, secretIfReadable(this.credential()), { cooldownMs })
  }

  private remember(
    error: QyapiTokenError,
    secret: string | undefined,
    { cooldownMs, tookMs }: { readonly cooldownMs?: number; readonly tookMs?: number },
  ): QyapiTokenError {
    this.remembered ??= rememberedFailure(this.clock)
    const failure = this.remembered.remember(error, secret, cooldownMs)
    const { code, errcode, message, retryAfterMs = 0 } = failure
    const known = {
      ...(errcode !== undefined && { errcode }),
      ...(tookMs !== undefined && { tookMs }),
    }
    this.emit({ type: 'failed', code, message, retryAfterMs, ...known })
    return failure
  }

  forget(): void {
    this.remembered = undefined
  }
}
