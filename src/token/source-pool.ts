import { isPlainObject, isPromise, isText } from '../core/check.js'
import { type Credential, identityOf, isCredential } from '../core/credential.js'
import { badOption, QyapiTokenError } from '../core/errors.js'
import type { SourceOptions } from '../core/options.js'
import { platform } from '../core/platform.js'
import { type LruEntry, lruList } from './lru-list.js'
import { SourceContext } from './source-context.js'
import { policyOf, TokenSource } from './token-source.js'

/** Options of a pool: those of its sources, and its size. */
export interface SourcePoolOptions extends SourceOptions {
  /**
   * How many tenants it keeps. The least recently used one is evicted first, unless its source is
   * fetching or cools down after a failure.
   * @default 100_000
   */
  readonly maxTenants?: number
}

/**
 * Returns the credential of a tenant, e.g. from a database. `undefined`: there is no such tenant.
 */
export type CredentialOf = (
  tenant: string,
) => Credential | undefined | PromiseLike<Credential | undefined>

/** One source for each tenant. */
export interface SourcePool {
  /**
   * The source of a tenant: synchronously if it is known, or if `credentialOf` is synchronous.
   * Throws or rejects with `bad_options` if there is no such tenant or the name is empty, and with
   * what `credentialOf` throws.
   */
  get(tenant: string | undefined): TokenSource | Promise<TokenSource>
  /** Removes a tenant and closes its source, e.g. when a corp revokes its authorisation. */
  delete(tenant: string): boolean
  /** How many tenants it has. */
  readonly size: number
  /** Closes all sources, also those that are created later. */
  close(): void
}

/** A source in a pool; tenants with the same credential share it. */
interface PooledSource {
  readonly source: TokenSource
  readonly identity: string
  tenants: number
}

interface Tenant extends LruEntry {
  readonly name: string
  readonly pooled: PooledSource
}

/** How many tenants are checked to find one whose source is idle. */
const MOST_LOOKED_AT = 100

/**
 * Makes a pool of sources: one for each identity, so that a thousand calls for one corp request its
 * token once. Names of tenants are case-sensitive. The first token of a tenant is refreshed at any time
 * from half of its life on, so that tenants that were fetched at once are not refreshed at once.
 *
 * @throws `bad_options` if an option is not what it should be.
 * @example
 * const corps = createSourcePool((corpId) =>
 *   authorizedCorp({ suite, authCorpId: corpId, permanentCode: codes.get(corpId) }))
 * attachToken(client, [suite, ({ options }) => corps.get(options.tenant)])
 * await client.get('/user/get', { params: { userid }, tenant: corpId })
 */
export function createSourcePool(
  credentialOf: CredentialOf,
  options: SourcePoolOptions = {},
): SourcePool {
  if (typeof credentialOf !== 'function')
    throw badOption('credentialOf', 'a function (tenant) => credential', credentialOf)
  if (!isPlainObject(options as unknown)) throw badOption('options', 'an object', options)
  const { maxTenants = 100_000, ...ofSources } = options
  if (!Number.isSafeInteger(maxTenants) || maxTenants < 1)
    throw badOption('maxTenants', 'a whole number from 1 up', maxTenants)
  const context = new SourceContext(ofSources, platform, true)
  const tenants = new Map<string, Tenant>()
  const order = lruList<Tenant>()
  const byIdentity = new Map<string, PooledSource>()
  const pendingLookups = new Map<string, Promise<TokenSource>>()
  let isClosed = false

  function get(name: string | undefined): TokenSource | Promise<TokenSource> {
    const tenant = tenants.get(name ?? '')
    if (tenant === undefined) return pendingLookups.get(name ?? '') ?? lookUp(name)
    order.touch(tenant)
    return tenant.pooled.source
  }

  function lookUp(name: string | undefined): TokenSource | Promise<TokenSource> {
    if (!isText(name)) throw badOption('tenant', 'the name of a tenant, a non-empty string', name)
    const credential = credentialOf(name)
    if (!isPromise(credential)) return admit(name, credential)
    const source = Promise.resolve(credential)
      .then((found) => {
        if (pendingLookups.get(name) !== source) throw deletedMeanwhile(name)
        return admit(name, found)
      })
      .finally(() => {
        if (pendingLookups.get(name) === source) pendingLookups.delete(name)
      })
    pendingLookups.set(name, source)
    return source
  }

  function admit(name: string, credential: Credential | undefined): TokenSource {
    if (!isCredential(credential)) throw noCredential(name, credential)
    const identity = `${identityOf(credential)} ${credential.secret()}`
    const pooled = byIdentity.get(identity) ?? newSource(identity, credential)
    pooled.tenants += 1
    const tenant = { name, pooled, older: undefined, newer: undefined }
    if (tenants.size >= maxTenants) forget(leastRecentlyUsed())
    tenants.set(name, tenant)
    order.add(tenant)
    return pooled.source
  }

  function newSource(identity: string, credential: Credential): PooledSource {
    const pooled = { source: new TokenSource(credential, context), identity, tenants: 0 }
    byIdentity.set(identity, pooled)
    if (isClosed) pooled.source.close()
    return pooled
  }

  /** Prefers an idle source, so that nothing is fetched twice and no failure is forgotten. */
  function leastRecentlyUsed(): Tenant | undefined {
    let oldest: Tenant | undefined
    let lookedAt = 0
    for (const tenant of order.fromOldest()) {
      if (!policyOf(tenant.pooled.source).isBusy) return tenant
      oldest ??= tenant
      lookedAt += 1
      if (lookedAt === MOST_LOOKED_AT) break
    }
    return oldest
  }

  /** Does not close the source: callers may still hold it. */
  function forget(tenant: Tenant | undefined): void {
    if (tenant === undefined) return
    const { name, pooled } = tenant
    tenants.delete(name)
    order.remove(tenant)
    pooled.tenants -= 1
    if (pooled.tenants === 0) byIdentity.delete(pooled.identity)
  }

  return {
    get,
    delete(name) {
      const tenant = tenants.get(name)
      forget(tenant)
      if (tenant?.pooled.tenants === 0) tenant.pooled.source.close()
      return pendingLookups.delete(name) || tenant !== undefined
    },
    get size() {
      return tenants.size
    },
    close() {
      isClosed = true
      for (const { source } of byIdentity.values()) source.close()
    },
  }
}

/** The credential may be outdated by now. */
function deletedMeanwhile(tenant: string): QyapiTokenError {
  const message = `Tenant '${tenant}' was deleted while its credential was being looked up. Call get() again.`
  return new QyapiTokenError('closed', message)
}

function noCredential(tenant: string, given: unknown): QyapiTokenError {
  if (given !== undefined && given !== null)
    return badOption('credentialOf', 'a function that returns a credential', given, true)
  const message = `There is no tenant '${tenant}': credentialOf returned no credential for it. Nothing was sent.`
  return new QyapiTokenError('bad_options', message)
}
