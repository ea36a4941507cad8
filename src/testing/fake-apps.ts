import { errorAnswer, okAnswer } from './fake-answers.js'
import type { TokenCalls } from './fake-token-call.js'
import type { FakeApp, FakeTokenOwner, FakeTokens } from './fake-tokens.js'

/** Self-built apps, and gettoken. */
export function fakeApps(tokens: FakeTokens) {
  const corpIds = new Set<string>()
  const owners = new Map<string, FakeTokenOwner>()
  const keyOf = (corpId: string, corpSecret: string) => JSON.stringify([corpId, corpSecret])

  const calls: TokenCalls = {
    gettoken({ query }) {
      const corpId = query.get('corpid')
      const corpSecret = query.get('corpsecret')
      if (!corpId) return errorAnswer(41002)
      if (!corpSecret) return errorAnswer(41004)
      if (!corpIds.has(corpId)) return errorAnswer(40013)
      const owner = owners.get(keyOf(corpId, corpSecret))
      if (owner === undefined) return errorAnswer(40001)
      return okAnswer(tokens.give(owner, 'access_token'))
    },
  }

  return {
    calls,
    add({ corpId, corpSecret }: FakeApp): void {
      const key = keyOf(corpId, corpSecret)
      corpIds.add(corpId)
      if (!owners.has(key)) owners.set(key, { kind: 'app', corpId, corpSecret })
    },
  }
}
