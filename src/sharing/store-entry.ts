import type { Emitter, StoreErrorReason, StoreOperation } from '../core/events.js'
import type { SourceSettings } from '../core/options.js'
import { excerpt, scrubber, withoutQueries } from '../core/redact.js'
import {
  type LeaseAnswer,
  type StoredFailure,
  type StoredToken,
  type StoreProblem,
  sealingKeyOf,
  type TokenStore,
} from '../core/store.js'
import type { StoreAccess } from './store-access.js'
import type { KeyOf } from './store-key.js'
import {
  evictedMessage,
  leaseTimeoutMessage,
  notDecryptableMessage,
  wentBackMessage,
} from './store-messages.js'
import { ExpectedToken, isGeneration, isStoredToken } from './stored-token.js'
import { type Unwritten, unwritten } from './unwritten.js'

/** How long a lease lasts after its holder died. It is renewed during a fetch. */
export const LEASE_MS = 2_000

/** A holder without a token by then may have lost WeCom: another process takes over (rule 17). */
export const TAKE_OVER_MS = 2_800

type StoreSettings = Pick<
  SourceSettings,
  'clock' | 'hash' | 'random' | 'baseUrl' | 'nonce' | 'maxAgeMs' | 'processName'
>

/** One key of the store. A store error is an event, and never fails a call (rule 20). */
export class StoreEntry {
  /** The newest generation that was seen in the store. */
  lastGeneration = 0
  private holder: string | undefined
  private wentBackTo: number | undefined
  private isClosed = false
  /** Created with the first write that the store did not answer. */
  private unwritten: Unwritten | undefined
  private writes = 0
  private writing: Promise<unknown> | undefined
  private readonly expected = new ExpectedToken()

  constructor(
    private readonly store: TokenStore,
    private readonly keyOf: KeyOf,
    private readonly settings: StoreSettings,
    readonly access: StoreAccess,
    private readonly source: Emitter,
    /** Whether a newer generation is never followed by an older one. */
    private readonly isLineage: boolean,
  ) {}

  async get(): Promise<StoredToken | undefined> {
    const stored = await this.attempt('get', async (key) => (await this.store.get(key)) ?? null)
    // `undefined`: the store did not answer.
    if (stored === null) this.restoreEvicted()
    const token = this.checked('get', stored)
    return token && this.isReadable(token) ? token : undefined
  }

  /** Stores a token again that vanished early (rule 18); `pushedTicketsFor` does so for tickets. */
  private restoreEvicted(): void {
    const token = this.expected.lost(this.settings.clock)
    if (token === undefined) return
    this.reportError('get', 'evicted', evictedMessage(token))
    if (this.isLineage) void this.set(token)
  }

  /** Refused tokens are deleted, by this process or another: then they are not evicted. */
  tokenRefused({ generation }: { generation: number }): void {
    this.expected.forget(generation)
  }

  set(token: StoredToken): Promise<boolean | undefined> {
    return this.write(token, (key) => this.store.set(key, token))
  }

  /** A write that the store did not answer is repeated as soon as the store answers. */
  private async write(token: StoredToken, run: (key: string) => Promise<boolean | undefined>) {
    this.unwritten?.forget()
    this.writes += 1
    const { writes } = this
    const writing = this.attempt('set', run, token.value)
    this.writing = writing
    const isKept = await writing
    if (this.writing === writing) this.writing = undefined
    if (isKept) this.expected.expect(token, this.settings.clock)
    if (isKept !== undefined || writes !== this.writes || this.isClosed) return isKept
    const { settings, access } = this
    this.unwritten ??= unwritten(settings, {
      canWrite: () => access.cooldownMs() === 0,
      write: (later) => void this.set(later),
    })
    this.unwritten.later(token)
    return isKept
  }

  /** The store's own clock, if it has a plausible one. */
  async now(): Promise<number | undefined> {
    const now = await this.attempt('get', async (key) => this.store.now?.(key))
    return isGeneration(Math.floor(now ?? 0)) ? now : undefined
  }

  close(): void {
    this.isClosed = true
    this.unwritten?.forget()
  }

  /**
   * Deletes exactly this token: after the store lost its data, another token may have the same
   * generation. Waits for a write in flight.
   */
  async delete({ generation, value }: { generation: number; value: string }) {
    if (this.writing !== undefined) await this.writing
    this.unwritten?.forget(generation)
    this.expected.forget(generation)
    return this.attempt('delete', (key) => this.store.delete(key, generation, value), value)
  }

  get hasLease(): boolean {
    return this.store.lease !== undefined
  }

