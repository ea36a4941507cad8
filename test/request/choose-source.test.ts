import { expect, it } from 'vitest'
import { createTokenSource, jsapiTicket, selfBuilt, serviceProvider } from '../../src/index.js'
import { chosenPolicy, isSameApi } from '../../src/request/choose-source.js'
import type { Destination } from '../../src/request/destination.js'
import { createMiddleware } from '../../src/request/middleware.js'
import { APP } from '../support/qyapi.js'

const QYAPI = 'https://qyapi.weixin.qq.com'
const transport = () => new Promise<never>(() => {})
const sourceAt = (baseUrl: string) => createTokenSource(selfBuilt(APP), { baseUrl, transport })
const doorFor = (tokens: unknown) =>
  createMiddleware(tokens as typeof APP, {}, { credentialOf: selfBuilt, transport })
const destination: Destination = {
  endpoint: 'user/get',
  token: 'app',
  parameter: 'access_token',
  parameters: ['access_token'],
  tokenInUrl: undefined,
}

it.each([
  [QYAPI, QYAPI, true],
  [QYAPI, `${QYAPI}/`, true],
  ['https://proxy.example/wecom', 'https://proxy.example/wecom/cgi-bin/', true],
  ['https://proxy.example/one', 'https://proxy.example/two', false],
  [QYAPI, 'http://qyapi.weixin.qq.com', false],
  [QYAPI, `${QYAPI}:8443`, false],
])(
  'request rule 2: two addresses of the same API are recognized: %s and %s: %s',
  (one, other, expected) => {
    expect(isSameApi(one, other)).toBe(expected)
  },
)

it('request rule 2: two addresses of the same API can be attached together; sources of different APIs are refused', () => {
  const [one, other] = [sourceAt('https://proxy.example/one'), 'https://proxy.example/two']
  const provider = serviceProvider({ corpId: 'ww-provider', providerSecret: 'secret' })
  expect(() => doorFor([one, createTokenSource(provider, { baseUrl: other, transport })])).toThrow(
    "tokens must be sources of one baseUrl (https://proxy.example/one), got 'https://proxy.example/two'.",
  )
  expect(() => chosenPolicy(one, destination, other)).toThrow(
    'the token of self-built app of corp ww-fake is for https://proxy.example/one, not for https://proxy.example/two.',
  )
})

it('request rule 2: attachToken and withToken refuse something that is no source', () => {
  expect(() => doorFor([{}])).toThrow('tokens must be an array of token sources, got an object.')
})

it.each(['in an array', 'alone', 'chosen by a function'])(
  'attachToken and withToken refuse a page ticket, which requests do not carry: %s',
  (how) => {
    const tickets = createTokenSource(jsapiTicket(sourceAt(QYAPI)), { transport })
    const attach = {
      'in an array': () => doorFor([tickets]),
      alone: () => doorFor(tickets),
      'chosen by a function': () => chosenPolicy(tickets, destination, QYAPI),
    }[how]
    expect(attach).toThrow(/^tokens must be sources of tokens that calls carry, got 'jsapi-ticket /)
  },
)
