import type { Credential } from './credential.js'
import type { Emit } from './events.js'
import type { SourceSettings } from './options.js'
import type { StoredToken } from './store.js'
import { ageMs, type Token } from './token.js'

/** No store may hold a call up for longer than this. */
const DEADLINE_MS = 400

/** One credential's place in the store. Store trouble never becomes token trouble: it is an event. */
export function sharedTokens(credential: Credential, settings: SourceSettings, emit: Emit) {
  const { store, clock } = settings
  if (store === undefined) return undefined
  let lastGeneration = 0
  let key: Promise<string> | undefined

  const keyOf = () => {
    key ??= storeKey(credential, settings)
    return key
  }

  async function guarded<T>(operation: 'get' | 'set' | 'delete', run: (key: string) => Promise<T>) {
    let callOff = () => {}
    const tooLate = new Promise<never>((_, reject) => {
      callOff = clock.after(DEADLINE_MS, () =>
        reject(new Error(`no answer within ${DEADLINE_MS} ms`)),
      )
    })
    try {
      return await Promise.race([run(await keyOf()), tooLate])
    } catch (error) {
      const message = error instanceof Error ? error.message : 'unknown trouble'
      emit({ type: 'store_trouble', operation, message })
      return undefined
    } finally {
      callOff()
    }
  }

  return {
    async get(): Promise<StoredToken | undefined> {
      const stored = await guarded('get', async (at) => checked(await store.get(at)))
      lastGeneration = Math.max(lastGeneration, stored?.generation ?? 0)
      return stored
    },
    set: (token: Token, expiresInMs: number) =>
      guarded('set', (at) =>
        store.set(at, {
          value: token.value,
          generation: token.generation,
          ageMs: ageMs(token, clock),
          expiresInMs,
        }),
      ),
    delete: (generation: number) => guarded('delete', (at) => store.delete(at, generation)),
    /** The newest generation that was seen in the store. */
    lastGeneration: () => lastGeneration,
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

/** Base address, kind, ids, and a SHA-256 of the secret: two apps of one corp never share. */
async function storeKey(
  credential: Credential,
  { baseUrl, hash }: SourceSettings,
): Promise<string> {
  const secret = await hash(JSON.stringify(credential.secrets()))
  return ['qyapi-token', baseUrl, credential.kind, ...credential.ids, secret]
    .map(encodeURIComponent)
    .join(':')
}
