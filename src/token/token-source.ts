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

import { isText } from '../core/check.js'
import { elapsedMs, type Instant } from '../core/clock.js'
import { type Credential, identityOf, isCredential } from '../core/credential.js'
import { badOption, mustBe } from '../core/errors.js'
import type { SourceOptions } from '../core/options.js'
import { platform } from '../core/platform.js'
import type { Token } from '../core/token.js'
import { reasonOf, waitFor } from '../core/wait.js'
import {
  checkGetOptions,
  checkPushTicketOptions,
  hasMoreThanSignal,
  sentAt,
} from './call-options.js'
import { type RunOptions, runWithToken } from './run.js'
import { SourceContext } from './source-context.js'
import { TokenPolicy } from './token-policy.js'

const LENDER = Symbol.for('qyapi-token.policy')
/** Asked by `console.log`, on Node and elsewhere. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom')

export interface SourceDescription {
  readonly kind: string
  readonly subject: string
  readonly state: 'empty' | 'usable' | 'expired' | 'cleared' | 'closed'
  /** Since the token's string was first seen. */
  readonly ageMs?: number
  /** For how much longer it is handed out. */
  readonly expiresInMs?: number
  readonly generation?: number
  /** Wall clock, milliseconds: until then nobody asks again after a failure. */
  readonly cooldownUntil?: number
}

/** What a callback says of a ticket, besides the ticket. */
export interface PushTicketOptions {
  /** The callback's `TimeStamp`, in seconds. */
  readonly timeStamp?: number | string
  /** The callback's `SuiteId`: where one address serves several suites, no ticket goes astray. */
  readonly suiteId?: string
  /** The same for a hardware model. */
  readonly modelId?: string
}

/** A string that gettoken gave once more so short a while ago is not what an old refusal meant. */
const RECONFIRMED_MS = 10_000

/**
 * The token of one credential. Made by `createTokenSource`, or by a pool. Its methods need their
 * source: pass `() => source.get()`, not `source.get`.
 */
export class TokenSource {
  readonly #policy: TokenPolicy
  #handedOut: { readonly token: Token; readonly value: Promise<string> } | undefined

  /** For this package: use `createTokenSource`. */
  constructor(credential: Credential, group: SourceContext) {
    this.#policy = new TokenPolicy(credential, group)
    Object.freeze(this)
  }

  /**
   * The token, from the memo or fetched. Rejects with a `QyapiTokenError`, or with `signal.reason`.
   */
  get(options?: { signal?: AbortSignal }): Promise<string> {
    const policy = this.#policy
    const token = policy.cached()
    if (token === undefined || (options !== undefined && hasMoreThanSignal(options)))
      return this.#waitedFor(options)
    if (this.#handedOut?.token !== token)
      this.#handedOut = { token, value: Promise.resolve(token.value) }
    return this.#handedOut.value
  }

  async #waitedFor(options: { signal?: AbortSignal } = {}): Promise<string> {
    checkGetOptions(options)
    const { signal } = options
    // Who has given up needs no token: none is fetched for him.
    if (signal?.aborted) throw reasonOf(signal)
    const { value } = await waitFor((join) => this.#policy.getTokenWithinBudget({ join }), signal)
    return value
  }

  /**
   * Throws that token away if it is still the current one; tells whether it did. A string that
   * gettoken gave once more in the last 10 s counts as a newer token, and a page ticket stays in use
   * while WeCom's hourly limit leaves no room for another.
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
   * what the call resolves with or throws. `endpoint` keeps one bad call from resting the others.
   * Rejects with `bad_options` before anything is sent if it is no function, or an option is wrong.
   */
  run<T>(call: (token: string) => Promise<T> | T, options?: RunOptions): Promise<T> {
    return runWithToken(this.#policy, call, options)
  }

  /**
   * A ticket that WeCom pushed to the callback address: a suite's `suite_ticket`. `timeStamp` is the
   * callback's, in seconds; without it the ticket counts as sent now, by
   * the store's clock if it has one. With the callback's `suiteId`
   * (or `modelId`) a ticket of another one is refused. Resolves with `false` if a newer one was there
   * already.
   *
   * @throws `bad_options` if the credential needs no ticket, the ticket is another's, or a key is
   *   unknown.
   */
  async pushTicket(ticket: string, options: PushTicketOptions = {}): Promise<boolean> {
    checkPushTicketOptions(options)
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
   * Puts a credential with a new secret in the place of the old one. Calls on their way finish; new
   * ones wait for a token that the new secret brings. A remembered failure is forgotten.
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

  /** How things stand. No secret in it. */
  describe(): SourceDescription {
    const policy = this.#policy
    const { credential, refresher, memoized } = policy
    const { kind, subject } = credential
    const { latest: token } = memoized
    const now = policy.now()
    const state = stateOf(policy, now)
    const cooldownMs = refresher.failures.cooldownMs()
    const resting = cooldownMs > 0 ? { cooldownUntil: now.wall + cooldownMs } : {}
    if (token === undefined) return { kind, subject, state, ...resting }
    const ageMs = elapsedMs(token.firstSeenAt, now)
    const expiresInMs = state === 'usable' ? -elapsedMs(token.usableUntil, now) : 0
    const { generation } = token
    return { kind, subject, state, ageMs, expiresInMs, generation, ...resting }
  }

  /** Ends the source: waiters get a `closed` error, and so does everyone who asks later. */
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

  /** For the doors of this package. */
  get [LENDER](): TokenPolicy {
    return this.#policy
  }
}

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
  return typeof value === 'object' && value !== null && LENDER in value
}

/** The side of a source that faces the doors; works across copies of this package. */
export function policyOf(source: TokenSource): TokenPolicy {
  return source[LENDER]
}
