// node --test: the contract of credentials, and a call through a gateway that refuses an old token.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { createTokenSource } from 'qyapi-token'
import { withToken } from 'qyapi-token/fetch'
import { credentialContract } from 'qyapi-token/testing'
import { GATEWAY_PATHS, gatewayClient } from './gateway-credential.js'

const rules = credentialContract({
  open: (options, clientSecret) =>
    createTokenSource(gatewayClient({ clientId: 'crm', clientSecret }), options),
  secret: 'gateway-secret',
  request: {
    method: 'POST',
    path: 'gateway/login',
    body: { client_id: 'crm', client_secret: 'gateway-secret' },
  },
  answer: { errcode: 0, gateway_token: 'gateway-token-1', expires_in: 3600 },
  token: 'gateway-token-1',
})
for (const { name, run } of rules) test(name, run)

test('a call carries the gateway’s token, and is sent again with the next one if it is refused', async () => {
  const seen = []
  let issued = 0
  const gateway = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://gateway')
    const given = searchParams.get('gateway_token')
    seen.push(`${pathname} ${[...searchParams]}`)
    const answer = { errcode: given === 'token-2' ? 0 : 70002 }
    const login = () => ({ errcode: 0, gateway_token: `token-${++issued}`, expires_in: 3600 })
    response.end(JSON.stringify(pathname.endsWith('/login') ? login() : answer))
  })
  await new Promise((resolve) => gateway.listen(0, '127.0.0.1', resolve))
  const baseUrl = `http://127.0.0.1:${gateway.address().port}`

  const credential = gatewayClient({ clientId: 'crm', clientSecret: 'gateway-secret' })
  const call = withToken(fetch, credential, { baseUrl, endpoints: GATEWAY_PATHS })
  const answer = await call(`${baseUrl}/cgi-bin/gateway/contacts`)
  assert.deepEqual(await answer.json(), { errcode: 0 })
  assert.deepEqual(seen, [
    '/cgi-bin/gateway/login ',
    '/cgi-bin/gateway/contacts gateway_token,token-1',
    '/cgi-bin/gateway/login ',
    '/cgi-bin/gateway/contacts gateway_token,token-2',
  ])
  gateway.closeAllConnections()
  gateway.close()
})
