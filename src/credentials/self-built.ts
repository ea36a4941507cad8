import { type Credential, credentialKind } from '../core/credential.js'
import { REFUSED_ACCESS_TOKEN } from '../wecom/errcodes.js'
import { checkId, checkKeys, type Id, type Secret, secretReader } from './credential-options.js'

const selfBuiltApp = /* @__PURE__ */ credentialKind<'corpId'>({
  kind: 'self-built',
  tokenName: 'access_token',
  tokenKind: 'app',
  tokenInvalidErrcodes: REFUSED_ACCESS_TOKEN,
  subjectOf: ({ corpId }) => `app of corp ${corpId}`,
  request: ({ corpId }, corpSecret) => ({
    method: 'GET',
    path: 'gettoken',
    query: { corpid: corpId, corpsecret: corpSecret },
  }),
})

/** An app of your own corp; also the short form that the middlewares accept. */
export interface SelfBuiltOptions {
  /** The corp's id, `ww…`. */
  readonly corpId: Id
  /**
   * The app's secret, or a function that returns the current one. Each app has its own, and so have
   * contact sync, 客户联系 and 审批.
   */
  readonly corpSecret: Secret
}

/**
 * The `access_token` of a self-built app, or of a 代开发 app (`corpSecret` is then the permanent
 * code). Source: document/path/91039.
 *
 * @throws `bad_options` if an id or secret is missing or malformed, or a key is unknown.
 * @example
 * const source = createTokenSource(selfBuilt({ corpId, corpSecret }))
 */
export function selfBuilt(options: SelfBuiltOptions): Credential {
  checkKeys(options, 'selfBuilt', ['corpId', 'corpSecret'])
  const { corpId } = options
  checkId('corpId', corpId, "the corp's id")
  const secret = secretReader('corpSecret', options.corpSecret, "the app's secret")

  return selfBuiltApp({ ids: { corpId }, secret })
}
