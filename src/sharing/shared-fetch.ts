import type { Clock } from '../core/clock.js'
import { parsed } from '../core/errcode.js'
import { isCausedByParent, isQyapiTokenError, QyapiTokenError } from '../core/errors.js'
import type { StoredFailure, StoredToken } from '../core/store.js'
import type { Token } from '../core/token.js'
import { throwIfAborted } from '../core/wait.js'

import { LEASE_MS, type StoreEntry, TAKE_OVER_MS } from './store-entry.js'

/** What one process does while it is its turn, or while it waits for its turn. */
export interface LeaseContext {
  /** The kind of credential. */
  readonly kind: string
  /** The newest generation that this process knows. */
  latestGeneration(): number
  /**
   * Before a look into the store. What it gives takes what was found, and tells the newer token that
   * has come: this one, or what another call of this process adopted meanwhile.
   */
  prepareAdopt(): (found: StoredToken | undefined) => Token | undefined
  /** Another process could not get one, for a reason that counts for all, and rests so long. */
  remember(failure: QyapiTokenError, cooldownMs: number): QyapiTokenError
  /** Fetches, and publishes under this generation; without one, as a process of its own. */
  fetch(generation?: number): Promise<Token>
}

export interface LeaseSettings {
  readonly clock: Clock
  readonly tokenTimeoutMs: number
  random(): number
}

/**
 * One process fetches for all: the one that has the store's lease. The others look into the store
 * until there is a token, or a failure that counts for all, or the holder has died or has had its
 * time: then the next one takes its turn. Where the store is in trouble, or lets no one take a turn,
 * each process goes on by itself.
 */
export async function fetchForAll(
  shared: StoreEntry,
  turn: LeaseContext,
  { clock, tokenTimeoutMs, random }: LeaseSettings,
  closed: AbortSignal,
): Promise<Token> {
  const patience = leaseWait(tokenTimeoutMs + LEASE_MS, clock)
  let above = turn.latestGeneration()
  for (;;) {
    const endTurn = await shared.access.leaseTurns(turn.kind).take()
    const adopt = turn.prepareAdopt()
    const lookedAt = clock.monotonic()
    const answer = await shared.acquire(above)
    const { token, failure, number, heldBy } = answer ?? {}
    const adopted = adopt(token)
    const isNeedless = closed.aborted || adopted !== undefined
    if (isNeedless || number === undefined) endTurn(adopted !== undefined)
    if (isNeedless && number !== undefined) void shared.release(number)
    throwIfAborted(closed)
    if (adopted !== undefined) return adopted
    if (number !== undefined)
      return fetchWithLease(shared, turn, number, clock).finally(() => endTurn(true))
    const known = failure && failureIn(failure)
    if (known !== undefined) throw turn.remember(known.failure, known.cooldownMs)
    // What it cannot use is looked past.
    above = Math.max(turn.latestGeneration(), token?.generation ?? 0)
    if (token !== undefined) continue
    if (answer === undefined || failure !== undefined) return turn.fetch()
    if (patience.isOver(heldBy, lookedAt)) {
      shared.reportLeaseTimeout(answer.holder)
      return turn.fetch()
    }
    await shared.access.pause(50 + 100 * random())
    throwIfAborted(closed)
  }
}

/**
 * Over when the store leaves one lease where it is beyond its time, or `mostMs` after the first look
 * that found another process's. A look counts from when it began: a process that was too busy to hear
 * its answer has not waited.
 */
function leaseWait(mostMs: number, clock: Clock) {
  let firstAt: number | undefined
  let holder: number | undefined
  let since = 0
  return {
    isOver(heldBy: number | undefined, lookedAt: number): boolean {
      const now = clock.monotonic()
      if (firstAt === undefined || heldBy !== holder) since = now
      firstAt ??= now
      holder = heldBy
      return lookedAt - since >= TAKE_OVER_MS + 200 || lookedAt - firstAt >= mostMs
    },
  }
}

/** The lease is renewed while the fetch lasts, and given back with its outcome. */
async function fetchWithLease(
  shared: StoreEntry,
  turn: LeaseContext,
  number: number,
  clock: Clock,
): Promise<Token> {
  let stop = () => {}
  const keep = () => {
    stop = clock.after(LEASE_MS / 3, () => {
      keep()
      void shared.renew(number).then((isHeld) => {
        // A lease that is over, or another process's by now, does not come back.
        if (isHeld === false) stop()
      })
    })
  }
  keep()
  try {
    return await turn.fetch(number)
  } catch (error) {
    await shared.release(number, countsForAll(error) ? storedFailure(error) : undefined)
    throw error
  } finally {
    stop()
  }
}

/**
 * What is wrong for one process is wrong for all; a network or an IP is each machine's own. A
 * failure in consequence is shared by the source whose own it is.
 */
const COUNT_FOR_ALL: readonly unknown[] = ['credential_refused', 'rate_limited']

export function countsForAll(error: unknown): error is QyapiTokenError {
  if (!isQyapiTokenError(error) || isCausedByParent(error)) return false
  return COUNT_FOR_ALL.includes(error.code)
}

/** No failure rests longer, whatever a store's clock says. */
const LONGEST_REST_MS = 600_000

/** A failure as a store keeps it while it rests. */
export function storedFailure(failure: QyapiTokenError): StoredFailure {
  const { code, errcode, message, retryable, retryAfterMs = 0 } = failure
  const value = JSON.stringify({ code, errcode, message, retryable })
  return { value, leftMs: Math.max(1, retryAfterMs) }
}

/** The failure that another process has put into the store, and how long it rests still. */
export function failureIn({
  value,
  leftMs,
}: StoredFailure): { failure: QyapiTokenError; cooldownMs: number } | undefined {
  const { code, errcode, message, retryable } = Object(parsed(value)) as Record<string, unknown>
  if (!COUNT_FOR_ALL.includes(code) || typeof message !== 'string') return undefined
  const failure = new QyapiTokenError(code as QyapiTokenError['code'], message, {
    ...(typeof errcode === 'number' && { errcode }),
    retryable: retryable === true,
  })
  return leftMs > 0 ? { failure, cooldownMs: Math.min(leftMs, LONGEST_REST_MS) } : undefined
}
