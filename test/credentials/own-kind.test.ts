import { describe, expect, it } from 'vitest'
import { createTokenSource, defineCredential, type OwnKind } from '../../src/index.js'
import { credentialContract } from '../support/credential-contract.js'

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
const gatewayClient = defineCredential(KIND)
const ids = { clientId: 'crm' }

describe('defineCredential', () => {
  credentialContract({
    credential: () => gatewayClient({ ids, secret: 'hush"hush' }),
    withOtherSecret: () => gatewayClient({ ids, secret: 'other' }),
    kind: 'gateway-client',
    subject: 'client crm',
    secrets: ['hush'],
    method: 'POST',
    call: 'gateway/login',
    body: { id: 'crm', secret: 'hush"hush' },
    answer: { errcode: 0, gateway_token: 'gateway-token-1', expires_in: 3600 },
    token: 'gateway-token-1',
    tokenInvalidErrcodes: [70001],
    refuses: [
      [
        () => gatewayClient({ ids: { clientId: undefined }, secret: 'hush' }),
        'clientId must be an id of gateway-client, a non-empty string, got undefined.',
      ],
      [
        () => gatewayClient({ ids, secret: ['hush'] as never }),
        'secret must be the secret of gateway-client, a non-empty string or a function that returns it, got something of type object (not shown).',
      ],
      [
        () => gatewayClient({ ids, secret: 'hush', scope: 'hush' } as never),
        "Unknown key 'scope' in gateway-client: known are ids, secret.",
      ],
    ],
  })

  it('a credential of an own kind reads its secret again for each token request', async () => {
    const bodies: unknown[] = []
    const secrets = ['one', 'two']
    const credential = gatewayClient({ ids, secret: () => secrets[0] })
    const transport = async ({ body = '' }) => {
      bodies.push(JSON.parse(body).secret)
      const answer = { gateway_token: `token-${bodies.length}`, expires_in: 3600 }
      return { status: 200, body: JSON.stringify(answer) }
    }
    const source = createTokenSource(credential, { transport })
    await source.invalidate(await source.get())
    secrets.shift()
    await source.get()
    expect(bodies).toEqual(['one', 'two'])
  })

  it.each<[object, string]>([
    [{ kind: ' ' }, 'kind must be the name of the kind'],
    [{ tokenName: 7 }, 'tokenName must be the field of the answer that holds the token'],
    [{ tokenKind: 'none' }, 'tokenKind must be one of app, suite, provider, model, device'],
    [{ tokenInvalidErrcodes: ['70001'] }, 'tokenInvalidErrcodes must be an array of errcodes'],
    [{ subjectOf: 'client' }, 'subjectOf must be a function'],
    [{ request: undefined }, 'request must be a function'],
    [{ path: 'gateway/login' }, "Unknown key 'path' in defineCredential"],
  ])('a definition of an own kind with %j is refused', (wrong, message) => {
    const define = () => defineCredential({ ...KIND, ...wrong } as never)
    expect(define).toThrow(expect.objectContaining({ code: 'bad_options' }))
    expect(define).toThrow(message)
  })
})
