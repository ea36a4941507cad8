// push-all-in-one keeps a token of its own and sends with the global axios. Attached to that axios,
// with callerToken: 'replace', every call gets our token in its place.
import axios from 'axios'
import nock from 'nock'
import { WechatApp } from 'push-all-in-one'
import { attachToken } from 'qyapi-token/axios'
import { fakeQyapi } from 'qyapi-token/testing'
import { sendThroughRevocations } from './support/revocations.js'

process.env.NO_PROXY = 'true' // else it takes HTTPS_PROXY, where nock does not see it

const app = { corpId: 'ww-fake', corpSecret: 'fake-secret' }
const wecom = fakeQyapi({ apps: [app] })
nock.disableNetConnect()
wecom.interceptWith(nock) // its address is fixed

attachToken(axios, app, { callerToken: 'replace' })

const pusher = new WechatApp({
  WECHAT_APP_CORPID: app.corpId,
  WECHAT_APP_SECRET: app.corpSecret,
  WECHAT_APP_AGENTID: 1000002,
})
const send = (text) => pusher.send(text, '', { touser: 'zhangsan' })

// The first message costs two gettoken: one is the SDK's own, which nothing uses.
await sendThroughRevocations(wecom, async (text) => (await send(text)).data.errcode === 0)
nock.cleanAll()
