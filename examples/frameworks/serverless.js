// A serverless function (FC, SCF, Lambda): cold instances take the token from the store.
import { Redis } from 'ioredis'
import { withToken } from 'qyapi-token/fetch'
import { redisStore } from 'qyapi-token/stores/redis'

const { WECOM_CORPID, WECOM_CORPSECRET, TOKEN_KEY, REDIS_URL } = process.env
const baseUrl = process.env.WECOM_URL ?? 'https://qyapi.weixin.qq.com'

const redis = new Redis(REDIS_URL ?? 'redis://127.0.0.1:6379', {
  maxRetriesPerRequest: 1,
  connectTimeout: 1_000,
  commandTimeout: 2_000,
})
redis.on('error', (error) => console.warn('redis:', error.message))

// Outside the handler, so that a warm instance needs neither Redis nor gettoken.
const qyFetch = withToken(
  fetch,
  { corpId: WECOM_CORPID, corpSecret: WECOM_CORPSECRET },
  {
    baseUrl,
    store: redisStore(redis, { encryptionKey: TOKEN_KEY }),
    // The instance is frozen after its response: nothing may run in the background.
    refreshAheadMs: 0,
  },
)

export async function handler(event) {
  const query = new URLSearchParams({ userid: event.userid })
  const response = await qyFetch(`${baseUrl}/cgi-bin/user/get?${query}`)
  return { statusCode: response.status, body: await response.text() }
}
