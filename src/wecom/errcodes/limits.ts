import type { ErrcodeRows } from './row.js'

const WINDOW_EN = 'Wait for the window that was hit, and send less.'
const WINDOW_ZH = '等到所触发的时间窗口结束，并减少调用。'
const QUOTA_EN = 'Wait for the next period, or ask for a larger quota in the console.'
const QUOTA_ZH = '等到下一个周期，或在管理后台申请更高的额度。'

/** Call limits and quotas. */
export const LIMIT_ERRCODES: ErrcodeRows = {
  45009: {
    name: 'call_limit_exceeded',
    page: 90312,
    en: {
      causes: [
        'wrong secrets that some program keeps trying, also on another machine behind the same IP',
        'many processes that each fetch their own token, or refresh loops',
        'debug=1 was left in the url, which allows 5 calls a minute',
        'too many calls of one API in a minute or an hour, for the corp or for the IP',
      ],
    },
    zh: {
      meaning: '超过调用频率限制',
      causes: [
        '有程序反复使用错误的 secret，也可能是同一出口 IP 下的另一台机器',
        '多个进程各自获取 token，或陷入刷新循环',
        'URL 里留有 debug=1，它每分钟只允许 5 次',
        '同一企业或同一 IP 对某个接口的调用太多',
      ],
      remedy: {
        'jsapi-ticket':
          '等到所触发的时间窗口结束：一分钟、一小时、当天或 30 天。jsapi_ticket 每小时每企业最多 400 次、每应用最多 100 次：所有进程共用一个存储，只作废页面报告无效的 ticket。',
        'agent-ticket':
          '等到所触发的时间窗口结束：一分钟、一小时、当天或 30 天。ticket 每小时每企业最多 400 次、每应用最多 100 次：所有进程共用一个存储，只作废页面报告无效的 ticket。',
        others:
          '等到所触发的时间窗口结束：一分钟、一小时、当天或 30 天。获取 token 时出现，多半是 secret 错误（也可能是同一 IP 下的别的程序），整个 IP 会被封一小时；在 https://open.work.weixin.qq.com/wwopen/devtool/checkCorpSpamBlock 查询并自助解封。减少进程，或让所有进程共用一个存储。',
      },
    },
  },
  45036: {
    name: 'abnormal_traffic',
    en: { causes: ['the traffic of this app or corp looks abnormal to WeCom'] },
    zh: {
      meaning: '因流量异常，访问受限',
      causes: ['企业微信认为该应用或企业的流量异常'],
      remedy: '大幅减少调用，过很久再试。',
    },
  },
  45024: {
    name: 'too_many_accounts',
    en: {
      meaning: 'the corp has reached its number of accounts',
      causes: ['the corp is not verified, or full'],
      remedy: 'Verify the corp, or ask for more accounts in the admin console.',
    },
    zh: {
      meaning: '企业账号数已达上限',
      causes: ['企业未认证，或人数已满'],
      remedy: '认证企业，或在管理后台申请扩容。',
    },
  },
  45026: {
    name: 'too_many_deletions',
    en: {
      meaning: 'the call would delete too many members at once',
      causes: ['a full replacement of the contacts lacks many members'],
      remedy: 'Check the file, or delete in smaller steps.',
    },
    zh: {
      meaning: '一次删除的成员太多，触发保护',
      causes: ['全量覆盖的文件里缺少许多成员'],
      remedy: '检查文件，或分批删除。',
    },
  },
  45029: {
    name: 'answer_too_large',
    en: {
      meaning: 'the answer would be too large',
      causes: ['all departments were asked for at once'],
      remedy: 'Ask for one department at a time, without fetch_child.',
    },
    zh: {
      meaning: '返回内容太大',
      causes: ['一次拉取了所有部门'],
      remedy: '按部门分别拉取，不带 fetch_child。',
    },
  },
  40128: {
    name: 'customer_transferred_too_often',
    retry: 'later',
    en: {
      meaning: 'the customer was transferred too often',
      causes: ['a customer may be transferred twice in 90 days'],
      remedy: QUOTA_EN,
    },
    zh: { meaning: '客户转接过于频繁', causes: ['每位客户 90 天内最多转接两次'], remedy: QUOTA_ZH },
  },
  41094: {
    name: 'group_send_reminded_too_often',
    retry: 'later',
    en: {
      meaning: 'members were reminded of a group message too often',
      causes: ['each message may be reminded of a few times a day'],
      remedy: QUOTA_EN,
    },
    zh: { meaning: '群发提醒过于频繁', causes: ['每条群发每天只能提醒几次'], remedy: QUOTA_ZH },
  },
  84055: {
    name: 'free_call_too_often',
    retry: 'later',
    en: {
      meaning: 'free phone calls follow each other too fast',
      causes: ['one in 5 s for each caller'],
      remedy: WINDOW_EN,
    },
    zh: {
      meaning: '公费电话拨打过于频繁',
      causes: ['同一人 5 秒内只能拨打一次'],
      remedy: WINDOW_ZH,
    },
  },
  90313: {
    name: 'refund_limit',
    retry: 'later',
    en: {
      meaning: 'refunds were asked for too often',
      causes: ['the limit of the refund API was reached'],
      remedy: WINDOW_EN,
    },
    zh: { meaning: '退款调用过于频繁', causes: ['达到退款接口的上限'], remedy: WINDOW_ZH },
  },
  95001: {
    name: 'service_message_limit',
    retry: 'later',
    en: {
      meaning: 'too many customer service messages were sent',
      causes: ['5 messages after each message of the customer'],
      remedy: 'Wait for the next message of the customer.',
    },
    zh: {
      meaning: '客服消息超过条数限制',
      causes: ['客户每发一次消息，最多回复 5 条'],
      remedy: '等客户再次发来消息。',
    },
  },
  640019: {
    name: 'drive_api_quota',
    retry: 'later',
    en: {
      meaning: 'the monthly calls of the drive API are used up',
      causes: ['1,000 a month for a corp, 100,000 in the paid edition'],
      remedy: QUOTA_EN,
    },
    zh: {
      meaning: '微盘 API 本月调用次数已用完',
      causes: ['免费版每企业每月 1,000 次，付费版 100,000 次'],
      remedy: QUOTA_ZH,
    },
  },
  640035: {
    name: 'drive_api_free_quota',
    retry: 'later',
    en: {
      meaning: 'the monthly calls of free accounts to the drive API are used up',
      causes: ['1,000 a month, shared by all free accounts of the corp'],
      remedy: QUOTA_EN,
    },
    zh: {
      meaning: '免费账号本月的微盘 API 次数已用完',
      causes: ['企业内所有免费账号共用每月 1,000 次'],
      remedy: QUOTA_ZH,
    },
  },
  701134: {
    name: 'licence_too_often',
    retry: 'later',
    en: {
      meaning: 'licence operations follow each other too fast',
      causes: ['too many at once'],
      remedy: WINDOW_EN,
    },
    zh: { meaning: '接口许可操作过于频繁', causes: ['短时间内操作太多'], remedy: WINDOW_ZH },
  },
  2400007: {
    name: 'requests_over_limit',
    retry: 'later',
    en: { meaning: 'too many requests', causes: ['the limit of this API'], remedy: WINDOW_EN },
    zh: { meaning: '请求数超过限制', causes: ['达到该接口的上限'], remedy: WINDOW_ZH },
  },
}
