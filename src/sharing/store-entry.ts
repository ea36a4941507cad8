import type { Emit, StoreErrorReason, StoreOperation } from '../core/events.js'
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
  sealedMessage,
  wentBackMessage,
} from './store-messages.js'
import { ExpectedToken, isGeneration, isStoredToken } from './stored-token.js'
import { type Unwritten, unwritten } from './unwritten.js'

/** A lease ends by itself so soon after its holder died. It is renewed while a fetch lasts. */
export const LEASE_MS = 2_000

/** A holder that has not fetched by then may be cut off from WeCom: another process takes its turn. */
export const TAKE_OVER_MS = 2_800

type StoreSettings = Pick<
  SourceSettings,
  'clock' | 'hash' | 'random' | 'baseUrl' | 'nonce' | 'maxAgeMs' | 'processName'
>

/** One key of the store. Store trouble never becomes token trouble: it is an event. */
export class StoreEntry {
  /** The newest generation that was seen in the store. */
  lastGeneration = 0
  private holder: string | undefined
  private wentBackTo: number | undefined
  private isClosed = false
  /** Made with the first write that the store did not answer. */
  private unwritten: Unwritten | undefined
  private writes = 0
  private writing: Promise<unknown> | undefined
  private readonly expected = new ExpectedToken()

  constructor(
    private readonly store: TokenStore,
    private readonly keyOf: KeyOf,
    private readonly settings: StoreSettings,
    readonly access: StoreAccess,
    private readonly emit: Emit,
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

  /** What vanished before its time is put back (rule 18); who pushed a ticket sees to that itself. */
  private restoreEvicted(): void {
    const token = this.expected.lost(this.settings.clock)
    if (token === undefined) return
    this.reportError('get', 'evicted', evictedMessage(token))
    if (this.isLineage) void this.set(token)
  }

  /** Refused tokens are deleted, by this process or another: their absence is no loss. */
  tokenRefused({ generation }: { generation: number }): void {
    this.expected.forget(generation)
  }

  set(token: StoredToken): Promise<boolean | undefined> {
    return this.write(token, (key) => this.store.set(key, token))
  }

  /** What a store in trouble does not answer is written as soon as it answers. */
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

  /** The store's own clock, if it has one that can be one. */
  async now(): Promise<number | undefined> {
    const now = await this.attempt('get', async (key) => this.store.now?.(key))
    return isGeneration(Math.floor(now ?? 0)) ? now : undefined
  }

  /** Nothing is written any more. */
  close(): void {
    this.isClosed = true
    this.unwritten?.forget()
  }

  /**
   * Of this very token: after the store lost what it had, its number may be another one's. What is
   * still on its way to the store comes first.
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
   * What another process has put into the store, or whose turn it is; `undefined`: the store cannot
   * tell. A lease that comes too late for its caller is given back at once.
   */
  async acquire(above: number): Promise<LeaseAnswer | undefined> {
    const { lease } = this.store
    if (lease === undefined) return undefined
    let isLate = false
    const request = { holder: this.holderName(), forMs: LEASE_MS, takeOverMs: TAKE_OVER_MS, above }
    const answer = await this.attempt('acquire', async (key) => {
      // One of old resolved with nothing while the lease was held.
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

  /** What stands where the lease was asked for; what this process cannot read is looked past. */
  private async readable(stored: StoredToken, above: number): Promise<LeaseAnswer | undefined> {
    const token = this.checked('acquire', stored)
    if (token === undefined || token.generation <= above) return undefined
    return this.isReadable(token) ? { token } : this.acquire(token.generation)
  }

  renew(number: number): Promise<boolean | undefined> {
    const held = { number, forMs: LEASE_MS }
    return this.attempt('renew', async (key) => this.store.lease?.renew(key, held))
  }

  /** Keeps a fetched token, and gives the lease of that number back; 0: there is none. */
  publish(token: StoredToken, number: number): Promise<boolean | undefined> {
    if (number === 0) return this.set(token)
    return this.write(token, async (key) => this.store.lease?.publish(key, token, { number }))
  }

  /** Gives the lease back without a token. */
  release(number: number, failure?: StoredFailure): Promise<boolean | undefined> {
    const left = failure === undefined ? { number } : { number, failure }
    return this.attempt('release', async (key) => this.store.lease?.release(key, left))
  }

  /** What a store gives is somebody's: nothing, or a whole token whose life is no longer than any. */
  private checked(operation: StoreOperation, stored: StoredToken | null | undefined) {
    if (stored === undefined || stored === null) return undefined
    if (!isStoredToken(stored)) {
      this.reportError(operation, 'invalid', 'what the store gave is no token')
      return undefined
    }
    const { generation, ageMs, expiresInMs } = stored
    if (generation < this.lastGeneration) this.reportWentBack(operation, generation)
    this.lastGeneration = Math.max(this.lastGeneration, generation)
    const longestMs = Math.max(7_200_000, (this.settings.maxAgeMs * 7200) / 7000)
    this.expected.expect(stored, this.settings.clock)
    return { ...stored, expiresInMs: Math.min(expiresInMs, ageMs + longestMs) }
  }

  /** Not what a process sealed that has an encryptionKey, which this one has not. */
  private isReadable({ value }: StoredToken): boolean {
    const key = sealingKeyOf(value)
    if (key === undefined) return true
    const message = sealedMessage(key)
    if (this.access.isNews(message)) this.reportError('get', 'not_decryptable', message)
    return false
  }

  /** Not from a store without a lease, whose numbers each process counts for itself. */
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
    // Before the command takes a place: its deadline is the store's, not the hash's.
    const key = await hashing
    const isUrgent = operation !== 'get' && operation !== 'acquire'
    const command = () => run(key)
    const result = await this.access.send(command, { isUrgent, report: this.reportProblem })
    if ('answer' in result) return result.answer
    const { reason, error } = result
    // A look that is skipped costs one token request, which has an event of its own.
    if (reason === 'skipped' && operation !== 'set' && operation !== 'delete') return undefined
    // A store may repeat what it was to write, or where it is with its password.
    const said = error instanceof Error ? error.message : 'unknown trouble'
    this.reportError(operation, reason, withoutQueries(excerpt(said, scrubber([secret]))))
    return undefined
  }

  private readonly reportProblem = ({ reason, message }: StoreProblem) => {
    const operation = reason === 'down' ? 'connection' : 'get'
    this.reportError(operation, reason, withoutQueries(excerpt(message, scrubber([]))))
  }

  private reportError(operation: StoreOperation, reason: StoreErrorReason, message: string): void {
    this.emit({ type: 'store_error', reason, operation, message })
  }
}
