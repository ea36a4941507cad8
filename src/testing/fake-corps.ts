import { errorAnswer, type FakeAnswer, okAnswer } from './fake-answers.js'
import { fieldsOf, type TokenCalls } from './fake-token-call.js'
import type { FakeApp, FakeTokenOwner, FakeTokens, KnownOwner } from './fake-tokens.js'

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
    list: (): KnownOwner[] =>
      [...owners.values()].map((owner) => ({ owner, secrets: [owner.corpSecret ?? ''] })),
    add({ corpId, corpSecret }: FakeApp): void {
      const key = keyOf(corpId, corpSecret)
      corpIds.add(corpId)
      if (!owners.has(key)) owners.set(key, { kind: 'app', corpId, corpSecret })
    },
  }
}

/** A service provider: its corp id and its ProviderSecret. */
export interface FakeProvider {
  readonly corpId: string
  readonly providerSecret: string
}

/** Service providers, and get_provider_token. */
export function fakeProviders(tokens: FakeTokens) {
  const providers = new Map<string, FakeProvider & { readonly owner: FakeTokenOwner }>()

  const calls: TokenCalls = {
    'service/get_provider_token'(request) {
      const { corpid, provider_secret } = fieldsOf(request)
      if (!corpid) return errorAnswer(41002)
      if (!provider_secret) return errorAnswer(41004)
      const provider = providers.get(corpid)
      if (provider === undefined) return errorAnswer(40013)
      if (provider.providerSecret !== provider_secret) return errorAnswer(40001)
      return { json: tokens.give(provider.owner, 'provider_access_token') }
    },
  }

  return {
    calls,
    list: (): KnownOwner[] =>
      [...providers.values()].map(({ owner, providerSecret }) => ({
        owner,
        secrets: [providerSecret],
      })),
    add({ corpId, providerSecret }: FakeProvider): void {
      const owner = providers.get(corpId)?.owner ?? { kind: 'provider', corpId }
      providers.set(corpId, { corpId, providerSecret, owner })
    },
  }
}

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
    list: (): KnownOwner[] => [...owners.values()].map((owner) => ({ owner, secrets: [] })),
    add({ corpId, agentId, businessType = 0, upstreamCorpId = '' }: FakeDownstream): void {
      const key = keyOf(upstreamCorpId, corpId, agentId, businessType)
      corpIds.add(corpId)
      if (!owners.has(key)) owners.set(key, { kind: 'app', corpId, agentId })
    },
  }
}

/** Page tickets: get_jsapi_ticket, and ticket/get for agentConfig. */
export function fakePageTickets(tokens: FakeTokens): TokenCalls {
  const jsapi = new Map<FakeTokenOwner, FakeTokenOwner>()
  const agentConfig = new Map<FakeTokenOwner, FakeTokenOwner>()

  function give(owners: typeof jsapi, holder: FakeTokenOwner | undefined): FakeAnswer {
    if (holder === undefined) return errorAnswer(41001)
    const owner = owners.get(holder) ?? { ...holder, kind: 'ticket' }
    owners.set(holder, owner)
    return okAnswer(tokens.give(owner, 'ticket'))
  }

  return {
    get_jsapi_ticket: (_request, holder) => give(jsapi, holder),
    'ticket/get': ({ query }, holder) =>
      query.get('type') === 'agent_config' ? give(agentConfig, holder) : errorAnswer(40058),
  }
}
