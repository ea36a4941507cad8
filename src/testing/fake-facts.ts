/**
 * WeCom's paths and errcodes as the fake has them. Intentionally written down once more, and apart
 * from `src/wecom`: a fake that read the table of the code it tests would share its mistakes.
 */
import type { FakeTokenKind } from './fake-tokens.js'

/** The kinds of token that requests carry. */
export type CarriedKind = Exclude<FakeTokenKind, 'ticket'>

/** The parameter name of each kind of token. */
export const PARAMETERS: Readonly<Record<CarriedKind, string>> = {
  app: 'access_token',
  suite: 'suite_access_token',
  provider: 'provider_access_token',
  model: 'model_access_token',
  device: 'device_access_token',
}

/**
 * 全局错误码, document/path/90313. That 41022 also means a provider's missing token, and 41001 a
 * device's, are guesses; 40082 and 42009 for providers were seen in public reports.
 */
export const ERRCODES: Readonly<
  Record<CarriedKind, { missing: number; invalid: number; expired: number }>
> = {
  app: { missing: 41001, invalid: 40014, expired: 42001 },
  suite: { missing: 41022, invalid: 40082, expired: 42009 },
  provider: { missing: 41022, invalid: 40082, expired: 42009 },
  model: { missing: 710403, invalid: 710400, expired: 710401 },
  device: { missing: 41001, invalid: 40106, expired: 42021 },
}

interface PathsOfKind {
  /** Not set: these take no token. */
  readonly kind?: CarriedKind
  /** Set if it is not the kind's own. */
  readonly parameter?: string
  /** Below `/cgi-bin/`; a path that ends in `/` means everything below it. */
  readonly paths: readonly string[]
}

/** The nearest row counts; a path without a row takes the app's token. */
export const PATHS: readonly PathsOfKind[] = [
  {
    paths: [
      'aibot/cli/',
      'aibot/response',
      'gettoken',
      'openhw/get_model_token',
      'service/get_provider_token',
      'service/get_suite_token',
      'webhook/',
      'wedoc/smartsheet/webhook',
    ],
  },
  { kind: 'app', paths: ['corpgroup/corp/gettoken', 'corpgroup/corp/list_app_share_info'] },
  {
    kind: 'suite',
    paths: [
      'idconvert/upgrade_chatid_for_new_corp',
      'service/auth/getuserdetail3rd',
      'service/auth/getuserinfo3rd',
      'service/externalcontact/unionid_to_external_userid_3rd',
      'service/get_admin_list',
      'service/get_app_qrcode',
      'service/get_auth_info',
      'service/get_corp_token',
      'service/get_order',
      'service/get_order_list',
      'service/get_permanent_code',
      'service/get_pre_auth_code',
      'service/getuserdetail3rd',
      'service/getuserinfo3rd',
      'service/miniprogram/jscode2session',
      'service/prolong_try',
      'service/school/getuserinfo3rd',
      'service/set_session_info',
      'service/v2/get_auth_info',
      'service/v2/get_permanent_code',
    ],
  },
  { kind: 'provider', parameter: PARAMETERS.app, paths: ['service/get_login_info'] },
  {
    kind: 'provider',
    paths: [
      'advanced_api/',
      'hardware/get_device_feature',
      'license/',
      'paytool/',
      'service/add_device',
      'service/batch/getresult',
      'service/batch/userid_to_openuserid',
      'service/contact/',
      'service/corpid_to_opencorpid',
      'service/del_device',
      'service/externalcontact/finish_external_userid_migration',
      'service/fetch_device_log',
      'service/finish_openid_migration',
      'service/get_account_balance',
      'service/get_customized_auth_url',
      'service/get_device_auth_info',
      'service/get_register_code',
      'service/get_register_info',
      'service/list_device',
      'service/media/upload',
      'service/reset_secret_no',
      'service/set_printer_support_state',
    ],
  },
  {
    kind: 'model',
    paths: [
      'openhw/device/get_device_detail',
      'openhw/get_device_secret',
      'openhw/get_device_token',
      'openhw/model/register_sn',
      'openhw/model/unregister_sn',
    ],
  },
  { kind: 'device', paths: ['openhw/device/'] },
]
