import { attachToken } from 'qyapi-token/axios'
import { withToken } from 'qyapi-token/fetch'
import { versionOf } from '../packages.js'

export const OURS = 'qyapi-token'

/** @type {import('./load.js').Peer} */
export const peer = {
  name: OURS,
  version: versionOf(OURS),
  axios(client, { corpId, corpSecret, baseUrl }) {
    attachToken(client, { corpId, corpSecret }, { baseUrl })
  },
  fetch: (fetch, { corpId, corpSecret, baseUrl }) =>
    withToken(fetch, { corpId, corpSecret }, { baseUrl }),
}
