import { describe, expect, it } from 'vitest'
import {
  type Credential,
  createTokenSource,
  defineCredential,
  type OwnKind,
} from '../../src/index.js'
import { type CredentialCase, credentialContract } from '../../src/testing.js'

const KIND: OwnKind<'clientId'> = {
  kind: 'gateway-client',
  tokenName: 'gateway_token',
  tokenInvalidErrcodes: [70001],
  subjectOf: ({ clientId }) => `client ${clientId}`,
  request: ({ clientId }, secret) => ({
    method: 'POST',
    path: 'gateway/login',
    body: { id: clientId, secret },
  }),
}
const SECRET = 'gateway-secret'

/** The contract for a definition that differs from the right one. */
function contractFor(
  changed: Partial<OwnKind<'clientId'>>,
  idsOf = (_secret: string) => ({ clientId: 'crm' }),
): CredentialCase {
  const make = defineCredential({ ...KIND, ...changed })
  const credentialOf = (secret: string): Credential => make({ ids: idsOf(secret), secret })
  return {
    open: (options, secret) => createTokenSource(credentialOf(secret), options),
    secret: SECRET,
    request: { method: 'POST', path: 'gateway/login', body: { id: 'crm', secret: SECRET } },
    answer: { errcode: 0, gateway_token: 'gateway-token-1', expires_in: 3600 },
    token: 'gateway-token-1',
  }
}

describe('credentialContract', () => {
  for (const { name, run } of credentialContract(contractFor({}))) it(name, run)

  it.each<[string, string, CredentialCase]>([
    [
      'asks another path',
      'requests its token as the manual says',
      contractFor({
        request: (_ids, secret) => ({ method: 'POST', path: 'login', body: { secret } }),
      }),
    ],
    ['reads another field', 'finds the token', contractFor({ tokenName: 'access_token' })],
    [
      'has its secret for an id',
      'describes itself, and no secret',
      contractFor({}, (secret) => ({ clientId: secret })),
    ],
    [
      'has its secret in the store key',
      'none contains the secret',
      contractFor({ subjectOf: () => 'a client' }, (secret) => ({ clientId: secret })),
    ],
    [
      'has its secret in messages',
      'a failure contains no secret',
      contractFor({ subjectOf: () => SECRET }),
    ],
  ])('credentialContract notices a credential that %s', async (_wrong, rule, given) => {
    const failed: string[] = []
    for (const { name, run } of credentialContract(given))
      await run().catch(() => failed.push(name))
    expect(failed.join('\n')).toContain(rule)
  })

  it('credentialContract refuses what makes no source', () => {
    expect(() => credentialContract({} as never)).toThrow('open must be a function')
  })
})
