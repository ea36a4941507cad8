import { rememberedFailure } from './backoff.js'
import { instantOf } from './clock.js'
import type { Credential } from './credential.js'
import { isQyapiTokenError, QyapiTokenError } from './errors.js'
import type { Emit } from './events.js'
import { type FetchedToken, fetchToken } from './fetch-token.js'
import { memoizeToken } from './memoized-token.js'
import type { SourceSettings } from './options.js'
import { sharedTokens } from './shared-tokens.js'
import { ageAt, ageMs, encoded, firstLife, isUsable, reconfirmedLife, type Token } from './token.js'

/**
 * One credential's tokens, one generation after the other; never two fetches at once. Knows which
 * token is the newest, which generations were thrown away, and how the next one is had: from the store, or by a token call. Callers and their waiting are not its business.
 */
export function createRenewal(credential: Credential, settings: SourceSettings, emit: Emit) {
  const { clock, maxAgeMs, refreshAheadMs } = settings
  const life = { maxAgeMs, refreshAheadMs, jitter: settings.random() }
  const memo = memoizeToken(fetchNext, { maxAgeMs, clock })
  const shared = sharedTokens(credential, settings, emit)
  const failures = rememberedFailure(clock)
  let lastThrownAway = 0
  let isClosed = false
  let renewing: Promise<Token> | undefined
  /** Ends the fetch that is on its way, if there is one. */
  let flight: AbortController | undefined

  const isThrownAway = (token: Token) => token.generation <= lastThrownAway

  /** The newest token if it is not thrown away; it may be over. */
  function current(): Token | undefined {
    const { latest } = memo
    return latest === undefined || isThrownAway(latest) ? undefined : latest
  }

  /** The next generation, for everyone who asks while it is on its way. */
  function renew(): Promise<Token> {
    if (renewing === undefined) {
      memo.clear()
      renewing = memo.get()
      const over = () => {
        renewing = undefined
      }
      renewing.then(over, over)
    }
    return renewing
  }

  async function fetchNext(): Promise<Token> {
    flight = new AbortController()
    const { signal } = flight
    try {
      const stored = await adoptFromStore()
      if (isClosed) throw closedError(credential)
      return stored ?? (await fetchNew(signal))
    } finally {
      flight = undefined
    }
  }

  /** A newer token that someone else has put into the store. */
  async function adoptFromStore(): Promise<Token | undefined> {
    if (shared === undefined) return undefined
    const stored = await shared.get()
    if (stored === undefined || stored.generation <= (memo.latest?.generation ?? 0))
      return undefined
    const now = instantOf(clock)
    const token: Token = {
      value: stored.value,
      encoded: encoded(stored.value),
      generation: stored.generation,
      firstSeenAt: { wall: now.wall - stored.ageMs, monotonic: now.monotonic - stored.ageMs },
      ...firstLife(stored.expiresInMs, life),
    }
    if (!isUsable(token, stored.ageMs)) return undefined
    memo.set(token)
    emit({ type: 'adopted', generation: token.generation, from: 'store' })
    return token
  }

  async function fetchNew(signal: AbortSignal): Promise<Token> {
    const before = memo.latest
    const isBehindCallers =
      before !== undefined && !isThrownAway(before) && isUsable(before, ageMs(before, clock))
    const startedAtMs = clock.monotonic()
    const { fetched, askedAt } = await fetchUnlessThrownAway(signal)
    // Meanwhile a newer one may have come from the store.
    const token = toToken(fetched, askedAt, memo.latest)
    memo.set(token)
    failures.forget()
    void shared?.set(token, fetched.expiresInMs)
    emit({
      type: isBehindCallers ? 'refreshed' : 'fetched',
      generation: token.generation,
      tookMs: clock.monotonic() - startedAtMs,
      isSameString: token.value === before?.value,
    })
    return token
  }

  /** A fetch that began before a throw-away cannot bring the thrown-away string back: it asks again. */
  async function fetchUnlessThrownAway(signal: AbortSignal) {
    for (;;) {
      const thrownAwayBefore = lastThrownAway
      const askedAt = instantOf(clock)
      const fetched = await fetchRemembered(signal)
      const isStale = lastThrownAway > thrownAwayBefore && fetched.value === memo.latest?.value
      if (!isStale) return { fetched, askedAt }
    }
  }

  async function fetchRemembered(signal: AbortSignal): Promise<FetchedToken> {
    try {
      return await fetchToken({ credential, ...settings }, signal)
    } catch (error) {
      if (isClosed || !isQyapiTokenError(error)) throw error
      const failure = failures.remember(error)
      const { code, errcode, message, retryAfterMs = 0 } = failure
      emit({
        type: 'failed',
        code,
        message,
        retryAfterMs,
        ...(errcode === undefined ? {} : { errcode }),
      })
      throw failure
    }
  }

  /** The same string is a new generation, but does not start a new life. */
  function toToken(
    fetched: FetchedToken,
    askedAt: Token['firstSeenAt'],
    before: Token | undefined,
  ): Token {
    const { value, expiresInMs } = fetched
    const generation = Math.max(before?.generation ?? 0, shared?.lastGeneration() ?? 0) + 1
    const asEver = { value, encoded: encoded(value), generation }
    if (before?.value !== value) {
      return { ...asEver, firstSeenAt: askedAt, ...firstLife(expiresInMs, life) }
    }
    const { firstSeenAt, memoMs } = before
    const age = ageAt(before, askedAt)
    return { ...asEver, firstSeenAt, ...reconfirmedLife(memoMs, age, expiresInMs) }
  }

  return {
    current,
    isThrownAway,
    renew,
    adoptFromStore,
    /** The newest token, thrown away or not. */
    latest: () => memo.latest,
    /** The failure that still keeps everyone from asking, as an error for one caller. */
    failure: failures.current,
    restsForMs: failures.restsForMs,
    isBusy: () => renewing !== undefined || failures.restsForMs() > 0,
    /** Nobody is handed this generation, or an older one, again. */
    throwAway(token: Token): void {
      lastThrownAway = Math.max(lastThrownAway, token.generation)
      void shared?.delete(token.generation)
    },
    /** Ends what is on its way; waiters get the reason. */
    close(): void {
      lastThrownAway = Number.POSITIVE_INFINITY
      isClosed = true
      flight?.abort(closedError(credential))
    },
    isClosed: () => isClosed,
  }
}

export function closedError({ kind, subject }: Credential): QyapiTokenError {
  const message = `The token source of ${kind} ${subject} was closed. Make a new one, or close it later.`
  return new QyapiTokenError('closed', message)
}
