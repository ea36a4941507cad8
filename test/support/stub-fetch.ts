import { type MiddlewareOptions, withToken } from '../../src/fetch.js'
import { type Given, sourceWith } from './source.js'

export const API = 'https://qyapi.weixin.qq.com/cgi-bin'
export const REFUSED = '{"errcode":42001,"errmsg":"access_token expired"}'

/** The arguments of the wrapped fetch. */
export interface Sent {
  readonly input: string | URL | Request
  readonly init: RequestInit & { duplex?: string; dispatcher?: unknown }
}

/** An attached fetch that the test answers; its tokens are `token-1`, `token-2`, … */
export function stubFetch(
  answer: (sent: Sent, count: number) => unknown = () => new Response('{"errcode":0}'),
  options: MiddlewareOptions = {},
  tokens: (count: number) => Given = (count) => `token-${count}`,
) {
  const sent: Sent[] = []
  const stub = async (input: string | URL | Request, init: RequestInit) => {
    sent.push({ input, init })
    return answer({ input, init }, sent.length)
  }
  const given = sourceWith(tokens)
  const qyFetch = withToken(stub as typeof fetch, given.source, options) as typeof fetch
  return { ...given, qyFetch, sent }
}

/** Refuses the first request by its header, and accepts every other. */
export const refuseFirst = (_sent: Sent, count: number) =>
  count === 1
    ? new Response(REFUSED, { headers: { 'error-code': '42001' } })
    : new Response('{"errcode":0}')
