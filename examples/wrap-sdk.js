// An SDK function that takes the token first: run passes one in, and a newer one if that was refused.
import { createTokenSource, selfBuilt } from 'qyapi-token'
import { startWeCom } from './support/wecom.js'

const { baseUrl, app, wecom, stop } = await startWeCom()

const sdk = {
  async sendText(token, content) {
    const url = `${baseUrl}/cgi-bin/message/send?access_token=${token}`
    const response = await fetch(url, {
      method: 'POST',
      body: JSON.stringify({ text: { content } }),
    })
    return response.json()
  },
}

const source = createTokenSource(selfBuilt(app), { baseUrl })
const send = (content) =>
  source.run((token) => sdk.sendText(token, content), { endpoint: 'message/send' })

console.log((await send('first')).errmsg)
wecom.revoke()
console.log((await send('second, with the token revoked')).errmsg)
console.log(`${wecom.count('gettoken')} gettoken`)
await stop()
