import { type Credential, credentialKind, identityOf } from '../core/credential.js'
import { badOption } from '../core/errors.js'
import { policyOf, type TokenSource } from '../token/token-source.js'
import { REFUSED_ACCESS_TOKEN } from '../wecom/errcodes.js'
import { checkId, checkKeys, checkSource, type Id } from './credential-options.js'

const corp = /* @__PURE__ */ credentialKind<'upstream' | 'corpId' | 'agentId' | 'businessType'>({
  kind: 'downstream-corp',
  tokenName: 'access_token',
  tokenKind: 'app',
  tokenInvalidErrcodes: REFUSED_ACCESS_TOKEN,
  subjectOf: ({ corpId, agentId }) => `${corpId} (agent ${agentId})`,
  request: ({ corpId, agentId, businessType }, _secret, { token = '' }) => ({
    method: 'POST',
    path: 'corpgroup/corp/gettoken',
    query: { access_token: token },
    body: { corpid: corpId, agentid: Number(agentId), business_type: Number(businessType) },
  }),
})

/** A corp that an app is shared with (上下游, 企业互联). */
export interface DownstreamCorpOptions {
  /** The source of the upstream app's token. */
  readonly upstream: TokenSource
  /** The downstream corp's id. */
  readonly corpId: Id
  /** The shared app's id in the downstream corp. */
  readonly agentId: number
  /**
   * 0: 企业互联, 1: 上下游.
   * @default 0
   */
  readonly businessType?: 0 | 1
}

/**
 * The `access_token` of an app that was shared with a downstream corp, requested with the upstream
 * app's token. Source: document/path/95311.
 *
 * @throws `bad_options` if something is missing or malformed, or a key is unknown.
 * @example
 * const branch = createTokenSource(downstreamCorp({ upstream, corpId, agentId, businessType: 1 }))
 */
export function downstreamCorp(options: DownstreamCorpOptions): Credential {
  checkKeys(options, 'downstreamCorp', ['upstream', 'corpId', 'agentId', 'businessType'])
  const { upstream, corpId, agentId, businessType = 0 } = options
  checkSource('upstream', upstream, 'app', "the source of the upstream app's token")
  checkId('corpId', corpId, "the downstream corp's id")
  if (!Number.isSafeInteger(agentId)) throw badOption('agentId', 'a whole number', agentId)
  if (businessType !== 0 && businessType !== 1)
    throw badOption('businessType', '0 (企业互联) or 1 (上下游)', businessType)
  const upstreamCredential = () => policyOf(upstream).credential

  return corp({
    ids: {
      upstream: identityOf(upstreamCredential()),
      corpId,
      agentId: String(agentId),
      businessType: String(businessType),
    },
    parent: upstream,
    holderKind: upstreamCredential().kind,
    // Two apps of one upstream corp differ only by their secrets.
    secret: () => upstreamCredential().secret(),
  })
}
