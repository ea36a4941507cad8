/**
 * The token of one credential. The main rules:
 *
 * - Rule 1: without a usable token all callers wait for the same fetch.
 * - Rules 2 and 3: a token is handed out for 7000 s; in the last minutes one refresh runs behind
 *   the callers.
 * - Rules 5 and 7: a refusal names the generation that was sent. It is cleared only if there is no
 *   newer one; a newer one is adopted without a fetch.
 * - Rule 9: a refused call is replayed once. If the replay is refused too, that is the caller's
 *   answer, and the endpoint cools down.
 * - Rules 4 and 10: a failed fetch is shared and remembered; meanwhile an unexpired token is used.
 * - Rule 11: a caller that aborts ends only its own wait.
 */

import { isText } from '../core/check.js'
import { elapsedMs, type Instant } from '../core/clock.js'
import { type Credential, identityOf, isCredential } from '../core/credential.js'
import { badOption, mustBe } from '../core/errors.js'
import type { SourceOptions } from '../core/options.js'
import { platform } from '../core/platform.js'
import type { Token } from '../core/token.js'
import { reasonOf, waitFor } from '../core/wait.js'
import { sentAt } from './call-options.js'
import { type RunOptions, runWithToken } from './run.js'
import { SourceContext } from './source-context.js'
import { TokenPolicy } from './token-policy.js'

const POLICY = Symbol.for('qyapi-token.policy')
/** `console.log` calls it, on Node and elsewhere. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/** The state of a source, for logs and health checks. */
export interface SourceDescription {
  readonly kind: string
  readonly subject: string
  readonly state: 'empty' | 'usable' | 'expired' | 'cleared' | 'closed'
  /** Milliseconds since the token's string was first seen. */
  readonly ageMs?: number
  /** Milliseconds for which the token is still handed out. */
  readonly expiresInMs?: number
  /** Counts up with each new token. */
  readonly generation?: number
  /** Milliseconds since 1970: after a failure no token is requested before this time. */
  readonly cooldownUntil?: number
}

/** What a callback contains besides the ticket. */
export interface PushTicketOptions {
  /** The callback's `TimeStamp`, in seconds. */
  readonly timeStamp?: number | string
  /** The callback's `SuiteId`: a ticket of another suite is refused. */
  readonly suiteId?: string
  /** The same for a hardware model. */
  readonly modelId?: string
}

/** A string that gettoken returned again within this time counts as a newer token (rule 5). */
const RECONFIRMED_MS = 10_000

/**
 * The token of one credential, created by `createTokenSource` or by a pool. Methods are not bound:
 * pass `() => source.get()`, not `source.get`.
 */
export class TokenSource {
  readonly #policy: TokenPolicy
  #handedOut: { readonly token: Token; readonly value: Promise<string> } | undefined

  /** Internal: use `createTokenSource`. */
  constructor(credential: Credential, context: SourceContext) {
    this.#policy = new TokenPolicy(credential, context)
    Object.freeze(this)
  }

