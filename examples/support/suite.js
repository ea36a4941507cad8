// A fake WeCom with a third-party app, and what it sends to the app's callback address.
import { randomBytes } from 'node:crypto'
import { encrypt, getSignature } from '@wecom/crypto'
import { fakeQyapi } from 'qyapi-token/testing'

export async function startSuite() {
  const suite = { suiteId: 'ww-fake-suite', suiteSecret: 'fake-suite-secret' }
  const corp = { corpId: 'ww-fake-corp', permanentCode: 'fake-permanent-code' }
  const wecom = fakeQyapi({ suites: [{ ...suite, corps: [corp] }] })
  const baseUrl = await wecom.listen()
  const callback = {
    token: 'fakeCallbackToken',
    encodingAESKey: randomBytes(32).toString('base64').slice(0, 43),
    providerCorpId: 'ww-fake-provider',
  }

  /** What WeCom does to a callback address. */
  const callsTo = (address) => ({
    /** 验证URL有效性: what is encrypted in echostr has to come back as it was. */
    async verifyAddress() {
      const echo = String(randomBytes(4).readUInt32BE())
      const { query, encrypted } = sealed(echo, callback.providerCorpId)
      query.set('echostr', encrypted)
      return (await (await fetch(`${address}?${query}`)).text()) === echo
    },

    /** 推送suite_ticket, document/path/90628. Resolves with how it was answered. */
    async pushTicket({ token, receiver = suite.suiteId } = {}) {
      const { suiteTicket, timeStamp } = wecom.pushSuiteTicket(suite.suiteId)
      const event = `<xml>
<SuiteId><![CDATA[${suite.suiteId}]]></SuiteId>
<InfoType><![CDATA[suite_ticket]]></InfoType>
<TimeStamp>${timeStamp}</TimeStamp>
<SuiteTicket><![CDATA[${suiteTicket}]]></SuiteTicket>
</xml>`
      const { query, encrypted } = sealed(event, receiver, token)
      const body = `<xml>
<ToUserName><![CDATA[${receiver}]]></ToUserName>
<AgentID></AgentID>
<Encrypt><![CDATA[${encrypted}]]></Encrypt>
</xml>`
      const response = await fetch(`${address}?${query}`, { method: 'POST', body })
      return (await response.text()) || `refused with ${response.status}`
    },
  })

  function sealed(message, receiver, token = callback.token) {
    const encrypted = encrypt(callback.encodingAESKey, message, receiver)
    const timestamp = String(Math.floor(Date.now() / 1000))
    const nonce = randomBytes(8).toString('hex')
    const msg_signature = getSignature(token, timestamp, nonce, encrypted)
    return { encrypted, query: new URLSearchParams({ msg_signature, timestamp, nonce }) }
  }

  const { corpId: authCorpId, permanentCode } = corp
  const credentials = { ...suite, authCorpId, permanentCode }
  return { wecom, baseUrl, credentials, callback, callsTo, stop: () => wecom.close() }
}
