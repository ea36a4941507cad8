import { AxiosError } from 'axios'
import { createAuthRefresh } from 'axios-auth-refresh'
import { versionOf } from '../packages.js'
import { isRefused } from './refused.js'

/**
 * As its README has it, with WeCom's refusals, which come as HTTP 200, made into errors first. A
 * call without a token is refused with 41001, so the first token is fetched in the same way.
 * @type {import('./load.js').Peer}
 */
export const peer = {
  name: 'axios-auth-refresh',
  version: versionOf('axios-auth-refresh'),
  axios(client, { gettoken }) {
    let token = ''
    client.interceptors.request.use((config) => {
      config.params = { ...config.params, access_token: token }
      return config
    })
    client.interceptors.response.use((response) => {
      if (!isRefused(response.data)) return response
      throw new AxiosError('refused', undefined, response.config, response.request, response)
    })
    const refresh = async () => {
      token = await gettoken()
    }
    createAuthRefresh(client, refresh, {
      shouldRefresh: ({ response }) => isRefused(/** @type {any} */ (response?.data)),
    })
  },
}