  /**
   * The memoized token, or a new one. Rejects with a `QyapiTokenError`, or with `signal.reason`.
   */
  get(options?: { signal?: AbortSignal }): Promise<string> {
    const policy = this.#policy
    const token = policy.cached()
    if (token === undefined || options?.signal?.aborted) return this.#waitedFor(options?.signal)
    if (this.#handedOut?.token !== token)
      this.#handedOut = { token, value: Promise.resolve(token.value) }
    return this.#handedOut.value
  }

  async #waitedFor(signal: AbortSignal | undefined): Promise<string> {
    // Already aborted: do not fetch.
    if (signal?.aborted) throw reasonOf(signal)
    const { value } = await waitFor((join) => this.#policy.getTokenWithinBudget({ join }), signal)
    return value
  }

  /**
   * Clears the token if it is still the current one; resolves with whether it did. A string that
   * gettoken returned again in the last 10 s counts as a newer token, and a page ticket stays in
   * use while WeCom's hourly limit leaves no room for another.
   */
  async invalidate(token: string): Promise<boolean> {
    if (typeof token !== 'string') throw badOption('token', 'a token string', token, true)
    const policy = this.#policy
    const current = policy.memoized.valid()
    if (current?.value !== token) return false
    const { reconfirmedAt } = current
    if (reconfirmedAt !== undefined && elapsedMs(reconfirmedAt, policy.now()) < RECONFIRMED_MS)
      return false
    return policy.clearCurrent()
  }

  /**
   * Calls with the token, and once more with a newer one if WeCom refused it: by an `errcode` in
   * what the call resolves with or throws. Pass `endpoint` so that one failing endpoint does not
   * block refreshes for the others. Rejects with `bad_options` before anything is sent if `call` is
   * not a function or an option is wrong.
   */
  run<T>(call: (token: string) => Promise<T> | T, options?: RunOptions): Promise<T> {
    return runWithToken(this.#policy, call, options)
  }

  /**
   * Passes on a ticket that WeCom pushed to the callback address, e.g. a `suite_ticket`.
   * `timeStamp` is the callback's, in seconds; without it the ticket counts as sent now, by the
   * store's clock if it has one. With the callback's `suiteId` (or `modelId`) a ticket of another
   * one is refused. Resolves with `false` if there is already a newer one.
   *
   * @throws `bad_options` if the credential needs no ticket, or the ticket is another's.
   */
  async pushTicket(ticket: string, options: PushTicketOptions = {}): Promise<boolean> {
    const { timeStamp } = options
    const policy = this.#policy
    const { credential, refresher } = policy
    const { tickets } = refresher
    if (credential.ticket === undefined || tickets === undefined) {
      const { kind, subject } = credential
      throw mustBe('source', 'one that needs a ticket, e.g. of suiteApp', `${kind} ${subject}`)
    }
    for (const name of ['suiteId', 'modelId'] as const) {
      const given = options[name]
      const own = (credential.ids as Readonly<Record<string, string>>)[name]
      if (given !== undefined && given !== own)
        throw badOption(name, own ?? `left out for ${credential.kind} ${credential.subject}`, given)
    }
    if (!isText(ticket))
      throw badOption('ticket', `the ${credential.ticket.name}, a non-empty string`, ticket, true)
    return tickets.push(ticket, timeStamp === undefined ? undefined : sentAt(timeStamp))
  }

  /**
   * Replaces the credential by one with a new secret. Calls in flight finish; new ones wait for a
   * token of the new secret. A remembered failure is forgotten.
   *
   * @throws `bad_options` if it is not one of the same kind and ids.
   */
  replaceCredential(credential: Credential): void {
    checkCredential(credential)
    const { credential: replaced, refresher } = this.#policy
    if (identityOf(credential) !== identityOf(replaced)) {
      const expected = `one of ${replaced.kind} ${replaced.subject}, like the one it replaces`
      throw badOption('credential', expected, credential)
    }
    refresher.replaceCredential(credential)
  }

  /** The state of the source, without secrets. */
  describe(): SourceDescription {
    const policy = this.#policy
    const { credential, refresher, memoized } = policy
    const { kind, subject } = credential
    const { latest: token } = memoized
    const now = policy.now()
    const state = stateOf(policy, now)
    const cooldownMs = refresher.failures.cooldownMs()
    const cooldown = cooldownMs > 0 ? { cooldownUntil: now.wall + cooldownMs } : {}
    if (token === undefined) return { kind, subject, state, ...cooldown }
    const ageMs = elapsedMs(token.firstSeenAt, now)
    const expiresInMs = state === 'usable' ? -elapsedMs(token.usableUntil, now) : 0
    const { generation } = token
    return { kind, subject, state, ageMs, expiresInMs, generation, ...cooldown }
  }

  /** Closes the source: current and later callers get a `closed` error. */
  close(): void {
    this.#policy.refresher.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  /** What `JSON.stringify` shows; `console.log` likewise. */
  toJSON(): SourceDescription {
    return this.describe()
  }

  [INSPECT](_depth: number, options: object, inspect: (shown: object, how: object) => string) {
    return `TokenSource ${inspect(this.describe(), options)}`
  }

  /** For the middlewares of this package. */
  get [POLICY](): TokenPolicy {
    return this.#policy
  }
}

/**
 * Creates the source of one credential's token. It sends nothing until a token is needed.
 *
 * @throws `bad_options` if the credential or an option is not what it should be.
 * @example
 * const source = createTokenSource(selfBuilt({ corpId, corpSecret }))
 * const token = await source.get()
 */
export function createTokenSource(
  credential: Credential,
  options: SourceOptions = {},
): TokenSource {
  checkCredential(credential)
  return new TokenSource(credential, new SourceContext(options, platform))
}

function checkCredential(credential: unknown): void {
  if (isCredential(credential)) return
  throw badOption('credential', 'a credential, e.g. selfBuilt({ corpId, corpSecret })', credential)
}

function stateOf({ memoized, refresher }: TokenPolicy, now: Instant): SourceDescription['state'] {
  if (refresher.isClosed) return 'closed'
  if (memoized.latest === undefined) return 'empty'
  if (memoized.isCleared(memoized.latest)) return 'cleared'
  return memoized.get(now) === undefined ? 'expired' : 'usable'
}

export function isTokenSource(value: unknown): value is TokenSource {
  return typeof value === 'object' && value !== null && POLICY in value
}

/** The policy of a source, for the middlewares; works across copies of this package. */
export function policyOf(source: TokenSource): TokenPolicy {
  return source[POLICY]
}
