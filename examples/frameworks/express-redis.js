// Express on any number of processes: one token for all of them, in Redis.
import axios from 'axios'
import express from 'express'
import { Redis } from 'ioredis'
import { isQyapiTokenError } from 'qyapi-token'
import { attachToken } from 'qyapi-token/axios'
import { redisStore } from 'qyapi-token/stores/redis'

const { WECOM_CORPID, WECOM_CORPSECRET, TOKEN_KEY, REDIS_URL, PORT = 3000 } = process.env
const baseUrl = process.env.WECOM_URL ?? 'https://qyapi.weixin.qq.com'

const redis = new Redis(REDIS_URL ?? 'redis://127.0.0.1:6379', {
  maxRetriesPerRequest: 1,
  autoResendUnfulfilledCommands: false,
  connectTimeout: 1_000,
  commandTimeout: 2_000,
})
redis.on('error', (error) => console.warn('redis:', error.message))

const wecom = axios.create({ baseURL: `${baseUrl}/cgi-bin`, timeout: 15_000 })
const credential = { corpId: WECOM_CORPID, corpSecret: WECOM_CORPSECRET }
const store = redisStore(redis, { encryptionKey: TOKEN_KEY })
const { source } = attachToken(wecom, credential, { baseUrl, store })

const app = express()

app.get('/users/:id', async (request, response) => {
  const { data } = await wecom.get('/user/get', { params: { userid: request.params.id } })
  response.status(data.errcode === 0 ? 200 : 502).json(data)
})

app.get('/health', (_request, response) => response.json(source.describe()))

app.use((error, _request, response, next) => {
  if (!isQyapiTokenError(error)) return next(error)
  if (error.retryAfterMs) response.set('retry-after', Math.ceil(error.retryAfterMs / 1000))
  response.status(503).json({ code: error.code })
})

const server = app.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`)
})
