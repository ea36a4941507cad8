import { type Credential, credentialKind } from '../core/credential.js'
import { REFUSED_PROVIDER_TOKEN } from '../wecom/errcodes.js'
import { checkId, checkKeys, type Id, type Secret, secretReader } from './credential-options.js'

const provider = /* @__PURE__ */ credentialKind<'corpId'>({
  kind: 'service-provider',
  tokenName: 'provider_access_token',
  tokenKind: 'provider',
  tokenInvalidErrcodes: REFUSED_PROVIDER_TOKEN,
  subjectOf: ({ corpId }) => corpId,
  request: ({ corpId }, providerSecret) => ({
    method: 'POST',
    path: 'service/get_provider_token',
    body: { corpid: corpId, provider_secret: providerSecret },
  }),
})

/** A service provider (服务商). */
export interface ServiceProviderOptions {
  /** The provider's corp id, `ww…`. */
  readonly corpId: Id
  /** The `provider_secret`, or a function that returns the current one. */
  readonly providerSecret: Secret
}

/**
 * The `provider_access_token` of a service provider: for registration codes, licences, id
 * conversion, and logins by `service/get_login_info`. Source: document/path/91200.
 *
 * @throws `bad_options` if an id or secret is missing or malformed, or a key is unknown.
 * @example
 * const provider = createTokenSource(serviceProvider({ corpId, providerSecret }))
 */
export function serviceProvider(options: ServiceProviderOptions): Credential {
  checkKeys(options, 'serviceProvider', ['corpId', 'providerSecret'])
  const { corpId } = options
  checkId('corpId', corpId, "the provider's corp id")
  const secret = secretReader('providerSecret', options.providerSecret, "the provider's secret")

  return provider({ ids: { corpId }, secret })
}
