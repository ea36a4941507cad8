import { attachToken } from 'qyapi-token/axios'
import { withToken } from 'qyapi-token/fetch'
import { versionOf } from '../packages.js'

export const OURS = 'qyapi-token'

/** @type {import('./load.js').Peer} */
export const peer = {
  name: OURS,
  version: versionOf(OURS),
  axios(client, { corpId, corpSecret, baseUrl, store }) {
    attachToken(client, { corpId, corpSecret }, { baseUrl, ...(store && { store }) })
  },
  fetch: (fetch, { corpId, corpSecret, baseUrl, store }) =>
    withToken(fetch, { corpId, corpSecret }, { baseUrl, ...(store && { store }) }),
}
