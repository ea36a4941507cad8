import { type Credential, credentialKind } from '../core/credential.js'
import { policyOf, type TokenSource } from '../token/token-source.js'
import { REFUSED_ACCESS_TOKEN } from '../wecom/errcodes.js'
import {
  checkId,
  checkKeys,
  checkSource,
  type Id,
  type Secret,
  secretReader,
} from './credential-options.js'

const corp = /* @__PURE__ */ credentialKind<'suiteId' | 'authCorpId'>({
  kind: 'authorized-corp',
  tokenName: 'access_token',
  tokenKind: 'app',
  tokenInvalidErrcodes: REFUSED_ACCESS_TOKEN,
  subjectOf: ({ suiteId, authCorpId }) => `${authCorpId} of suite ${suiteId}`,
  request: ({ authCorpId }, permanentCode, { token = '' }) => ({
    method: 'POST',
    path: 'service/get_corp_token',
    query: { suite_access_token: token },
    body: { auth_corpid: authCorpId, permanent_code: permanentCode },
  }),
})

/** A corp that has authorised a third-party app. */
export interface AuthorizedCorpOptions {
  /** The source of the suite's token: `createTokenSource(suiteApp({ … }))`. */
  readonly suite: TokenSource
  /** The `auth_corpid`. */
  readonly authCorpId: Id
  /** The `permanent_code`, or a function that returns the current one. */
  readonly permanentCode: Secret
}

/**
 * The `access_token` of a third-party app in a corp that has authorised it. If the suite's token is
 * refused while this one is fetched, it is replaced once. Source: document/path/90605.
 *
 * @throws `bad_options` if something is missing or malformed, or a key is unknown.
 * @example
 * const corp = createTokenSource(authorizedCorp({ suite, authCorpId, permanentCode }))
 */
export function authorizedCorp(options: AuthorizedCorpOptions): Credential {
  checkKeys(options, 'authorizedCorp', ['suite', 'authCorpId', 'permanentCode'])
  const { suite, authCorpId } = options
  checkSource('suite', suite, 'suite', "the source of the suite's token")
  checkId('authCorpId', authCorpId, "the corp's id")
  const secret = secretReader('permanentCode', options.permanentCode, 'the permanent code')
  const suiteId = policyOf(suite).credential.subject

  return corp({ ids: { suiteId, authCorpId }, secret, parent: suite })
}
