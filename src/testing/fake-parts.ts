import { systemClock } from '../core/platform.js'
import {
  errorAnswer,
  type FakeAnswer,
  type FakeRequest,
  instead,
  plannedAnswers,
  UNKNOWN_PATH,
} from './fake-answers.js'
import { endpointsOf } from './fake-endpoints.js'
import { exchangeLog } from './fake-log.js'
import { fakeMedia } from './fake-media.js'
import { admit, isKnownPath } from './fake-paths.js'
import { type Handled, type Incoming, wireAnswer } from './fake-server.js'
import { type FakeTenants, fakeTenants } from './fake-tenants.js'
import { requestedCorp } from './fake-token-call.js'
import { type FakeApp, type FakeTokenKind, fakeTokens, type TokenMode } from './fake-tokens.js'

interface PartsOptions extends FakeTenants {
  readonly tokens: TokenMode
  readonly tokenText: (count: number, app: FakeApp, kind: FakeTokenKind) => string
  readonly expiresInSeconds: number
  readonly errorCodeHeader: boolean
  readonly now: () => number
}

/** What is wrong for every request, until it is switched off. */
export interface Faults {
  /** 60020 for token requests and calls. */
  isIpBlocked: boolean
  delayMs: number
}

export type FakeParts = ReturnType<typeof fakeParts>

const ROOT = '/cgi-bin/'

/** What a fake consists of: its public methods and its page both work on these. */
export function fakeParts(options: PartsOptions) {
  const { errorCodeHeader, expiresInSeconds, now, tokens: mode, tokenText: textOf } = options
  const tokens = fakeTokens({ mode, expiresInSeconds, now, textOf })
  const tenants = fakeTenants(tokens, now)
  const media = fakeMedia()
  const endpoints = new Map(Object.entries(endpointsOf(media)))
  const plans = plannedAnswers()
  const faults: Faults = { isIpBlocked: false, delayMs: 0 }
  const requests: FakeRequest[] = []
  const log = exchangeLog()
  const onWire = (answer: FakeAnswer) => wireAnswer(answer, errorCodeHeader)
  tenants.add(options)

  /** Handles one request: an answer, a delay, a cut connection. */
  async function handle(incoming: Incoming, uri: string): Promise<Handled> {
    const { pathname, searchParams: query } = new URL(uri, 'http://fake')
    if (!pathname.startsWith(ROOT)) return { answer: onWire(UNKNOWN_PATH), next: {} }
    const path = pathname.slice(ROOT.length)
    const parsed = { ...incoming, path, query, corpId: undefined }
    const request = { ...parsed, corpId: corpIdOf(parsed) }
    requests.push(request)
    const at = now()
    const began = systemClock.monotonic()
    const next = plans.next(path, tenants.calls.has(path))
    const delayMs = (next.delayMs ?? 0) + faults.delayMs
    if (next.delayMs !== undefined || delayMs > 0) await sleep(delayMs)
    await next.until
    const answer = instead(answerTo(request), next)
    log.add({ at, ms: systemClock.monotonic() - began, request, answer, next })
    return { answer: onWire(answer), next }
  }

  function corpIdOf(request: FakeRequest): string | undefined {
    const { path, query } = request
    const askedFor = tenants.calls.has(path) ? requestedCorp(request) : undefined
    return askedFor ?? admit(tokens, path, query).holder?.corpId
  }

  /** Judged when it is answered: a token may have been revoked meanwhile. */
  function answerTo(request: FakeRequest): FakeAnswer {
    const { path, query } = request
    // Group robots have no trusted IPs.
    if (faults.isIpBlocked && !path.startsWith('webhook/')) return errorAnswer(60020)
    const endpoint =
      endpoints.get(path) ??
      tenants.calls.get(path) ??
      (isKnownPath(path) ? { json: { errcode: 0, errmsg: 'ok' } } : undefined)
    if (endpoint === undefined) return UNKNOWN_PATH
    const { holder, refusal } = admit(tokens, path, query)
    if (refusal !== undefined) return refusal
    return typeof endpoint === 'function' ? endpoint(request, holder) : endpoint
  }

  return { tokens, tenants, media, endpoints, plans, faults, requests, log, handle, now }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.after(ms, resolve))
}
