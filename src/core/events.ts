import { isPromise } from './check.js'
import type { Credential } from './credential.js'
import type { QyapiTokenErrorCode } from './errors.js'

/** The source of an event: part of every event. */
export interface EventSubject {
  /** The kind of credential, e.g. `self-built`. */
  readonly kind: string
  /** The owner, e.g. `corp ww1234`. Never a secret. */
  readonly subject: string
}

/** An event of a source. No event contains a token or a secret. */
export type TokenEvent = EventSubject &
  (
    | {
        /**
         * A token was fetched while callers waited: the first one, after 7000 s, or after a
         * refusal.
         */
        readonly type: 'fetched'
        /** The number of the token; each that is fetched has a higher one. */
        readonly generation: number
        /** How long the token request took, in milliseconds. */
        readonly tookMs: number
        /** Whether the server returned the same string as before. */
        readonly isSameString: boolean
      }
    | {
        /** A token was fetched ahead of time: callers got the current one meanwhile. */
        readonly type: 'refreshed'
        /** The number of the token; each that is fetched has a higher one. */
        readonly generation: number
        /** How long the token request took, in milliseconds. */
        readonly tookMs: number
        /** Whether the server returned the same string as before. */
        readonly isSameString: boolean
      }
    | {
        /** WeCom refused the token of this generation. */
        readonly type: 'refused'
        /** The number of the token; each that is fetched has a higher one. */
        readonly generation: number
        /** The path of the call below `/cgi-bin/`. */
        readonly endpoint: string
        /** The errcode with which WeCom refused it. */
        readonly errcode?: number
        /** How long ago this process first saw the token, in milliseconds. */
        readonly ageMs: number
      }
    | {
        /** A newer token was available already: no fetch. */
        readonly type: 'adopted'
        /** The number of the token; each that is fetched has a higher one. */
        readonly generation: number
        /** `memory`: another call of this process fetched it; `store`: another process did. */
        readonly from: 'memory' | 'store'
      }
    | {
        /** A refused call was sent again with this generation. */
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
         * - `body_not_replayable`: the body was a stream, which can be sent only once.
         * - `endpoint_cooldown`: a replay was refused there a short while ago.
         * - `refresh_budget_spent`: too many forced refreshes within a minute.
         * - `no_replacement`: a new token could not be fetched; `message` says why.
         * - `call_limited`: with `limits`: there was no room for one more call.
         * - `aborted`: the caller aborted or timed out while the new token was fetched.
         */
        readonly reason: NotReplayedReason
        /** Why there was no replacement. */
        readonly message?: string
      }
    | {
        /** No token could be fetched. For `retryAfterMs` no further token request is made. */
        readonly type: 'failed'
        /** The code of the `QyapiTokenError` that the callers get. */
        readonly code: QyapiTokenErrorCode
        /** WeCom's errcode, if it returned one. */
        readonly errcode?: number
        /** What failed, why, and what to do. */
        readonly message: string
        /** For this many milliseconds every call fails at once. */
        readonly retryAfterMs: number
        /**
         * How long the token request took with its retries, in milliseconds. Absent if another
         * process made the request and shared its failure.
         */
        readonly tookMs?: number
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
        /** The call was sent without a token of ours. */
        readonly type: 'skipped'
        /** The path of the call below `/cgi-bin/`. */
        readonly endpoint: string
        /**
         * - `caller_token`: the call brought a token of its own and was left alone.
         * - `no_source`: none of the attached sources has the kind of token that the path takes.
         */
        readonly reason: SkippedReason
      }
    | {
        /** With `limits`: a call waited for its place in a call limit, or got none. */
        readonly type: 'limited'
        /** The name of the limit in the table, or the errcode by which WeCom closed the API. */
        readonly limit: string
        /** The path of the call below `/cgi-bin/`. */
        readonly endpoint: string
        /** How long it waited, in milliseconds. */
        readonly waitMs: number
        /**
         * - `sent`: then it was sent.
         * - `failed`: it was not sent, and got `call_limited`.
         * - `aborted`: its caller aborted or timed out.
         */
        readonly outcome: LimitedOutcome
      }
    | {
        /** Something is wrong with the store; the source goes on without it. */
        readonly type: 'store_error'
        /**
         * - `down`: unreachable, or no answer in time. It then gets no commands for 1 s to 30 s.
         * - `refused`: it answered with an error, e.g. `READONLY` or `OOM`.
         * - `skipped`: a token was not written or deleted, because the store was down shortly
         *   before.
         * - `not_decryptable`: a value was encrypted with another `encryptionKey`, or was changed.
         * - `evicted`: a token vanished before it expired.
         * - `invalid`: it returned something implausible.
         * - `lease_timeout`: another process held the lease too long without storing a token;
         *   `message` names it by host and pid.
         * - `went_back`: it has an older token than before: it was restored, or lost its data.
         */
        readonly reason: StoreErrorReason
        /** The operation; `connection`: outside of an operation, reported by the driver. */
        readonly operation: StoreOperation
        /** What happened, without any token. */
        readonly message: string
      }
  )

