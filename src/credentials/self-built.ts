import { type Credential, credentialKind, defineCredential } from '../core/credential.js'
import { badOption } from '../core/errors.js'
import { check } from '../core/options.js'
import { REFUSED_ACCESS_TOKEN } from '../wecom/errcodes.js'

const SELF_BUILT = credentialKind({
  kind: 'self-built',
  tokenName: 'access_token',
  serves: 'app',
  refusalErrcodes: REFUSED_ACCESS_TOKEN,
  read: (answer) => ({ value: answer.access_token, expiresIn: answer.expires_in }),
})

/** The short form: what an app in one's own corp has. */
export interface SelfBuiltOptions {
  /** The corp's id, `ww…`. */
  readonly corpId: string
  /** The app's secret. Each app has its own, and so have contact sync, 客户联系 and 审批. */
  readonly corpSecret: string
}

/**
 * The `access_token` of a self-built app, or of a 代开发 app (`corpSecret` is then the permanent
 * code). Source: document/path/91039.
 *
 * @throws `bad_options` if an id or secret is missing, or there is a key that it does not know.
 * @example
 * const source = createTokenSource(selfBuilt({ corpId, corpSecret }))
 */
export function selfBuilt(options: SelfBuiltOptions): Credential {
  check(options ?? null, { corpId: ANYTHING, corpSecret: ANYTHING }, 'selfBuilt')
  const { corpId, corpSecret } = options
  if (!isId(corpId)) throw badOption('corpId', "the corp's id, a non-empty string", corpId)
  if (!isId(corpSecret)) {
    throw badOption('corpSecret', "the app's secret, a non-empty string", corpSecret, true)
  }

  return defineCredential(SELF_BUILT, {
    subject: `app of corp ${corpId}`,
    ids: [corpId],
    secrets: () => [corpSecret],
    request: () => ({
      method: 'GET',
      path: 'gettoken',
      query: { corpid: corpId, corpsecret: corpSecret },
    }),
  })
}

const ANYTHING = [() => true, ''] as const

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}
