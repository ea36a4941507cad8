import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import type { Clock } from '../../src/core/clock.js'
import { type Credential, credentialKind } from '../../src/core/credential.js'
import { QyapiTokenError } from '../../src/core/errors.js'
import type { TokenAnswer, TokenRequest, Transport } from '../../src/core/transport.js'
import { fetchToken } from '../../src/gettoken/fetch-token.js'
import {
  authorizedCorp,
  createTokenSource,
  selfBuilt,
  suiteApp,
  type TokenEvent,
} from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { settle } from '../support/qyapi.js'
import { tokenBody } from '../support/source.js'

const DOING = 'Could not get the access_token of self-built app of corp ww1'
const credential = selfBuilt({ corpId: 'ww1', corpSecret: 'hush/hush' })
const never = () => new AbortController().signal

const suite = credentialKind<'suiteId'>({
  kind: 'suite',
  tokenName: 'suite_access_token',
  tokenKind: 'suite',
  tokenInvalidErrcodes: [42009],
  subjectOf: ({ suiteId }) => `suite ${suiteId}`,
  request: ({ suiteId }) => ({
    method: 'POST',
    path: 'service/get_suite_token',
    body: { suite_id: suiteId },
  }),
})({ ids: { suiteId: 's1' }, secret: () => 'hush' })

interface Given {
  readonly transport: Transport
  readonly of?: Credential
  readonly baseUrl?: string
  readonly clock?: Clock
  readonly closed?: AbortSignal
}

function fetched({
  transport,
  of = credential,
  baseUrl = 'https://qyapi.weixin.qq.com',
  clock = fakeClock(),
  closed = never(),
}: Given) {
  const source = { emit: () => {} }
  const context = { credential: of, baseUrl, transport, tokenTimeoutMs: 10_000, clock, source }
  return fetchToken(context, closed)
}

const answering =
  (body: string, status = 200): Transport =>
  async () => ({ status, body })

async function failureOf(given: Given | Transport): Promise<QyapiTokenError> {
  const error = await fetched(typeof given === 'function' ? { transport: given } : given).then(
    () => expect.fail('it was fetched'),
    (thrown: unknown) => thrown,
  )
  return error instanceof QyapiTokenError ? error : expect.fail(String(error))
}

const requestOf = async (given: Omit<Given, 'transport'>) => {
  const requests: TokenRequest[] = []
  const transport: Transport = async (request) => {
    requests.push(request)
    throw new Error('down')
  }
  await failureOf({ ...given, transport })
  return requests
}

it('a token request with a query is sent as a GET', async () => {
  expect(await requestOf({})).toEqual([
    {
      method: 'GET',
      url: 'https://qyapi.weixin.qq.com/cgi-bin/gettoken?corpid=ww1&corpsecret=hush%2Fhush',
    },
  ])
  expect('body' in ((await requestOf({}))[0] ?? {})).toBe(false)
})

it('a token request with a body is sent as a POST, through a proxy with a path', async () => {
  expect(await requestOf({ of: suite, baseUrl: 'http://10.0.0.1:8080/wecom/' })).toEqual([
    {
      method: 'POST',
      url: 'http://10.0.0.1:8080/wecom/cgi-bin/service/get_suite_token',
      body: '{"suite_id":"s1"}',
    },
  ])
})

it.each<[unknown, number]>([
  [7200, 7_200_000],
  ['7200', 7_200_000],
  [1, 1_000],
  [0.5, 500],
])(
  'rule 10: an answer to a token request with an expires_in of %j is read',
  async (expiresIn, expiresInMs) => {
    const token = await fetched({ transport: answering(tokenBody('token', expiresIn)) })
    expect(token).toEqual({ value: 'token', expiresInMs })
  },
)

it.each([200, 201, 299])(
  'rule 10: an answer to a token request with HTTP %s is read',
  async (status) => {
    const token = await fetched({ transport: answering(tokenBody('token'), status) })
    expect(token.value).toBe('token')
  },
)

