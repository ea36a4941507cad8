import { errorAnswer, type FakeAnswer, okAnswer } from './fake-answers.js'
import type { TokenCalls } from './fake-token-call.js'
import type { FakeTokenOwner, FakeTokens } from './fake-tokens.js'

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
