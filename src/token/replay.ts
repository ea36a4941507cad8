import { frameworkError } from '../core/framework-error.js'
import type { Token } from '../core/token.js'
import type { Awaitable } from '../core/wait.js'
import type { RefusedCall, TokenPolicy } from './token-policy.js'

/** How the one who made the call makes it again. */
export interface Replay<Answer> {
  /** Takes a refused answer off its connection, which the token request may need. */
  freeConnection?(refused: Answer): Promise<void>
  /** Waits for the new token, for as long as this caller is willing to. */
  wait(replacement: Awaitable<Token | undefined>): Promise<Token | undefined>
  /** Lets go of a refused answer. */
  discard?(refused: Answer): void
  send(token: Token): Promise<Answer>
  /** The errcode by which this answer refuses the token, if it does. */
  refusedBy(answer: Answer): Promise<number | undefined> | number | undefined
}

/** A refused answer, and the call that it answers. */
interface Refusal<Answer> {
  readonly call: RefusedCall
  readonly answer: Answer
}

/** After that many more sends the answer is the caller's, whatever it is. */
const MOST_REPLAYS = 2

/**
 * Sends a refused call once more with a newer token, and gives the answer that is the caller's
 * (rule 9). A replay with a token that was fetched for it is the last, and if that is refused too its
 * endpoint cools down. An adopted token may have died like the first one: the replay that follows
 * carries what a token request brings.
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
    // Of a framework's error the event was emitted already.
    if (!frameworkError(error)) policy.emit({ type: 'not_replayed', endpoint, reason: 'aborted' })
    throw error
  }
}
