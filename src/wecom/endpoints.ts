/**
 * Which token a path takes. Data only; paths are relative to `/cgi-bin/`, the longest match wins,
 * and a path that is not here takes the app's `access_token`.
 */

/** `app`: the access token of an app, whoever issued it. `none`: the path takes no token at all. */
export const TOKEN_KINDS = ['app', 'suite', 'provider', 'model', 'none'] as const
export type TokenKind = (typeof TOKEN_KINDS)[number]

/** The exact query parameter of each kind. */
export const TOKEN_PARAMETERS = {
  app: 'access_token',
  suite: 'suite_access_token',
  provider: 'provider_access_token',
  model: 'model_access_token',
} as const

export interface EndpointRule {
  /** A path, or a folder of paths if it ends in `/`. */
  readonly path: string
  readonly token: TokenKind
  /** Where the parameter's name is not the kind's own. */
  readonly parameter?: string
}

const rules = (token: TokenKind, paths: readonly string[]): EndpointRule[] =>
  paths.map((path) => ({ path, token }))

export const ENDPOINT_RULES: readonly EndpointRule[] = [
  // The token calls themselves: document/path/91039 (gettoken), 90600 (suite), 91200 (provider).
  ...rules('none', [
    'gettoken',
    'service/get_suite_token',
    'service/get_provider_token',
    'openhw/get_model_token',
  ]),
  // They carry a key of their own: group robots (document/path/91770), smart robots, smart sheets.
  ...rules('none', ['webhook/', 'aibot/response', 'wedoc/smartsheet/webhook']),
  // Third-party apps: document/path/90605 and its neighbours.
  ...rules('suite', [
    'service/get_corp_token',
    'service/get_permanent_code',
    'service/v2/get_permanent_code',
    'service/get_pre_auth_code',
    'service/set_session_info',
    'service/get_auth_info',
    'service/get_admin_list',
    'service/get_app_qrcode',
    'service/auth/getuserinfo3rd',
    'service/auth/getuserdetail3rd',
    'service/getuserinfo3rd',
    'service/getuserdetail3rd',
    'service/miniprogram/jscode2session',
    'service/get_order',
    'service/get_order_list',
    'service/prolong_try',
    'service/externalcontact/unionid_to_external_userid_3rd',
  ]),
  // 上下游 and 企业互联, with the token of the upstream app: document/path/95311.
  ...rules('app', ['corpgroup/corp/gettoken', 'corpgroup/corp/list_app_share_info']),
  // The one path that takes the provider's token under the name of another.
  { path: 'service/get_login_info', token: 'provider', parameter: 'access_token' },
  // Service providers: document/path/91200 and its neighbours.
  ...rules('provider', [
    'service/get_register_code',
    'service/get_register_info',
    'service/get_customized_auth_url',
    'service/corpid_to_opencorpid',
    'service/contact/',
    'service/batch/getresult',
    'service/media/upload',
    'license/',
    'paytool/',
  ]),
]
