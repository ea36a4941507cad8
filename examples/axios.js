// The drop-in: one line on an axios client that is there already.
import axios from 'axios'
import { attachToken } from 'qyapi-token/axios'
import { startWeCom } from './support/wecom.js'

const { baseUrl, app, stop } = await startWeCom()

const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
attachToken(client, app, { baseUrl })

const { data } = await client.get('/user/get', { params: { userid: 'zhangsan' } })
console.log(`${data.userid} is ${data.name}`)
await stop()
