import type { ErrcodeRows } from './row.js'

const READ_THE_PAGE_EN =
  "Look at the part on permissions (权限说明) of the API's page, give the app that permission in the console, and use the token of that app."
const READ_THE_PAGE_ZH =
  '查看该接口文档的“权限说明”，在管理后台给应用开通该权限，并使用这个应用的 token。'
const PROVIDER_EN = "Call it with the token of an app of the kind that the API's page names."
const PROVIDER_ZH = '用接口文档所要求类型的应用的 token 调用。'

/** Rights of apps. */
export const PERMISSION_ERRCODES: ErrcodeRows = {
  48001: {
    name: 'api_not_authorised',
    en: {
      meaning: 'the API is not open to this corp',
      causes: [
        'the corp is not verified, or too small for this API',
        'corp and provider have no authorisation between them',
      ],
      remedy: READ_THE_PAGE_EN,
    },
    zh: {
      meaning: '企业没有开通这个 API',
      causes: ['企业未认证，或规模不满足该接口的要求', '企业与服务商之间没有授权关系'],
      remedy: READ_THE_PAGE_ZH,
    },
  },
  48002: {
    name: 'api_forbidden',
    en: {
      causes: [
        "the token is an app's that lacks this permission, e.g. contact sync sends messages",
        'customer contact, check-in, approval and others want their own app, or one that is entered there as an allowed caller',
        'a third-party app got a new permission that the corp has not confirmed yet',
        'a 代开发 app (its suite id begins with dk) asked for its token by service/get_corp_token',
      ],
    },
    zh: {
      meaning: '应用没有调用这个接口的权限',
      causes: [
        'token 所属的应用没有该权限，例如用通讯录同步的 token 发消息',
        '客户联系、打卡、审批等接口要求系统应用本身，或配置在其“可调用接口的应用”中的应用',
        '第三方应用新申请的权限还没有被企业确认',
        '代开发应用（suite_id 以 dk 开头）误用 service/get_corp_token 获取 token',
      ],
      remedy: {
        'authorized-corp':
          'suite_id 以 dk 开头的是代开发模板：它的企业要用 selfBuilt({ corpId, corpSecret: permanentCode })，而不是 authorizedCorp。',
        others: READ_THE_PAGE_ZH,
      },
    },
  },
  48005: {
    name: 'api_gone',
    en: {
      meaning: 'the API no longer exists',
      causes: ['WeCom closed it'],
      remedy: 'Use the API that replaces it.',
    },
    zh: { meaning: '接口已废弃', causes: ['企业微信已下线该接口'], remedy: '改用替代的接口。' },
  },
  48007: {
    name: 'service_account_not_granted',
    en: {
      meaning: 'the customer service account is not granted to this app',
      causes: ['the app lacks the permission for this account (微信客服)'],
      remedy: 'Grant the account to the app in the admin console, under 微信客服.',
    },
    zh: {
      meaning: '客服账号没有授权给该应用',
      causes: ['应用没有这个微信客服账号的权限'],
      remedy: '在管理后台“微信客服”中把账号授权给该应用。',
    },
  },
  48008: {
    name: 'contacts_edit_limited',
    en: {
      meaning: 'with the permission to edit contacts only some APIs may be called',
      causes: ['this API is not among them'],
      remedy: READ_THE_PAGE_EN,
    },
    zh: {
      meaning: '通讯录编辑授权只能调用部分接口',
      causes: ['该接口不在其中'],
      remedy: READ_THE_PAGE_ZH,
    },
  },
  301002: {
    name: 'wrong_app_for_this_agent',
    en: {
      meaning: 'the token belongs to another app than the agentid of the call',
      causes: [
        "several apps of one corp share a cache key, and one got the other's token",
        'agentid and secret were copied from different apps',
      ],
      remedy:
        'Use the secret of the app whose agentid the call names, and one token source for each app.',
    },
    zh: {
      meaning: 'token 所属的应用与请求中的 agentid 不一致',
      causes: [
        '同一企业的几个应用共用了缓存键，拿到了别的应用的 token',
        'agentid 和 secret 不是同一个应用的',
      ],
      remedy: '使用 agentid 对应应用的 secret，每个应用用各自的 token source。',
    },
  },
  84005: {
    name: 'third_party_app_not_found',
    en: {
      meaning: 'the third-party app does not exist for this token',
      causes: ['the token and the app id belong to different apps'],
      remedy: 'Use the token of the app that the call names.',
    },
    zh: {
      meaning: '第三方应用不存在',
      causes: ['token 与应用 ID 不属于同一个应用'],
      remedy: '使用请求中那个应用的 token。',
    },
  },
  92003: {
    name: 'not_across_apps',
    en: {
      meaning: 'an app may not touch what another app made',
      causes: ["the object was made with another app's token"],
      remedy: 'Use the token of the app that made it.',
    },
    zh: {
      meaning: '不允许跨应用调用',
      causes: ['该对象由别的应用创建'],
      remedy: '使用创建它的应用的 token。',
    },
  },
  92001: {
    name: 'no_sensitive_data',
    en: {
      meaning: 'the app has no right to sensitive data',
      causes: ['mobile number, mail address and the like need a permission of their own'],
      remedy: READ_THE_PAGE_EN,
    },
    zh: {
      meaning: '应用没有敏感信息权限',
      causes: ['手机号、邮箱等需要单独的权限'],
      remedy: READ_THE_PAGE_ZH,
    },
  },
  84074: {
    name: 'no_external_contacts',
    en: {
      meaning: 'the app or the member has no right to external contacts',
      causes: [
        'the app is not an allowed caller of 客户联系, or the member is outside of its range',
      ],
      remedy:
        'Enter the app as an allowed caller (可调用接口的应用) under 客户联系, and the member in its range.',
    },
    zh: {
      meaning: '没有外部联系人权限',
      causes: ['应用不在“客户联系”的“可调用接口的应用”中，或成员不在使用范围内'],
      remedy: '在“客户联系”中把应用加入“可调用接口的应用”，并把成员加入使用范围。',
    },
  },
  60214: {
    name: 'third_party_apps_only',
    en: {
      meaning: 'only third-party apps may call this',
      causes: ['it was called with the token of a self-built app'],
      remedy: PROVIDER_EN,
    },
    zh: { meaning: '仅第三方应用可调用', causes: ['用了自建应用的 token'], remedy: PROVIDER_ZH },
  },
}
