import { isQyapiTokenError } from '../core/errors.js'
import { frameworkError } from '../core/framework-error.js'
import type { Token } from '../core/token.js'
import type { Awaitable } from '../core/wait.js'
import type { RefusedCall, TokenPolicy } from './token-policy.js'

/** How a call ended. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown }

/** Returns the value or throws the error. */
export function settled<T>(outcome: Outcome<T>): T {
  if ('error' in outcome) throw outcome.error
  return outcome.value
}

/** How a call is replayed: each middleware has its own. */
export interface Replay<Answer> {
  /** Frees the refused answer's connection, which the token request may need. */
  freeConnection?(refused: Answer): Promise<void>
  /** Waits for the new token, and a place in the call limits, until this caller aborts or times out. */
  wait(replacement: Awaitable<Token | undefined>): Promise<Token | undefined>
  /** Discards the body of a refused answer. */
  discard?(refused: Answer): void
  send(token: Token): Promise<Answer>
  /** The errcode with which this answer refuses the token, if it does. */
  refusedBy(answer: Answer): Promise<number | undefined> | number | undefined
}

/** A refused call and its answer. */
interface Refusal<Answer> {
  readonly call: RefusedCall
  readonly answer: Answer
}

/** After this many replays the answer is the caller's, whatever it is. */
const MOST_REPLAYS = 2

/**
 * Sends a refused call once more with a newer token, and returns the answer for the caller (rule
 * 9). A replay with a token that was fetched for it is the last, and if that is refused too its
 * endpoint cools down. An adopted token may be as invalid as the first one: the replay after it
 * uses a token that was requested for it.
 */
export async function replayOnce<Answer>(
  policy: TokenPolicy,
  refused: Refusal<Answer>,
  how: Replay<Answer>,
): Promise<Answer> {
  let { call, answer } = refused
  const { endpoint } = call
  for (let replays = 1; replays <= MOST_REPLAYS; replays += 1) {
    await how.freeConnection?.(answer)
    const requests = policy.requests
    const token = await replacementFor(policy, { call, answer }, how, replays === MOST_REPLAYS)
    if (token === undefined) return answer
    how.discard?.(answer)
    policy.emit({ type: 'replayed', generation: token.generation, endpoint })
    const sentAtMs = policy.sendingAt()
    answer = await how.send(token)
    const errcode = await how.refusedBy(answer)
    if (errcode === undefined) return answer
    const isFetchedForIt = (token.request ?? 0) > requests
    if (isFetchedForIt) {
      policy.coolDown(endpoint)
      return answer
    }
    call = { ...call, token, errcode, sentAtMs }
  }
  policy.refusedAtLast(call)
  return answer
}

async function replacementFor<Answer>(
  policy: TokenPolicy,
  { call, answer }: Refusal<Answer>,
  { wait, discard }: Replay<Answer>,
  byRequest: boolean,
): Promise<Token | undefined> {
  try {
    return await wait((join) => policy.replaceRefused(call, { byRequest, join }))
  } catch (error) {
    discard?.(answer)
    const { endpoint } = call
    const isLimited = isQyapiTokenError(error) && error.code === 'call_limited'
    const reason = isLimited ? 'call_limited' : 'aborted'
    // For a framework's error `replaceRefused` has emitted the event already.
    if (!frameworkError(error)) policy.emit({ type: 'not_replayed', endpoint, reason })
    throw error
  }
}
