// node-easywechat gets its token from a callback: run passes one in, and a newer one if that was
// refused. (Of its dependency node-socialite it needs 1.4.1: see "overrides" in package.json.)
import { Work } from 'node-easywechat'
import { createTokenSource, selfBuilt } from 'qyapi-token'
import { sendThroughRevocations } from './support/revocations.js'
import { startWeCom } from './support/wecom.js'

const { baseUrl, app, wecom, stop } = await startWeCom()

const sdk = new Work({ corp_id: app.corpId, secret: app.corpSecret, http: { baseURL: baseUrl } })
const source = createTokenSource(selfBuilt(app), { baseUrl })

// A client for each call, so that no call sees another's token.
const clientWith = (token) =>
  sdk.createClient().withAccessToken({
    getToken: async () => token,
    toQuery: async () => ({ access_token: token }),
  })

const send = (content) =>
  source.run(
    async (token) => {
      const message = { touser: 'zhangsan', msgtype: 'text', agentid: 1000002, text: { content } }
      const response = await clientWith(token).postJson('cgi-bin/message/send', message)
      return response.toObject()
    },
    { endpoint: 'message/send' },
  )

await sendThroughRevocations(wecom, async (text) => (await send(text)).errcode === 0)
await stop()
