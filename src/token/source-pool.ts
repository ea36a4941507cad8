import { isPlainObject, isPromise, isText } from '../core/check.js'
import { type Credential, identityOf, isCredential } from '../core/credential.js'
import { badOption, QyapiTokenError } from '../core/errors.js'
import type { SourceOptions } from '../core/options.js'
import { platform } from '../core/platform.js'
import { type LruEntry, lruList } from './lru-list.js'
import { SourceContext } from './source-context.js'
import { policyOf, TokenSource } from './token-source.js'

/** Options of a pool: those of its sources, and how many it keeps. */
export interface SourcePoolOptions extends SourceOptions {
  /**
   * How many tenants it keeps. The one that was not asked for the longest goes first, unless its
   * source is fetching, or rests after a failure.
   * @default 100_000
   */
  readonly maxTenants?: number
}

/** Tells the credential of a tenant, e.g. from a database. `undefined`: there is no such tenant. */
export type CredentialOf = (
  tenant: string,
) => Credential | undefined | PromiseLike<Credential | undefined>

/** One source for each tenant, however often it is asked. */
export interface SourcePool {
  /**
   * The source of a tenant: at once if it is known, or if its credential is told at once. Throws or
   * rejects with `bad_options` if there is no such tenant, or none is named, and with what
   * `credentialOf` throws.
   */
  get(tenant: string | undefined): TokenSource | Promise<TokenSource>
  /** Forgets a tenant and closes its source, e.g. when a corp takes its authorisation back. */
  delete(tenant: string): boolean
  /** How many tenants it keeps. */
  readonly size: number
  /** Closes all sources, also those that are asked for later. */
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

/** How many tenants are looked at for one whose source is idle. */
const MOST_LOOKED_AT = 100

/**
 * Makes a pool of sources: one for each identity, so that a thousand calls for one corp ask for its
 * token once. Names of tenants are compared as they are: `wwA` and `wwa` are two.
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
  const group = new SourceContext(ofSources, platform)
  const tenants = new Map<string, Tenant>()
  const order = lruList<Tenant>()
  const byIdentity = new Map<string, PooledSource>()
  const asked = new Map<string, Promise<TokenSource>>()
  let isClosed = false

  function get(name: string | undefined): TokenSource | Promise<TokenSource> {
    const tenant = tenants.get(name ?? '')
    if (tenant === undefined) return asked.get(name ?? '') ?? newcomer(name)
    order.touch(tenant)
    return tenant.pooled.source
  }

  function newcomer(name: string | undefined): TokenSource | Promise<TokenSource> {
    if (!isText(name)) throw badOption('tenant', 'the name of a tenant, a non-empty string', name)
    const credential = credentialOf(name)
    if (!isPromise(credential)) return admit(name, credential)
    const source = Promise.resolve(credential)
      .then((told) => {
        if (asked.get(name) !== source) throw deletedMeanwhile(name)
        return admit(name, told)
      })
      .finally(() => {
        if (asked.get(name) === source) asked.delete(name)
      })
    asked.set(name, source)
    return source
  }

  function admit(name: string, credential: Credential | undefined): TokenSource {
    if (!isCredential(credential)) throw noCredential(name, credential)
    const identity = `${identityOf(credential)} ${credential.secret()}`
    const pooled = byIdentity.get(identity) ?? newSource(identity, credential)
    pooled.tenants += 1
    const tenant = { name, pooled, older: undefined, newer: undefined }
    if (tenants.size >= maxTenants) forget(longestUnasked())
    tenants.set(name, tenant)
    order.add(tenant)
    return pooled.source
  }

  function newSource(identity: string, credential: Credential): PooledSource {
    const pooled = { source: new TokenSource(credential, group), identity, tenants: 0 }
    byIdentity.set(identity, pooled)
    if (isClosed) pooled.source.close()
    return pooled
  }

  /** One whose source is idle, so that nothing is fetched twice and no failure forgotten. */
  function longestUnasked(): Tenant | undefined {
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

  /** Its source is left to who still holds it. */
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
      return asked.delete(name) || tenant !== undefined
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

/** What its credential was then may not be what it is now. */
function deletedMeanwhile(tenant: string): QyapiTokenError {
  const message = `Tenant '${tenant}' was deleted while its credential was being told. Ask again.`
  return new QyapiTokenError('closed', message)
}

function noCredential(tenant: string, given: unknown): QyapiTokenError {
  if (given !== undefined && given !== null)
    return badOption('credentialOf', 'a function that gives a credential', given, true)
  const message = `There is no tenant '${tenant}': credentialOf gave no credential for it. Nothing was sent.`
  return new QyapiTokenError('bad_options', message)
}
