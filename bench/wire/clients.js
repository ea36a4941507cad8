/** The clients of the benchmark on the wire: each bare, with ours, and with every peer. */
import { Agent as HttpAgent } from 'node:http'
import axios from 'axios'
import { Agent, fetch as undiciFetch } from 'undici'
import { TOKEN } from '../answers.js'

/** Connections of every client, and calls in flight. */
export const IN_FLIGHT = 16

/**
 * One client with one peer, or with none. `call` reads the answer's JSON.
 * @typedef {object} WireSubject
 * @property {string} name
 * @property {() => Promise<unknown>} call
 * @property {() => Promise<void>} close
 */

/** @typedef {(peer: import('../peers/load.js').Peer, baseUrl: string) => WireSubject} Client */

/** @type {Record<string, { entry: 'axios' | 'fetch', subject: Client }>} */
export const CLIENTS = {
  'axios, http adapter': { entry: 'axios', subject: axiosSubject('http') },
  'axios, fetch adapter': { entry: 'axios', subject: axiosSubject('fetch') },
  'global fetch': { entry: 'fetch', subject: fetchSubject(() => globalFetch()) },
  'undici.fetch': { entry: 'fetch', subject: fetchSubject(ownFetch) },
}

/** @returns {Client} */
function axiosSubject(/** @type {'http' | 'fetch'} */ adapter) {
  return (peer, baseUrl) => {
    const httpAgent = new HttpAgent({ keepAlive: true, maxSockets: IN_FLIGHT })
    const client = axios.create({ baseURL: `${baseUrl}/cgi-bin`, adapter, httpAgent, proxy: false })
    peer.axios?.(client, appAt(baseUrl))
    return {
      name: peer.name,
      call: () => client.get('/user/get', { params: { userid: 'zhangsan' } }),
      close: async () => httpAgent.destroy(),
    }
  }
}

/**
 * @param {() => { fetch: import('../peers/load.js').PlainFetch, close: () => Promise<void> }} make
 * @returns {Client}
 */
function fetchSubject(make) {
  return (peer, baseUrl) => {
    const { fetch, close } = make()
    const call = peer.fetch?.(fetch, appAt(baseUrl)) ?? fetch
    const url = `${baseUrl}/cgi-bin/user/get?userid=zhangsan`
    return { name: peer.name, call: async () => (await call(url)).json(), close }
  }
}

function globalFetch() {
  return {
    fetch: /** @type {import('../peers/load.js').PlainFetch} */ (globalThis.fetch),
    close: async () => {},
  }
}

/** The fetch of the undici package, with connections of its own. */
function ownFetch() {
  const dispatcher = new Agent({ connections: IN_FLIGHT })
  const fetch = (/** @type {string} */ url, /** @type {RequestInit | undefined} */ init) =>
    undiciFetch(url, /** @type {import('undici').RequestInit} */ ({ ...init, dispatcher }))
  return {
    fetch: /** @type {import('../peers/load.js').PlainFetch} */ (/** @type {unknown} */ (fetch)),
    close: () => dispatcher.destroy(),
  }
}

/** @returns {import('../peers/load.js').App} */
function appAt(/** @type {string} */ baseUrl) {
  const corpId = 'ww0123456789abcdef'
  return { corpId, corpSecret: 'bench-secret', baseUrl, gettoken: async () => TOKEN }
}