it('rule 10: an answer to a token request after a byte order mark is read', async () => {
  const token = await fetched({ transport: answering(`\uFEFF${tokenBody('token')}`) })
  expect(token.value).toBe('token')
})

it('rule 10: an answer to a token request without an errcode, or with one as text, is read', async () => {
  for (const body of [
    '{"access_token":"token","expires_in":7200}',
    '{"errcode":"0","access_token":"token","expires_in":7200}',
  ]) {
    expect((await fetched({ transport: answering(body) })).value).toBe('token')
  }
})

it.each<[string, string]>([
  ['no life', '{"access_token":"t"}'],
  ['a life of 0', tokenBody('t', 0)],
  ['a negative life', tokenBody('t', -7200)],
  ['an endless life', '{"access_token":"t","expires_in":1e999}'],
  ['a life in words', tokenBody('t', 'long')],
  ['a life with letters after it', tokenBody('t', '72e2')],
  ['a life with letters before it', tokenBody('t', '0x72')],
  ['a life with a sign', tokenBody('t', '+7200')],
  ['a life in a list', tokenBody('t', [7200])],
  ['a life of true', tokenBody('t', true)],
  ['no token', '{"errcode":0,"expires_in":7200}'],
  ['an empty token', tokenBody('')],
  ['a token of spaces', tokenBody('  ')],
  ['a token that is a number', tokenBody(7)],
])('rule 10: an answer to a token request with %s is unreadable', async (_name, body) => {
  const error = await failureOf(answering(body))
  expect(error.message).toBe(
    `${DOING}: gettoken got JSON instead of a token with a lifetime. Check baseUrl and the proxies in between.`,
  )
  expect(error).toMatchObject({ code: 'token_fetch_failed', retryable: true })
})

it.each([
  ['', 'an empty answer'],
  [' \n', 'an empty answer'],
  ['<html>login</html>', 'an HTML page'],
  ['\n <html>', 'an HTML page'],
  ['a < b <', 'text that is not JSON'],
  ['{"access_token":', 'text that is not JSON'],
  ['{"access_token":"t"\uFEFF,"expires_in":7200}', 'text that is not JSON'],
  ['[]', 'JSON'],
  ['null', 'JSON'],
  ['7200', 'JSON'],
  ['"token"', 'JSON'],
  [`[${tokenBody('t')}]`, 'JSON'],
  [`x\uFEFF${tokenBody('t')}`, 'text that is not JSON'],
  [`{"a":"\uFEFF"}`, 'JSON'],
])('an unreadable answer %j is described in the message as: %s', async (body, nature) => {
  const { message } = await failureOf(answering(body))
  const expected = `${DOING}: gettoken got ${nature} instead of a token with a lifetime. Check baseUrl and the proxies in between.`
  expect(message.slice(0, expected.length)).toBe(expected)
  // A page is what a gateway answers with.
  expect(message.includes('If a gateway wants headers or auth')).toBe(nature === 'an HTML page')
})

it.each([100, 199, 400, 404, 500, 503])(
  'rule 10: an answer to a token request with HTTP %s is a server error, whatever the body is',
  async (status) => {
    const error = await failureOf(answering(tokenBody('token'), status))
    expect(error.message).toBe(
      `${DOING}: gettoken got HTTP ${status}. The server or a proxy in between failed, or baseUrl is not WeCom's.`,
    )
    expect(error).toMatchObject({ code: 'token_fetch_failed', retryable: true })
  },
)

it.each([0, 300, 302, 399])(
  'rule 12: an answer to a token request with HTTP %s is a redirect, which is not followed',
  async (status) => {
    const error = await failureOf(answering(tokenBody('token'), status))
    expect(error.message).toBe(
      `${DOING}: gettoken was redirected (HTTP ${status}), which a token request never follows. Check baseUrl.`,
    )
    expect(error).toMatchObject({ code: 'token_fetch_failed', retryable: true })
  },
)

it('rule 10: an answer to a token request of another kind of credential is described with that kind’s names', async () => {
  const error = await failureOf({ of: suite, transport: answering('', 502) })
  expect(error.message).toMatch(
    /^Could not get the suite_access_token of suite suite s1: service\/get_suite_token got HTTP 502\./,
  )
})

