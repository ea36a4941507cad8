/** What a pool of corps takes: memory for each, time for a hit, token requests when all are cold. */
import axios from 'axios'
import { authorizedCorp, createSourcePool, createTokenSource, suiteApp } from 'qyapi-token'
import { attachToken } from 'qyapi-token/axios'
import { fakeQyapi } from 'qyapi-token/testing'
import { heapUsed, interleavedRounds, summary } from './measure.js'

const SUITE = {
  suiteId: 'ww-bench-suite',
  suiteSecret: 'bench-secret',
  suiteTicket: 'bench-ticket',
}
/** How many corps are called in turn when a hit is measured. */
export const CALLED_IN_TURN = 100

/**
 * @typedef {object} PoolFigures
 * @property {number} bytesPerCorp
 * @property {ReturnType<typeof summary>} hit Microseconds.
 * @property {{ calls: number, corps: number, ok: number, corpFetches: number, suiteFetches: number }} cold
 */

/**
 * @param {{ corps: number, hits: { rounds: number, calls: number }, cold: number }} size
 * @returns {Promise<PoolFigures>}
 */
export async function poolFigures({ corps, hits, cold }) {
  const ids = Array.from({ length: corps }, (_, at) => `wpBench${String(at).padStart(25, '0')}`)
  // As in a database: the ids and the codes are not counted.
  const codes = new Map(ids.map((id) => [id, `code-${id}`.padEnd(64, 'z')]))
  const before = await heapUsed()
  const suite = createTokenSource(suiteApp(SUITE), { transport })
  const pool = createSourcePool((id) => corpOf(suite, id, codes.get(id)), {
    transport,
    maxTenants: corps,
  })
  for (const id of ids) await (await pool.get(id)).get()
  const bytesPerCorp = ((await heapUsed()) - before) / corps

  const called = ids.slice(0, CALLED_IN_TURN)
  const name = 'pool'
  const samples = await interleavedRounds(
    [{ name, run: (calls) => hit(pool, called, calls) }],
    hits,
  )
  const { wall = [], cpu = [] } = samples.get(name) ?? {}
  return { bytesPerCorp, hit: summary({ wall, cpu }), cold: await coldCalls(cold) }
}

async function hit(
  /** @type {import('qyapi-token').SourcePool} */ pool,
  /** @type {readonly string[]} */ ids,
  /** @type {number} */ calls,
) {
  for (let done = 0; done < calls; done += 1) {
    const source = /** @type {import('qyapi-token').TokenSource} */ (
      pool.get(/** @type {string} */ (ids[done % ids.length]))
    )
    await source.get()
  }
}

/** Three calls for each of so many corps, all at once and in a random order, over real HTTP. */
async function coldCalls(/** @type {number} */ corps) {
  const ids = Array.from({ length: corps }, (_, at) => `ww-cold-${at}`)
  const authorized = ids.map((corpId) => ({ corpId, permanentCode: `code-${corpId}` }))
  const wecom = fakeQyapi({ suites: [{ ...SUITE, corps: authorized }] })
  const baseUrl = await wecom.listen()
  try {
    const suite = createTokenSource(suiteApp(SUITE), { baseUrl })
    const pool = createSourcePool((id) => corpOf(suite, id, `code-${id}`), { baseUrl })
    const client = axios.create({ baseURL: `${baseUrl}/cgi-bin` })
    attachToken(client, ({ options }) => pool.get(/** @type {string} */ (options.tenant)), {
      baseUrl,
    })
    const tenants = [...ids, ...ids, ...ids].sort(() => Math.random() - 0.5)
    const answers = await Promise.all(
      tenants.map((tenant) => client.get('/user/get?userid=a', { tenant })),
    )
    return {
      calls: tenants.length,
      corps,
      ok: answers.filter(({ data }) => data.errcode === 0).length,
      corpFetches: wecom.count('service/get_corp_token'),
      suiteFetches: wecom.count('service/get_suite_token'),
    }
  } finally {
    await wecom.close()
  }
}

function corpOf(
  /** @type {import('qyapi-token').TokenSource} */ suite,
  /** @type {string} */ authCorpId,
  /** @type {string | undefined} */ permanentCode = '',
) {
  return authorizedCorp({ suite, authCorpId, permanentCode })
}

/** Each corp's token is a string of its own, as long as the real ones. @type {import('qyapi-token').Transport} */
async function transport({ url, body = '' }) {
  const token = `token_${JSON.parse(body).auth_corpid}`.padEnd(214, 'x0_-')
  const name = url.includes('get_suite_token') ? 'suite_access_token' : 'access_token'
  return { status: 200, body: JSON.stringify({ [name]: token, expires_in: 7200 }) }
}
