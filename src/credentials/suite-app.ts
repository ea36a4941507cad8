import { type Credential, credentialKind } from '../core/credential.js'
import { badOption } from '../core/errors.js'
import { REFUSED_SUITE_TOKEN, STALE_SUITE_TICKET } from '../wecom/errcodes.js'
import { checkId, checkKeys, type Id, type Secret, secretReader } from './credential-options.js'

const suite = /* @__PURE__ */ credentialKind<'suiteId'>({
  kind: 'suite-app',
  tokenName: 'suite_access_token',
  tokenKind: 'suite',
  tokenInvalidErrcodes: REFUSED_SUITE_TOKEN,
  subjectOf: ({ suiteId }) => suiteId,
  request: ({ suiteId }, suiteSecret, { ticket }) => ({
    method: 'POST',
    path: 'service/get_suite_token',
    body: { suite_id: suiteId, suite_secret: suiteSecret, suite_ticket: ticket },
  }),
})

type Ticket = string | null | undefined

/** A third-party app or a 代开发 template. */
export interface SuiteAppOptions {
  readonly suiteId: Id
  /** The `suite_secret`, or a function that returns the current one. */
  readonly suiteSecret: Secret
  /**
   * The newest `suite_ticket`, or a function that returns or promises it, or nothing if there is
   * none yet. WeCom pushes one every 10 min, each valid for 30 min: prefer to pass them to
   * `source.pushTicket`, and leave this out.
   */
  readonly suiteTicket?: string | (() => Ticket | Promise<Ticket>)
}

/**
 * The `suite_access_token` of a third-party app. Pass the tickets that WeCom pushes to
 * `source.pushTicket(ticket, { timeStamp })`; the newest is used. Source: document/path/90600.
 *
 * @throws `bad_options` if an id or secret is missing or malformed, or a key is unknown.
 * @example
 * const suite = createTokenSource(suiteApp({ suiteId, suiteSecret }))
 * await suite.pushTicket(suiteTicket, { timeStamp })   // in the callback endpoint
 */
export function suiteApp(options: SuiteAppOptions): Credential {
  checkKeys(options, 'suiteApp', ['suiteId', 'suiteSecret', 'suiteTicket'])
  const { suiteId, suiteTicket } = options
  checkId('suiteId', suiteId, "the suite's id")
  const secret = secretReader('suiteSecret', options.suiteSecret, "the suite's secret")
  if (
    suiteTicket !== undefined &&
    typeof suiteTicket !== 'string' &&
    typeof suiteTicket !== 'function'
  )
    throw badOption('suiteTicket', 'the newest suite_ticket or a function', suiteTicket, true)

  const given = typeof suiteTicket === 'function' ? suiteTicket : () => suiteTicket
  const ticket = { name: 'suite_ticket', staleErrcodes: STALE_SUITE_TICKET, given }
  return suite({ ids: { suiteId }, secret, ticket })
}
