import type { ErrcodeRows } from './row.js'

const LOG_IN_EN =
  'Send the user through the login once more and use the new code once, within 5 min.'
const LOG_IN_ZH = '让用户重新走一遍登录授权，新的 code 只用一次，且在 5 分钟内使用。'
const USED_EN = 'the code was used before: by a reload of the page, a retry or a second server'
const USED_ZH = 'code 已被使用过：页面刷新、重试，或另一台服务器先用了'
const AUTHORISE_EN = 'Begin the authorisation again with a new pre_auth_code.'
const AUTHORISE_ZH = '用新的 pre_auth_code 重新发起授权。'

/** Codes that are used once: never a reason to replace a token. */
export const CODE_ERRCODES: ErrcodeRows = {
  40029: {
    name: 'invalid_oauth_code',
    page: 91023,
    retry: 'new_code',
    en: {
      meaning: 'the OAuth code is not valid',
      causes: [USED_EN, 'it is older than 5 min', 'it was issued to another app'],
      remedy: LOG_IN_EN,
    },
    zh: {
      meaning: 'OAuth code 无效',
      causes: [USED_ZH, '超过 5 分钟', 'code 属于别的应用'],
      remedy: LOG_IN_ZH,
    },
  },
  42003: {
    name: 'oauth_code_expired',
    page: 91023,
    retry: 'new_code',
    en: {
      meaning: 'the OAuth code expired',
      causes: ['it is older than 5 min'],
      remedy: LOG_IN_EN,
    },
    zh: { meaning: 'OAuth code 已过期', causes: ['超过 5 分钟'], remedy: LOG_IN_ZH },
  },
  42022: {
    name: 'oauth_code_used',
    page: 91023,
    retry: 'new_code',
    en: { meaning: 'the OAuth code was used before', causes: [USED_EN], remedy: LOG_IN_EN },
    zh: { meaning: 'OAuth code 已被使用', causes: [USED_ZH], remedy: LOG_IN_ZH },
  },
  41008: {
    name: 'missing_oauth_code',
    page: 91023,
    retry: 'new_code',
    en: {
      meaning: 'the code is missing',
      causes: ['the page was opened without the redirect of the login'],
      remedy: LOG_IN_EN,
    },
    zh: {
      meaning: '缺少 code',
      causes: ['页面不是经登录授权跳转打开的'],
      remedy: LOG_IN_ZH,
    },
  },
  40077: {
    name: 'invalid_pre_auth_code',
    retry: 'new_code',
    en: {
      meaning: 'the pre_auth_code is not valid',
      causes: ['it does not exist, or belongs to another suite'],
      remedy: AUTHORISE_EN,
    },
    zh: {
      meaning: 'pre_auth_code 无效',
      causes: ['不存在，或属于别的套件'],
      remedy: AUTHORISE_ZH,
    },
  },
  42007: {
    name: 'pre_auth_code_expired',
    retry: 'new_code',
    en: {
      meaning: 'the pre_auth_code expired',
      causes: ['it is older than 20 min'],
      remedy: AUTHORISE_EN,
    },
    zh: { meaning: 'pre_auth_code 已过期', causes: ['超过 20 分钟'], remedy: AUTHORISE_ZH },
  },
  40078: {
    name: 'invalid_auth_code',
    retry: 'new_code',
    en: {
      meaning: 'the auth_code is not valid',
      causes: ['it was used before, or belongs to another suite'],
      remedy: AUTHORISE_EN,
    },
    zh: {
      meaning: 'auth_code 无效',
      causes: ['已被使用过，或属于别的套件'],
      remedy: AUTHORISE_ZH,
    },
  },
  84071: {
    name: 'invalid_contact_auth_code',
    retry: 'new_code',
    en: {
      meaning: 'the authorisation code of an external contact is not valid',
      causes: [USED_EN],
      remedy: 'Get a new code.',
    },
    zh: { meaning: '外部联系人授权码无效', causes: [USED_ZH], remedy: '重新获取授权码。' },
  },
  84075: {
    name: 'auth_code_invalid_or_expired',
    retry: 'new_code',
    en: {
      meaning: 'the auth code is not valid, or expired',
      causes: [USED_EN],
      remedy: 'Get a new code.',
    },
    zh: { meaning: 'authcode 无效或已过期', causes: [USED_ZH], remedy: '重新获取授权码。' },
  },
  40207: {
    name: 'invalid_tfa_code',
    retry: 'new_code',
    en: {
      meaning: 'the tfa_code of the second check is not valid',
      causes: [USED_EN],
      remedy: 'Let the user do the second check again.',
    },
    zh: { meaning: 'tfa_code 无效', causes: [USED_ZH], remedy: '让用户重新进行二次验证。' },
  },
  41050: {
    name: 'invalid_welcome_code',
    retry: 'new_code',
    en: {
      meaning: 'the welcome_code is not valid',
      causes: ['it is older than 20 s, or another app has used it'],
      remedy: 'Send the welcome message within 20 s of the callback, from one app.',
    },
    zh: {
      meaning: 'welcome_code 无效',
      causes: ['超过 20 秒，或已被别的应用使用'],
      remedy: '在收到回调后 20 秒内、由一个应用发送欢迎语。',
    },
  },
  95007: {
    name: 'invalid_msg_token',
    retry: 'new_code',
    en: {
      meaning: 'the token of a customer service callback is not valid',
      causes: ['it is older than 10 min; it is not an access_token'],
      remedy:
        'Use the token of the newest callback, or leave it out, which is limited more strictly.',
    },
    zh: {
      meaning: '微信客服回调的 token 无效',
      causes: ['超过 10 分钟；它不是 access_token'],
      remedy: '使用最新回调里的 token；也可不填，但调用限制更严格。',
    },
  },
}
