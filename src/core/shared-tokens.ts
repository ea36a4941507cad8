import type { storeRest } from './backoff.js'
import { isText } from './check.js'
import type { Clock } from './clock.js'
import { type Credential, identityOf, secretIfReadable } from './credential.js'
import type { Emit, StoreOperation } from './events.js'
import type { SourceSettings } from './options.js'
import { excerpt, scrubber, withoutQueries } from './redact.js'
import { SEALED, type StoredToken, type TokenStore } from './store.js'

/** No store may hold a call up for longer than this. */
const DEADLINE_MS = 400
const STEP_MS = 50

/** A lease ends by itself so soon after its holder died. It is renewed while a fetch lasts. */
export const LEASE_MS = 2_000

/** The key in the store; none, while it cannot be told. */
export type KeyOf = () => Promise<string> | undefined

type StoreSettings = Pick<SourceSettings, 'clock' | 'hash' | 'baseUrl' | 'nonce'>

/** One key of the store. Store trouble never becomes token trouble: it is an event. */
export class SharedTokens {
  /** The newest generation that was seen in the store. */
  lastGeneration = 0
  private holder: string | undefined

  constructor(
    private readonly store: TokenStore,
    private readonly keyOf: KeyOf,
    private readonly settings: StoreSettings,
    private readonly rest: ReturnType<typeof storeRest> | undefined,
    private readonly emit: Emit,
  ) {}

  /** Another key, for what belongs to these tokens. */
  beside(name: string): SharedTokens {
    const { store, keyOf, settings, rest, emit } = this
    const keyBeside = () => keyOf()?.then((key) => `${key}:${name}`)
    return new SharedTokens(store, keyBeside, settings, rest, emit)
  }

  async get(): Promise<StoredToken | undefined> {
    const stored = await this.guarded('get', (key) => this.store.get(key))
    if (stored === undefined || stored === null) return undefined
    if (!isStoredToken(stored)) {
      this.trouble('get', 'what the store gave is no token')
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
    return this.guarded('acquire', async (key) => {
      const number = (await lease.acquire(key, own)) ?? 'held'
      if (number === 'held' || (isGeneration(number) && number > above)) return number
      throw new Error('the lease has no number above those before it')
    })
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
    this.holder ??= this.settings.nonce()
    return this.holder
  }

  private async guarded<T>(
    operation: StoreOperation,
    run: (key: string) => Promise<T>,
    secret = '',
  ): Promise<T | undefined> {
    if (this.rest?.isResting()) return undefined
    const key = this.keyOf()
    if (key === undefined) return undefined
    const deadline = deadlineFor(this.settings.clock)
    try {
      const answer = await Promise.race([key.then(run), deadline.passed])
      this.rest?.answered()
      return answer
    } catch (error) {
      this.rest?.failed()
      // A store may repeat what it was to write, or where it is with its password.
      const said = error instanceof Error ? error.message : 'unknown trouble'
      this.trouble(operation, withoutQueries(excerpt(said, scrubber([secret]))))
      return undefined
    } finally {
      deadline.callOff()
    }
  }

  private trouble(operation: StoreOperation, message: string): void {
    this.emit({ type: 'store_trouble', operation, message })
  }
}

/**
 * Rejects when a store has had its time, which passes in small steps: a process that was frozen, or
 * too busy to look, has not waited as long as its clock says, and hears first what was answered.
 */
function deadlineFor(clock: Clock) {
  let callOff = () => {}
  const passed = new Promise<never>((_, reject) => {
    const wait = (leftMs: number) => {
      if (leftMs <= 0) reject(new Error(`no answer within ${DEADLINE_MS} ms`))
      else callOff = clock.after(STEP_MS, () => wait(leftMs - STEP_MS))
    }
    wait(DEADLINE_MS)
  })
  return { passed, callOff: () => callOff() }
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
