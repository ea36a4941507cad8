// The same for fetch, and for everything that takes a fetch: ky, ofetch, an SDK.
import { withToken } from 'qyapi-token/fetch'
import { startWeCom } from './support/wecom.js'

const { baseUrl, app, stop } = await startWeCom()

const qyFetch = withToken(fetch, app, { baseUrl })

const response = await qyFetch(`${baseUrl}/cgi-bin/user/get?userid=lisi`)
const user = await response.json()
console.log(`${user.userid} is ${user.name}`)
await stop()
