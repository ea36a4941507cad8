/** Every text of the page, in English and Chinese. */
const WORDS = {
  title: ['A WeCom on your desk', '桌上的企业微信'],
  skip: ['Skip to the messages', '跳到消息'],
  live: ['Live', '实时'],
  waiting: ['Reconnecting…', '正在重连…'],
  baseUrl: ['baseUrl', 'baseUrl'],
  clear: ['Clear', '清空'],
  apps: ['Apps and tokens', '应用与 token'],
  faults: ['What goes wrong', '制造故障'],
  messages: ['Messages', '消息'],
  calls: ['Calls', '调用'],
  noMessages: ['No message yet', '还没有消息'],
  noMessagesHint: [
    'Send one with message/send or a group robot: it appears here as WeCom shows it.',
    '用 message/send 或群机器人发送一条，这里会按企业微信的样子显示。',
  ],
  noCalls: ['No call yet', '还没有调用'],
  noCallsHint: ['Use the address above as your baseUrl.', '把上方地址用作 baseUrl。'],
  earlier: ['Show earlier', '显示更早的'],
  app: ['App', '自建应用'],
  corp: ['Authorized corp', '授权企业'],
  downstream: ['Downstream corp', '下游企业'],
  suite: ['Suite', '第三方应用'],
  provider: ['Service provider', '服务商'],
  model: ['Hardware model', '硬件型号'],
  device: ['Device', '设备'],
  ticket: ['Page ticket', 'JS 票据'],
  secret: ['secret', 'secret'],
  agent: ['agent', '应用'],
  noToken: ['no token yet', '还没有 token'],
  revoked: ['revoked', '已失效'],
  expired: ['expired', '已过期'],
  revoke: ['Revoke', '吊销'],
  expire: ['Expire', '过期'],
  revokeAll: ['Revoke all tokens', '吊销全部 token'],
  expireAll: ['Expire all tokens', '全部过期'],
  pushTicket: ['Push suite_ticket', '推送 suite_ticket'],
  copyTicket: ['Copy it', '复制'],
  ticketPushed: ['A suite_ticket was pushed.', '已推送 suite_ticket。'],
  done: ['Done', '已完成'],
  blockIp: ['Block the IP', '封禁 IP'],
  blockIpHint: ['60020 for token requests and calls', '获取 token 与调用都返回 60020'],
  slow: ['Be slow', '变慢'],
  slowHint: ['delays every answer', '延迟每个响应'],
  failNext: ['Fail the next calls', '让接下来的调用失败'],
  path: ['Path', '路径'],
  anyCall: ['* is any but token requests', '* 表示除获取 token 外的任何调用'],
  how: ['How', '方式'],
  times: ['Times', '次数'],
  errcode: ['errcode', '错误码'],
  status: ['HTTP status', 'HTTP 状态码'],
  reset: ['cut the connection', '断开连接'],
  delay: ['delay, ms', '延迟（毫秒）'],
  cut: ['cut', '断开'],
  value: ['Value', '值'],
  plan: ['Fail them', '确定'],
  planned: ['Planned', '已计划'],
  recover: ['Forget the plan', '取消计划'],
  to: ['to', '发给'],
  everyone: ['everyone', '全员'],
  party: ['department', '部门'],
  tag: ['tag', '标签'],
  chat: ['group chat', '群聊'],
  robot: ['Group robot', '群机器人'],
  details: ['Details', '详情'],
  readAll: ['Read all', '阅读全文'],
  foreignImage: ['Image from elsewhere', '外部图片'],
  lostImage: ['Image', '图片'],
  file: ['File', '文件'],
  voice: ['Voice message', '语音消息'],
  video: ['Video', '视频'],
  confidential: ['confidential', '保密'],
  submit: ['Submit', '提交'],
  choose: ['Choose', '请选择'],
  request: ['Request', '请求'],
  answer: ['Answer', '响应'],
  empty: ['empty', '空'],
  gone: ['No longer kept', '已不再保留'],
}

const stored = localStorage.getItem('language')
const index = (stored ?? navigator.language).toLowerCase().startsWith('zh') ? 1 : 0

export const language = index === 1 ? 'zh' : 'en'

export function word(name) {
  return WORDS[name][index]
}

export function switchLanguage() {
  localStorage.setItem('language', language === 'zh' ? 'en' : 'zh')
  location.reload()
}

/** Fills the texts of the page's own markup. */
export function translate(root) {
  root.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  root.title = word('title')
  for (const element of root.querySelectorAll('[data-word]')) {
    element.textContent = word(element.dataset.word)
  }
}

const TIME = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', { timeStyle: 'medium' })

export function time(at) {
  return TIME.format(at)
}
