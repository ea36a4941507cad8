import type { ErrcodeRows } from './row.js'

const ASK_CORP_EN = 'Ask an administrator of the corp to authorise the app again.'
const ASK_CORP_ZH = '请企业管理员重新授权该应用。'
const PAY_EN = 'The corp renews or extends the app in the console; until then calls for it fail.'
const PAY_ZH = '企业在管理后台续期或扩容后才能继续调用。'

/** Apps that are not paid for, or have too many users. */
export const SUBSCRIPTION_ERRCODES: ErrcodeRows = {
  40136: {
    name: 'trial_over',
    en: { meaning: 'the trial of the app is over', causes: ['it was not bought'], remedy: PAY_EN },
    zh: { meaning: '应用试用已到期', causes: ['试用期后没有购买'], remedy: PAY_ZH },
  },
  40137: {
    name: 'subscription_over',
    en: {
      meaning: 'the paid time of the app is over',
      causes: ['it was not renewed'],
      remedy: PAY_EN,
    },
    zh: { meaning: '应用服务已到期', causes: ['没有续期'], remedy: PAY_ZH },
  },
  40138: {
    name: 'too_many_paid_users',
    en: {
      meaning: 'more members use the app than were paid for',
      causes: ['the visible range of the app grew'],
      remedy: PAY_EN,
    },
    zh: {
      meaning: '使用人数超过付费人数',
      causes: ['应用的可见范围扩大了'],
      remedy: PAY_ZH,
    },
  },
  40139: {
    name: 'too_many_member_authorised_users',
    en: {
      meaning: 'more members use the app than a member may authorise',
      causes: ['a member authorised the app for too many'],
      remedy: ASK_CORP_EN,
    },
    zh: {
      meaning: '成员授权的使用人数超限',
      causes: ['由成员授权的应用，使用人数过多'],
      remedy: ASK_CORP_ZH,
    },
  },
  90302: {
    name: 'paid_app_expired',
    en: {
      meaning: 'the paid app expired',
      causes: ['it was not renewed'],
      remedy: PAY_EN,
    },
    zh: { meaning: '付费应用已过期', causes: ['没有续期'], remedy: PAY_ZH },
  },
  90303: {
    name: 'paid_app_over_its_users',
    en: {
      meaning: 'the paid app has more users than were bought',
      causes: ['the visible range of the app grew'],
      remedy: PAY_EN,
    },
    zh: { meaning: '付费应用超过最大使用人数', causes: ['应用的可见范围扩大了'], remedy: PAY_ZH },
  },
}
