import type { CallLimits } from '../core/limits.js'
import type { Destination } from '../request/destination.js'
import type { LimitedCall } from '../token/limited-call.js'
import type { TokenPolicy } from '../token/token-policy.js'
import type { OutgoingRequest, snapshotRequest } from './request.js'
import type { ResponseViews } from './response-view.js'

type Fetch = typeof globalThis.fetch

/** The wrapped fetch. */
export interface Wrapped {
  readonly fetch: Fetch
  readonly views: ResponseViews
  /** Called when it resolves with something other than a response. */
  readonly notFetch: () => void
  /** The middleware's, for a source without its own. */
  readonly limits: CallLimits | undefined
}

/** Where a request goes, and which policy provides its token. */
export interface RequestTarget {
  readonly wrapped: Wrapped
  readonly policy: TokenPolicy
  readonly destination: Destination
}

/** One request that takes a token. */
export interface RequestContext extends RequestTarget {
  readonly outgoing: OutgoingRequest
  /** Its places in the call limits; `undefined` without `limits`. */
  readonly limited: LimitedCall | undefined
}

/** A request whose source is still being chosen. */
export interface PendingRequest
  extends Pick<ReturnType<typeof snapshotRequest>, 'outgoing' | 'signal'> {
  readonly destination: Destination
  readonly chosen: Promise<TokenPolicy | undefined>
  /** Sends it without a token, if none is chosen. */
  readonly sendWithoutUs: Fetch
}

/** Name, length and what users put on a fetch, without what every function has. */
export function ownProperties(fetch: object): PropertyDescriptorMap {
  const {
    prototype,
    arguments: _arguments,
    caller,
    ...own
  } = Object.getOwnPropertyDescriptors(fetch as Record<string, unknown>)
  return own
}
