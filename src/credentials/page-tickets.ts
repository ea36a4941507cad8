import { type Credential, credentialKind, identityOf } from '../core/credential.js'
import { policyOf, type TokenSource } from '../token/token-source.js'
import { PAGE_TICKETS_AN_HOUR } from '../wecom/limits.js'
import { checkSource } from './credential-options.js'

/** Tickets sign pages. No call carries one, so only pages can report an invalid one. */
/* @__NO_SIDE_EFFECTS__ */
function ticketKind(kind: string, path: string, query: Readonly<Record<string, string>>) {
  return credentialKind<'app'>({
    kind,
    tokenName: 'ticket',
    tokenKind: undefined,
    tokenInvalidErrcodes: [],
    subjectOf: ({ app }) => `for ${app.split(':').map(decodeURIComponent).join(' ')}`,
    request: (_ids, _secret, { token = '' }) => ({
      method: 'GET',
      path,
      query: { access_token: token, ...query },
    }),
  })
}

const corpTicket = ticketKind('jsapi-ticket', 'get_jsapi_ticket', {})
const appTicket = ticketKind('agent-ticket', 'ticket/get', { type: 'agent_config' })

/**
 * The ticket of a corp that signs pages for `wx.config`, requested with an app's token. If pages
 * report it as invalid: `await tickets.invalidate(ticket)`, at most 25 times an hour, so that the
 * app stays below WeCom's 100. Source: document/path/90506.
 *
 * @param app The source of the app's token.
 * @throws `bad_options` if it is not one.
 * @example
 * const tickets = createTokenSource(jsapiTicket(app))
 * const config = await signJsapi({ ticket: await tickets.get(), url })
 */
export function jsapiTicket(app: TokenSource): Credential {
  return ticketOf(app, corpTicket)
}

/**
 * The ticket of an app that signs pages for `wx.agentConfig`, requested with the app's token. If
 * pages report it as invalid: `await tickets.invalidate(ticket)`, at most 25 times an hour, so that
 * the app stays below WeCom's 100. Source: document/path/90506.
 *
 * @param app The source of the app's token.
 * @throws `bad_options` if it is not one.
 * @example
 * const tickets = createTokenSource(agentTicket(app))
 * const config = await signJsapi({ ticket: await tickets.get(), url })
 */
export function agentTicket(app: TokenSource): Credential {
  return ticketOf(app, appTicket)
}

function ticketOf(app: TokenSource, ticket: typeof corpTicket): Credential {
  checkSource('app', app, 'app', "the source of the app's token")
  const { credential: holder, baseUrl } = policyOf(app)
  const { holderKind = holder.kind } = holder
  const identity = identityOf(holder)
  // Two apps of one corp differ only by their secrets, which may change.
  const secret = () => policyOf(app).credential.secret()
  const { corpId, authCorpId, name } = holder.ids
  const limits = () => [
    { of: `${baseUrl} ${identity} ${secret()}`, most: PAGE_TICKETS_AN_HOUR.app },
    { of: `${baseUrl} ${corpId ?? authCorpId ?? name}`, most: PAGE_TICKETS_AN_HOUR.corp },
  ]
  return ticket({ ids: { app: identity }, parent: app, holderKind, secret, limits })
}
