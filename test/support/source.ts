import {
  createTokenSource,
  type SourceOptions,
  selfBuilt,
  type TokenEvent,
  type Transport,
} from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { APP } from './qyapi.js'

/** An answer to gettoken: a token string, a whole body, an error, or a promise of one of them. */
export type Given = string | { body: string; status?: number } | Error | Promise<string>

/** A source whose token requests the test answers. */
export function sourceWith(
  answers: Given | ((count: number) => Given),
  options: SourceOptions = {},
) {
  const clock = fakeClock()
  const events: TokenEvent[] = []
  let fetches = 0
  const transport: Transport = async () => {
    fetches += 1
    const given = await (typeof answers === 'function' ? answers(fetches) : answers)
    if (given instanceof Error) throw given
    if (typeof given !== 'string') return { status: 200, ...given }
    return { status: 200, body: tokenBody(given) }
  }
  const source = createTokenSource(selfBuilt(APP), {
    clock,
    transport,
    onEvent: (event) => events.push(event),
    ...options,
  })
  return {
    source,
    clock,
    events,
    fetches: () => fetches,
    types: () => events.map(({ type }) => type),
  }
}

/** Answers token requests with `token-1`, `token-2`, … */
export function numberedTokens() {
  let requests = 0
  const transport: Transport = async () => {
    requests += 1
    return { status: 200, body: tokenBody(`token-${requests}`) }
  }
  return { transport, requests: () => requests }
}

export function tokenBody(value: unknown, expiresIn: unknown = 7200): string {
  return JSON.stringify({ errcode: 0, errmsg: 'ok', access_token: value, expires_in: expiresIn })
}

/** A promise and its handles. */
export function deferred<T>() {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
