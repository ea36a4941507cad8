import type { ErrcodeRows } from './row.js'

const AUTHORISE_AGAIN_ZH =
  '企业已取消授权，或有了新的永久授权码（由 create_auth 或 reset_permanent_code 回调给出）。请保存新的永久授权码，或请企业重新授权。'
const ENABLE_ZH = '确认应用已启用，且权限和授权没有被收回。'
const ASK_CORP_EN = 'Ask an administrator of the corp to authorise the app again.'
const ASK_CORP_ZH = '请企业管理员重新授权该应用。'

/** Authorisations and apps that are gone or disabled. */
export const AUTHORISATION_ERRCODES: ErrcodeRows = {
  40084: {
    name: 'invalid_permanent_code',
    en: {
      causes: [
        'the corp cancelled its authorisation',
        'the code was replaced, or belongs to another corp, suite or provider',
      ],
    },
    zh: {
      meaning: '永久授权码无效',
      causes: ['企业已取消授权', '授权码已更换，或属于别的企业、套件或服务商'],
      remedy: AUTHORISE_AGAIN_ZH,
    },
  },
  41025: {
    name: 'missing_permanent_code',
    en: { causes: ['it was not stored when the corp authorised the suite'] },
    zh: {
      meaning: '缺少永久授权码',
      causes: ['企业授权时没有保存永久授权码'],
      remedy: AUTHORISE_AGAIN_ZH,
    },
  },
  48004: {
    name: 'authorisation_not_valid',
    en: { causes: ['the corp never authorised the app, or cancelled it'] },
    zh: {
      meaning: '授权关系无效',
      causes: ['企业从未授权，或已取消授权'],
      remedy: AUTHORISE_AGAIN_ZH,
    },
  },
  50003: {
    name: 'app_disabled',
    en: { causes: ['an administrator disabled the app'] },
    zh: { meaning: '应用已停用', causes: ['管理员停用了应用'], remedy: ENABLE_ZH },
  },
  50006: {
    name: 'system_app_disabled',
    en: { causes: ['an administrator disabled the system app'] },
    zh: { meaning: '系统应用已停用', causes: ['管理员停用了系统应用'], remedy: ENABLE_ZH },
  },
  60031: {
    name: 'app_may_not_call',
    en: { causes: ['WeCom or an administrator withdrew the right to call the API'] },
    zh: {
      meaning: '应用目前不允许调用 API',
      causes: ['企业微信或管理员收回了调用权限'],
      remedy: ENABLE_ZH,
    },
  },
  301007: {
    name: 'corp_not_available',
    en: { causes: ['the corp was dissolved, or WeCom blocked it'] },
    zh: {
      meaning: '企业不可用',
      causes: ['企业已解散，或被企业微信封禁'],
      remedy: '请企业管理员登录管理后台查看企业状态，或联系企业微信。',
    },
  },
  40141: {
    name: 'corp_account_abnormal',
    en: {
      meaning: 'the account of the corp is in an abnormal state',
      causes: ['WeCom restricted the corp'],
      remedy: 'An administrator of the corp looks into the admin console, or asks WeCom.',
    },
    zh: {
      meaning: '企业账号异常',
      causes: ['企业被企业微信限制'],
      remedy: '请企业管理员登录管理后台查看，或联系企业微信。',
    },
  },
  48006: {
    name: 'permission_withdrawn_for_disuse',
    en: {
      meaning: 'the permission was withdrawn because the app was not used for a long time',
      causes: ['the corp has not used the app for a long time'],
      remedy: 'An administrator of the corp enables the app again.',
    },
    zh: {
      meaning: '应用长期未使用，接口权限已被收回',
      causes: ['企业长时间没有使用该应用'],
      remedy: '请企业管理员重新启用该应用。',
    },
  },
  40133: {
    name: 'member_authorisation_forbidden',
    en: {
      meaning: 'the corp does not let members authorise apps',
      causes: ['a member authorised the app, which the corp forbids'],
      remedy: ASK_CORP_EN,
    },
    zh: {
      meaning: '企业不允许成员授权应用',
      causes: ['应用由成员授权，而企业禁止成员授权'],
      remedy: ASK_CORP_ZH,
    },
  },
  40134: {
    name: 'member_authorised_app_disabled',
    en: {
      meaning: 'the app that a member authorised is disabled',
      causes: ['an administrator of the corp disabled it'],
      remedy: ASK_CORP_EN,
    },
    zh: {
      meaning: '成员授权的应用已被停用',
      causes: ['企业管理员停用了它'],
      remedy: ASK_CORP_ZH,
    },
  },
  90351: {
    name: 'app_state_abnormal',
    en: {
      meaning: 'the app is in an abnormal state',
      causes: ['it was taken down, disabled, or is not yet online'],
      remedy: 'Look at the app in the provider console.',
    },
    zh: {
      meaning: '应用状态异常',
      causes: ['应用已下架、停用，或尚未上线'],
      remedy: '在服务商管理端查看应用状态。',
    },
  },
  60246: {
    name: 'third_party_app_not_online',
    en: {
      meaning: 'the third-party app is not online',
      causes: ['it was not published yet, or was taken down'],
      remedy: 'Publish the app in the provider console.',
    },
    zh: {
      meaning: '第三方应用未上线',
      causes: ['尚未发布，或已下架'],
      remedy: '在服务商管理端上线该应用。',
    },
  },
  84085: {
    name: 'app_taken_down',
    en: {
      meaning: 'the app was taken down',
      causes: ['the provider or WeCom took it down'],
      remedy: 'Publish the app again in the provider console.',
    },
    zh: {
      meaning: '应用已下架',
      causes: ['服务商或企业微信下架了应用'],
      remedy: '在服务商管理端重新上架。',
    },
  },
  842002: {
    name: 'template_not_online',
    en: {
      meaning: 'the 代开发 template is not online',
      causes: ['it was not published yet'],
      remedy: 'Publish the template in the provider console.',
    },
    zh: {
      meaning: '代开发应用模板未上线',
      causes: ['模板尚未发布'],
      remedy: '在服务商管理端上线模板。',
    },
  },
  842003: {
    name: 'not_a_template',
    en: {
      meaning: 'the suite is not a 代开发 template',
      causes: ["the id is a third-party app's; a template's begins with dk"],
      remedy: 'Pass the id of the template.',
    },
    zh: {
      meaning: '不是代开发应用模板',
      causes: ['传入的是第三方应用的 ID；模板 ID 以 dk 开头'],
      remedy: '传入模板的 ID。',
    },
  },
  846000: {
    name: 'neither_custom_nor_third_party',
    en: {
      meaning: 'the app is neither a 代开发 nor a third-party app',
      causes: ['a self-built app called an API for service providers'],
      remedy: "Call it with the token of a provider's app.",
    },
    zh: {
      meaning: '不是代开发应用或第三方应用',
      causes: ['用自建应用调用了服务商的接口'],
      remedy: '改用服务商应用的 token 调用。',
    },
  },
}
