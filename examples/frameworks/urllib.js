// Egg, Midway and other users of urllib: run passes the token in, and a newer one if WeCom refused it.
// In Egg create it once, in app.js: app.wecom = weCom(app.httpclient, app.config.wecom)
import { createTokenSource, selfBuilt } from 'qyapi-token'

export function weCom(httpclient, { corpId, corpSecret, baseUrl = 'https://qyapi.weixin.qq.com' }) {
  const source = createTokenSource(selfBuilt({ corpId, corpSecret }), { baseUrl })

  /** Resolves with WeCom's answer, e.g. of call('user/get', { userid: 'zhangsan' }). */
  async function call(path, query = {}, options = {}) {
    const { data } = await source.run(
      (token) => {
        const search = new URLSearchParams({ ...query, access_token: token })
        const url = `${baseUrl}/cgi-bin/${path}?${search}`
        return httpclient.request(url, { ...options, dataType: 'json' })
      },
      { endpoint: path },
    )
    return data
  }

  return {
    call,
    post: (path, body) => call(path, {}, { method: 'POST', contentType: 'json', data: body }),
    close: () => source.close(),
  }
}
