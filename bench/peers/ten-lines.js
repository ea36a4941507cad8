import { isRefused, withToken } from './refused.js'

/**
 * What most people write: the token in a variable, asked for when it is missing, and once more
 * when an answer refuses it.
 * @type {import('./load.js').Peer}
 */
export const peer = {
  name: 'ten lines',
  version: 'hand-written',
  axios(client, { gettoken }) {
    let token = ''
    client.interceptors.request.use(async (config) => {
      token ||= await gettoken()
      config.params = { ...config.params, access_token: token }
      return config
    })
    client.interceptors.response.use(async (response) => {
      if (!isRefused(response.data) || 'isReplay' in response.config) return response
      token = await gettoken()
      return client.request(Object.assign(response.config, { isReplay: true }))
    })
  },
  fetch(fetch, { gettoken }) {
    let token = ''
    return async (url, init) => {
      token ||= await gettoken()
      const response = await fetch(withToken(url, token), init)
      if (!isRefused(await response.clone().json())) return response
      token = await gettoken()
      return fetch(withToken(url, token), init)
    }
  },
}
