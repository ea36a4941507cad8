// A Cloudflare Worker: all requests of an isolate share one token and one fetch of it.
import { env, waitUntil } from 'cloudflare:workers'
import { withToken } from 'qyapi-token/fetch'

const { WECOM_CORPID, WECOM_CORPSECRET, WECOM_URL = 'https://qyapi.weixin.qq.com' } = env

// waitUntil keeps a token fetch alive for the others when the request that began it is over.
const qyFetch = withToken(
  fetch,
  { corpId: WECOM_CORPID, corpSecret: WECOM_CORPSECRET },
  { baseUrl: WECOM_URL, waitUntil },
)

export default {
  async fetch(request) {
    const userid = new URL(request.url).searchParams.get('userid') ?? ''
    const url = `${WECOM_URL}/cgi-bin/user/get?${new URLSearchParams({ userid })}`
    return qyFetch(url, { signal: AbortSignal.timeout(15_000) })
  },
}
