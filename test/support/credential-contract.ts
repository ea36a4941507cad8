import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import type { TokenAnswer, TokenRequest, TokenStore } from '../../src/index.js'
import { type Credential, createTokenSource, memoryStore } from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { printed } from './printed.js'
import { settle } from './qyapi.js'

/** One kind of credential, with its token request and the answer. */
export interface CredentialCase {
  readonly credential: () => Credential
  /** The same ids with another secret. */
  readonly withOtherSecret: () => Credential
  readonly kind: string
  /** The subject in errors and events. */
  readonly subject: string
  readonly secrets: readonly string[]
  /** The token call, below `/cgi-bin/`. */
  readonly method: 'GET' | 'POST'
  readonly call: string
  readonly body?: object
  /** A real answer, and the token in it. */
  readonly answer: object
  readonly token: string
  readonly tokenInvalidErrcodes: readonly number[]
  /** A pushed ticket, if the token request needs one. */
  readonly ticket?: string
  /** Invalid options, and the message for each. */
  readonly refuses: readonly (readonly [make: () => Credential, message: string])[]
}

/** What every credential guarantees. */
export function credentialContract(given: CredentialCase): void {
  const { secrets } = given

  const fetched = async (answer: object) => {
    const credential = given.credential()
    const requests: TokenRequest[] = []
    const transport = async (request: TokenRequest) => {
      requests.push(request)
      return { status: 200, body: JSON.stringify(answer) }
    }
    const source = createTokenSource(credential, { transport, clock: fakeClock() })
    if (given.ticket !== undefined) await source.pushTicket(given.ticket)
    const token = await source.get().catch((error) => error)
    return { credential, token, source, requests }
  }

  it('a credential requests its token as WeCom documents it', async () => {
    const { requests } = await fetched(given.answer)
    expect(requests).toEqual([
      {
        method: given.method,
        url: `https://qyapi.weixin.qq.com/cgi-bin/${given.call}`,
        ...(given.body && { body: JSON.stringify(given.body) }),
      },
    ])
  })

  it('a credential finds the token in the real answer, with an errcode of 0 and without', async () => {
    expect((await fetched(given.answer)).token).toBe(given.token)
    const { errcode: _errcode, errmsg: _errmsg, ...bare } = given.answer as Record<string, unknown>
    expect((await fetched(bare)).token).toBe(given.token)
  })

  it('a token is refused by the errcodes of its kind, and never by 40001', () => {
    const credential = given.credential()
    expect(credential.tokenInvalidErrcodes).toEqual(given.tokenInvalidErrcodes)
    expect(credential.tokenInvalidErrcodes).not.toContain(40001)
  })

  it('rule 14: a credential describes itself, and no secret, however it is printed', async () => {
    const refused = { errcode: 40001, errmsg: 'invalid credential' }
    const { credential, source, token } = await fetched(refused)
    expect(source.describe()).toMatchObject({ kind: given.kind, subject: given.subject })
    for (const value of [credential, source, source.describe(), token]) {
      const text =
        inspect(value, { depth: 10 }) + JSON.stringify(value) + String((value as Error).message)
      for (const secret of secrets) expect(text).not.toContain(secret)
    }
  })

  it.each<[string, (request: TokenRequest) => TokenAnswer]>([
    [
      'an errmsg',
      ({ url, body }) => ({
        status: 200,
        body: JSON.stringify({ errcode: 40013, errmsg: `no: ${url} ${body}` }),
      }),
    ],
    ['a 500', ({ url, body }) => ({ status: 500, body: `${url} ${body}` })],
    ['a page', ({ url, body }) => ({ status: 200, body: `<p>${url} ${body}</p>` })],
    [
      'an error',
      (request) => {
        throw Object.assign(new Error(`cannot send to ${request.url}`, { cause: request.body }), {
          config: request,
          body: request.body,
        })
      },
    ],
  ])(
    'request rule 9: a failure of a credential contains no secret, though %s repeats the whole request',
    async (_name, reply) => {
      const events: unknown[] = []
      const requests: TokenRequest[] = []
      const source = createTokenSource(given.credential(), {
        clock: fakeClock(),
        onEvent: (event) => events.push(event),
        transport: async (request) => {
          requests.push(request)
          return reply(request)
        },
      })
      if (given.ticket !== undefined) await source.pushTicket(given.ticket)
      const failure = await source.get().catch((error) => error)
      expect(failure).toMatchObject({ name: 'QyapiTokenError' })
      const sent = JSON.stringify(requests)
      const shown = [failure, events, source, source.describe()].map(printed).join()
      expect(secrets.some((secret) => sent.includes(secret))).toBe(true)
      for (const secret of secrets) expect(shown).not.toContain(secret)
    },
  )

  it('rule 14: a credential with another secret has another key', async () => {
    const keys = new Set<string>()
    const seen = new Set<string>()
    const kept = memoryStore()
    const store: TokenStore = {
      get: (key) => kept.get(key),
      set: (key, token) => {
        keys.add(key)
        return kept.set(key, token)
      },
      delete: async () => true,
    }
    const transport = async () => ({ status: 200, body: JSON.stringify(given.answer) })
    for (const make of [given.credential, given.withOtherSecret]) {
      const source = createTokenSource(make(), { store, transport })
      if (given.ticket !== undefined) await source.pushTicket(given.ticket)
      keys.clear()
      await source.get()
      await settle()
      expect(keys.size).toBe(1)
      for (const key of keys) seen.add(key)
    }
    expect(seen.size).toBe(2)
    for (const key of seen) for (const secret of secrets) expect(key).not.toContain(secret)
  })

  it('a credential refuses invalid options, and says what they should be', () => {
    for (const [make, message] of given.refuses) {
      expect(make).toThrow(expect.objectContaining({ code: 'bad_options' }))
      expect(make).toThrow(message)
      for (const secret of secrets) expect(make).not.toThrow(secret)
    }
  })

  it('a credential cannot be changed', () => {
    expect(Object.isFrozen(given.credential())).toBe(true)
  })
}
