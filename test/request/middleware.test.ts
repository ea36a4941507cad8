import { expect, it } from 'vitest'
import { QyapiTokenError } from '../../src/core/errors.js'
import type { MiddlewareOptions } from '../../src/core/options.js'
import { selfBuilt, type TokenEvent } from '../../src/index.js'
import type { Destination } from '../../src/request/destination.js'
import { createMiddleware } from '../../src/request/middleware.js'
import { fakeClock } from '../../src/testing.js'
import { createTokenSource, policyOf, type TokenSource } from '../../src/token/token-source.js'
import { APP } from '../support/qyapi.js'
import { tokenBody } from '../support/source.js'

const QYAPI = 'https://qyapi.weixin.qq.com'
const transport = async () => ({ status: 200, body: tokenBody('by-the-client') })
const parts = { credentialOf: selfBuilt, transport }
const doorFor = (tokens: unknown, options: MiddlewareOptions = {}, more: object = {}) =>
  createMiddleware(tokens as typeof APP, options, { ...parts, ...more })

/** A middleware for one source. */
function middlewareFor(tokens: unknown, options: MiddlewareOptions = {}, more: object = {}) {
  const opened = doorFor(tokens, options, more)
  return { ...opened, source: opened.source as TokenSource }
}

function refusalOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof QyapiTokenError) return `${error.code}: ${error.message}`
    throw error
  }
  return expect.fail('nothing was thrown')
}

const destination = (token: Destination['token']): Destination => ({
  endpoint: 'user/get',
  token,
  parameter: 'access_token',
  parameters: ['access_token'],
  tokenInUrl: undefined,
})

it.each([
  ['the short form', APP],
  ['a credential', selfBuilt(APP)],
])(
  'a middleware makes its source from %s, with the client’s own network settings',
  async (_name, tokens) => {
    const { source } = middlewareFor(tokens, { clock: fakeClock() })
    expect(source.describe()).toMatchObject({ kind: 'self-built', subject: 'app of corp ww-fake' })
    expect(await source.get()).toBe('by-the-client')
  },
)

it('a middleware that makes its source uses the option transport instead, if there is one', async () => {
  const own = async () => ({ status: 200, body: tokenBody('by-the-option') })
  expect(await middlewareFor(APP, { transport: own }).source.get()).toBe('by-the-option')
})

it('a middleware that makes its source passes the source’s options on, and keeps its own', async () => {
  const events: TokenEvent[] = []
  const opened = middlewareFor(
    APP,
    {
      baseUrl: 'https://proxy.example/wecom',
      trustedOrigins: ['https://other.example'],
      callerToken: 'replace',
      onEvent: (event) => events.push(event),
      axios: {},
    } as MiddlewareOptions,
    { moreOptions: { axios: [() => true, ''] } },
  )
  await opened.source.get()
  expect(events).toMatchObject([{ type: 'fetched' }])
  expect(opened.baseUrl).toBe('https://proxy.example/wecom')
  expect(opened.trustedOrigins).toEqual(['https://other.example'])
  expect(opened.callerToken).toBe('replace')
  for (const origin of ['https://proxy.example', 'https://other.example']) {
    expect(opened.judge(`${origin}/wecom/cgi-bin/user/get`)?.endpoint).toBe('user/get')
  }
  expect(opened.judge(`${QYAPI}/wecom/cgi-bin/user/get`)).toBeUndefined()
})

it('a middleware that makes its source trusts no other origin and keeps the caller’s token by default', () => {
  const opened = middlewareFor(APP)
  expect(opened.trustedOrigins).toEqual([])
  expect(opened.callerToken).toBe('keep')
  expect(opened.judge(`${QYAPI}/cgi-bin/user/get`)?.parameter).toBe('access_token')
})

it('a middleware that makes its source takes that source’s token for the destinations of its kind', () => {
  const opened = middlewareFor(APP)
  expect(opened.policies).toEqual({ app: policyOf(opened.source) })
})

it('a middleware that makes its source knows more paths by the option endpoints, which is not passed to the source', () => {
  const opened = middlewareFor(APP, { endpoints: [{ path: 'openhw/', token: 'app' }] })
  expect(opened.judge(`${QYAPI}/cgi-bin/openhw/list`)).toMatchObject({ token: 'app' })
})

