import { KEPT } from './fake-log.js'
import type { FakeParts } from './fake-parts.js'
import type { FakeTokenOwner } from './fake-tokens.js'

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
  function owners() {
    const known = tenants.list().map(({ owner }) => owner)
    return [...new Set([...known, ...tokens.list().map(({ owner }) => owner)])]
  }

  return {
    ownerOf: (id: unknown) => owners().find((owner) => idOf(owner) === id),
    now: () => ({
      now: now(),
      mode: tokens.mode,
      faults: { ...faults },
      planned: plans.list().map(({ path, next, times }) => {
        const { errcode, status, reset, truncate, delayMs } = next
        return { path, times, errcode, status, cut: reset || truncate, delayMs }
      }),
      owners: owners()
        .filter(({ isGone }) => !isGone)
        .slice(-KEPT)
        .map((owner) => {
          const { kind, corpId, suiteId, agentId, modelId, deviceSn } = owner
          const own = tokens.list().filter((token) => token.owner === owner)
          const latest = own.slice(-TOKENS_OF_ONE).reverse()
          return {
            ...{ id: idOf(owner), kind, corpId, suiteId, agentId, modelId, deviceSn },
            issued: own.length,
            tokens: latest.map(({ number, expiresAt, state }) => ({ number, expiresAt, state })),
          }
        }),
    }),
  }
}
