import pMemoize, { pMemoizeClear } from 'p-memoize'
import { versionOf } from '../packages.js'
import { isRefused, withToken } from './refused.js'

const MAX_AGE_MS = 7_000_000

/**
 * p-memoize with a cache that forgets after 7000 s; cleared when an answer refuses the token.
 * @param {() => Promise<string>} gettoken
 */
export function memoized(gettoken) {
  /** @type {Map<unknown, { value: string, until: number }>} */
  const entries = new Map()
  return pMemoize(gettoken, {
    cache: {
      has: (key) => Date.now() < (entries.get(key)?.until ?? 0),
      get: (key) => entries.get(key)?.value,
      set: (key, value) => entries.set(key, { value, until: Date.now() + MAX_AGE_MS }),
      delete: (key) => entries.delete(key),
      clear: () => entries.clear(),
    },
  })
}

/** @type {import('./load.js').Peer} */
export const peer = {
  name: 'p-memoize alone',
  version: versionOf('p-memoize'),
  axios(client, { gettoken }) {
    const token = memoized(gettoken)
    client.interceptors.request.use(async (config) => {
      config.params = { ...config.params, access_token: await token() }
      return config
    })
    client.interceptors.response.use((response) => {
      if (!isRefused(response.data) || 'isReplay' in response.config) return response
      pMemoizeClear(token)
      return client.request(Object.assign(response.config, { isReplay: true }))
    })
  },
  fetch(fetch, { gettoken }) {
    const token = memoized(gettoken)
    return async (url, init) => {
      const response = await fetch(withToken(url, await token()), init)
      if (!isRefused(await response.clone().json())) return response
      pMemoizeClear(token)
      return fetch(withToken(url, await token()), init)
    }
  },
}