  /**
   * A newer token, a shared failure, the lease, or its holder; `undefined`: the store did not
   * answer. A lease that arrives after the deadline is released at once (rule 17).
   */
  async acquire(above: number): Promise<LeaseAnswer | undefined> {
    const { lease } = this.store
    if (lease === undefined) return undefined
    let isLate = false
    const request = { holder: this.holderName(), forMs: LEASE_MS, takeOverMs: TAKE_OVER_MS, above }
    const answer = await this.attempt('acquire', async (key) => {
      // A store written for an older version resolves with nothing while the lease is held.
      const answered: LeaseAnswer = (await lease.acquire(key, request)) ?? {}
      const { number } = answered
      if (isLate && number !== undefined) await lease.release(key, { number })
      return answered
    })
    isLate = true
    const { token, number, holder } = answer ?? {}
    if (number !== undefined && holder !== undefined) this.reportLeaseTimeout(holder)
    if (token !== undefined) return this.readable(token, above)
    if (number === undefined || (isGeneration(number) && number > above)) return answer
    this.reportError('acquire', 'invalid', 'the lease has no number above those before it')
    return undefined
  }

  reportLeaseTimeout(holder = ''): void {
    this.reportError('acquire', 'lease_timeout', leaseTimeoutMessage(holder, TAKE_OVER_MS))
  }

  /** The token that `acquire` found; one that this process cannot decrypt is skipped. */
  private async readable(stored: StoredToken, above: number): Promise<LeaseAnswer | undefined> {
    const token = this.checked('acquire', stored)
    if (token === undefined || token.generation <= above) return undefined
    return this.isReadable(token) ? { token } : this.acquire(token.generation)
  }

  renew(number: number): Promise<boolean | undefined> {
    const held = { number, forMs: LEASE_MS }
    return this.attempt('renew', async (key) => this.store.lease?.renew(key, held))
  }

  /** Stores a fetched token and releases the lease of that number; 0: there is no lease. */
  publish(token: StoredToken, number: number): Promise<boolean | undefined> {
    if (number === 0) return this.set(token)
    return this.write(token, async (key) => this.store.lease?.publish(key, token, { number }))
  }

  /** Releases the lease without a token. */
  release(number: number, failure?: StoredFailure): Promise<boolean | undefined> {
    const left = failure === undefined ? { number } : { number, failure }
    return this.attempt('release', async (key) => this.store.lease?.release(key, left))
  }

  /** Validates what the store returned, and caps its lifetime: a store may contain anything. */
  private checked(operation: StoreOperation, stored: StoredToken | null | undefined) {
    if (stored === undefined || stored === null) return undefined
    if (!isStoredToken(stored)) {
      this.reportError(operation, 'invalid', 'the store returned something that is not a token')
      return undefined
    }
    const { generation, ageMs, expiresInMs } = stored
    if (generation < this.lastGeneration) this.reportWentBack(operation, generation)
    this.lastGeneration = Math.max(this.lastGeneration, generation)
    const longestMs = Math.max(7_200_000, (this.settings.maxAgeMs * 7200) / 7000)
    this.expected.expect(stored, this.settings.clock)
    return { ...stored, expiresInMs: Math.min(expiresInMs, ageMs + longestMs) }
  }

  /** `false` for a value that a process with an encryptionKey stored, if this one has none. */
  private isReadable({ value }: StoredToken): boolean {
    const key = sealingKeyOf(value)
    if (key === undefined) return true
    const message = notDecryptableMessage(key)
    if (this.access.isNews(message)) this.reportError('get', 'not_decryptable', message)
    return false
  }

  /** Only with a lease: without one each process counts generations independently. */
  private reportWentBack(operation: StoreOperation, generation: number): void {
    if (!this.isLineage || !this.hasLease || generation === this.wentBackTo) return
    this.wentBackTo = generation
    this.reportError(operation, 'went_back', wentBackMessage(this.lastGeneration, generation))
  }

  private holderName(): string {
    this.holder ??= `${this.settings.processName()}:${this.settings.nonce()}`
    return this.holder
  }

  private async attempt<T>(
    operation: StoreOperation,
    run: (key: string) => Promise<T>,
    secret = '',
  ): Promise<T | undefined> {
    const hashing = this.keyOf()
    if (hashing === undefined) return undefined
    // Before `send`, so that the store's deadline does not include the hash.
    const key = await hashing
    const isUrgent = operation !== 'get' && operation !== 'acquire'
    const command = () => run(key)
    const result = await this.access.send(command, { isUrgent, report: this.reportProblem })
    if ('answer' in result) return result.answer
    const { reason, error } = result
    // A skipped read leads to a token request, which has its own event.
    if (reason === 'skipped' && operation !== 'set' && operation !== 'delete') return undefined
    // A store's message may contain the value, or its own url with a password.
    const said = error instanceof Error ? error.message : 'unknown error'
    this.reportError(operation, reason, withoutQueries(excerpt(said, scrubber([secret]))))
    return undefined
  }

  private readonly reportProblem = ({ reason, message }: StoreProblem) => {
    const operation = reason === 'down' ? 'connection' : 'get'
    this.reportError(operation, reason, withoutQueries(excerpt(message, scrubber([]))))
  }

  private reportError(operation: StoreOperation, reason: StoreErrorReason, message: string): void {
    this.source.emit({ type: 'store_error', reason, operation, message })
  }
}
