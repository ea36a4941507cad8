import { checkTokenHeaders } from './check.js'
import { badOption } from './errors.js'
import { frameworkError } from './framework-error.js'
import { outsideDataCache } from './nextjs.js'

type Fetch = typeof fetch

/** A token request. Its url or body contains the secret. */
export interface TokenRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  /** JSON text. */
  readonly body?: string
}

/** A raw answer to a token request. */
export interface TokenAnswer {
  readonly status: number
  readonly body: string
}

/** What a transport gets besides the request. */
export interface TransportContext {
  /** Aborted when the source is closed, or after the deadline for all tries together. */
  readonly signal: AbortSignal
  /** Whether an answer should be retried (5xx, unreadable, -1). */
  shouldTryAgain(answer: TokenAnswer): boolean
  /** Resolves after `delayMs` of the source's clock. */
  wait(delayMs: number): Promise<void>
  /** With `limits`: takes a place for one more try. Await it before each try but the first. */
  beforeRetry?(): Promise<void>
}

/**
 * Sends the token requests of a source. Makes up to three quick tries on network errors and on
 * answers that should be retried, follows no redirect, and rejects with the network's error.
 */
export type Transport = (request: TokenRequest, context: TransportContext) => Promise<TokenAnswer>

/** Options of a transport, for a gateway in between. */
export interface TokenRequestOptions {
  /**
   * Headers of token requests, e.g. a gateway's key: `{ 'x-api-key': key }`.
   * @default none
   */
  readonly headers?: Readonly<Record<string, string>>
}

/** No cache may answer with a refused token, or keep the secret in a cache key (rule 12). */
export const FRESH_HEADERS = { 'cache-control': 'no-cache, no-store' } as const

/**
 * Sends token requests with a fetch: the global one, undici's with a dispatcher, or a polyfill's.
 *
 * @throws `bad_options` if it is not a function.
 * @example
 * const source = createTokenSource(credential, { transport: fetchTransport(undici.fetch) })
 */
export function fetchTransport(fetch: Fetch, options: TokenRequestOptions = {}): Transport {
  if (typeof fetch !== 'function') throw badOption('fetch', 'a fetch function', fetch)
  const headers = checkTokenHeaders(options)
  return async (request, { signal, shouldTryAgain, wait, beforeRetry }) => {
    for (let tries = 1; ; tries += 1) {
      const isLast = tries === TRIES
      try {
        const answer = await fresh((init) => sendOnce(fetch, request, { ...init, signal }, headers))
        if (isLast || !shouldTryAgain(answer)) return answer
      } catch (error) {
        if (isLast || signal.aborted || frameworkError(error)) throw error
      }
      await wait(delayBeforeTry(tries))
      await beforeRetry?.()
    }
  }
}

async function sendOnce(
  fetch: Fetch,
  { method, url, body }: TokenRequest,
  init: RequestInit,
  ownHeaders: Readonly<Record<string, string>>,
): Promise<TokenAnswer> {
  const headers = { ...ownHeaders, ...FRESH_HEADERS }
  const withBody = { headers: { ...headers, 'content-type': 'application/json' } }
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    ...init,
    ...(body === undefined ? { headers } : { ...withBody, body }),
  })
  return { status: response.status, body: await response.text() }
}

interface FreshInit extends ReturnType<typeof outsideDataCache> {
  readonly cache?: 'no-store'
}

/**
 * Bypasses all caches if fetch accepts `cache`: workerd with a date before 2024-11 throws on it.
 */
export async function fresh<T>(send: (init: FreshInit) => Promise<T>): Promise<T> {
  try {
    return await send({ cache: 'no-store', ...outsideDataCache() })
  } catch (error) {
    if (frameworkError(error) || !refusesCache(error)) throw error
    return send({})
  }
}

function refusesCache(error: unknown): boolean {
  return error instanceof Error && /\bcache\b/i.test(error.message.slice(0, 1_000))
}

/** Tries of one token request, in every transport. */
export const TRIES = 3

/** The backoff in milliseconds: 100, 200, …, with up to a fifth of jitter. */
export function delayBeforeTry(tries: number): number {
  return 100 * 2 ** (tries - 1) * (1 + 0.2 * Math.random())
}
