import {
  type Credential,
  type CredentialKind,
  credentialKind,
  defineCredential,
} from '../core/credential.js'
import { checkSource } from '../core/credential-options.js'
import { lenderOf, type TokenSource } from '../core/token-source.js'

/** Tickets sign pages. No call carries one, so no server call ever reports a dead one: pages do. */
const ticketKind = (kind: string) =>
  credentialKind({ kind, tokenName: 'ticket', serves: undefined, refusalErrcodes: [] })

const JSAPI_TICKET = ticketKind('jsapi-ticket')
const AGENT_TICKET = ticketKind('agent-ticket')

/**
 * The ticket of a corp that signs pages for `wx.config`, asked for with an app's token. If pages
 * report it as invalid: `await tickets.invalidate(ticket)`. Source: document/path/90506.
 *
 * @param app The source of the app's token.
 * @throws `bad_options` if it is not one.
 * @example
 * const tickets = createTokenSource(jsapiTicket(app))
 * const config = await signJsapi({ ticket: await tickets.get(), url })
 */
export function jsapiTicket(app: TokenSource): Credential {
  return ticketOf(app, JSAPI_TICKET, { path: 'get_jsapi_ticket' })
}

/**
 * The ticket of an app that signs pages for `wx.agentConfig`, asked for with the app's token. If
 * pages report it as invalid: `await tickets.invalidate(ticket)`. Source: document/path/90506.
 *
 * @param app The source of the app's token.
 * @throws `bad_options` if it is not one.
 * @example
 * const tickets = createTokenSource(agentTicket(app))
 * const config = await signJsapi({ ticket: await tickets.get(), url })
 */
export function agentTicket(app: TokenSource): Credential {
  return ticketOf(app, AGENT_TICKET, { path: 'ticket/get', query: { type: 'agent_config' } })
}

function ticketOf(
  app: TokenSource,
  kind: CredentialKind,
  { path, query }: { path: string; query?: Readonly<Record<string, string>> },
): Credential {
  checkSource('app', app, 'app', "the source of the app's token")
  // Two apps of one corp differ by their secrets alone, and those may change.
  const { credential } = lenderOf(app)
  return defineCredential(kind, {
    subject: credential.subject,
    ids: [credential.kind, ...credential.ids],
    carries: app,
    secrets: () => lenderOf(app).credential.secrets(),
    request: ({ token = '' }) => ({
      method: 'GET',
      path,
      query: { access_token: token, ...query },
    }),
  })
}
