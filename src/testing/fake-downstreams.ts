import { errorAnswer, okAnswer } from './fake-answers.js'
import { fieldsOf, type TokenCalls } from './fake-token-call.js'
import type { FakeTokenOwner, FakeTokens } from './fake-tokens.js'

/** A corp of 上下游 or 企业互联 that an app is shared with. */
export interface FakeDownstream {
  readonly corpId: string
  /** The downstream corp's id of the shared app. */
  readonly agentId: number
  /**
   * 0 for 企业互联 and 局校互联, 1 for 上下游.
   * @default 0
   */
  readonly businessType?: 0 | 1
  /**
   * The corp that shares the app.
   * @default any
   */
  readonly upstreamCorpId?: string
}

/** Downstream corps, and corpgroup/corp/gettoken. */
export function fakeDownstreams(tokens: FakeTokens) {
  const corpIds = new Set<string>()
  const owners = new Map<string, FakeTokenOwner>()
  const keyOf = (...ids: readonly unknown[]) => JSON.stringify(ids.map(String))

  const calls: TokenCalls = {
    /** WeCom does not document the answer for a corp that shares nothing: the one of gettoken. */
    'corpgroup/corp/gettoken'(request, holder) {
      const { corpid, agentid, business_type = '0' } = fieldsOf(request)
      if (!corpid) return errorAnswer(41002)
      if (!agentid) return errorAnswer(41011)
      if (!corpIds.has(corpid)) return errorAnswer(40013)
      const owner =
        owners.get(keyOf(holder?.corpId, corpid, agentid, business_type)) ??
        owners.get(keyOf('', corpid, agentid, business_type))
      if (owner === undefined) return errorAnswer(40056)
      return okAnswer(tokens.give(owner, 'access_token'))
    },
  }

  return {
    calls,
    add({ corpId, agentId, businessType = 0, upstreamCorpId = '' }: FakeDownstream): void {
      const key = keyOf(upstreamCorpId, corpId, agentId, businessType)
      corpIds.add(corpId)
      if (!owners.has(key)) owners.set(key, { kind: 'app', corpId, agentId })
    },
  }
}
