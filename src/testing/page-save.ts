import { badOption } from '../core/errors.js'
import { checkSelector, checkTenants } from './fake-options.js'
import type { FakeParts } from './fake-parts.js'
import type { FakeTenants } from './fake-tenants.js'
import type { FakeTokenOwner, IssuedToken } from './fake-tokens.js'
import type { MessageEntry } from './page-entries.js'

/** What the page keeps of itself: its messages, and the keys of group robots in their order. */
export interface SavedPage {
  readonly messages: readonly MessageEntry[]
  readonly robots: readonly string[]
}

/** What outlives a restart. It holds tokens and secrets. */
export interface SavedFake extends SavedPage {
  readonly version: 1
  readonly apps: NonNullable<FakeTenants['apps']>
  /** The tickets of each suite that were pushed. */
  readonly tickets: readonly (readonly [suiteId: string, ticket: string, pushedAt: number])[]
  readonly tokens: readonly IssuedToken[]
}

export function savedFake({ tenants, tokens }: FakeParts, page: SavedPage): SavedFake {
  const apps = tenants.list().flatMap(({ owner: { corpId, corpSecret } }) => {
    return corpId !== undefined && corpSecret !== undefined ? [{ corpId, corpSecret }] : []
  })
  // No request carries a page ticket.
  const carried = tokens.list().filter(({ owner }) => owner.kind !== 'ticket')
  return { version: 1, apps, tickets: tenants.tickets(), tokens: carried, ...page }
}

/** Throws `bad_options` for anything that `savedFake` did not write. */
export function restoreFake({ tenants, tokens }: FakeParts, saved: SavedFake): void {
  tenants.add({ apps: saved.apps })
  for (const [suiteId, ticket, pushedAt] of saved.tickets) {
    if (tenants.list().some(({ owner }) => owner.suiteId === suiteId)) {
      tenants.pushSuiteTicket(suiteId, ticket, pushedAt)
    }
  }
  const owners = new Map(tenants.list().map(({ owner }) => [keyOf(owner), owner]))
  for (const token of saved.tokens) {
    const owner = owners.get(keyOf(token.owner)) ?? token.owner
    owners.set(keyOf(owner), owner)
    tokens.keep({ ...token, owner })
  }
}

function keyOf({ kind, corpId, corpSecret, suiteId, agentId, ...device }: FakeTokenOwner): string {
  const { modelId, deviceSn } = device
  return JSON.stringify([kind, corpId, corpSecret, suiteId, agentId, modelId, deviceSn])
}

/** Reads what `savedFake` wrote; throws for anything else. */
export function readSavedFake(text: string): SavedFake {
  const saved = Object(JSON.parse(text)) as SavedFake
  if (saved.version !== 1) throw badOption('version', '1', saved.version)
  for (const name of ['apps', 'tickets', 'tokens', 'messages', 'robots'] as const) {
    if (!Array.isArray(saved[name])) throw badOption(name, 'an array', saved[name])
  }
  checkTenants({ apps: saved.apps })
  for (const { owner, value, number, expiresAt, state } of saved.tokens) {
    const { isGone: _isGone, ...selector } = owner
    checkSelector(selector)
    if (typeof value !== 'string') throw badOption('value', 'a string', value, true)
    if (!Number.isFinite(number + expiresAt)) throw badOption('number', 'a number', number)
    if (!['good', 'revoked', 'expired'].includes(state)) throw badOption('state', 'good', state)
  }
  return saved
}
