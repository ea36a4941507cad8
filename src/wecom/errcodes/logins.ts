import type { ErrcodeRows } from './row.js'

const LOG_IN_EN =
  'Send the user through the login once more and use the new code once, within 5 min.'
const LOG_IN_ZH = '让用户重新走一遍登录授权，新的 code 只用一次，且在 5 分钟内使用。'
const SESSION_EN =
  'Let the user log in again. The access_token is not the cause: do not replace it.'
const SESSION_ZH = '让用户重新登录。原因不在 access_token，不要更换它。'

/** Logins of users: never a reason to replace a token. */
export const LOGIN_ERRCODES: ErrcodeRows = {
  42006: {
    name: 'user_session_expired',
    retry: 'new_code',
    en: {
      meaning: 'the login of the user expired',
      causes: ['the user logged in long ago'],
      remedy: SESSION_EN,
    },
    zh: { meaning: '用户的登录态已过期', causes: ['用户登录已久'], remedy: SESSION_ZH },
  },
  42013: {
    name: 'mini_program_session_expired',
    retry: 'new_code',
    en: {
      meaning: 'the login of the mini program is missing or expired',
      causes: ['qy.login was not called, or the session_key is too old'],
      remedy: SESSION_EN,
    },
    zh: {
      meaning: '小程序未登录或登录态已过期',
      causes: ['没有调用 qy.login，或 session_key 太旧'],
      remedy: SESSION_ZH,
    },
  },
  43016: {
    name: 'user_not_logged_in',
    retry: 'new_code',
    en: {
      meaning: 'no user is logged in',
      causes: ['a page with open data was opened without a login'],
      remedy: SESSION_EN,
    },
    zh: {
      meaning: '没有用户登录信息',
      causes: ['未登录就打开了含通讯录展示组件的页面'],
      remedy: SESSION_ZH,
    },
  },
  43017: {
    name: 'open_data_check_failed',
    retry: 'new_code',
    en: {
      meaning: 'the check of the open data request failed',
      causes: ["the page's login or its signature does not match"],
      remedy: SESSION_EN,
    },
    zh: {
      meaning: '通讯录展示组件的请求校验失败',
      causes: ['页面的登录态或签名不匹配'],
      remedy: SESSION_ZH,
    },
  },
  90307: {
    name: 'login_expired',
    retry: 'new_code',
    en: { meaning: 'the login expired', causes: ['it is too old'], remedy: SESSION_EN },
    zh: { meaning: '登录态已过期', causes: ['登录已久'], remedy: SESSION_ZH },
  },
  84014: {
    name: 'user_ticket_expired',
    page: 91023,
    retry: 'new_code',
    en: {
      meaning: 'the user_ticket expired',
      causes: ['it is older than its expires_in'],
      remedy: LOG_IN_EN,
    },
    zh: { meaning: 'user_ticket 已过期', causes: ['超过了它的 expires_in'], remedy: LOG_IN_ZH },
  },
  84015: {
    name: 'invalid_user_ticket',
    page: 91023,
    retry: 'new_code',
    en: {
      meaning: 'the user_ticket is not valid',
      causes: ['it is not the one that the login returned'],
      remedy: LOG_IN_EN,
    },
    zh: {
      meaning: 'user_ticket 无效',
      causes: ['不是登录接口返回的 user_ticket'],
      remedy: LOG_IN_ZH,
    },
  },
  84090: {
    name: 'missing_user_ticket',
    page: 91023,
    retry: 'new_code',
    en: {
      meaning: 'the user_ticket is missing',
      causes: ['the login was made without the scope snsapi_privateinfo'],
      remedy: LOG_IN_EN,
    },
    zh: {
      meaning: '缺少 user_ticket',
      causes: ['登录授权时没有使用 snsapi_privateinfo'],
      remedy: LOG_IN_ZH,
    },
  },
  50001: {
    name: 'redirect_domain_not_trusted',
    page: 91023,
    en: {
      meaning: 'the domain of the redirect_url is not a trusted one of the app',
      causes: [
        'the domain is not entered, or differs by subdomain or port',
        "the token is another app's than the one that opened the page",
      ],
      remedy: "Enter the exact domain in the app's settings (网页授权及JS-SDK).",
    },
    zh: {
      meaning: 'redirect_url 的域名不是应用的可信域名',
      causes: ['没有配置该域名，或子域名、端口不一致', 'token 不属于打开页面的那个应用'],
      remedy: '在应用的“网页授权及JS-SDK”中填写完全一致的域名。',
    },
  },
}
