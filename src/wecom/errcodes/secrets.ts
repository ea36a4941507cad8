import type { ErrcodeRows } from './row.js'

const CORP_ID_ZH = '核对企业 ID（管理后台 > 我的企业 > 企业信息 > 企业ID）。'
const SUITE_ZH = '在服务商管理端核对套件的 ID 和 secret。'
const PASS_IT_ZH = '重新复制 secret（不带空格、换行和引号），确认它已传入，且属于这个应用。'
const UNSET_EN = 'the variable that holds it is not set, or is empty'
const UNSET_ZH = '存放它的变量没有设置，或为空'

/** Ids and secrets that are wrong or missing. */
export const SECRET_ERRCODES: ErrcodeRows = {
  40001: {
    name: 'invalid_secret',
    en: {
      causes: [
        'the secret was copied with a line break, blanks or quotes',
        'it was reset, and a program still uses the old one',
        'it belongs to another corp, or is the secret of another app',
        'the app is disabled',
      ],
    },
    zh: {
      meaning: 'secret 不正确，或应用已停用，或 secret 与 ID 不匹配',
      causes: [
        '复制 secret 时带上了换行、空格或引号',
        'secret 已重置，程序还在用旧的',
        'secret 属于别的企业或别的应用',
        '应用已停用',
      ],
      remedy: {
        'self-built':
          '重新复制应用的 secret（不带空格、换行和引号，这是最常见的原因），确认它属于这个应用和这个企业 ID、没有被重置，且应用已启用。代开发应用的 secret 是永久授权码，reset_permanent_code 回调会更换它。',
        'service-provider':
          '在服务商管理端重新复制 ProviderSecret（不带空格、换行和引号），确认它属于这个企业 ID，且没有被重置。',
        'suite-app':
          '在服务商管理端重新复制套件的 secret（不带空格、换行和引号），确认它属于这个套件、没有被重置，且应用没有下架。',
        'authorized-corp':
          '核对永久授权码（不带空格、换行和引号），确认它属于这个企业和这个套件，且企业没有停用该应用。',
        'hardware-model':
          '重新复制 model_secret（不带空格、换行和引号），确认它属于这个型号，且没有被重置。',
        'hardware-device':
          '核对 device_secret（不带空格、换行和引号），确认它属于这个序列号和型号；它由 openhw/get_device_secret 返回。',
        others:
          '重新复制 secret（不带空格、换行和引号），确认它属于这个 ID、没有被重置，且应用已启用。不要反复重试：多次错误会使整个 IP 被封一小时。',
      },
    },
  },
  40091: {
    name: 'secret_of_another_corp',
    en: { causes: ['it is probably the secret of another corp'] },
    zh: {
      meaning: 'secret 不正确',
      causes: ['很可能是别的企业的 secret'],
      remedy: PASS_IT_ZH,
    },
  },
  40013: {
    name: 'invalid_corp_id',
    en: {
      causes: [
        'a character is missing, or blanks or quotes were copied along',
        'the id is another kind of id, e.g. a suite id or an agent id',
        'a third-party app needs the encrypted corp id (wp…) of its own provider',
      ],
    },
    zh: {
      meaning: '企业 ID 不正确',
      causes: [
        '少了字符，或复制时带上了空格、引号',
        '填成了别的 ID，例如 suite_id 或 agentid',
        '第三方应用要用本服务商的加密企业 ID（wp 开头）',
      ],
      remedy: CORP_ID_ZH,
    },
  },
  2000002: {
    name: 'unknown_corp_id',
    en: { causes: ['no corp has this id'] },
    zh: { meaning: '企业 ID 不正确', causes: ['不存在这个 ID 的企业'], remedy: CORP_ID_ZH },
  },
  41002: {
    name: 'missing_corp_id',
    en: { causes: [UNSET_EN] },
    zh: { meaning: '缺少企业 ID', causes: [UNSET_ZH], remedy: CORP_ID_ZH },
  },
  41004: {
    name: 'missing_secret',
    en: { causes: [UNSET_EN] },
    zh: { meaning: '缺少 secret', causes: [UNSET_ZH], remedy: PASS_IT_ZH },
  },
  41024: {
    name: 'missing_suite_secret',
    en: { causes: [UNSET_EN] },
    zh: { meaning: '缺少 secret', causes: [UNSET_ZH], remedy: PASS_IT_ZH },
  },
  40080: {
    name: 'invalid_suite_secret',
    page: 90600,
    en: { causes: ['it was reset, or is the secret of another suite'] },
    zh: {
      meaning: '套件的 secret 不正确',
      causes: ['已被重置，或属于别的套件'],
      remedy: SUITE_ZH,
    },
  },
  40083: {
    name: 'invalid_suite_id',
    page: 90600,
    en: { causes: ['no suite has this id'] },
    zh: { meaning: 'suite_id 不正确', causes: ['不存在这个 ID 的套件'], remedy: SUITE_ZH },
  },
  41021: {
    name: 'missing_suite_id',
    page: 90600,
    en: { causes: [UNSET_EN] },
    zh: { meaning: '缺少 suite_id', causes: [UNSET_ZH], remedy: SUITE_ZH },
  },
  48003: {
    name: 'suite_id_not_of_this_token',
    en: { causes: ['the suite_access_token was issued to another suite'] },
    zh: {
      meaning: 'suite_id 无效',
      causes: ['suite_access_token 属于别的套件'],
      remedy: SUITE_ZH,
    },
  },
  45031: {
    name: 'secret_must_be_reset',
    en: { causes: ['WeCom regards the secret as not safe enough'] },
    zh: {
      meaning: 'secret 必须重置',
      causes: ['企业微信认为这个 secret 不够安全'],
      remedy: '在管理后台重置 secret，并换用新的。',
    },
  },
  40056: {
    name: 'invalid_agent_id',
    en: {
      meaning: 'the agentid is not valid',
      causes: ['it is not a number', 'the app does not exist in this corp, or was deleted'],
      remedy: 'Copy the AgentId from the page of the app in the admin console.',
    },
    zh: {
      meaning: 'agentid 无效',
      causes: ['不是数字', '这个企业里没有该应用，或应用已删除'],
      remedy: '在管理后台的应用详情页复制 AgentId。',
    },
  },
  41011: {
    name: 'missing_agent_id',
    en: {
      meaning: 'the agentid is missing',
      causes: ['the call needs the id of the app, in the body or in the query'],
      remedy: 'Pass agentid as the page of the API says.',
    },
    zh: {
      meaning: '缺少 agentid',
      causes: ['请求体或查询参数里没有应用的 ID'],
      remedy: '按接口文档传入 agentid。',
    },
  },
  40086: {
    name: 'invalid_suite_app_id',
    en: {
      meaning: 'an app id of the suite does not exist',
      causes: ['the app was deleted from the suite, or belongs to another one'],
      remedy: 'Check the app ids in the provider console.',
    },
    zh: {
      meaning: '套件里没有这个应用 ID',
      causes: ['应用已从套件删除，或属于别的套件'],
      remedy: '在服务商管理端核对应用 ID。',
    },
  },
  600005: {
    name: 'invalid_device_secret',
    page: 96022,
    en: {
      meaning: 'the secret of a device is not valid',
      causes: ["the device was reset, or the secret is another device's"],
      remedy: 'Get the device_secret again: openhw/get_device_secret.',
    },
    zh: {
      meaning: '设备的 secret 无效',
      causes: ['设备被重置，或 secret 属于别的设备'],
      remedy: '用 openhw/get_device_secret 重新获取 device_secret。',
    },
  },
  600006: {
    name: 'invalid_device_id',
    en: {
      meaning: 'the id of a device is not valid',
      causes: ['the device was not registered, or with another model'],
      remedy: 'Check the serial number and the model of the device.',
    },
    zh: {
      meaning: '设备 ID 无效',
      causes: ['设备没有登记，或登记在别的型号下'],
      remedy: '核对设备的序列号和型号。',
    },
  },
  600015: {
    name: 'missing_device_secret',
    en: {
      meaning: 'the secret of a device is missing',
      causes: [UNSET_EN],
      remedy: 'Pass the device_secret that openhw/get_device_secret returned.',
    },
    zh: {
      meaning: '缺少设备的 secret',
      causes: [UNSET_ZH],
      remedy: '传入 openhw/get_device_secret 返回的 device_secret。',
    },
  },
}
