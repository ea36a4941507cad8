/**
 * Which token a path takes. Data only; paths are relative to `/cgi-bin/`, the longest match wins,
 * and a path without a rule takes the app's `access_token`.
 */

/** `app`: the access token of an app, whoever issued it. `none`: the path takes no token at all. */
export const TOKEN_KINDS = ['app', 'suite', 'provider', 'model', 'device', 'none'] as const
export type TokenKind = (typeof TOKEN_KINDS)[number]

/** The exact query parameter of each kind. */
export const TOKEN_PARAMETERS = {
  app: 'access_token',
  suite: 'suite_access_token',
  provider: 'provider_access_token',
  model: 'model_access_token',
  device: 'device_access_token',
} as const

export interface EndpointRule {
  /** A path, or a folder of paths if it ends in `/`. */
  readonly path: string
  readonly token: TokenKind
  /** The parameter's name, if it is not the kind's own. */
  readonly parameter?: string
}

const rules = (token: TokenKind, paths: readonly string[]): EndpointRule[] =>
  paths.map((path) => ({ path, token }))

export const ENDPOINT_RULES: readonly EndpointRule[] = [
  // The token requests themselves: document/path/91039 (gettoken), 90600 (suite), 91200 (provider).
  ...rules('none', [
    'gettoken',
    'service/get_suite_token',
    'service/get_provider_token',
    'openhw/get_model_token',
  ]),
  // They carry a key of their own: group robots (document/path/91770), smart robots, smart sheets.
  // A smart robot's command line tool signs its requests in the body.
  ...rules('none', ['webhook/', 'aibot/response', 'aibot/cli/', 'wedoc/smartsheet/webhook']),
  // Third-party apps: document/path/90605 and its neighbours.
  ...rules('suite', [
    'service/get_corp_token',
    'service/get_permanent_code',
    'service/v2/get_permanent_code',
    'service/get_pre_auth_code',
    'service/set_session_info',
    'service/get_auth_info',
    // document/path/100795
    'service/v2/get_auth_info',
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
    // document/path/95790
    'service/school/getuserinfo3rd',
    // document/path/99601; the other paths below `idconvert/` take the app's.
    'idconvert/upgrade_chatid_for_new_corp',
  ]),
  // 上下游 and 企业互联, with the token of the upstream app: document/path/95311.
  ...rules('app', ['corpgroup/corp/gettoken', 'corpgroup/corp/list_app_share_info']),
  // The only path that takes the provider's token under another parameter name.
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
    // document/path/99375, 97062, 100137
    'service/finish_openid_migration',
    'service/batch/userid_to_openuserid',
    'service/get_account_balance',
    // document/path/100257, 101398 to 101400
    'advanced_api/',
    // No page says so; several SDKs call them like this.
    'service/externalcontact/finish_external_userid_migration',
    'hardware/get_device_feature',
    'service/add_device',
    'service/del_device',
    'service/list_device',
    'service/get_device_auth_info',
    'service/fetch_device_log',
    'service/reset_secret_no',
    'service/set_printer_support_state',
  ]),
  // Hardware manufacturers: document/path/95984, 96022.
  ...rules('model', [
    'openhw/get_device_secret',
    'openhw/get_device_token',
    'openhw/model/register_sn',
    'openhw/model/unregister_sn',
    'openhw/device/get_device_detail',
  ]),
  ...rules('device', ['openhw/device/']),
]
