import type { ErrcodeRows } from './row.js'

const NEWEST_EN =
  'Use the newest ticket that WeCom pushes every 10 min, and pass it on with source.pushTicket; wait for the next one if there is none.'
const NEWEST_ZH =
  '使用企业微信每 10 分钟推送的最新 ticket，用 source.pushTicket 传入；没有时等下一次推送。'
const SIGN_EN =
  'Sign on the server with the newest ticket, the exact url without the part behind #, and a timestamp in seconds: signJsapi.'
const SIGN_ZH =
  '在服务端用最新的 ticket、当前页面完整的 URL（不含 # 及其后部分）和以秒为单位的时间戳签名：signJsapi。'

/** Pushed tickets and the tickets that sign pages. */
export const TICKET_ERRCODES: ErrcodeRows = {
  40085: {
    name: 'stale_suite_ticket',
    page: 90600,
    en: {
      meaning: 'the suite_ticket is not valid',
      causes: [
        'it is older than 30 min, because the callback no longer stores new ones',
        "it is another suite's: development and production share a variable or a key",
      ],
      remedy: NEWEST_EN,
    },
    zh: {
      meaning: 'suite_ticket 无效',
      causes: [
        '超过 30 分钟：回调没有再保存新的 ticket',
        '属于别的套件：开发和生产环境共用了变量或缓存键',
      ],
      remedy: NEWEST_ZH,
    },
  },
  41023: {
    name: 'missing_suite_ticket',
    page: 90600,
    en: {
      meaning: 'the suite_ticket is missing',
      causes: ['none was pushed since the start, or it was not stored'],
      remedy: NEWEST_EN,
    },
    zh: {
      meaning: '缺少 suite_ticket',
      causes: ['启动后还没有收到推送，或没有保存'],
      remedy: NEWEST_ZH,
    },
  },
  710402: {
    name: 'stale_model_ticket',
    page: 95984,
    en: {
      meaning: 'the model_ticket is not valid',
      causes: ["it is older than 30 min, or another model's"],
      remedy: NEWEST_EN,
    },
    zh: {
      meaning: 'model_ticket 无效',
      causes: ['超过 30 分钟，或属于别的型号'],
      remedy: NEWEST_ZH,
    },
  },
  42012: {
    name: 'invalid_jsapi_ticket',
    page: 90506,
    en: {
      meaning: 'the jsapi_ticket cannot be used',
      causes: [
        'the ticket of wx.config and the ticket of wx.agentConfig were mixed up',
        'it is the ticket of another app',
      ],
      remedy:
        'Sign wx.config with jsapiTicket(app) and wx.agentConfig with agentTicket(app), each of the app that opens the page.',
    },
    zh: {
      meaning: 'jsapi_ticket 不可用',
      causes: ['混用了 wx.config 的 ticket 和 wx.agentConfig 的 ticket', '用了别的应用的 ticket'],
      remedy:
        'wx.config 用 jsapiTicket(app)，wx.agentConfig 用 agentTicket(app)，且必须是打开页面的那个应用。',
    },
  },
  40093: {
    name: 'wrong_jsapi_signature',
    page: 90506,
    en: {
      meaning: 'the signature of the page is wrong',
      causes: [
        'the signed url is not the url of the page, or contains the part behind #',
        'the ticket expired, or is the other one of wx.config and wx.agentConfig',
        'the timestamp is in milliseconds',
      ],
      remedy: SIGN_EN,
    },
    zh: {
      meaning: '页面签名错误',
      causes: [
        '签名用的 URL 与当前页面不一致，或包含了 # 之后的部分',
        'ticket 已过期，或混用了 wx.config 和 wx.agentConfig 的 ticket',
        '时间戳用了毫秒',
      ],
      remedy: SIGN_ZH,
    },
  },
  91040: {
    name: 'invalid_ticket_type',
    page: 90506,
    en: {
      meaning: 'the type of the ticket is not valid',
      causes: [
        'get_jsapi_ticket was called with a type, or ticket/get without agent_config or wx_card',
      ],
      remedy: 'Use jsapiTicket(app) or agentTicket(app), which send the right request.',
    },
    zh: {
      meaning: 'ticket 的类型无效',
      causes: ['调用 get_jsapi_ticket 时带了 type，或 ticket/get 没有带 agent_config 或 wx_card'],
      remedy: '使用 jsapiTicket(app) 或 agentTicket(app)，它们会发送正确的请求。',
    },
  },
}
