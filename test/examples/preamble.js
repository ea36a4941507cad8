// What the README takes for granted: a WeCom, an app, a message, an SDK.
import { randomBytes } from 'node:crypto'
import nock from 'nock'
import { fakeQyapi } from 'qyapi-token/testing'

process.env.WECOM_CORPID = 'ww-readme'
process.env.TOKEN_KEY = randomBytes(32).toString('base64')
process.env.WECOM_CORPSECRET = 'readme-secret'

const suite = {
  suiteId: 'ww-suite',
  suiteSecret: 'suite-secret',
  corps: [{ corpId: 'ww-customer', permanentCode: 'customer-code' }],
}
const wecom = fakeQyapi({
  apps: [{ corpId: 'ww-readme', corpSecret: 'readme-secret' }],
  providers: [{ corpId: 'ww-provider', providerSecret: 'provider-secret' }],
  suites: [suite],
  downstreams: [{ corpId: 'ww-branch', agentId: 1000003, businessType: 1 }],
})
wecom.on('getcallbackip', { json: { errcode: 0, errmsg: 'ok', ip_list: ['101.226.103.0/25'] } })
const { SNIPPET_REFUSED_ONCE: refused } = process.env
if (refused) wecom.failNext(refused, { errcode: 42001 })
nock.disableNetConnect()
if (process.env.SNIPPET_BRINGS_NOCK !== 'yes') {
  wecom.interceptWith(nock)
  wecom.interceptWith(nock, 'https://wecom.example.com')
}

globalThis.message = {
  touser: '@all',
  msgtype: 'text',
  agentid: 1000002,
  text: { content: '你好' },
}
globalThis.sdk = {
  async sendMessage(token, content) {
    const url = `https://qyapi.weixin.qq.com/cgi-bin/message/send?access_token=${token}`
    return (await fetch(url, { method: 'POST', body: JSON.stringify(content) })).json()
  },
}
Object.assign(globalThis, wecom.pushSuiteTicket(suite.suiteId), {
  suiteId: suite.suiteId,
  suiteSecret: suite.suiteSecret,
  providerCorpId: 'ww-provider',
  providerSecret: 'provider-secret',
  permanentCodes: new Map([['ww-customer', 'customer-code']]),
})
