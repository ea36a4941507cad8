/**
 * What the token costs where no network hides it: per request, per hit, and per idle source.
 */
import axios, { AxiosHeaders } from 'axios'
import { createTokenSource, selfBuilt } from 'qyapi-token'
import { BODY, TOKEN, TOKEN_ANSWER, tokenAnswer } from './answers.js'
import { heapUsed, interleavedRounds, summary } from './measure.js'
import { memoized } from './peers/p-memoize.js'
import { OURS } from './peers/qyapi-token.js'

const BASE_URL = 'https://qyapi.weixin.qq.com'
const CORP_ID = 'ww0123456789abcdef'
const CONTENT_TYPE = { 'content-type': 'application/json; charset=UTF-8' }
const HEADERS = {
  header: { ...CONTENT_TYPE, 'error-code': '0', 'error-msg': 'ok' },
  body: CONTENT_TYPE,
}

/** @type {import('./peers/load.js').App} */
const APP = {
  corpId: CORP_ID,
  corpSecret: 'bench-secret',
  baseUrl: BASE_URL,
  gettoken: async () => TOKEN,
}

/**
 * @typedef {object} Cost
 * @property {'axios' | 'fetch'} entry
 * @property {'header' | 'body'} judgedBy Where the answer's errcode has to be looked for.
 * @property {string} name Whose.
 * @property {ReturnType<typeof summary>} total
 * @property {ReturnType<typeof summary>} added What is left when the bare call's own is taken away.
 */

/**
 * One request through each entry, with and without an `error-code` header on the answer.
 * @param {readonly import('./peers/load.js').Peer[]} peers
 * @param {{ rounds: number, calls: number }} size
 * @returns {Promise<Cost[]>}
 */
export async function costPerRequest(peers, size) {
  const costs = []
  for (const entry of /** @type {const} */ (['axios', 'fetch'])) {
    for (const judgedBy of /** @type {const} */ (['header', 'body'])) {
      const subjects = await subjectsOf(entry, peers, HEADERS[judgedBy])
      const samples = await interleavedRounds(subjects, size)
      for (const cost of withoutBare(samples)) costs.push({ entry, judgedBy, ...cost })
    }
  }
  return costs
}

/**
 * @param {'axios' | 'fetch'} entry
 * @param {readonly import('./peers/load.js').Peer[]} peers
 * @param {Record<string, string>} headers
 */
async function subjectsOf(entry, peers, headers) {
  const bare = [BARE, BARE_AGAIN].map((name) => ({ name, version: '', axios() {}, fetch: same }))
  const playing = [...bare, ...peers].filter((peer) => peer[entry] !== undefined)
  const subjects = []
  for (const peer of playing) {
    const call = entry === 'axios' ? axiosCall(peer, headers) : fetchCall(peer, headers)
    await call()
    subjects.push({ name: peer.name, run: repeated(call) })
  }
  return subjects
}

const BARE = 'bare'
/** What it adds to itself is the noise. */
const BARE_AGAIN = 'bare once more'
const same = (/** @type {import('./peers/load.js').PlainFetch} */ fetch) => fetch

/**
 * The adapter returns text, as the http adapter does, and headers as AxiosHeaders.
 * @param {import('./peers/load.js').Peer} peer
 * @param {Record<string, string>} headers
 */
function axiosCall(peer, headers) {
  const client = axios.create({
    baseURL: `${BASE_URL}/cgi-bin`,
    adapter: async (config) => ({
      data: bodyFor(config.url ?? ''),
      status: 200,
      statusText: 'OK',
      headers: AxiosHeaders.from(headers),
      config,
      request: {},
    }),
  })
  peer.axios?.(client, APP)
  return () => client.get('/user/get', { params: { userid: 'zhangsan' } })
}

/**
 * A response has its url, as real ones do, and the caller reads its JSON, as real ones do.
 * @param {import('./peers/load.js').Peer} peer
 * @param {Record<string, string>} headers
 */
function fetchCall(peer, headers) {
  /** @type {import('./peers/load.js').PlainFetch} */
  const stub = async (url) =>
    Object.defineProperty(new Response(bodyFor(String(url)), { headers }), 'url', {
      value: String(url),
      configurable: true,
    })
  const call = peer.fetch?.(stub, APP) ?? stub
  return async () => (await call(`${BASE_URL}/cgi-bin/user/get?userid=zhangsan`)).json()
}

function bodyFor(/** @type {string} */ url) {
  return url.includes('/gettoken') ? TOKEN_ANSWER : BODY
}

/** @param {() => Promise<unknown>} call */
function repeated(call) {
  return async (/** @type {number} */ calls) => {
    for (let done = 0; done < calls; done += 1) await call()
  }
}

/** @param {Map<string, import('./measure.js').Samples>} samples */
function withoutBare(samples) {
  const totals = [...samples].map(([name, figures]) => ({ name, total: summary(figures) }))
  const bare = totals.find(({ name }) => name === BARE)?.total
  if (bare === undefined) throw new Error('Nothing to compare with')
  return totals.map(({ name, total }) => ({ name, total, added: difference(total, bare) }))
}

/**
 * @param {ReturnType<typeof summary>} total
 * @param {ReturnType<typeof summary>} bare
 */
function difference(total, bare) {
  return {
    wall: { p10: total.wall.p10 - bare.wall.p10, median: total.wall.median - bare.wall.median },
    cpu: { p10: total.cpu.p10 - bare.cpu.p10, median: total.cpu.median - bare.cpu.median },
  }
}

/**
 * One `await source.get()` that finds its token, beside what else could be awaited.
 * @param {{ rounds: number, calls: number }} size
 */
export async function costPerHit(size) {
  const source = sourceOf(CORP_ID)
  const memo = memoized(APP.gettoken)
  const variable = async () => TOKEN
  // Three loops written out: a closure in between would be measured too.
  const samples = await interleavedRounds(
    [
      {
        name: OURS,
        async run(calls) {
          for (let done = 0; done < calls; done += 1) await source.get()
        },
      },
      {
        name: 'p-memoize alone',
        async run(calls) {
          for (let done = 0; done < calls; done += 1) await memo()
        },
      },
      {
        name: 'a plain variable',
        async run(calls) {
          for (let done = 0; done < calls; done += 1) await variable()
        },
      },
    ],
    size,
  )
  return [...samples].map(([name, figures]) => ({ name, ...summary(figures) }))
}

/** Bytes of heap per source that was used once and is idle now, its token and credential included. */
export async function bytesPerIdleSource(/** @type {number} */ count) {
  await sourceOf(CORP_ID).get()
  const sources = new Array(count)
  const before = await heapUsed()
  for (let at = 0; at < count; at += 1) {
    sources[at] = sourceOf(`ww${at}`)
    await sources[at].get()
  }
  const after = await heapUsed()
  return (after - before) / sources.length
}

/** A source whose token requests are answered on the spot, each corp's with a string of its own. */
function sourceOf(/** @type {string} */ corpId) {
  return createTokenSource(selfBuilt({ corpId, corpSecret: APP.corpSecret }), { transport })
}

/** @type {import('qyapi-token').Transport} */
async function transport({ url }) {
  const corpId = new URL(url).searchParams.get('corpid')
  return { status: 200, body: tokenAnswer(`token_${corpId}`.padEnd(TOKEN.length, 'x0_-')) }
}
