// The endpoint to which WeCom pushes a suite_ticket every ten minutes: it verifies, decrypts and
// pushes the ticket to the suite's token source. Below, a fake WeCom calls it, and is called.
import { once } from 'node:events'
import { createServer } from 'node:http'
import axios from 'axios'
import { authorizedCorp, createTokenSource, suiteApp } from 'qyapi-token'
import { attachToken } from 'qyapi-token/axios'
import { bodyOf, field, openCallback } from './support/callback.js'
import { startSuite } from './support/suite.js'

const { wecom, baseUrl, credentials, callback, callsTo, stop } = await startSuite()
const { suiteId, suiteSecret, authCorpId, permanentCode } = credentials

const suite = createTokenSource(suiteApp({ suiteId, suiteSecret }), { baseUrl })
const corp = createTokenSource(authorizedCorp({ suite, authCorpId, permanentCode }), { baseUrl })

async function answerTo(request) {
  const { searchParams: query } = new URL(request.url, 'http://callback')
  if (request.method === 'GET') {
    // WeCom tries the address out, and signs for the provider's corp there, not for the suite.
    return openCallback(callback, callback.providerCorpId, query, query.get('echostr') ?? '')
  }
  const encrypted = field(await bodyOf(request), 'Encrypt')
  const event = openCallback(callback, suiteId, query, encrypted)
  if (field(event, 'InfoType') === 'suite_ticket') {
    // With the TimeStamp, an old push that is sent again changes nothing.
    const timeStamp = field(event, 'TimeStamp')
    await suite.pushTicket(field(event, 'SuiteTicket'), { timeStamp })
  }
  return 'success'
}

const endpoint = createServer((request, response) => {
  answerTo(request).then(
    (text) => response.end(text),
    ({ status = 500 }) => response.writeHead(status).end(),
  )
}).listen(0, '127.0.0.1')
await once(endpoint, 'listening')
const address = `http://127.0.0.1:${endpoint.address().port}/suite/receive`

const { verifyAddress, pushTicket } = callsTo(address)
console.log(`the address is verified: ${await verifyAddress()}`)
console.log(`a ticket with a forged signature: ${await pushTicket({ token: 'forged' })}`)
console.log(`a ticket for another suite: ${await pushTicket({ receiver: 'ww-other' })}`)
console.log(`a ticket: ${await pushTicket()}`)

// One client for both: a call's path tells whose token it needs.
const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
attachToken(client, [suite, corp])

console.log(`the suite: ${(await client.get('/service/get_pre_auth_code')).data.errmsg}`)
console.log(`a corp that authorised it: ${(await client.post('/message/send', {})).data.errmsg}`)
wecom.revoke()
await pushTicket()
// The corp's token is refused, and so is the suite's that should fetch another: both are replaced.
console.log(`everything revoked, one more: ${(await client.post('/message/send', {})).data.errmsg}`)
console.log(
  `${wecom.count('service/get_suite_token')} get_suite_token,`,
  `${wecom.count('service/get_corp_token')} get_corp_token`,
)
endpoint.close()
await stop()
