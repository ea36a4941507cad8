import type { ErrcodeRows } from './row.js'

const PRODUCT_EN = 'one product of WeCom asks for a later try'
const PRODUCT_ZH = '企业微信的某个产品要求稍后再试'
const BUSY_EN = 'its servers are busy'
const BUSY_ZH = '服务繁忙'
const RETRY_EN = 'Send the call again up to three times with growing delays: busyRetry().'
const RETRY_ZH = '间隔逐次加长，最多重试三次：busyRetry()。'
const WAIT_FOR_TASK_EN = 'Wait until that task is over, and ask again.'
const WAIT_FOR_TASK_ZH = '等任务结束后再调用。'
const UNBLOCK_EN =
  'Look the block up at https://open.work.weixin.qq.com/wwopen/devtool/checkCorpSpamBlock, and remove what caused it.'
const UNBLOCK_ZH =
  '在 https://open.work.weixin.qq.com/wwopen/devtool/checkCorpSpamBlock 查询拦截，并消除原因。'

/** Busy servers, conflicts, tasks in progress, and success. */
export const BUSY_ROWS: ErrcodeRows = {
  0: {
    name: 'ok',
    en: {
      meaning: 'the call succeeded',
      causes: [
        'with "Warning: wrong json format" in errmsg: the body was mangled, and may be lost',
      ],
      remedy:
        'Nothing to do; with that warning, send valid JSON, and not a string that was stringified twice.',
    },
    zh: {
      meaning: '调用成功',
      causes: ['如果 errmsg 含 Warning: wrong json format：请求体格式有误，内容可能丢失'],
      remedy: '无需处理；有该警告时，请发送正确的 JSON，不要重复序列化。',
    },
  },
  '-1': {
    name: 'system_busy',
    en: { meaning: 'WeCom is busy', causes: [BUSY_EN], remedy: RETRY_EN },
    zh: { meaning: '系统繁忙', causes: [BUSY_ZH], remedy: RETRY_ZH },
  },
  6000: {
    name: 'version_conflict',
    en: {
      meaning: 'other calls change the same data',
      causes: ['several programs or workers write the same object'],
      remedy: 'Write one after the other; send this call again a little later.',
    },
    zh: {
      meaning: '数据版本冲突',
      causes: ['多个程序同时修改同一份数据'],
      remedy: '依次写入；稍后重试这次调用。',
    },
  },
  45033: {
    name: 'too_many_in_flight',
    page: 90312,
    en: {
      meaning: 'too many calls of one API are in flight for this corp',
      causes: [
        'a batch sends all its calls at once',
        'one object is asked for again and again, e.g. the same media_id',
      ],
      remedy: 'Keep fewer calls of this API in flight, and send this one again a little later.',
    },
    zh: {
      meaning: '接口并发调用超过限制',
      causes: ['批量任务一次性发出所有请求', '反复请求同一个对象，例如同一个 media_id'],
      remedy: '降低该接口的并发数，稍后重试这次调用。',
    },
  },
  45035: {
    name: 'conflicting_operations',
    en: {
      meaning: 'the call conflicts with others that are running',
      causes: ['several programs or workers change the same object'],
      remedy: 'Send it again later, with less load.',
    },
    zh: {
      meaning: '与正在进行的操作冲突',
      causes: ['多个程序同时修改同一个对象'],
      remedy: '降低负载，稍后重试。',
    },
  },
  90304: {
    name: 'order_centre_busy',
    en: { meaning: 'the order centre is not available', causes: [BUSY_EN], remedy: RETRY_EN },
    zh: { meaning: '订单中心服务异常', causes: [BUSY_ZH], remedy: RETRY_ZH },
  },
  301096: {
    name: 'checkin_rules_busy',
    en: {
      meaning: 'too many check-in rules are being created at once',
      causes: ['several calls create rules at the same time'],
      remedy: RETRY_EN,
    },
    zh: {
      meaning: '创建打卡规则的并发超限',
      causes: ['同时有多个调用在创建规则'],
      remedy: RETRY_ZH,
    },
  },
  710682: {
    name: 'product_busy_710682',
    en: { meaning: PRODUCT_EN, causes: [BUSY_EN], remedy: RETRY_EN },
    zh: { meaning: PRODUCT_ZH, causes: [BUSY_ZH], remedy: RETRY_ZH },
  },
  2000111: {
    name: 'product_busy_2000111',
    en: { meaning: PRODUCT_EN, causes: [BUSY_EN], remedy: RETRY_EN },
    zh: { meaning: PRODUCT_ZH, causes: [BUSY_ZH], remedy: RETRY_ZH },
  },
  2000141: {
    name: 'product_busy_2000141',
    en: { meaning: PRODUCT_EN, causes: [BUSY_EN], remedy: RETRY_EN },
    zh: { meaning: PRODUCT_ZH, causes: [BUSY_ZH], remedy: RETRY_ZH },
  },
  2010003: {
    name: 'product_busy_2010003',
    en: { meaning: PRODUCT_EN, causes: [BUSY_EN], remedy: RETRY_EN },
    zh: { meaning: PRODUCT_ZH, causes: [BUSY_ZH], remedy: RETRY_ZH },
  },
  2040035: {
    name: 'product_busy_2040035',
    en: { meaning: PRODUCT_EN, causes: [BUSY_EN], remedy: RETRY_EN },
    zh: { meaning: PRODUCT_ZH, causes: [BUSY_ZH], remedy: RETRY_ZH },
  },
  2090726: {
    name: 'product_busy_2090726',
    en: { meaning: PRODUCT_EN, causes: [BUSY_EN], remedy: RETRY_EN },
    zh: { meaning: PRODUCT_ZH, causes: [BUSY_ZH], remedy: RETRY_ZH },
  },
  2543337: {
    name: 'product_busy_2543337',
    en: { meaning: PRODUCT_EN, causes: [BUSY_EN], remedy: RETRY_EN },
    zh: { meaning: PRODUCT_ZH, causes: [BUSY_ZH], remedy: RETRY_ZH },
  },
  41063: {
    name: 'group_send_in_progress',
    retry: 'later',
    en: {
      meaning: 'the group message is still being distributed',
      causes: ['it was created a moment ago'],
      remedy: WAIT_FOR_TASK_EN,
    },
    zh: { meaning: '群发消息正在派发', causes: ['刚刚创建'], remedy: WAIT_FOR_TASK_ZH },
  },
  41079: {
    name: 'moment_in_progress',
    retry: 'later',
    en: {
      meaning: 'the moment is still being distributed',
      causes: ['it was created a moment ago'],
      remedy: WAIT_FOR_TASK_EN,
    },
    zh: { meaning: '朋友圈正在派发', causes: ['刚刚创建'], remedy: WAIT_FOR_TASK_ZH },
  },
  302008: {
    name: 'import_in_progress',
    retry: 'later',
    en: {
      meaning: 'another import of contacts is running',
      causes: ['the one before has not ended'],
      remedy: WAIT_FOR_TASK_EN,
    },
    zh: {
      meaning: '已有导入任务在进行',
      causes: ['上一个任务还没有结束'],
      remedy: WAIT_FOR_TASK_ZH,
    },
  },
  701022: {
    name: 'licence_codes_in_progress',
    retry: 'later',
    en: {
      meaning: 'the activation codes are still being made',
      causes: ['the order was paid a moment ago'],
      remedy: WAIT_FOR_TASK_EN,
    },
    zh: { meaning: '激活码还在生成', causes: ['订单刚刚支付'], remedy: WAIT_FOR_TASK_ZH },
  },
  701033: {
    name: 'licence_order_in_progress',
    retry: 'later',
    en: {
      meaning: 'an order is still making its activation codes',
      causes: ['the order was paid a moment ago'],
      remedy: WAIT_FOR_TASK_EN,
    },
    zh: { meaning: '有订单正在生成激活码', causes: ['订单刚刚支付'], remedy: WAIT_FOR_TASK_ZH },
  },
  770007: {
    name: 'task_in_progress',
    retry: 'later',
    en: {
      meaning: 'the task is still running',
      causes: ['the one before has not ended'],
      remedy: WAIT_FOR_TASK_EN,
    },
    zh: { meaning: '任务正在处理', causes: ['上一个任务还没有结束'], remedy: WAIT_FOR_TASK_ZH },
  },
  400010: {
    name: 'invalid_block_hint',
    en: {
      meaning: 'the block_hint is not valid',
      causes: ['it was not copied whole from errmsg'],
      remedy: UNBLOCK_EN,
    },
    zh: { meaning: 'block_hint 无效', causes: ['没有从 errmsg 完整复制'], remedy: UNBLOCK_ZH },
  },
  400011: {
    name: 'block_is_over',
    en: {
      meaning: 'the block that the block_hint names is over',
      causes: ['it ended by itself'],
      remedy: UNBLOCK_EN,
    },
    zh: {
      meaning: '该 block_hint 对应的拦截已结束',
      causes: ['拦截已自动结束'],
      remedy: UNBLOCK_ZH,
    },
  },
  400012: {
    name: 'block_not_liftable',
    en: {
      meaning: 'this block cannot be lifted by its block_hint',
      causes: ['some blocks only end by time'],
      remedy: UNBLOCK_EN,
    },
    zh: {
      meaning: '不能用该 block_hint 解除拦截',
      causes: ['有些拦截只能等待结束'],
      remedy: UNBLOCK_ZH,
    },
  },
  400013: {
    name: 'lifted_too_often',
    en: {
      meaning: 'blocks were lifted too often',
      causes: ['the cause was not removed'],
      remedy: UNBLOCK_EN,
    },
    zh: {
      meaning: '解除拦截的次数超过限制',
      causes: ['没有消除触发限制的原因'],
      remedy: UNBLOCK_ZH,
    },
  },
}
