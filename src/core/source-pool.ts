import { type Credential, identityOf, isCredential, secretsOf } from './credential.js'
import { badOption, QyapiTokenError } from './errors.js'
import type { SourceOptions } from './options.js'
import { type Platform, platform } from './platform.js'
import { SourceGroup } from './source-group.js'
import { lenderOf, TokenSource } from './token-source.js'

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
) => Credential | undefined | Promise<Credential | undefined>

/** One source for each tenant, however often it is asked. */
export interface SourcePool {
  /**
   * The source of a tenant: at once if it is known, or if its credential is told at once. Throws or
   * rejects with `bad_options` if there is no such tenant, and with what `credentialOf` throws.
   */
  get(tenant: string): TokenSource | Promise<TokenSource>
  /** Forgets a tenant and closes its source, e.g. when a corp takes its authorisation back. */
  delete(tenant: string): boolean
  /** How many tenants it keeps. */
  readonly size: number
  /** Closes all sources. */
  close(): void
}

/** A source in a pool; two tenants with the same credential share it. */
interface Pooled {
  readonly source: TokenSource
  readonly identity: string
  tenants: number
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
  { maxTenants = 100_000, ...options }: SourcePoolOptions = {},
  machine: Platform = platform,
): SourcePool {
  if (typeof credentialOf !== 'function')
    throw badOption('credentialOf', 'a function (tenant) => credential', credentialOf)
  if (!Number.isSafeInteger(maxTenants) || maxTenants < 1)
    throw badOption('maxTenants', 'a whole number from 1 up', maxTenants)
  const group = new SourceGroup(options, machine)
  /** The tenant that was asked for last stands last. */
  const pooled = new Map<string, Pooled>()
  const byIdentity = new Map<string, Pooled>()
  const asked = new Map<string, Promise<TokenSource>>()
  let last: string | undefined

  function get(tenant: string): TokenSource | Promise<TokenSource> {
    const known = pooled.get(tenant)
    if (known === undefined) return asked.get(tenant) ?? newcomer(tenant)
    if (tenant !== last) {
      pooled.delete(tenant)
      pooled.set(tenant, known)
      last = tenant
    }
    return known.source
  }

  function newcomer(tenant: string): TokenSource | Promise<TokenSource> {
    if (typeof tenant !== 'string' || tenant === '')
      throw badOption('tenant', 'the name of a tenant, a non-empty string', tenant)
    const credential = credentialOf(tenant)
    if (!(credential instanceof Promise)) return admit(tenant, credential)
    const source = credential
      .then((told) => admit(tenant, told))
      .finally(() => asked.delete(tenant))
    asked.set(tenant, source)
    return source
  }

  function admit(tenant: string, credential: Credential | undefined): TokenSource {
    if (!isCredential(credential)) throw noCredential(tenant, credential)
    const identity = `${identityOf(credential)} ${secretsOf(credential)}`
    const known = byIdentity.get(identity)
    const entry = known ?? { source: new TokenSource(credential, group), identity, tenants: 0 }
    entry.tenants += 1
    if (known === undefined) byIdentity.set(identity, entry)
    pooled.set(tenant, entry)
    last = tenant
    if (pooled.size > maxTenants) forget(longestUnasked())
    return entry.source
  }

  /** Among the oldest: one that is idle, so that nothing is asked twice and no failure forgotten. */
  function longestUnasked(): string {
    let oldest: string | undefined
    let looked = 0
    for (const [tenant, { source }] of pooled) {
      if (looked >= MOST_LOOKED_AT || tenant === last) break
      oldest ??= tenant
      if (!lenderOf(source).renewal.isBusy()) return tenant
      looked += 1
    }
    return oldest as string
  }

  /** Its source is left to who still holds it. */
  function forget(tenant: string): Pooled | undefined {
    const entry = pooled.get(tenant)
    if (entry === undefined) return undefined
    pooled.delete(tenant)
    entry.tenants -= 1
    if (entry.tenants === 0) byIdentity.delete(entry.identity)
    return entry
  }

  return {
    get,
    delete(tenant) {
      const entry = forget(tenant)
      if (entry?.tenants === 0) entry.source.close()
      return entry !== undefined
    },
    get size() {
      return pooled.size
    },
    close() {
      for (const { source } of byIdentity.values()) source.close()
    },
  }
}

function noCredential(tenant: string, given: unknown): QyapiTokenError {
  if (given !== undefined && given !== null)
    return badOption('credentialOf', 'a function that gives a credential', given, true)
  const message = `There is no tenant '${tenant}': credentialOf gave no credential for it. Nothing was sent.`
  return new QyapiTokenError('bad_options', message)
}
