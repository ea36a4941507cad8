import { type Credential, identityOf } from './credential.js'
import type { Emit } from './events.js'
import type { SourceSettings } from './options.js'
import type { StoredToken, TokenStore } from './store.js'

/** No store may hold a call up for longer than this. */
const DEADLINE_MS = 400

type StoreSettings = Pick<SourceSettings, 'clock' | 'hash' | 'baseUrl'>

/** One key of the store. Store trouble never becomes token trouble: it is an event. */
export class SharedTokens {
  /** The newest generation that was seen in the store. */
  lastGeneration = 0

  constructor(
    private readonly store: TokenStore,
    private readonly keyOf: () => Promise<string>,
    private readonly settings: StoreSettings,
    private readonly emit: Emit,
  ) {}

  async get(): Promise<StoredToken | undefined> {
    const stored = await this.guarded('get', async (key) => checked(await this.store.get(key)))
    this.lastGeneration = Math.max(this.lastGeneration, stored?.generation ?? 0)
    return stored
  }

  set(token: StoredToken): Promise<boolean | undefined> {
    return this.guarded('set', (key) => this.store.set(key, token))
  }

  delete(generation: number): Promise<boolean | undefined> {
    return this.guarded('delete', (key) => this.store.delete(key, generation))
  }

  private async guarded<T>(
    operation: 'get' | 'set' | 'delete',
    run: (key: string) => Promise<T>,
  ): Promise<T | undefined> {
    let callOff = () => {}
    const tooLate = new Promise<never>((_, reject) => {
      callOff = this.settings.clock.after(DEADLINE_MS, () =>
        reject(new Error(`no answer within ${DEADLINE_MS} ms`)),
      )
    })
    try {
      return await Promise.race([run(await this.keyOf()), tooLate])
    } catch (error) {
      const message = error instanceof Error ? error.message : 'unknown trouble'
      this.emit({ type: 'store_trouble', operation, message })
      return undefined
    } finally {
      callOff()
    }
  }
}

/** What a store gives is somebody's: nothing, or a whole token. */
function checked(stored: StoredToken | null | undefined): StoredToken | undefined {
  if (stored === undefined || stored === null) return undefined
  const { value, generation, ageMs: age, expiresInMs } = stored
  const isToken = typeof value === 'string' && value !== '' && Number.isSafeInteger(generation)
  if (isToken && Number.isFinite(age) && Number.isFinite(expiresInMs)) return stored
  throw new Error('what the store gave is no token')
}

/**
 * The key of a credential's token: base address, kind, ids, and a SHA-256 of the secret. Two apps
 * of one corp never share, and a secret that was rotated is a new key.
 */
export function tokenKeyOf(
  credential: () => Credential,
  { baseUrl, hash }: StoreSettings,
): () => Promise<string> {
  let known: { secret: string; key: Promise<string> } | undefined
  return () => {
    const secret = credential().secret()
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
