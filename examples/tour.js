// What qyapi-token does, over real HTTP: on a fake WeCom, or on the real one if WECOM_CORPID and
// WECOM_CORPSECRET are set. Run it with `npm start`. Exit code 0 only if everything held.
import axios from 'axios'
import { createTokenSource, selfBuilt } from 'qyapi-token'
import { attachToken } from 'qyapi-token/axios'
import { withToken } from 'qyapi-token/fetch'
import { fakeQyapi } from 'qyapi-token/testing'
import { report } from './support/report.js'

const { WECOM_CORPID, WECOM_CORPSECRET, WECOM_BASE_URL } = process.env
const message = { touser: '@all', msgtype: 'text', agentid: 1000002, text: { content: '你好' } }

if (WECOM_CORPID && WECOM_CORPSECRET) await callRealWeCom(WECOM_CORPID, WECOM_CORPSECRET)
else await tour()

async function tour() {
  const app = { corpId: 'ww-fake', corpSecret: 'fake-secret' }
  const wecom = fakeQyapi()
  const baseUrl = await wecom.listen()
  const { section, step, finish } = report(() => wecom.count('gettoken'))

  section('An axios client')
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  const { source, detach } = attachToken(client, app, { baseUrl })
  const send = () => client.post('/message/send', message).then(({ data }) => data)

  await step('100 messages at once, no token yet', {
    run: () => hundred(send),
    gettoken: 1,
    holds: allSent,
  })
  await step('every token revoked by WeCom, 100 more', {
    run: () => {
      wecom.revoke()
      return hundred(send)
    },
    gettoken: 1,
    holds: allSent,
  })
  await step('the token expires, one more', {
    run: () => {
      wecom.expire()
      return send()
    },
    gettoken: 1,
    holds: isSent,
  })

  section('A fetch')
  const qyFetch = withToken(fetch, source)
  const post = () =>
    qyFetch(`${baseUrl}/cgi-bin/message/send`, {
      method: 'POST',
      body: JSON.stringify(message),
    }).then((response) => response.json())
  await step('100 messages by fetch, with the same token source', {
    run: () => hundred(post),
    gettoken: 0,
    holds: allSent,
  })
  await step('every token revoked again, 100 more', {
    run: () => {
      wecom.revoke()
      return hundred(post)
    },
    gettoken: 1,
    holds: allSent,
  })

  section('An SDK that takes a token, wrapped by run')
  const sdk = {
    sendMessage: async (token, content) => {
      const url = `${baseUrl}/cgi-bin/message/send?access_token=${token}`
      return (await fetch(url, { method: 'POST', body: JSON.stringify(content) })).json()
    },
  }
  await step('its call with a revoked token', {
    run: () => {
      wecom.revoke()
      return source.run((token) => sdk.sendMessage(token, message), { endpoint: 'message/send' })
    },
    gettoken: 1,
    holds: isSent,
  })

  section('A wrong secret')
  const mistaken = createTokenSource(selfBuilt({ ...app, corpSecret: 'not-the-secret' }), {
    baseUrl,
  })
  await step('100 calls, and the error that each gets', {
    run: () => hundred(() => mistaken.get().catch((error) => error)),
    gettoken: 1,
    holds: (errors) =>
      errors.every(({ code, errcode }) => code === 'credential_refused' && errcode === 40001),
    shows: ([error]) => error.message,
  })

  detach()
  await wecom.close()
  finish()
  console.log('\nSee it in a browser: npx qyapi-token fake, and open the address that it prints.')
}

async function callRealWeCom(corpId, corpSecret) {
  const { section, step, finish } = report(() => undefined)
  const baseUrl = WECOM_BASE_URL ?? 'https://qyapi.weixin.qq.com'
  section(`The real WeCom at ${baseUrl}`)
  const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
  const { source, detach } = attachToken(client, { corpId, corpSecret }, { baseUrl })
  await step('get_api_domain_ip', {
    run: () => client.get('/get_api_domain_ip').then(({ data }) => data),
    holds: ({ errcode = 0 }) => errcode === 0,
    shows: ({ errcode = 0, ip_list = [] }) => `errcode ${errcode}, ${ip_list.length} addresses`,
  })
  await step('the token', {
    run: async () => source.describe(),
    holds: ({ state }) => state === 'usable',
    shows: ({ kind, subject, ageMs = 0, expiresInMs = 0 }) =>
      `${kind} ${subject}, ${Math.round(ageMs)} ms old, handed out for ${Math.round(expiresInMs / 1000)} s more`,
  })
  detach()
  finish()
}

function hundred(call) {
  return Promise.all(Array.from({ length: 100 }, call))
}

function isSent({ errcode }) {
  return errcode === 0
}

function allSent(answers) {
  return answers.length === 100 && answers.every(isSent)
}
