import { isText } from './check.js'
import { type Credential, identityOf, secretIfReadable } from './credential.js'
import type { Emit, StoreErrorReason, StoreOperation } from './events.js'
import type { SourceSettings } from './options.js'
import { excerpt, scrubber, withoutQueries } from './redact.js'
import { SEALED, type StoredToken, type StoreProblem, type TokenStore } from './store.js'
import type { StoreAccess } from './store-access.js'

/** A lease ends by itself so soon after its holder died. It is renewed while a fetch lasts. */
export const LEASE_MS = 2_000

/** The key in the store; none, while it cannot be told. */
export type KeyOf = () => Promise<string> | undefined

type StoreSettings = Pick<SourceSettings, 'clock' | 'hash' | 'baseUrl' | 'nonce' | 'processName'>

/** One key of the store. Store trouble never becomes token trouble: it is an event. */
export class SharedTokens {
  /** The newest generation that was seen in the store. */
  lastGeneration = 0
  private holder: string | undefined

  constructor(
    private readonly store: TokenStore,
    private readonly keyOf: KeyOf,
    private readonly settings: StoreSettings,
    private readonly access: StoreAccess,
    private readonly emit: Emit,
  ) {}

  /** Another key, for what belongs to these tokens. */
  beside(name: string): SharedTokens {
    const { store, keyOf, settings, access, emit } = this
    const keyBeside = () => keyOf()?.then((key) => `${key}:${name}`)
    return new SharedTokens(store, keyBeside, settings, access, emit)
  }

  async get(): Promise<StoredToken | undefined> {
    const stored = await this.guarded('get', (key) => this.store.get(key))
    if (stored === undefined || stored === null) return undefined
    if (!isStoredToken(stored)) {
      this.reportError('get', 'invalid', 'what the store gave is no token')
      return undefined
    }
    this.lastGeneration = Math.max(this.lastGeneration, stored.generation)
    // Sealed by a process that has an encryptionKey, which this one has not: no token for us.
    return stored.value.startsWith(SEALED) ? undefined : stored
  }

  set(token: StoredToken): Promise<boolean | undefined> {
    return this.guarded('set', (key) => this.store.set(key, token), token.value)
  }

  delete(generation: number): Promise<boolean | undefined> {
    return this.guarded('delete', (key) => this.store.delete(key, generation))
  }

  get hasLease(): boolean {
    return this.store.lease !== undefined
  }

  /** The next generation's number, or whose turn it is; `undefined`: the store cannot tell. */
  async acquire(above: number): Promise<number | 'held' | undefined> {
    const { lease } = this.store
    if (lease === undefined) return undefined
    const own = { holder: this.holderName(), forMs: LEASE_MS, above }
    const number = await this.guarded('acquire', async (key) => {
      return (await lease.acquire(key, own)) ?? 'held'
    })
    if (number === undefined || number === 'held' || (isGeneration(number) && number > above))
      return number
    this.reportError('acquire', 'invalid', 'the lease has no number above those before it')
    return undefined
  }

  renew(): Promise<boolean | undefined> {
    const own = { holder: this.holderName(), forMs: LEASE_MS }
    return this.guarded('renew', async (key) => this.store.lease?.renew(key, own))
  }

  release(): Promise<boolean | undefined> {
    const own = { holder: this.holderName() }
    return this.guarded('release', async (key) => this.store.lease?.release(key, own))
  }

  private holderName(): string {
    this.holder ??= `${this.settings.processName()}:${this.settings.nonce()}`
    return this.holder
  }

  private async guarded<T>(
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

  private readonly reportProblem = ({ reason, message }: StoreProblem) =>
    this.reportError('connection', reason, withoutQueries(excerpt(message, scrubber([]))))

  private reportError(operation: StoreOperation, reason: StoreErrorReason, message: string): void {
    this.emit({ type: 'store_trouble', reason, operation, message })
  }
}

/** WeCom's values have 512 bytes at the most, and sealing adds a third. */
const LONGEST_VALUE = 4096

/** What a store gives is somebody's: nothing, or a whole token that can be one. */
function isStoredToken({ value, generation, ageMs: age, expiresInMs }: StoredToken): boolean {
  const isValue = isText(value) && value.length <= LONGEST_VALUE
  return isValue && isGeneration(generation) && age >= 0 && Number.isFinite(expiresInMs)
}

/** One that a newer one can follow for ever. */
function isGeneration(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < 2 ** 52
}

/**
 * The key of a credential's token: base address, kind, ids, and a SHA-256 of the secret. Two apps
 * of one corp never share, and a secret that was rotated is a new key. None, while the secret cannot
 * be read: that is no trouble of the store's.
 */
export function tokenKeyOf(credential: () => Credential, { baseUrl, hash }: StoreSettings): KeyOf {
  let known: { secret: string; key: Promise<string> } | undefined
  return () => {
    const secret = secretIfReadable(credential())
    if (secret === undefined) return undefined
    if (known?.secret !== secret) {
      const identity = identityOf(credential())
      known = { secret, key: hash(secret).then((hashed) => keyOf(baseUrl, identity, hashed)) }
    }
    return known.key
  }
}

/** The key of a ticket, which is the same whatever the secret. */
export async function ticketKeyOf(
  credential: Credential,
  { baseUrl }: StoreSettings,
): Promise<string> {
  return keyOf(baseUrl, identityOf(credential), credential.ticket?.name ?? '')
}

function keyOf(baseUrl: string, identity: string, last: string): string {
  return `qyapi-token:${encodeURIComponent(baseUrl)}:${identity}:${encodeURIComponent(last)}`
}
