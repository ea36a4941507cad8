// Two clients of one app, counted together: five calls a second, however many are made at once.
import axios from 'axios'
import { attachToken } from 'qyapi-token/axios'
import { withToken } from 'qyapi-token/fetch'
import { callLimits, LIMITS } from 'qyapi-token/limits'
import { startWeCom } from './support/wecom.js'

const { wecom, baseUrl, app, stop } = await startWeCom()
const onEvent = ({ type, limit, outcome }) => {
  if (type === 'limited') waits.add(`${limit}: ${outcome}`)
}
const waits = new Set()

const corpApi = { windows: [{ ms: 1_000, most: 5 }] }
const limits = callLimits({ table: { ...LIMITS, corpApi } })
const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
const { source } = attachToken(client, app, { baseUrl, limits, onEvent })
const qyFetch = withToken(fetch, source)

const params = { userid: 'zhangsan' }
const calls = Array.from({ length: 12 }, (_, index) =>
  index % 2 === 0
    ? client.get('/user/get', { params })
    : qyFetch(`${baseUrl}/cgi-bin/user/get?userid=zhangsan`),
)
await Promise.all(calls)
console.log(`${wecom.count('user/get')} of 12 arrived; ${[...waits].join(', ')}`)

const strict = callLimits({ table: { corpApi: { minute: 1 } }, onLimit: 'fail' })
const once = withToken(fetch, app, { baseUrl, limits: strict })
await once(`${baseUrl}/cgi-bin/user/get?userid=zhangsan`)
const refused = await once(`${baseUrl}/cgi-bin/user/get?userid=zhangsan`).catch((error) => error)
console.log(refused.code)
await stop()