it('a middleware that makes its source reports a request with a token of its own once, since both have one listener', () => {
  const events: TokenEvent[] = []
  const onEvent = (event: TokenEvent) => events.push(event)
  middlewareFor(APP, { onEvent }).reportCallerToken(destination('app'))
  expect(events).toMatchObject([{ type: 'skipped', endpoint: 'user/get' }])
})

it('a middleware closes the source that it made', () => {
  const opened = middlewareFor(APP)
  opened.close()
  expect(opened.source.describe().state).toBe('closed')
})

it('a middleware uses the source that it was given, and does not close it', () => {
  const source = createTokenSource(selfBuilt(APP), { baseUrl: 'https://proxy.example' })
  const opened = middlewareFor(source)
  expect(opened.source).toBe(source)
  expect(opened.baseUrl).toBe('https://proxy.example')
  opened.close()
  expect(source.describe().state).toBe('empty')
})

it('a middleware that was given its source reports a request with a token of its own to its own listener, whatever its kind of token', () => {
  const events: TokenEvent[] = []
  const onEvent = (event: TokenEvent) => events.push(event)
  const source = createTokenSource(selfBuilt(APP))
  for (const tokens of [source, [source], () => source])
    doorFor(tokens, { onEvent }).reportCallerToken(destination('app'))
  const aside = { type: 'skipped', endpoint: 'user/get', reason: 'caller_token' }
  expect(events).toEqual([
    { ...aside, kind: 'self-built', subject: 'app of corp ww-fake' },
    { ...aside, kind: 'self-built', subject: 'app of corp ww-fake' },
    { ...aside, kind: 'app', subject: 'a call with a token of its own' },
  ])
})

it('a middleware that was given its source takes its token for the destinations of its kind, and for no other', () => {
  const opened = middlewareFor(createTokenSource(selfBuilt(APP)))
  expect(opened.policies).toEqual({ app: policyOf(opened.source) })
  expect(opened.chooserFor(destination('app'))).toBeUndefined()
  expect(opened.chooserFor(destination('suite'))).toBeUndefined()
})

it.each([
  [undefined, 'undefined'],
  [null, 'null'],
  ['ww1', 'a string of 3 characters'],
])('createMiddleware refuses tokens given as %s', (tokens, shown) => {
  expect(refusalOf(() => middlewareFor(tokens))).toBe(
    `bad_options: tokens must be { corpId, corpSecret }, a credential, a token source, an array of sources, or a function that returns one, got ${shown}.`,
  )
})

it.each(['store', 'callerToken'])(
  'createMiddleware refuses the unknown key %s in the credential, and says where it belongs',
  (key) => {
    expect(refusalOf(() => middlewareFor({ ...APP, [key]: 'x' }))).toBe(
      `bad_options: Unknown key '${key}' in the credential: ${key} belongs in the third argument.`,
    )
  },
)

it('createMiddleware refuses options that belong to a source that was passed', () => {
  const source = createTokenSource(selfBuilt(APP))
  expect(refusalOf(() => middlewareFor(source, { maxAgeMs: 1 }))).toContain(
    'it belongs to the source',
  )
})

it.each(['alone', 'beside a function'])(
  'createMiddleware refuses a baseUrl together with a source, %s: the source has its own',
  (how) => {
    const source = createTokenSource(selfBuilt(APP))
    const tokens = how === 'alone' ? [source] : [source, () => source]
    expect(refusalOf(() => middlewareFor(tokens, { baseUrl: 'https://proxy.example' }))).toContain(
      "Unknown key 'baseUrl' in options: it belongs to the source",
    )
    expect(middlewareFor([() => source], { baseUrl: 'https://proxy.example' }).baseUrl).toBe(
      'https://proxy.example',
    )
  },
)

it('createMiddleware refuses an option that only another entry has', () => {
  expect(refusalOf(() => middlewareFor(APP, { axios: {} } as MiddlewareOptions))).toContain(
    "Unknown key 'axios'",
  )
})