it.each([
  [
    40001,
    'credential_refused',
    false,
    "the secret is wrong, or the app is disabled, or secret and id do not belong together. Copy the app's secret again, without blanks, line breaks or quotes (the commonest cause)",
  ],
  [60020, 'ip_not_trusted', true, 'the IP is not trusted. Add this machine'],
  [45009, 'rate_limited', true, 'over the call limit. Wait for the window that was hit'],
])(
  'rule 10: WeCom’s errcode %s becomes %s, with its meaning and advice',
  async (errcode, code, retryable, said) => {
    const error = await failureOf(answering(JSON.stringify({ errcode, errmsg: 'unused' })))
    expect(error).toMatchObject({ code, errcode, retryable })
    expect(error.message).toContain(`${DOING}: WeCom answered ${errcode}, ${said}`)
    expect(error.message).not.toContain('unused')
  },
)

it('rule 10: WeCom’s errcode instead of a token that is unknown is reported with WeCom’s text, without the IP', async () => {
  const errmsg = ' some new failure , from ip: 203.0.113.9'
  const error = await failureOf(answering(JSON.stringify({ errcode: 99999, errmsg })))
  expect(error).toMatchObject({ code: 'token_fetch_failed', errcode: 99999, retryable: true })
  expect(error.message).toBe(`${DOING}: WeCom answered 99999 some new failure.`)
})

it('rule 10: WeCom’s errcode instead of a token that is unknown is reported without the secret, also if the answer repeats the url', async () => {
  const errmsg = `bad url gettoken?corpid=x&corpsecret=${encodeURIComponent('hush/hush')}`
  const error = await failureOf(answering(JSON.stringify({ errcode: 99999, errmsg })))
  expect(error.message).toBe(
    `${DOING}: WeCom answered 99999 bad url gettoken?corpid=x&corpsecret=[hidden].`,
  )
})

it('rule 10: WeCom’s errcode instead of a token is reported with at most 200 characters of WeCom’s text', async () => {
  const errmsg = 'y'.repeat(300)
  const error = await failureOf(answering(JSON.stringify({ errcode: 99999, errmsg })))
  expect(error.message).toBe(`${DOING}: WeCom answered 99999 ${'y'.repeat(200)}.`)
})

it.each([{ errcode: -1 }, { errcode: -1, errmsg: 7 }])(
  'rule 10: WeCom’s errcode instead of a token needs no errmsg: %j',
  async (answer) => {
    const error = await failureOf(answering(JSON.stringify(answer)))
    expect(error).toMatchObject({ errcode: -1, retryable: true })
    expect(error.message).toBe(`${DOING}: WeCom answered -1.`)
  },
)

it('rule 10: WeCom’s errcode instead of a token has priority over a token in the same answer', async () => {
  const body = '{"errcode":40013,"access_token":"t","expires_in":7200}'
  expect((await failureOf(answering(body))).code).toBe('credential_refused')
})

it('rule 10: WeCom’s errcode instead of a token is unknown if it is only the name of an inherited property', async () => {
  const error = await failureOf(answering('{"errcode":1}'))
  expect(error.message).toBe(`${DOING}: WeCom answered 1.`)
})

const isTriedAgain = async (body: string, status = 200) => {
  let verdict: boolean | undefined
  await fetched({
    transport: async (_request, { shouldTryAgain }) => {
      verdict = shouldTryAgain({ status, body })
      return { status: 200, body: tokenBody('token') }
    },
  })
  return verdict
}

it.each<[string, string, number, boolean]>([
  ['a token', tokenBody('t'), 200, false],
  ['system busy', '{"errcode":-1}', 200, true],
  ['errcode 1', '{"errcode":1}', 200, false],
  ['a wrong secret', '{"errcode":40001}', 200, false],
  ['errcode 0 without a token', '{"errcode":0}', 200, true],
  ['no errcode and no token', '{}', 200, true],
  ['a token without a life', '{"access_token":"t"}', 200, true],
  ['no JSON', '<html>', 200, true],
  ['HTTP 500', tokenBody('t'), 500, true],
  ['HTTP 404', '', 404, true],
  ['a redirect', '', 302, false],
  ['an opaque redirect', '', 0, false],
])(
  'rule 10: an answer that should be tried again is: %s: then the outcome is %4$s',
  async (_name, body, status, expected) => {
    expect(await isTriedAgain(body, status)).toBe(expected)
  },
)

