import type { Clock } from '../core/clock.js'
import { parsed } from '../core/errcode.js'
import { isCausedByParent, isQyapiTokenError, QyapiTokenError } from '../core/errors.js'
import type { StoredFailure, StoredToken } from '../core/store.js'
import type { Token } from '../core/token.js'
import { throwIfAborted } from '../core/wait.js'
import { LEASE_MS, type StoreEntry, TAKE_OVER_MS } from './store-entry.js'

/** What a refresh does with the lease, or while it waits for the lease. */
export interface LeaseContext {
  /** The kind of credential. */
  readonly kind: string
  /** The newest generation that this process knows. */
  latestGeneration(): number
  /**
   * Called before a read of the store. The result adopts what was read, and returns the newer
   * token: this one, or one that another call of this process adopted meanwhile.
   */
  prepareAdopt(): (found: StoredToken | undefined) => Token | undefined
  /** Remembers a failure that another process shared, for its cooldown. */
  remember(failure: QyapiTokenError, cooldownMs: number): QyapiTokenError
  /**
   * Fetches, and publishes under this generation; without one, independently of other processes.
   */
  fetch(generation?: number): Promise<Token>
}

export interface LeaseSettings {
  readonly clock: Clock
  readonly tokenTimeoutMs: number
  random(): number
}

/**
 * One process fetches for all: the one that holds the store's lease. The others poll the store
 * until it has a token or a shared failure, or until the lease expires or is taken over (rule 17).
 * If the store fails or gives no lease, each process fetches independently (rule 20).
 */
export async function fetchForAll(
  shared: StoreEntry,
  context: LeaseContext,
  { clock, tokenTimeoutMs, random }: LeaseSettings,
  closed: AbortSignal,
): Promise<Token> {
  const waiting = leaseWait(tokenTimeoutMs + LEASE_MS, clock)
  let above = context.latestGeneration()
  for (;;) {
    const endTurn = await shared.access.leaseTurns(context.kind).take()
    const adopt = context.prepareAdopt()
    const polledAt = clock.monotonic()
    const answer = await shared.acquire(above)
    const { token, failure, number, heldBy } = answer ?? {}
    const adopted = adopt(token)
    const isNeedless = closed.aborted || adopted !== undefined
    if (isNeedless || number === undefined) endTurn(adopted !== undefined)
    if (isNeedless && number !== undefined) void shared.release(number)
    throwIfAborted(closed)
    if (adopted !== undefined) return adopted
    if (number !== undefined)
      return fetchWithLease(shared, context, number, clock).finally(() => endTurn(true))
    const known = failure && failureIn(failure)
    if (known !== undefined) throw context.remember(known.failure, known.cooldownMs)
    // Skips a token that it cannot use.
    above = Math.max(context.latestGeneration(), token?.generation ?? 0)
    if (token !== undefined) continue
    if (answer === undefined || failure !== undefined) return context.fetch()
    if (waiting.isTooLong(heldBy, polledAt)) {
      shared.reportLeaseTimeout(answer.holder)
      return context.fetch()
    }
    await shared.access.pause(50 + 100 * random())
    throwIfAborted(closed)
  }
}

/**
 * Too long: the same lease stays beyond its takeover time, or `mostMs` have passed since the first
 * poll that found another process's lease. A poll counts from its start: a process that was blocked
 * before it read the answer has not waited.
 */
function leaseWait(mostMs: number, clock: Clock) {
  let firstAt: number | undefined
  let holder: number | undefined
  let since = 0
  return {
    isTooLong(heldBy: number | undefined, polledAt: number): boolean {
      const now = clock.monotonic()
      if (firstAt === undefined || heldBy !== holder) since = now
      firstAt ??= now
      holder = heldBy
      return polledAt - since >= TAKE_OVER_MS + 200 || polledAt - firstAt >= mostMs
    },
  }
}

/** Renews the lease during the fetch, and releases it with the outcome. */
async function fetchWithLease(
  shared: StoreEntry,
  context: LeaseContext,
  number: number,
  clock: Clock,
): Promise<Token> {
  let stop = () => {}
  const keep = () => {
    stop = clock.after(LEASE_MS / 3, () => {
      keep()
      void shared.renew(number).then((isHeld) => {
        // An expired or lost lease cannot be renewed again.
        if (isHeld === false) stop()
      })
    })
  }
  keep()
  try {
    return await context.fetch(number)
  } catch (error) {
    await shared.release(number, isShareable(error) ? storedFailure(error) : undefined)
    throw error
  } finally {
    stop()
  }
}

/**
 * Failures that are the same for all processes (rule 19); the network and the IP are each machine's
 * own. A parent's failure is shared by the parent's source.
 */
const SHARED_CODES: readonly unknown[] = ['credential_refused', 'rate_limited']

export function isShareable(error: unknown): error is QyapiTokenError {
  if (!isQyapiTokenError(error) || isCausedByParent(error)) return false
  return SHARED_CODES.includes(error.code)
}

/** The longest cooldown, whatever a store's clock says. */
const LONGEST_COOLDOWN_MS = 600_000

/** A failure as a store keeps it during its cooldown. */
export function storedFailure(failure: QyapiTokenError): StoredFailure {
  const { code, errcode, message, retryable, retryAfterMs = 0 } = failure
  const value = JSON.stringify({ code, errcode, message, retryable })
  return { value, leftMs: Math.max(1, retryAfterMs) }
}

/** The failure that another process has stored, and its remaining cooldown. */
export function failureIn({
  value,
  leftMs,
}: StoredFailure): { failure: QyapiTokenError; cooldownMs: number } | undefined {
  const { code, errcode, message, retryable } = Object(parsed(value)) as Record<string, unknown>
  if (!SHARED_CODES.includes(code) || typeof message !== 'string') return undefined
  const failure = new QyapiTokenError(code as QyapiTokenError['code'], message, {
    ...(typeof errcode === 'number' && { errcode }),
    retryable: retryable === true,
  })
  return leftMs > 0 ? { failure, cooldownMs: Math.min(leftMs, LONGEST_COOLDOWN_MS) } : undefined
}
