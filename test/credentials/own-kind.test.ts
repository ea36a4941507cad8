import { describe, expect, it } from 'vitest'
import {
  createTokenSource,
  defineCredential,
  type OwnKind,
  type TokenStore,
} from '../../src/index.js'
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
const login = () => ({ method: 'POST', path: 'gateway/login' }) as const
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
        () => gatewayClient({ ids: 'crm', secret: 'hush' } as never),
        'ids must be an object with the ids of gateway-client, got a string of 3 characters.',
      ],
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

  it('rule 14: the order in which the ids of an own kind are written makes no other store key', async () => {
    const make = defineCredential<'a' | 'b'>({ ...KIND, subjectOf: ({ a }) => a, request: login })
    const keys = new Set<string>()
    const store: TokenStore = {
      get: async (key) => void keys.add(key),
      set: async () => true,
      delete: async () => true,
    }
    const answer = { gateway_token: 'gateway-token-1', expires_in: 3600 }
    const transport = async () => ({ status: 200, body: JSON.stringify(answer) })
    const inOrder = make({ ids: { a: '1', b: '2' }, secret: 'hush' })
    const reversed = make({ ids: { b: '2', a: '1' }, secret: 'hush' })
    for (const credential of [inOrder, reversed])
      await createTokenSource(credential, { store, transport }).get()
    expect(keys.size).toBe(1)
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
