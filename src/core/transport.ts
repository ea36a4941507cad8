import { delayBeforeTry, TRIES } from './backoff.js'
import { badOption } from './errors.js'

type Fetch = typeof fetch

/** One token call, finished but for the sending. Its url or body holds the secret. */
export interface TokenRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  /** JSON text. */
  readonly body?: string
}

export interface TokenAnswer {
  readonly status: number
  readonly body: string
}

export interface TransportContext {
  /** Aborted when nobody waits any more, or when the time for all tries together is over. */
  readonly signal: AbortSignal
  /** Whether an answer deserves another quick try (5xx, unreadable, -1). */
  shouldTryAgain(answer: TokenAnswer): boolean
  /** Resolves after that many milliseconds of the source's clock. */
  wait(delayMs: number): Promise<void>
}

/**
 * How a source sends its token calls. Makes up to three quick tries on network errors and on
 * answers that deserve it, follows no redirect, and rejects with whatever the network said.
 */
export type Transport = (request: TokenRequest, context: TransportContext) => Promise<TokenAnswer>

/**
 * Sends token calls by a fetch: the global one, undici's with a dispatcher, a polyfill's.
 *
 * @throws `bad_options` if it is no function.
 * @example
 * const source = createTokenSource(credential, { transport: fetchTransport(undici.fetch) })
 */
export function fetchTransport(fetch: Fetch): Transport {
  if (typeof fetch !== 'function') throw badOption('fetch', 'a fetch function', fetch)
  return async (request, { signal, shouldTryAgain, wait }) => {
    for (let tries = 1; ; tries += 1) {
      const isLast = tries === TRIES
      try {
        const answer = await sendOnce(fetch, request, signal)
        if (isLast || !shouldTryAgain(answer)) return answer
      } catch (error) {
        if (isLast || signal.aborted) throw error
      }
      await wait(delayBeforeTry(tries))
    }
  }
}

async function sendOnce(
  fetch: Fetch,
  { method, url, body }: TokenRequest,
  signal: AbortSignal,
): Promise<TokenAnswer> {
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    signal,
    ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
  })
  return { status: response.status, body: await response.text() }
}
