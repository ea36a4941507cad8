import { errorAnswer } from './fake-answers.js'
import { fieldsOf, type TokenCalls } from './fake-token-call.js'
import type { FakeTokenOwner, FakeTokens } from './fake-tokens.js'

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
    add({ corpId, providerSecret }: FakeProvider): void {
      const owner = providers.get(corpId)?.owner ?? { kind: 'provider', corpId }
      providers.set(corpId, { corpId, providerSecret, owner })
    },
  }
}
