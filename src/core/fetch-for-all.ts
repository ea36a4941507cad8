import type { Clock } from './clock.js'
import { QyapiTokenError } from './errors.js'
import { countsForAll, failureIn, storedFailure } from './shared-failure.js'
import { LEASE_MS, type SharedTokens } from './shared-tokens.js'
import type { Token } from './token.js'

/** What one process does while it is its turn, or while it waits for its turn. */
export interface Turn {
  /** For whom, in words. */
  readonly subject: string
  /** The newest generation that this process knows. */
  newest(): number
  /** A newer token that has come to the store. */
  adopt(): Promise<Token | undefined>
  /** Another process could not get one, for a reason that counts for all, and rests so long. */
  remember(failure: QyapiTokenError, restMs: number): QyapiTokenError
  /** Fetches, and publishes under this generation; without one, as a process of its own. */
  fetch(generation?: number): Promise<Token>
}

export interface TurnSettings {
  readonly clock: Clock
  readonly fetchTimeoutMs: number
  random(): number
}

/**
 * One process fetches for all: the one that has the store's lease. The others look into the store
 * until there is a token, or a failure that counts for all, or the holder has died: then the next
 * one takes its turn. Where the store is in trouble, each process goes on by itself.
 */
export async function fetchForAll(
  shared: SharedTokens,
  turn: Turn,
  { clock, fetchTimeoutMs, random }: TurnSettings,
  closed: AbortSignal,
): Promise<Token> {
  const pause = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))
  const giveUpAt = clock.monotonic() + fetchTimeoutMs + LEASE_MS
  for (;;) {
    const generation = await shared.acquire(turn.newest())
    closed.throwIfAborted()
    if (generation === undefined) return turn.fetch()
    if (generation !== 'held') return takeTurn(shared, turn, generation, clock)
    if (clock.monotonic() >= giveUpAt) throw nobodyFetched(turn.subject, fetchTimeoutMs + LEASE_MS)
    await pause(50 + 100 * random())
    closed.throwIfAborted()
    const token = await published(shared, turn)
    if (token !== undefined) return token
  }
}

/** What another process has put into the store: a newer token, or a failure, which is thrown. */
async function published(shared: SharedTokens, turn: Turn): Promise<Token | undefined> {
  const token = await turn.adopt()
  if (token !== undefined) return token
  const stored = await shared.beside('failure').get()
  const known = stored && failureIn(stored)
  if (known !== undefined) throw turn.remember(known.failure, known.restMs)
  return undefined
}

/** The lease is renewed while the fetch lasts, and given back when its outcome is in the store. */
async function takeTurn(
  shared: SharedTokens,
  turn: Turn,
  generation: number,
  clock: Clock,
): Promise<Token> {
  let stop = () => {}
  const keep = () => {
    stop = clock.after(LEASE_MS / 3, () => {
      keep()
      void shared.renew()
    })
  }
  keep()
  try {
    // Somebody may have fetched between the last look and the lease.
    return (await published(shared, turn)) ?? (await turn.fetch(generation))
  } catch (error) {
    if (countsForAll(error)) await shared.beside('failure').set(storedFailure(error, generation))
    throw error
  } finally {
    stop()
    await shared.release()
  }
}

function nobodyFetched(subject: string, waitedMs: number): QyapiTokenError {
  const message =
    `Could not get the token of ${subject}: another process has had the right to fetch it for ` +
    `${waitedMs} ms and put nothing into the store. Later calls try again.`
  return new QyapiTokenError('token_fetch_failed', message, { retryable: true })
}