it('rule 10: a network error is reported with its innermost message, and a copy of the error without secrets', async () => {
  const live = Object.assign(new TypeError('fetch failed'), {
    config: { secret: 'hush/hush' },
    cause: new Error('getaddrinfo ENOTFOUND hush%2Fhush.example', { cause: new Error('') }),
  })
  const error = await failureOf(async () => {
    throw live
  })
  expect(error.message).toBe(
    `${DOING}: getaddrinfo ENOTFOUND [hidden].example. The network, a proxy or the server failed; later calls try again.`,
  )
  expect(error).toMatchObject({ code: 'token_fetch_failed', retryable: true })
  expect(error.cause).not.toBe(live)
  expect(error.cause).toMatchObject({ name: 'TypeError', message: 'fetch failed' })
  expect(error.cause).not.toHaveProperty('config')
})

it('rule 10: a network error is reported unchanged if it contains nothing to hide', async () => {
  const error = await failureOf(() => Promise.reject(new TypeError('dispatcher is undefined')))
  expect(error.message).toContain(`${DOING}: dispatcher is undefined. The network`)
})

it('rule 10: a network error that is not an Error is reported too', async () => {
  const error = await failureOf(() => Promise.reject({ secret: 'hush/hush' }))
  expect(error.message).toMatch(/^Could not get .*: the transport failed\. The network/)
  expect(error.cause).toBeUndefined()
})

it('rule 10: a network error that is a QyapiTokenError already passes unchanged', async () => {
  const ours = new QyapiTokenError('rate_limited', 'ours')
  expect(
    await failureOf(async () => {
      throw ours
    }),
  ).toBe(ours)
})

/** A fake clock that counts the timers that are still set. */
function countingClock() {
  const clock = fakeClock()
  let pending = 0
  const after: Clock['after'] = (delayMs, callback) => {
    pending += 1
    const cancel = clock.after(delayMs, callback)
    return () => {
      pending -= 1
      cancel()
    }
  }
  return { clock: { ...clock, after }, advance: clock.advance, pending: () => pending }
}

it('rule 10: a fetch ends after tokenTimeoutMs, and the close ends it at once: the transport’s signal is aborted, and the transport is not waited for', async () => {
  const { clock, advance, pending } = countingClock()
  const signals: AbortSignal[] = []
  const failure = failureOf({
    clock,
    transport: (_request, { signal }) => {
      signals.push(signal)
      return new Promise<TokenAnswer>(() => {})
    },
  })
  await settle()
  advance(9_999)
  expect(signals[0]?.aborted).toBe(false)
  advance(1)
  expect(signals[0]?.aborted).toBe(true)
  expect((await failure).message).toBe(
    `${DOING}: no answer within 10000 ms. The network, a proxy or the server failed; later calls try again.`,
  )
  expect(pending()).toBe(0)
})

it('rule 3: a fetch leaves neither a timer nor a listener behind', async () => {
  const { clock, pending } = countingClock()
  const closed = never()
  let listeners = 0
  await fetched({
    clock,
    closed,
    transport: async () => {
      listeners = getEventListeners(closed, 'abort').length
      return { status: 200, body: tokenBody('token') }
    },
  })
  expect(listeners).toBe(1)
  expect(getEventListeners(closed, 'abort')).toHaveLength(0)
  expect(pending()).toBe(0)
})

it('rule 10: the pause between two tries is taken on the source’s clock', async () => {
  const clock = fakeClock()
  const steps: string[] = []
  const token = fetched({
    clock,
    transport: async (_request, { wait }) => {
      await wait(100)
      steps.push('waited')
      return { status: 200, body: tokenBody('token') }
    },
  })
  clock.advance(99)
  await settle()
  expect(steps).toEqual([])
  clock.advance(1)
  expect((await token).value).toBe('token')
})

