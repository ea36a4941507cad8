import { badOption } from '../core/errors.js'
import type { FakeEndpoint, FakeRequest, NextAnswer } from './fake-answers.js'
import {
  checkCorp,
  checkEndpoint,
  checkFakeOptions,
  checkNext,
  checkPath,
  checkPort,
  checkSelector,
  checkTenants,
} from './fake-options.js'
import { type FakeParts, fakeParts } from './fake-parts.js'
import { fakeServer, interceptByNock, type NockLike, type PageListener } from './fake-server.js'
import type { FakeAuthorizedCorp } from './fake-suites.js'
import type { FakeTenants } from './fake-tenants.js'
import {
  type FakeApp,
  type FakeTokenKind,
  type FakeTokenSelector,
  realisticText,
  type TokenMode,
} from './fake-tokens.js'

export interface FakeQyapiOptions extends FakeTenants {
  /**
   * The self-built apps that it knows.
   * @default [{ corpId: 'ww-fake', corpSecret: 'fake-secret' }]
   */
  readonly apps?: readonly FakeApp[]
  /**
   * Whether a token request returns a new string each time, or the same one while it lives.
   * @default 'new'
   */
  readonly tokens?: TokenMode
  /**
   * Makes the n-th token, counted over all kinds. If it is not a self-built app's, `app` has the id
   * of the corp, suite, model or device as its `corpId`, and an empty `corpSecret`.
   * @default 214 characters, like the real ones
   */
  readonly tokenText?: (count: number, app: FakeApp, kind: FakeTokenKind) => string
  /**
   * How long tokens and page tickets live, in seconds.
   * @default 7200
   */
  readonly expiresInSeconds?: number
  /**
   * Whether answers have WeCom's undocumented `error-code` and `error-msg` headers.
   * @default true
   */
  readonly errorCodeHeader?: boolean
  /**
   * Wall clock, in milliseconds.
   * @default Date.now
   */
  readonly now?: () => number
}

/** A fake of qyapi.weixin.qq.com, as a server on loopback or behind nock. */
export interface FakeQyapi {
  /**
   * Starts a server on 127.0.0.1. Resolves with its address, for `baseUrl`.
   *
   * @param port 0 or nothing: any free port. Rejects if another program has it.
   */
  listen(port?: number): Promise<string>
  /**
   * Serves a page that shows messages, calls and tokens as they happen, at `/` of the fake's server.
   * Starts the server if none is listening. Resolves with the page's address, for a browser.
   */
  page(): Promise<string>
  /** Stops the server and cuts its connections. */
  close(): Promise<void>
  /** Answers every `/cgi-bin/` request to `baseUrl` by nock, until `nock.cleanAll()`. */
  interceptWith(nock: NockLike, baseUrl?: string): void
  addApp(app: FakeApp): void
  /** Adds owners of any kind; a known one gets the new secret and ticket. */
  add(tenants: FakeTenants): void
  /**
   * Pushes a new `suite_ticket`, valid for 30 min of the fake's clock. Pass it on as your callback
   * would; `timeStamp` is in seconds, as the callback has it.
   */
  pushSuiteTicket(suiteId: string): { suiteTicket: string; timeStamp: number }
  /** The same for a hardware model's `model_ticket`. */
  pushModelTicket(modelId: string): { modelTicket: string; timeStamp: number }
  /** A corp authorises a suite; if it has done so already, its permanent code changes. */
  install(suiteId: string, corp: FakeAuthorizedCorp): void
  /** A corp cancels its authorisation: its permanent code gets 40084, its tokens 40014. */
  uninstall(suiteId: string, corpId: string): void
  /** Adds an endpoint, or replaces the answer of one, including a token request's. */
  on(path: string, endpoint: FakeEndpoint): void
  /**
   * From now on, tokens are refused with 40014, 40082, 710400 or 40106 by their kind: all, or the
   * selected ones, e.g. `{ kind: 'suite', suiteId }`.
   */
  revoke(only?: FakeTokenSelector): void
  /** From now on, tokens are refused with 42001, 42009, 710401 or 42021, as if they had expired. */
  expire(only?: FakeTokenSelector): void
  /** The next requests to a path (`'*'`: to any but token requests) get this answer. */
  failNext(path: string, answer: NextAnswer, times?: number): void
  /** Clears what `failNext` planned: for one path, or for all. */
  recover(path?: string): void
  /**
   * How many requests came to a path, answered or not: of all, or of one corp. A token request
   * counts for the corp whose token it requests.
   */
  count(path: string, corpId?: string): number
  /** All requests as received, tokens included: do not print them. */
  readonly requests: readonly FakeRequest[]
}

