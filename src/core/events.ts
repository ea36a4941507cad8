import { isPromise } from './check.js'
import type { QyapiTokenErrorCode } from './errors.js'

/** For whom: part of every event. */
export interface EventSubject {
  /** The kind of credential, e.g. `self-built`. */
  readonly kind: string
  /** For whom, e.g. `corp ww1234`. Never a secret. */
  readonly subject: string
}

/** What happened. No event carries a token or a secret. */
export type TokenEvent = EventSubject &
  (
    | {
        /** Callers waited for this token: the first, one after a memo's end, one after a refusal. */
        readonly type: 'fetched'
        /** The number of the token; each that is fetched has a higher one. */
        readonly generation: number
        /** How long the token request took, in milliseconds. */
        readonly tookMs: number
        /** Whether the server gave the same string as before. */
        readonly isSameString: boolean
      }
    | {
        /** The same, behind the callers' backs: they kept the current token meanwhile. */
        readonly type: 'refreshed'
        /** The number of the token; each that is fetched has a higher one. */
        readonly generation: number
        /** How long the token request took, in milliseconds. */
        readonly tookMs: number
        /** Whether the server gave the same string as before. */
        readonly isSameString: boolean
      }
    | {
        /** WeCom refused the token of this generation. */
        readonly type: 'refused'
        /** The number of the token; each that is fetched has a higher one. */
        readonly generation: number
        /** The path of the call below `/cgi-bin/`. */
        readonly endpoint: string
        /** WeCom's errcode that refused it. */
        readonly errcode?: number
      }
    | {
        /** After a refusal a newer token was there already: no fetch. */
        readonly type: 'adopted'
        /** The number of the token; each that is fetched has a higher one. */
        readonly generation: number
        /** `memory`: another call of this process fetched it; `store`: another process did. */
        readonly from: 'memory' | 'store'
      }
    | {
        /** A refused call was sent again, with this generation. */
        readonly type: 'replayed'
        /** The number of the token; each that is fetched has a higher one. */
        readonly generation: number
        /** The path of the call below `/cgi-bin/`. */
        readonly endpoint: string
      }
    | {
        /** A refused call was not sent again: the refused answer is the caller's. */
        readonly type: 'not_replayed'
        /** The path of the call below `/cgi-bin/`. */
        readonly endpoint: string
        /**
         * - `body_not_replayable`: the body was a stream, gone with the first sending.
         * - `endpoint_cooldown`: a replay was refused there a short while ago.
         * - `refresh_budget_spent`: too many forced refreshes within a minute.
         * - `no_replacement`: a new token could not be fetched; `message` says why.
         * - `aborted`: the caller aborted or timed out while the new token was on its way.
         */
        readonly reason: NotReplayedReason
        /** Why there was no replacement. */
        readonly message?: string
      }
    | {
        /** No token could be had. Until `retryAfterMs` have passed nobody asks again. */
        readonly type: 'failed'
        /** That of the `QyapiTokenError` that the callers get. */
        readonly code: QyapiTokenErrorCode
        /** WeCom's errcode, where one came back. */
        readonly errcode?: number
        /** What failed, why, and what to do. */
        readonly message: string
        /** For so many milliseconds every call fails at once. */
        readonly retryAfterMs: number
      }
    | {
        /** A replay was refused too: for `cooldownMs` this endpoint forces no more refreshes. */
        readonly type: 'endpoint_cooldown'
        /** The path of the call below `/cgi-bin/`. */
        readonly endpoint: string
        /** For how long, in milliseconds. */
        readonly cooldownMs: number
      }
    | {
        /** The call brought a token of its own and was left alone. */
        readonly type: 'skipped'
        /** The path of the call below `/cgi-bin/`. */
        readonly endpoint: string
      }
    | {
        /** The call was sent without a token of ours. */
        readonly type: 'skipped'
        /** The path of the call below `/cgi-bin/`. */
        readonly endpoint: string
        /** - `no_source`: none of the attached sources has the kind of token that the path takes. */
        readonly reason: SkippedReason
      }
    | {
        /** Something is wrong with the store; the source goes on without it. */
        readonly type: 'store_error'
        /**
         * - `down`: it cannot be reached, or did not answer in time. It is then left alone for 1 s to 30 s.
         * - `refused`: it answered that it would not, e.g. `READONLY` or `OOM`.
         * - `skipped`: a token was not written or removed there, because the store is left alone.
         * - `not_decryptable`: a value was sealed with another `encryptionKey`, or was changed.
         * - `evicted`: a token vanished from it before its time.
         * - `invalid`: what it gave cannot be.
         * - `lease_timeout`: another process held the lease too long without storing a token; `message` names it
         *   by host and pid.
         * - `went_back`: it has an older token than before: it was restored, or lost what it had.
         */
        readonly reason: StoreErrorReason
        /** What was asked of it; `connection`: nothing, its driver reported it by itself. */
        readonly operation: StoreOperation
        /** What happened, without any token. */
        readonly message: string
      }
  )

/** Why not: each is described at `reason` of the event `not_replayed`. */
export type NotReplayedReason =
  | 'body_not_replayable'
  | 'endpoint_cooldown'
  | 'refresh_budget_spent'
  | 'no_replacement'
  | 'aborted'

/** Why: described at `reason` of the event `skipped`. */
export type SkippedReason = 'no_source'

/** What was asked of a store; `connection`: nothing, its driver reported it by itself. */
export type StoreOperation =
  | 'get'
  | 'set'
  | 'delete'
  | 'acquire'
  | 'renew'
  | 'release'
  | 'connection'

/** What is wrong with a store: each is described at `reason` of the event `store_error`. */
export type StoreErrorReason =
  | 'down'
  | 'refused'
  | 'skipped'
  | 'not_decryptable'
  | 'evicted'
  | 'invalid'
  | 'lease_timeout'
  | 'went_back'

/**
 * Called with each event. What it throws or rejects with is dropped: a listener must not break a
 * call. Nobody waits for an asynchronous one.
 */
export type OnEvent = (event: TokenEvent) => void

type WithoutSubject<E> = E extends EventSubject ? Omit<E, keyof EventSubject> : never
/** An event before it is said whose it is. */
export type OwnEvent = WithoutSubject<TokenEvent>
export type Emit = (event: OwnEvent) => void

/** Tells a listener what happened, and for whom. */
export function emitTo(
  onEvent: OnEvent | undefined,
  { kind, subject }: EventSubject,
  event: OwnEvent,
): void {
  if (onEvent === undefined) return
  try {
    const told: unknown = onEvent({ kind, subject, ...event } as TokenEvent)
    if (isPromise(told)) told.then(undefined, () => {})
  } catch {
    // Intentionally dropped: a listener must not break a call.
  }
}