/** Described at `reason` of the event `not_replayed`. */
export type NotReplayedReason =
  | 'body_not_replayable'
  | 'endpoint_cooldown'
  | 'refresh_budget_spent'
  | 'no_replacement'
  | 'call_limited'
  | 'aborted'

/** Described at `outcome` of the event `limited`. */
export type LimitedOutcome = 'sent' | 'failed' | 'aborted'

/** Described at `reason` of the event `skipped`. */
export type SkippedReason = 'caller_token' | 'no_source'

/** Described at `operation` of the event `store_error`. */
export type StoreOperation =
  | 'get'
  | 'set'
  | 'delete'
  | 'acquire'
  | 'renew'
  | 'release'
  | 'connection'
  | 'count'

/** Described at `reason` of the event `store_error`. */
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
 * Called with each event. Its errors and rejections are ignored: a listener must not break a call.
 * An asynchronous listener is not awaited.
 */
export type OnEvent = (event: TokenEvent) => void

type WithoutSubject<E> = E extends EventSubject ? Omit<E, keyof EventSubject> : never
/** An event without its subject. */
export type OwnEvent = WithoutSubject<TokenEvent>

/** A source as its parts know it: its credential, which may be replaced, and its events. */
export interface Emitter {
  readonly credential: Credential
  emit(event: OwnEvent): void
}

/** Where events go. */
interface Listeners {
  readonly onEvent?: OnEvent | undefined
  readonly channel?: EventChannel | undefined
}

/** A diagnostics channel of the process. */
export interface EventChannel {
  readonly hasSubscribers: boolean
  publish(event: TokenEvent): void
}

/** Sends an event to the listener and to the channel, if they are there. */
export function emitEvent(about: EventSubject, own: OwnEvent, { onEvent, channel }: Listeners) {
  if (onEvent === undefined && !channel?.hasSubscribers) return
  const { kind, subject } = about
  const event = { kind, subject, ...own } as TokenEvent
  if (onEvent !== undefined) callListener(onEvent, event)
  if (channel?.hasSubscribers) callListener((one) => channel.publish(one), event)
}

/** A listener must not break a call: what it throws or rejects with is ignored. */
function callListener(listener: OnEvent, event: TokenEvent): void {
  try {
    const result: unknown = listener(event)
    if (isPromise(result)) result.then(undefined, () => {})
  } catch {
    // Intentionally ignored.
  }
}

/** One listener that calls each of these once. */
export function listenerOf(listeners: Iterable<OnEvent | undefined>): OnEvent | undefined {
  const [first, ...others] = new Set([...listeners].filter((one) => one !== undefined))
  if (first === undefined || others.length === 0) return first
  return (event) => {
    for (const listener of [first, ...others]) callListener(listener, event)
  }
}
