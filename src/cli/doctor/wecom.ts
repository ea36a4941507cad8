import { isQyapiTokenError } from '../../core/errors.js'
import type { Transport } from '../../core/transport.js'
import { apiRoot } from '../../core/url.js'
import { selfBuilt } from '../../credentials/self-built.js'
import { createTokenSource } from '../../token/token-source.js'
import type { Language } from '../language.js'
import { answerLines } from './answer-lines.js'
import { connectionLines } from './connection-lines.js'
import { type Exchange, get } from './exchange.js'
import type { Line, Say } from './line.js'
import { type ProxySetting, proxyFor } from './proxy.js'
import type { Settings } from './settings.js'
import { callLine, gettokenLine, type TokenOutcome } from './token-lines.js'

type Environment = Readonly<Record<string, string | undefined>>

/** The lines from here to WeCom, and what WeCom says. `keepSecret`: the token is not to be printed. */
export async function wecomLines(
  settings: Settings,
  env: Environment,
  language: Language,
  say: Say,
  keepSecret: (token: string) => void,
): Promise<Line[]> {
  const proxy = proxyFor(settings.baseUrl, env)
  const url = (path: string, query: Record<string, string>) => urlOf(settings, path, query)
  // Without a token: WeCom answers 41001.
  const probe = await get(url('get_api_domain_ip', {}), proxy)
  const lines = [...connectionLines(probe.connection, proxy, env, say), ...answerLines(probe, say)]
  const { corpId, corpSecret, agentId } = settings
  const isReached = lines.some(({ check, status }) => check === 'api' && status === 'ok')
  if (!isReached || corpId === undefined || corpSecret === undefined) return lines

  const outcome = await tokenOf({ corpId, corpSecret }, settings, proxy)
  if (outcome === undefined) return lines
  lines.push(gettokenLine(outcome, language, say))
  if (outcome.error !== undefined) return lines

  keepSecret(outcome.token)
  const called =
    agentId === undefined
      ? url('get_api_domain_ip', { access_token: outcome.token })
      : url('agent/get', { access_token: outcome.token, agentid: agentId })
  return [...lines, callLine(await get(called, proxy), agentId, language, say)]
}

function urlOf({ baseUrl }: Settings, path: string, query: Record<string, string>): URL {
  const { origin, root } = apiRoot(baseUrl.href)
  const url = new URL(`${origin}${root}${path}`)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url
}

/** One token request, by the library itself. `undefined` if the secret is not even sent. */
async function tokenOf(
  app: { corpId: string; corpSecret: string },
  { baseUrl }: Settings,
  proxy: ProxySetting | undefined,
): Promise<(TokenOutcome & { token: string }) | (TokenOutcome & { error: object }) | undefined> {
  let expiresInMs = 0
  try {
    const credential = selfBuilt(app)
    const source = createTokenSource(credential, {
      baseUrl: baseUrl.href,
      transport: transportBy(proxy),
    })
    const token = await source.get()
    expiresInMs = source.describe().expiresInMs ?? 0
    await source.close()
    return { token, expiresInMs }
  } catch (error) {
    // A secret with a line break, which has a line of its own.
    if (!isQyapiTokenError(error)) throw error
    return error.code === 'bad_options' ? undefined : { error }
  }
}

function transportBy(proxy: ProxySetting | undefined): Transport {
  return async ({ url }) => {
    const exchange = await get(new URL(url), proxy)
    if (exchange.answer !== undefined) return exchange.answer
    throw failureOf(exchange)
  }
}

function failureOf({ failure }: Exchange): Error {
  return new Error(failure?.message ?? 'no connection')
}
