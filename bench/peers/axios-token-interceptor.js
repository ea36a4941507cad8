import tokenProvider from 'axios-token-interceptor'
import { versionOf } from '../packages.js'
import { isRefused } from './refused.js'

const HEADER = 'x-token'

/**
 * It knows headers alone and no refusals: one more interceptor moves the token into the query, and
 * its cache is reset when an answer refuses the token.
 * @type {import('./load.js').Peer}
 */
export const peer = {
  name: 'axios-token-interceptor',
  version: versionOf('axios-token-interceptor'),
  axios(client, { gettoken }) {
    const getToken = tokenProvider.tokenCache(gettoken, { maxAge: 7_000_000 })
    // Request interceptors run last come, first served.
    client.interceptors.request.use((config) => {
      config.params = { ...config.params, access_token: config.headers[HEADER] }
      config.headers.delete(HEADER)
      return config
    })
    client.interceptors.request.use(
      tokenProvider({ getToken, header: HEADER, headerFormatter: (token) => token }),
    )
    client.interceptors.response.use((response) => {
      if (!isRefused(response.data) || 'isReplay' in response.config) return response
      getToken.reset()
      return client.request(Object.assign(response.config, { isReplay: true }))
    })
  },
}
