import http from 'node:http'
import https from 'node:https'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { errcodeOfHeader } from '../../src/core/errcode.js'
import type { MiddlewareOptions } from '../../src/core/options.js'
import type { Transport } from '../../src/core/transport.js'
import { withoutTokenParameters, withParameter } from '../../src/core/url.js'
import { waitFor } from '../../src/core/wait.js'
import { type SelfBuiltOptions, selfBuilt } from '../../src/credentials/self-built.js'
import type { Destination } from '../../src/request/destination.js'
import { createMiddleware, type Middleware } from '../../src/request/middleware.js'
import { replayOnce } from '../../src/token/replay.js'
import type { TokenPolicy } from '../../src/token/token-policy.js'
import { middlewareContract } from '../support/middleware-contract.js'
import { APP, interceptQyapi, ORIGIN, useNock } from '../support/qyapi.js'

useNock()

/** A call of the client that gets the new entry: Node's own. */
interface Call {
  readonly url: string
  readonly method?: string
  readonly body?: string
  readonly signal?: AbortSignal
}

interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

function send({ url, body, method = 'GET', signal }: Call): Promise<Answer> {
  const { request } = url.startsWith('https:') ? https : http
  const options = { method, ...(signal && { signal }) }
  return new Promise((resolve, reject) => {
    const sending = request(url, options, (response) => {
      const { statusCode: status = 0, headers } = response
      text(response).then((read) => resolve({ status, headers, body: read }), reject)
    })
    sending.on('error', reject).end(body)
  })
}

const transport: Transport = (request, { signal }) => send({ ...request, signal })

// From here on: the entry, as CONTRIBUTING says what a new one needs.

/** The client's calls with the token. */
function httpWithToken(tokens: SelfBuiltOptions, options: MiddlewareOptions) {
  const middleware = createMiddleware(tokens, options, { credentialOf: selfBuilt, transport })
  return {
    source: middleware.source ?? expect.fail('there is no source'),
    async call(call: Call): Promise<Answer> {
      const destination = middleware.judge(call.url)
      if (destination === undefined) return send(call)
      if (destination.tokenInUrl === 'value' && middleware.callerToken === 'keep') {
        middleware.reportCallerToken(destination)
        return send(call)
      }
      const policy = await policyFor(middleware, destination, call)
      return policy === undefined ? send(call) : sendWithToken(policy, destination, call)
    },
  }
}

function policyFor(middleware: Middleware, destination: Destination, call: Call) {
  const chooser = middleware.chooserFor(destination)
  const asked = { url: call.url, method: call.method ?? 'GET', options: call as never }
  if (chooser !== undefined) return middleware.choose(chooser, destination, asked)
  const policy = middleware.policies[destination.token]
  if (policy === undefined) middleware.reportNoSource(destination)
  return policy
}

/** Injects the memoized token; if it is refused: clears it and replays once. */
async function sendWithToken(
  policy: TokenPolicy,
  { endpoint, parameter, parameters }: Destination,
  call: Call,
): Promise<Answer> {
  const bare = withoutTokenParameters(call.url, parameters)
  const sendWith = (token: { readonly encoded: string }) =>
    send({ ...call, url: withParameter(bare, parameter, token.encoded) })
  const refusedBy = ({ headers, body }: Answer) => {
    const errcode = errcodeOfHeader(headers['error-code'])
    return errcode === undefined
      ? policy.errcodes.inText(body)
      : policy.errcodes.inValue({ errcode })
  }
  const token = await waitFor((join) => policy.getToken({ join }), call.signal)
  const sentAtMs = policy.sendingAt()
  const answer = await sendWith(token)
  const errcode = refusedBy(answer)
  if (errcode === undefined) return answer
  const refused = { call: { token, endpoint, errcode, sentAtMs }, answer }
  return replayOnce<Answer>(policy, refused, {
    wait: (replacement) => waitFor(replacement, call.signal),
    send: sendWith,
    refusedBy,
  })
}

middlewareContract('a new entry', (wire, options, corpSecret = APP.corpSecret) => {
  const attached = httpWithToken({ ...APP, corpSecret }, { clock: wire.clock, ...options })
  return {
    source: attached.source,
    async send(url, body, signal) {
      const content = body && { method: 'POST', body: JSON.stringify(body) }
      const answer = await attached.call({ url, ...content, ...(signal && { signal }) })
      return JSON.parse(answer.body).errcode
    },
  }
})

it('a new entry of one file keeps the whole contract without an internal of axios or fetch', async () => {
  const wire = interceptQyapi()
  const { call } = httpWithToken(APP, { clock: wire.clock })
  const { body } = await call({ url: `${ORIGIN}/cgi-bin/user/get?userid=lisi` })
  expect(JSON.parse(body)).toMatchObject({ errcode: 0, userid: 'lisi' })
})