it('a close during the pause between two tries rejects with its reason, and ends the transport', async () => {
  const controller = new AbortController()
  const reason = new Error('closed')
  const signals: AbortSignal[] = []
  const waiting = fetched({
    closed: controller.signal,
    transport: (_request, { signal }) => {
      signals.push(signal)
      return new Promise<TokenAnswer>(() => {})
    },
  })
  controller.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  expect(signals[0]?.reason).toBe(reason)
})

it('a transport may itself close the source while it sends', async () => {
  const controller = new AbortController()
  const reason = new Error('closed')
  const waiting = fetched({
    closed: controller.signal,
    transport: () => {
      controller.abort(reason)
      return new Promise<TokenAnswer>(() => {})
    },
  })
  await expect(waiting).rejects.toBe(reason)
})

/** A suite and a corp of it; `answer` is what WeCom says to the corp's token calls. */
function suiteAndCorp(
  answer: (call: number) => object,
  suiteAnswer: (call: number) => Promise<object> | object = (call) => ({
    suite_access_token: `suite-${call}`,
    expires_in: 7200,
  }),
) {
  const clock = fakeClock()
  const asked: string[] = []
  const events: TokenEvent[] = []
  const counts = { suite: 0, corp: 0 }
  const transport: Transport = async ({ url }) => {
    const { pathname, searchParams } = new URL(url)
    const given = pathname.endsWith('get_suite_token')
      ? await suiteAnswer(++counts.suite)
      : answer(++counts.corp)
    asked.push(searchParams.get('suite_access_token') ?? 'suite')
    return { status: 200, body: JSON.stringify(given) }
  }
  const options = { clock, transport, onEvent: (event: TokenEvent) => events.push(event) }
  const given = suiteApp({ suiteId: 'ww-suite', suiteSecret: 'hush', suiteTicket: 'ticket' })
  const suite = createTokenSource(given, options)
  const corp = createTokenSource(
    authorizedCorp({ suite, authCorpId: 'ww-corp', permanentCode: 'code' }),
    options,
  )
  return { suite, corp, clock, asked, events }
}
const corpToken = { access_token: 'corp-token', expires_in: 7200 }

it('a token request with the token of another source is sent again once with the next token if WeCom refuses that token', async () => {
  const { corp, asked } = suiteAndCorp((call) => (call === 1 ? { errcode: 42009 } : corpToken))
  expect(await corp.get()).toBe('corp-token')
  expect(asked).toEqual(['suite', 'suite-1', 'suite', 'suite-2'])
})

it('a token request with the token of another source starts a cooldown of its own path if that token is refused again', async () => {
  const { corp, events } = suiteAndCorp(() => ({ errcode: 42009 }))
  await expect(corp.get()).rejects.toMatchObject({ errcode: 42009 })
  expect(events).toContainEqual({
    type: 'endpoint_cooldown',
    kind: 'suite-app',
    subject: 'ww-suite',
    endpoint: 'service/get_corp_token',
    cooldownMs: 30_000,
  })
})

it('a token request with the token of another source stops waiting for that token when its own source is closed', async () => {
  const { suite, corp } = suiteAndCorp(
    () => corpToken,
    () => new Promise(() => {}),
  )
  const waiting = corp.get()
  await settle()
  corp.close()
  await expect(waiting).rejects.toMatchObject({ code: 'closed' })
  expect(suite.describe().state).toBe('empty')
})

it('a token request with the token of another source reports the cooldown of the other source', async () => {
  const { suite, corp, clock } = suiteAndCorp(
    () => corpToken,
    () => ({ errcode: 40001 }),
  )
  await suite.get().catch(() => {})
  clock.advance(15_000)
  const failure = { code: 'credential_refused', errcode: 40001, retryAfterMs: 45_000 }
  await expect(corp.get()).rejects.toMatchObject(failure)
})
