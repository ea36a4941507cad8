import { errcodeOfOutcome, errcodeOfValue, tryRead } from '../core/errcode.js'
import { badOption } from '../core/errors.js'
import type { Token } from '../core/token.js'
import { type Awaitable, reasonOf, waitFor } from '../core/wait.js'
import { checkRunOptions } from './call-options.js'
import { limitedCall } from './limited-call.js'
import { type Outcome, replayOnce, settled } from './replay.js'
import type { TokenPolicy } from './token-policy.js'

export interface RunOptions {
  /**
   * The endpoint that is called, e.g. `message/send`, also as a path or a url. If it keeps refusing,
   * only this one cools down. Call limits count a call only by its endpoint.
   */
  readonly endpoint?: string
  /** Aborts waiting for a token or a place, but not the call itself. */
  readonly signal?: AbortSignal
  /** What is sent, for `limits` that count the receivers of `message/send`. */
  readonly body?: unknown
  /**
   * Finds WeCom's errcode in what the call resolved with or threw. Errors that it throws itself are
   * ignored: the call has ended, and you get its outcome.
   * @default on the object itself, in its `data`, in its `response.data`, or as a thrown error's
   *   `code`
   */
  readonly errcodeOf?: (outcome: unknown) => number | undefined
}

/** Calls with a token, and once more with a newer one if it was refused. */
export async function runWithToken<T>(
  policy: TokenPolicy,
  call: (token: string) => Promise<T> | T,
  options: RunOptions = {},
): Promise<T> {
  if (typeof call !== 'function')
    throw badOption('call', 'a function (token) => promise', call, true)
  checkRunOptions(options)
  const { signal, errcodeOf, body } = options
  const endpoint = endpointIn(options.endpoint ?? '')
  // Already aborted: do not fetch.
  if (signal?.aborted) throw reasonOf(signal)
  const send = async ({ value }: Token): Promise<Outcome<T>> => {
    try {
      return { value: await call(value) }
    } catch (error) {
      return { error }
    }
  }
  const refusedBy = (outcome: Outcome<T>) => {
    const errcode = tryRead(() => errcodeIn(outcome, errcodeOf))
    // An error without an errcode may be one of the network.
    if ('error' in outcome && errcode === undefined) limited?.failed()
    if (limited !== undefined) return limited.ended(errcode)
    return policy.errcodes.has(errcode) ? errcode : undefined
  }

  const limited = endpoint === '' ? undefined : limitedCall(policy, undefined, endpoint, body)
  let token = await waitFor((join) => policy.getToken({ join }), signal)
  const place = limited?.enter((given) => waitFor(given, signal))
  if (place !== undefined) {
    await place
    token = policy.cached() ?? token
  }
  const sentAtMs = policy.sendingAt()
  const first = await send(token)
  const errcode = refusedBy(first)
  if (errcode === undefined) return settled(first)
  const wait = (replacement: Awaitable<Token | undefined>) => {
    const token = waitFor(replacement, signal)
    return limited?.enterWith(token, (given) => waitFor(given, signal)) ?? token
  }
  const refused = { call: { token, endpoint, errcode, sentAtMs }, answer: first }
  return settled(await replayOnce(policy, refused, { wait, send, refusedBy }))
}

/** `user/get` of `/cgi-bin/user/get?userid=zhangsan`: the same API, however it is written. */
function endpointIn(text: string): string {
  return text.replace(/^(.*\/cgi-bin\/|\/+|cgi-bin\/)/, '').replace(/[?#].*/s, '')
}

/** Reads `code` on errors only: a result may have a `code` with another meaning. */
function errcodeIn(outcome: Outcome<unknown>, errcodeOf: RunOptions['errcodeOf']) {
  const isError = 'error' in outcome
  const given = isError ? outcome.error : outcome.value
  if (errcodeOf !== undefined) return errcodeOf(given)
  return isError ? errcodeOfOutcome(given) : errcodeOfValue(given)
}
