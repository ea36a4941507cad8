import { KEPT } from './fake-log.js'
import type { FakeParts } from './fake-parts.js'
import type { FakeTokenOwner, IssuedToken } from './fake-tokens.js'

/** How many tokens of one owner the page lists. */
const TOKENS_OF_ONE = 4

/** Everything but the calls and messages, as the page shows it: no token and no secret. */
export function pageState({ faults, now, plans, tenants, tokens }: FakeParts) {
  const ids = new Map<FakeTokenOwner, number>()
  const idOf = (owner: FakeTokenOwner) => {
    const id = ids.get(owner) ?? ids.size + 1
    ids.set(owner, id)
    return id
  }

  /** Page tickets have owners of their own, which no list of tenants has. */
  function tokensByOwner(): Map<FakeTokenOwner, IssuedToken[]> {
    const own = new Map(tenants.list().map(({ owner }) => [owner, [] as IssuedToken[]]))
    for (const token of tokens.list()) {
      const known = own.get(token.owner)
      if (known === undefined) own.set(token.owner, [token])
      else known.push(token)
    }
    return own
  }

  function shown(owner: FakeTokenOwner, own: readonly IssuedToken[]) {
    const { kind, corpId, suiteId, agentId, modelId, deviceSn } = owner
    const latest = own.slice(-TOKENS_OF_ONE).reverse()
    return {
      ...{ id: idOf(owner), kind, corpId, suiteId, agentId, modelId, deviceSn },
      issued: own.length,
      tokens: latest.map(({ number, expiresAt, state }) => ({ number, expiresAt, state })),
    }
  }

  return {
    ownerOf: (id: unknown) => [...tokensByOwner().keys()].find((owner) => idOf(owner) === id),
    now: () => ({
      now: now(),
      expiresInSeconds: tokens.expiresInSeconds,
      faults: { ...faults },
      planned: plans.list().map(({ path, next, times }) => {
        const { errcode, status, reset, truncate, delayMs } = next
        return { path, times, errcode, status, cut: reset || truncate, delayMs }
      }),
      owners: [...tokensByOwner()]
        .filter(([{ isGone }]) => !isGone)
        .slice(-KEPT)
        .map(([owner, own]) => shown(owner, own)),
    }),
  }
}
