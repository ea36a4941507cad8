import { errcodeOfOutcome, errcodeOfValue, unlessItThrows } from '../core/errcode.js'
import { badOption } from '../core/errors.js'
import type { Token } from '../core/token.js'
import { type Awaitable, reasonOf, waitFor } from '../core/wait.js'
import { checkRunOptions } from './call-options.js'
import { replayOnce } from './replay.js'
import type { TokenPolicy } from './token-policy.js'

export interface RunOptions {
  /** What is called, e.g. `message/send`. */
  readonly endpoint?: string
  /** Ends the waiting for a token; the call itself is not ours to end. */
  readonly signal?: AbortSignal
  /**
   * Finds WeCom's errcode in what the call resolved with or threw. What it throws itself is ignored:
   * the call is over, and its outcome is yours.
   * @default on the object itself, in its `data`, in its `response.data`, or as a thrown error's `code`
   */
  readonly errcodeOf?: (outcome: unknown) => number | undefined
}

/** How a call of somebody else's ended. */
type Outcome<T> = { readonly value: T } | { readonly error: unknown }

/** Calls with a token, and once more with a newer one if it was refused. */
export async function runWithToken<T>(
  policy: TokenPolicy,
  call: (token: string) => Promise<T> | T,
  options: RunOptions = {},
): Promise<T> {
  if (typeof call !== 'function')
    throw badOption('call', 'a function (token) => promise', call, true)
  checkRunOptions(options)
  const { endpoint = '', signal, errcodeOf } = options
  // Who has given up needs no token: none is fetched for him.
  if (signal?.aborted) throw reasonOf(signal)
  const send = async ({ value }: Token): Promise<Outcome<T>> => {
    try {
      return { value: await call(value) }
    } catch (error) {
      return { error }
    }
  }
  const refusedBy = (outcome: Outcome<T>) => {
    const errcode = unlessItThrows(() => errcodeIn(outcome, errcodeOf))
    return policy.errcodes.has(errcode) ? errcode : undefined
  }

  const token = await waitFor((join) => policy.getToken({ join }), signal)
  const sentAtMs = policy.sendingAt()
  const first = await send(token)
  const errcode = refusedBy(first)
  if (errcode === undefined) return settled(first)
  const wait = (replacement: Awaitable<Token | undefined>) => waitFor(replacement, signal)
  const refused = { call: { token, endpoint, errcode, sentAtMs }, answer: first }
  return settled(await replayOnce(policy, refused, { wait, send, refusedBy }))
}

/** A `code` is WeCom's on errors alone: what a call resolves with may have a code of its own. */
function errcodeIn(outcome: Outcome<unknown>, errcodeOf: RunOptions['errcodeOf']) {
  const isError = 'error' in outcome
  const given = isError ? outcome.error : outcome.value
  if (errcodeOf !== undefined) return errcodeOf(given)
  return isError ? errcodeOfOutcome(given) : errcodeOfValue(given)
}

function settled<T>(outcome: Outcome<T>): T {
  if ('error' in outcome) throw outcome.error
  return outcome.value
}
