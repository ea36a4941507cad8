import { Agent as HttpAgent } from 'node:http'
import axios from 'axios'
import { Agent, fetch as undiciFetch } from 'undici'

/** No scenario opens more connections than this, through either entry. */
const MOST_SOCKETS = 128
const MESSAGE = { touser: 'zhangsan', msgtype: 'text', agentid: 1, text: { content: 'hello' } }

/**
 * One way to call: a peer through one of its entries.
 * @typedef {object} Player
 * @property {string} name
 * @property {'axios' | 'fetch'} entry
 * @property {import('./peers/load.js').Peer} peer
 */

/**
 * Ours plays through both entries, a peer through its first one.
 * @param {readonly import('./peers/load.js').Peer[]} peers
 * @returns {Player[]}
 */
export function playersOf([ours, ...others]) {
  if (ours === undefined) return []
  return [
    { name: `${ours.name}/axios`, entry: 'axios', peer: ours },
    { name: `${ours.name}/fetch`, entry: 'fetch', peer: ours },
    ...others.map((peer) => ({ name: peer.name, entry: firstEntryOf(peer), peer })),
  ]
}

/** @returns {'axios' | 'fetch'} */
function firstEntryOf(/** @type {import('./peers/load.js').Peer} */ peer) {
  return peer.axios === undefined ? 'fetch' : 'axios'
}

/**
 * A client of that player. `call` tells whether a business call was answered with errcode 0.
 * @param {Player} player
 * @param {string} baseUrl
 * @param {import('qyapi-token').TokenStore} [store] For peers that can share a token through it.
 */
export function callerOf({ entry, peer }, baseUrl, store) {
  const dispatcher = new Agent({ connections: MOST_SOCKETS })
  const fetch = fetchBy(dispatcher)
  const httpAgent = new HttpAgent({ keepAlive: true, maxSockets: MOST_SOCKETS })
  const corpId = 'ww-fake'
  const corpSecret = 'fake-secret'
  const gettoken = () => tokenCall(fetch, `${baseUrl}/cgi-bin/gettoken`, corpId, corpSecret)
  const app = { corpId, corpSecret, baseUrl, gettoken, store }
  const send = entry === 'axios' ? byAxios(peer, app, httpAgent) : byFetch(peer, app, fetch)

  return {
    call: (path = 'message/send') =>
      send(path).then(
        ({ errcode }) => errcode === 0,
        () => false,
      ),
    async close() {
      httpAgent.destroy()
      await dispatcher.destroy()
    },
  }
}

/** @returns {import('./peers/load.js').PlainFetch} */
function fetchBy(/** @type {Agent} */ dispatcher) {
  const fetch = (/** @type {string} */ url, /** @type {RequestInit | undefined} */ init) =>
    undiciFetch(url, /** @type {import('undici').RequestInit} */ ({ ...init, dispatcher }))
  return /** @type {import('./peers/load.js').PlainFetch} */ (/** @type {unknown} */ (fetch))
}

/**
 * @param {import('./peers/load.js').Peer} peer
 * @param {import('./peers/load.js').App} app
 * @param {HttpAgent} httpAgent
 */
function byAxios(peer, app, httpAgent) {
  const client = axios.create({ baseURL: `${app.baseUrl}/cgi-bin`, httpAgent, proxy: false })
  peer.axios?.(client, app)
  return async (/** @type {string} */ path) => (await client.post(`/${path}`, MESSAGE)).data
}

/**
 * @param {import('./peers/load.js').Peer} peer
 * @param {import('./peers/load.js').App} app
 * @param {import('./peers/load.js').PlainFetch} fetch
 */
function byFetch(peer, app, fetch) {
  const call = peer.fetch?.(fetch, app) ?? fetch
  const init = { method: 'POST', body: JSON.stringify(MESSAGE) }
  return async (/** @type {string} */ path) =>
    (await call(`${app.baseUrl}/cgi-bin/${path}`, init)).json()
}

/**
 * @param {import('./peers/load.js').PlainFetch} fetch
 * @param {string} url
 * @param {string} corpid
 * @param {string} corpsecret
 * @returns {Promise<string>}
 */
async function tokenCall(fetch, url, corpid, corpsecret) {
  const response = await fetch(`${url}?${new URLSearchParams({ corpid, corpsecret })}`)
  const { access_token: token, errcode } = await response.json()
  if (!token) throw new Error(`gettoken answered ${errcode}`)
  return token
}
