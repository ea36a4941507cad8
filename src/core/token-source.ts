/**
 * One credential's token, as its users see it. The rules:
 *
 * - No usable token: everyone waits for the same fetch.
 * - A token is handed out for 7000 s; in the last minutes of that one refresh runs behind the callers.
 * - A refusal names the generation that was sent. Only that one is thrown away, and only if no newer
 *   one is there; a newer one is adopted without a fetch.
 * - A refused call is sent again once. If that is refused too, the answer is the caller's, and the
 *   endpoint forces no refresh for a while.
 * - A failed fetch is shared and remembered; meanwhile an old token that may still live is handed out.
 * - A caller who gives up ends only its own waiting.
 */
import { type Credential, isCredential } from './credential.js'
import { badOption } from './errors.js'
import { createLender, type Lender } from './lender.js'
import { type SourceOptions, sourceSettings } from './options.js'
import { type Platform, platform } from './platform.js'
import { type RunOptions, runWithToken } from './run.js'
import { ageMs, isUsable, type Token } from './token.js'
import { waitFor } from './wait.js'

const LENDER = Symbol.for('qyapi-token.lender')

export interface TokenSource {
  /**
   * The token, from the memo or fetched. Rejects with a `QyapiTokenError`, or with `signal.reason`.
   */
  get(options?: { signal?: AbortSignal }): Promise<string>
  /**
   * Throws that token away if it is still the current one; tells whether it did. A string that
   * gettoken gave once more in the last 10 s counts as a newer token.
   */
  invalidate(token: string): Promise<boolean>
  /**
   * Calls with the token, and once more with a newer one if WeCom refused it: by an `errcode` in
   * what the call resolves with or throws. `endpoint` keeps one bad call from resting the others.
   */
  run<T>(call: (token: string) => Promise<T> | T, options?: RunOptions): Promise<T>
  /** How things stand. No secret in it. */
  describe(): SourceDescription
  /** Ends the source: waiters get a `closed` error, and so does everyone who asks later. */
  close(): void
  [Symbol.asyncDispose](): Promise<void>
  /** For the doors of this package. */
  readonly [LENDER]: Lender
}

export interface SourceDescription {
  readonly kind: string
  readonly subject: string
  readonly state: 'empty' | 'usable' | 'over' | 'thrown_away' | 'closed'
  /** Since the token's string was first seen. */
  readonly ageMs?: number
  /** For how much longer it is handed out. */
  readonly expiresInMs?: number
  readonly generation?: number
  /** Wall clock, milliseconds: until then nobody asks again after a failure. */
  readonly restingUntil?: number
}

/** A string that gettoken gave once more so short a while ago is not what an old refusal meant. */
const RECONFIRMED_MS = 10_000

/**
 * Makes the source of one credential's token. It does nothing until it is asked.
 *
 * @throws `bad_options` if the credential or an option is not what it should be.
 * @example
 * const source = createTokenSource(selfBuilt({ corpId, corpSecret }))
 * const token = await source.get()
 */
export function createTokenSource(
  credential: Credential,
  options: SourceOptions = {},
  machine: Platform = platform,
): TokenSource {
  if (!isCredential(credential)) {
    throw badOption(
      'credential',
      'a credential, e.g. selfBuilt({ corpId, corpSecret })',
      credential,
    )
  }
  const settings = sourceSettings(options, machine)
  const { clock } = settings
  const lender = createLender(credential, settings)
  const { renewal } = lender
  let handedOut: { token: Token; value: Promise<string> } | undefined

  const source: TokenSource = {
    get(options) {
      const token = lender.hit()
      if (token === undefined || options?.signal?.aborted) {
        return waitFor(lender.lendWithinBudget(), options?.signal).then(({ value }) => value)
      }
      if (handedOut?.token !== token) handedOut = { token, value: Promise.resolve(token.value) }
      return handedOut.value
    },

    async invalidate(value) {
      if (typeof value !== 'string') throw badOption('token', 'a token string', value, true)
      const token = renewal.current()
      if (token?.value !== value) return false
      const { reconfirmedAtMs } = token
      if (reconfirmedAtMs !== undefined && ageMs(token, clock) - reconfirmedAtMs < RECONFIRMED_MS)
        return false
      lender.throwAwayCurrent()
      return true
    },

    run: (call, options) => runWithToken(lender, call, options),

    describe() {
      const { kind, subject } = credential
      const token = renewal.latest()
      const state = stateOf(token)
      const restsForMs = renewal.restsForMs()
      const resting = restsForMs > 0 ? { restingUntil: clock.wall() + restsForMs } : {}
      if (token === undefined) return { kind, subject, state, ...resting }
      const age = ageMs(token, clock)
      const expiresInMs = state === 'usable' ? token.usableForMs - age : 0
      return {
        kind,
        subject,
        state,
        ageMs: age,
        expiresInMs,
        generation: token.generation,
        ...resting,
      }
    },

    close: renewal.close,
    async [Symbol.asyncDispose]() {
      renewal.close()
    },
    [LENDER]: lender,
  }

  function stateOf(token: Token | undefined): SourceDescription['state'] {
    if (renewal.isClosed()) return 'closed'
    if (token === undefined) return 'empty'
    if (renewal.isThrownAway(token)) return 'thrown_away'
    return isUsable(token, ageMs(token, clock)) ? 'usable' : 'over'
  }

  return Object.freeze(source)
}

export function isTokenSource(value: unknown): value is TokenSource {
  return typeof value === 'object' && value !== null && LENDER in value
}

/** The side of a source that faces the doors; works across copies of this package. */
export function lenderOf(source: TokenSource): Lender {
  return source[LENDER]
}