/**
 * Makes a fake of WeCom's API with tokens that really expire and can be revoked.
 *
 * @throws `bad_options`, as its methods do, for what is missing, unknown or wrong.
 * @example
 * const wecom = fakeQyapi()
 * const baseUrl = await wecom.listen()
 * const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
 * attachToken(client, { corpId: 'ww-fake', corpSecret: 'fake-secret' }, { baseUrl })
 * wecom.revoke()
 * await client.post('/message/send', {})   // one gettoken later, it is sent
 */
export function fakeQyapi(options: FakeQyapiOptions = {}): FakeQyapi {
  return fakeOf(partsOf(options))
}

export function partsOf(options: FakeQyapiOptions): FakeParts {
  checkFakeOptions(options)
  const { errorCodeHeader = true, expiresInSeconds = 7200, now = Date.now } = options
  const { tokens = 'new', tokenText = realisticText } = options
  const { apps = [{ corpId: 'ww-fake', corpSecret: 'fake-secret' }], ...others } = options
  const settings = { errorCodeHeader, expiresInSeconds, now, tokens, tokenText }
  return fakeParts({ ...others, ...settings, apps })
}

/** The public methods on these parts, with a page that is there already or is made when asked for. */
export function fakeOf(parts: FakeParts, page?: PageListener): FakeQyapi {
  const { endpoints, handle, log, plans, requests, tenants, tokens } = parts
  const server = fakeServer(handle)
  let listener = page

  function add(added: FakeTenants): void {
    checkTenants(added)
    tenants.add(added)
    log.changed()
  }

  function end(state: 'revoked' | 'expired', only: FakeTokenSelector): void {
    checkSelector(only)
    tokens.end(state, only)
    log.changed()
  }

  async function listen(port?: number): Promise<string> {
    checkPort(port)
    return server.listen(port)
  }

  return {
    listen,
    close: server.close,
    async page() {
      const { pageServer } = await import('./page-server.js')
      listener ??= pageServer(parts).listener
      server.servePage(listener)
      return `${server.address() ?? (await listen())}/`
    },
    interceptWith(nock, baseUrl) {
      if (typeof nock !== 'function') throw badOption('nock', 'the package nock', nock)
      interceptByNock(nock, handle, baseUrl)
    },
    addApp: (app) => add({ apps: [app] }),
    add,
    pushSuiteTicket: (suiteId) => tenants.pushSuiteTicket(suiteId),
    pushModelTicket: tenants.pushModelTicket,
    install(suiteId, corp) {
      checkCorp(corp)
      tenants.install(suiteId, corp)
      log.changed()
    },
    uninstall(suiteId, corpId) {
      tenants.uninstall(suiteId, corpId)
      log.changed()
    },
    on(path, endpoint) {
      checkEndpoint(path, endpoint)
      endpoints.set(path, endpoint)
    },
    revoke: (only = {}) => end('revoked', only),
    expire: (only = {}) => end('expired', only),
    failNext(path, answer, times = 1) {
      checkNext(path, answer, times)
      plans.failNext(path, answer, times)
      log.changed()
    },
    recover(path) {
      if (path !== undefined) checkPath(path)
      plans.recover(path)
      log.changed()
    },
    count(path, corpId) {
      checkPath(path)
      return requests.filter(
        (request) => request.path === path && (corpId ?? request.corpId) === request.corpId,
      ).length
    },
    requests,
  }
}
