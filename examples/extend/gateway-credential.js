// A credential of a kind that this package does not have: a company's own gateway in front of WeCom. A program
// logs in with a client id, gets a `gateway_token`, and puts it into the parameter `gateway_token`.
import { defineCredential } from 'qyapi-token'

const credentialOf = defineCredential({
  kind: 'gateway-client',
  tokenName: 'gateway_token',
  tokenInvalidErrcodes: [70001, 70002], // unknown, expired
  subjectOf: ({ clientId }) => `client ${clientId}`,
  request: ({ clientId }, clientSecret) => ({
    method: 'POST',
    path: 'gateway/login',
    body: { client_id: clientId, client_secret: clientSecret },
  }),
})

export function gatewayClient({ clientId, clientSecret }) {
  return credentialOf({ ids: { clientId }, secret: clientSecret })
}

/** For the option `endpoints`: which paths take that token, and in which parameter. */
export const GATEWAY_PATHS = [
  { path: 'gateway/login', token: 'none' },
  { path: 'gateway/', token: 'app', parameter: 'gateway_token' },
]
