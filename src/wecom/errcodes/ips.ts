import type { ErrcodeRows } from './row.js'

const TRUST_OWN_ZH =
  '把本机的出口 IP 加进应用的“企业可信IP”（管理后台 > 应用管理 > 该应用）；如果是第三方应用或代开发应用，则加进服务商管理端的“IP白名单”。约一分钟后生效。也可以让 token 请求走名单内的代理：axiosTransport(client) 会使用 axios 客户端的代理或 agent。'
const TRUST_IN_CONSOLE_ZH =
  '把出口 IP 加进服务商管理端（服务商信息 > 基本信息）的“IP白名单”；企业的“企业可信IP”对它无效。约一分钟后生效。也可以让 token 请求走名单内的代理：axiosTransport(client) 会使用 axios 客户端的代理或 agent。'
const TRUST_ZH = {
  'suite-app': TRUST_IN_CONSOLE_ZH,
  'authorized-corp': TRUST_IN_CONSOLE_ZH,
  'service-provider': TRUST_IN_CONSOLE_ZH,
  others: TRUST_OWN_ZH,
}

/** IPs that WeCom does not accept. */
export const IP_ERRCODES: ErrcodeRows = {
  60020: {
    name: 'ip_not_trusted',
    en: {
      causes: [
        'the outgoing IP of this machine changed, or is that of a NAT, a proxy or a function service',
        "the IP was entered in the wrong list: the app's own one, or the one of the provider console",
        'the entry is younger than a minute',
      ],
    },
    zh: {
      meaning: '调用方 IP 不可信',
      causes: [
        '出口 IP 变了，或实际出口是 NAT、代理或云函数的 IP（errmsg 的 from ip 写明企业微信看到的 IP）',
        '填错了名单：自建应用用“企业可信IP”，第三方和代开发应用用服务商管理端的“IP白名单”',
        '刚添加，还没到一分钟',
      ],
      remedy: TRUST_ZH,
    },
  },
  301042: {
    name: 'ip_not_on_white_list',
    en: { causes: ['the IP is not on the list that was set for this API'] },
    zh: {
      meaning: '调用方 IP 不在白名单内',
      causes: ['该接口设置了 IP 白名单，而请求 IP 不在其中'],
      remedy: TRUST_ZH,
    },
  },
  90308: {
    name: 'ip_refused_by_ip_check',
    en: { causes: ['the check of IPs is switched on, and this IP is not accepted'] },
    zh: {
      meaning: '调用方 IP 未通过 IP 鉴权',
      causes: ['开启了 IP 鉴权，而请求 IP 不在范围内'],
      remedy: TRUST_ZH,
    },
  },
  48009: {
    name: 'contacts_not_for_new_ips',
    en: {
      meaning: 'contact sync may not read the details of contacts from a new IP',
      causes: ['WeCom closed this for IPs that were not used before'],
      remedy: 'Read the contacts with a self-built app that is allowed to.',
    },
    zh: {
      meaning: '通讯录同步助手不能从新增的 IP 读取通讯录详情',
      causes: ['企业微信不再对新增 IP 开放该能力'],
      remedy: '改用有权限的自建应用读取通讯录。',
    },
  },
}
