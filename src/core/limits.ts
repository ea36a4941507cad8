import type { Credential } from './credential.js'
import type { OwnEvent } from './events.js'

/** A call that is about to be sent, as call limits count it. */
export interface CountedCall {
  /** The path below `/cgi-bin/`. */
  readonly endpoint: string
  /** Whose token it carries; `undefined`: none of ours, so that its corp is unknown. */
  readonly credential: Credential | undefined
  /** A token request, which is closed by a 45009 for its own credential only. */
  readonly isTokenRequest?: boolean
  /** Its url, for paths that WeCom counts by a key in it. Never print it. */
  readonly url?: string
  /** Its body; read only where WeCom counts what is in it, and never if it is a form or a stream. */
  readonly body?: unknown
  /** The longest wait for a place, in milliseconds, if it is shorter than the limits' own. */
  readonly maxWaitMs?: number
  emit(event: OwnEvent): void
}

/** A place in every window that counts a call. */
export interface CallPlace {
  /**
   * The answer is there: the place is free when its windows are over. `errcode`: WeCom's, if it is
   * about limits.
   */
  end(errcode?: number): void
  /** The same for a call without an answer, which says nothing about limits. */
  fail(): void
  /** The call was not sent: the place is free at once. */
  cancel(): void
}

/** A call that waits for its place. */
export interface PendingPlace {
  /** Rejects with `call_limited`. */
  readonly place: Promise<CallPlace>
  /** The caller waits no longer. */
  cancel(): void
}

/**
 * Call limits, created by `callLimits` of `qyapi-token/limits`. Clients, sources and pools that
 * share one object count together.
 */
export interface CallLimits {
  /** Internal: takes a place for a call that is sent next. */
  enter(call: CountedCall): CallPlace | PendingPlace
}

/** Waits for a place as `wait` does; a caller that waits no longer leaves the queue. */
export async function placeIn(
  entered: CallPlace | PendingPlace,
  wait: (place: Promise<CallPlace>) => Promise<CallPlace>,
): Promise<CallPlace> {
  if (!('place' in entered)) return entered
  try {
    return await wait(entered.place)
  } catch (error) {
    entered.cancel()
    throw error
  }
}
