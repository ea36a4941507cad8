import { peer as ours } from './qyapi-token.js'

/**
 * What the glue of a peer gets to work with.
 * @typedef {object} App
 * @property {string} corpId
 * @property {string} corpSecret
 * @property {string} baseUrl
 * @property {() => Promise<string>} gettoken One token request; rejects if it brings no token.
 * @property {import('qyapi-token').TokenStore} [store]
 */

/** @typedef {(url: string, init?: RequestInit) => Promise<Response>} PlainFetch */

/**
 * A way to give calls their token: ours, a library with the glue that it needs, or ten lines.
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} version
 * @property {(client: import('axios').AxiosInstance, app: App) => void} [axios]
 * @property {(fetch: PlainFetch, app: App) => PlainFetch} [fetch]
 */

/** @type {Record<string, () => Promise<{ peer: Peer }>>} By the package that must be there. */
const PEERS = {
  'ten lines': () => import('./ten-lines.js'),
  'p-memoize': () => import('./p-memoize.js'),
  'axios-auth-refresh': () => import('./axios-auth-refresh.js'),
  'axios-token-interceptor': () => import('./axios-token-interceptor.js'),
  '@badgateway/oauth2-client': () => import('./oauth2-client.js'),
  '@azure/core-rest-pipeline': () => import('./azure-bearer-policy.js'),
}

/**
 * Ours first, then every peer whose package is installed; and the names of those left out.
 * @returns {Promise<{ peers: Peer[], missing: string[] }>}
 */
export async function loadPeers() {
  const peers = [ours]
  const missing = []
  for (const [name, load] of Object.entries(PEERS)) {
    try {
      peers.push((await load()).peer)
    } catch (error) {
      if (!isNotInstalled(error)) throw error
      missing.push(name)
    }
  }
  return { peers, missing }
}

function isNotInstalled(/** @type {unknown} */ error) {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
}
