import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { badOption } from '../core/errors.js'
import type { SourceOptions } from '../core/options.js'
import type { TokenStore } from '../core/store.js'
import type { TokenAnswer, TokenRequest } from '../core/transport.js'
import { fakeClock } from './fake-clock.js'
import type { ContractRule } from './store-contract.js'

/** What the contract asks of a token source. */
export interface ContractSource {
  get(): Promise<string>
  describe(): object
}

/** One credential, with its token request and the answer as the server's manual has it. */
export interface CredentialCase {
  /**
   * Makes a source: `(options, secret) => createTokenSource(myCredential({ …, secret }), options)`.
   * With a ticket, if its token request needs one.
   */
  readonly open: (
    options: SourceOptions,
    secret: string,
  ) => ContractSource | Promise<ContractSource>
  /** A secret of at least eight characters. */
  readonly secret: string
  /** The token request, its path below `/cgi-bin/` with the query. */
  readonly request: {
    readonly method: 'GET' | 'POST'
    readonly path: string
    readonly body?: Readonly<Record<string, unknown>>
  }
  /** A real answer, and the token in it. */
  readonly answer: Readonly<Record<string, unknown>>
  readonly token: string
}

/**
 * What every credential guarantees, as rules to run one by one: for one that you made with
 * `defineCredential`.
 *
 * @throws `bad_options` if `open` is not a function.
 * @example
 * for (const { name, run } of credentialContract({ open, secret, request, answer, token }))
 *   test(name, run)
 */
export function credentialContract(given: CredentialCase): ContractRule[] {
  if (typeof given?.open !== 'function')
    throw badOption('open', 'a function (options, secret) => source', given?.open)
  return Object.entries(RULES).map(([name, keep]) => ({ name, run: () => keep(given) }))
}

/** A source on a transport that answers all alike, with what it sent. */
async function opened(
  given: CredentialCase,
  reply: (request: TokenRequest) => TokenAnswer,
  { secret = given.secret, ...options }: SourceOptions & { secret?: string } = {},
) {
  const requests: TokenRequest[] = []
  const transport = async (request: TokenRequest) => {
    requests.push(request)
    return reply(request)
  }
  const source = await given.open({ transport, clock: fakeClock(), ...options }, secret)
  return { source, requests }
}

const answering = (json: object) => () => ({ status: 200, body: JSON.stringify(json) })

/** Answers that repeat the whole request, as servers and proxies do. */
const REPEATING: readonly ((request: TokenRequest) => TokenAnswer)[] = [
  ({ url, body }) => answering({ errcode: 40013, errmsg: `no: ${url} ${body}` })(),
  ({ url, body }) => ({ status: 500, body: `${url} ${body}` }),
  ({ url, body }) => ({ status: 200, body: `<p>${url} ${body}</p>` }),
  (request) => {
    throw Object.assign(new Error(`cannot send to ${request.url}`, { cause: request.body }), {
      config: request,
    })
  },
]

const RULES: Readonly<Record<string, (given: CredentialCase) => Promise<void>>> = {
  'a credential requests its token as the manual says': async (given) => {
    const { source, requests } = await opened(given, answering(given.answer))
    await source.get()
    const { method, path, body } = given.request
    const [sent, ...more] = requests.map(({ method, url, body }) => ({
      method,
      path: url.slice(url.indexOf('/cgi-bin/') + '/cgi-bin/'.length),
      body: body === undefined ? undefined : JSON.parse(body),
    }))
    assert.deepEqual(sent, { method, path, body })
    assert.equal(more.length, 0, 'one token request was enough')
  },
  'a credential finds the token in the real answer, with an errcode of 0 and without': async (
    given,
  ) => {
    const { errcode: _errcode, errmsg: _errmsg, ...bare } = given.answer
    for (const answer of [given.answer, bare, { errcode: 0, errmsg: 'ok', ...bare }]) {
      const { source } = await opened(given, answering(answer))
      assert.equal(await source.get(), given.token)
    }
  },
  'rule 10: a refused secret is an error, and is remembered': async (given) => {
    const refused = { errcode: 40001, errmsg: 'invalid credential' }
    const { source, requests } = await opened(given, answering(refused))
    await assert.rejects(source.get(), { code: 'credential_refused', errcode: 40001 })
    await assert.rejects(source.get(), { code: 'credential_refused' })
    assert.equal(requests.length, 1)
  },
  'rule 14: a credential describes itself, and no secret': async (given) => {
    const { source } = await opened(given, answering(given.answer))
    await source.get()
    for (const value of [source, source.describe()]) mustHide(given.secret, value)
  },
  'rule 14: a credential with another secret has another store key, and none contains the secret':
    async (given) => {
      const [own, again, other] = [
        await keyOf(given, given.secret),
        await keyOf(given, given.secret),
        await keyOf(given, `another-${given.secret}`),
      ]
      assert.equal(own, again)
      assert.notEqual(own, other)
      mustHide(given.secret, own)
    },
  'request rule 9: a failure contains no secret, though the answer repeats the whole request':
    async (given) => {
      for (const reply of REPEATING) {
        const events: unknown[] = []
        const onEvent = (event: unknown) => void events.push(event)
        const { source, requests } = await opened(given, reply, { onEvent, clock: hurriedClock() })
        const failure: unknown = await source.get().then(() => assert.fail('no failure'), Object)
        const sent = requests.map(({ url, body = '' }) => `${decodeURIComponent(url)} ${body}`)
        assert.ok(sent[0]?.includes(given.secret), 'the token request contains no secret')
        for (const value of [failure, events, source]) mustHide(given.secret, value)
      }
    },
}

/** Waits for nothing, so that the retries of a token request take no time. */
function hurriedClock() {
  const after = (ms: number, callback: () => void) => {
    const timer = ms < 1_000 ? setImmediate(callback) : undefined
    return () => clearImmediate(timer)
  }
  return { ...fakeClock(), after }
}

/** The key under which a source stores its token. */
async function keyOf(given: CredentialCase, secret: string): Promise<string> {
  let keep: (key: string) => void = () => {}
  const kept = new Promise<string>((resolve) => {
    keep = resolve
  })
  const store: TokenStore = {
    get: async () => undefined,
    set: async (key) => {
      keep(key)
      return true
    },
    delete: async () => true,
  }
  const { source } = await opened(given, answering(given.answer), { store, secret })
  await source.get()
  return kept
}

/** However it is printed. */
function mustHide(secret: string, value: unknown): void {
  const { message = '', stack = '', cause } = Object(value) as Partial<Error>
  const printed = `${inspect(value, { depth: 10 })}${inspect(cause, { depth: 10 })}${JSON.stringify(value)}`
  for (const hidden of [secret, encodeURIComponent(secret)])
    assert.ok(!`${printed}${message}${stack}`.includes(hidden), 'the secret is in what is printed')
}
