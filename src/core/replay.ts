import type { Lender, RefusedCall } from './lender.js'
import type { Token } from './token.js'

/** How the one who made the call makes it again. */
export interface Replay<Answer> {
  /** Waits for the new token, for as long as this caller is willing to. */
  wait(replacement: Promise<Token | undefined>): Promise<Token | undefined>
  /** Lets go of the refused answer. */
  discard?(): void
  send(token: Token): Promise<Answer>
  /** The errcode by which this answer refuses the token, if it does. */
  refusedBy(answer: Answer): Promise<number | undefined> | number | undefined
}

/**
 * Sends a refused call once more with a newer token. Once: a replay that is refused too is the
 * caller's answer. `undefined`: there was no replacement to be had, and the refused answer is the
 * caller's.
 */
export async function replayOnce<Answer>(
  lender: Lender,
  refused: RefusedCall,
  { wait, discard, send, refusedBy }: Replay<Answer>,
): Promise<{ answer: Answer } | undefined> {
  const replacement = await wait(lender.replace(refused)).catch((error) => {
    discard?.()
    lender.emit({ type: 'not_replayed', endpoint: refused.endpoint, reason: 'gave_up_waiting' })
    throw error
  })
  if (replacement === undefined) return undefined
  discard?.()
  const { endpoint } = refused
  lender.emit({ type: 'replayed', generation: replacement.generation, endpoint })
  const sentAt = lender.now()
  const answer = await send(replacement)
  const errcode = await refusedBy(answer)
  if (errcode !== undefined) lender.refusedAgain({ token: replacement, endpoint, errcode }, sentAt)
  return { answer }
}
