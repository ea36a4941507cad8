/** What call limits cost a call, and how close many processes come to what is allowed. */
import { createTokenSource, selfBuilt } from 'qyapi-token'
import { withToken } from 'qyapi-token/fetch'
import { callLimits } from 'qyapi-token/limits'
import { fakeClock } from 'qyapi-token/testing'
import { runLimited } from './limits/processes.js'
import { startRedis } from './machines.js'
import { interleavedRounds, summary } from './measure.js'

/**
 * @typedef {object} LimitFigures
 * @property {number} addedMicroseconds To one fetch, at the 10th percentile.
 * @property {number} delay By how much a busy corp delays another one at a full IP: 0.05 are 5 %.
 * @property {{ calls: number, most: number, allowed: number, used: number, commandsPerCall: number } | undefined} processes
 */

const LIMIT_TARGETS = { addedMicroseconds: 3, delay: 0.05, used: 0.95, commandsPerCall: 0.1 }

const MANY = 1e12
const WIDE = { corpApi: { minute: MANY, hour: MANY }, ipApi: { minute: MANY, hour: MANY } }
const APP = { corpId: 'ww0123456789abcdef', corpSecret: 'bench-secret' }
const URL_OF_CALL = 'https://qyapi.weixin.qq.com/cgi-bin/user/get?userid=zhangsan'
const TOKEN = JSON.stringify({ access_token: 'token'.padEnd(214, '0'), expires_in: 7200 })

/**
 * @param {{ rounds: number, calls: number }} requests
 * @param {{ isQuick: boolean }} options
 * @returns {Promise<LimitFigures>}
 */
export async function limitFigures(requests, { isQuick }) {
  return {
    addedMicroseconds: await addedToFetch(requests),
    delay: await delayByBusyCorp(),
    processes: await manyProcesses(isQuick ? 2_000 : 20_000),
  }
}

async function addedToFetch(/** @type {{ rounds: number, calls: number }} */ size) {
  const stub = async () => new Response('{"errcode":0}', { headers: { 'error-code': '0' } })
  const transport = async () => ({ status: 200, body: TOKEN })
  const subjects = [undefined, callLimits({ table: WIDE })].map((limits) => {
    const source = createTokenSource(selfBuilt(APP), { transport, ...(limits && { limits }) })
    const qyFetch = withToken(/** @type {typeof fetch} */ (stub), source)
    return {
      name: limits ? 'with' : 'without',
      async run(/** @type {number} */ calls) {
        for (let call = 0; call < calls; call += 1) await qyFetch(URL_OF_CALL)
      },
    }
  })
  const samples = await interleavedRounds(subjects, size)
  const [without = Number.NaN, withLimits = Number.NaN] = ['without', 'with'].map((name) => {
    const sample = samples.get(name)
    return sample && summary(sample).wall.p10
  })
  return withLimits - without
}

/** How much later the last of 100 calls goes if another corp has ten times as many waiting. */
async function delayByBusyCorp() {
  const [beside, besideBusy] = await Promise.all([1_000, 10_000].map(lastOfOther))
  return (besideBusy ?? 0) / (beside ?? 1) - 1
}

async function lastOfOther(/** @type {number} */ waiting) {
  const clock = fakeClock()
  const table = { ipApi: { windows: [{ ms: 1_000, most: 20 }] } }
  const limits = callLimits({ table, clock, maxWaitMs: 2 ** 30 })
  const [busy, other] = ['ww1', 'ww2'].map((corpId) => selfBuilt({ ...APP, corpId }))
  let left = 100
  const call = (/** @type {typeof busy} */ credential, onSent = () => {}) => {
    const entered = limits.enter({ endpoint: 'user/get', credential, emit: () => {} })
    const place = 'place' in entered ? entered.place : Promise.resolve(entered)
    void place.then((given) => {
      onSent()
      given.end()
    })
  }
  for (let count = 0; count < waiting; count += 1) call(busy)
  for (let count = left; count > 0; count -= 1)
    call(other, () => {
      left -= 1
    })
  while (left > 0) {
    clock.advance(5)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return clock.monotonic()
}

async function manyProcesses(/** @type {number} */ calls) {
  const redis = await startRedis()
  if (redis === undefined) return undefined
  const windowMs = 10_000
  const allowed = calls
  const seen = await runLimited({
    redisPort: Number(new URL(redis.url).port),
    processes: 4,
    calls,
    atOnce: 1_000,
    table: { corpApi: { windows: [{ ms: windowMs, most: allowed }] } },
    windowMs,
  })
  redis.stop()
  const { most, mean } = seen
  const commandsPerCall = seen.commands / seen.calls
  return { calls: seen.calls, most, allowed, used: mean / allowed, commandsPerCall }
}

export function limitVerdicts(/** @type {LimitFigures} */ { addedMicroseconds, delay, processes }) {
  return {
    isCheap: addedMicroseconds <= LIMIT_TARGETS.addedMicroseconds,
    isFair: delay <= LIMIT_TARGETS.delay,
    ...(processes && {
      isNeverOver: processes.most <= processes.allowed,
      isUsed: processes.used >= LIMIT_TARGETS.used,
      isSparing: processes.commandsPerCall <= LIMIT_TARGETS.commandsPerCall,
    }),
  }
}

export function limitSection(/** @type {LimitFigures} */ figures) {
  const { addedMicroseconds, delay, processes } = figures
  const verdicts = limitVerdicts(figures)
  const mark = (/** @type {boolean | undefined} */ isMet) => (isMet ? 'met' : '**missed**')
  const rows = [
    [
      'added to one fetch, p10',
      `${addedMicroseconds.toFixed(2)} µs`,
      '≤ 3 µs',
      mark(verdicts.isCheap),
    ],
    [
      'a corp with ten times as many callers delays another by',
      `${(delay * 100).toFixed(1)} %`,
      '≤ 5 %',
      mark(verdicts.isFair),
    ],
    ...(processes === undefined
      ? []
      : [
          [
            `4 processes, ${processes.calls} calls: most in a window of 10 s that allows ${processes.allowed}`,
            `${processes.most}`,
            `≤ ${processes.allowed}`,
            mark(verdicts.isNeverOver),
          ],
          [
            'used of what is allowed',
            `${(processes.used * 100).toFixed(1)} %`,
            '≥ 95 %',
            mark(verdicts.isUsed),
          ],
          [
            'Redis commands a call',
            processes.commandsPerCall.toFixed(3),
            '≤ 0.1',
            mark(verdicts.isSparing),
          ],
        ]),
  ]
  const table = rows.map((row) => `| ${row.join(' | ')} |`).join('\n')
  return `## Call limits

| | ours | target | |
|---|---|---|---|
${table}

In memory, four windows a call. The processes share a real redis-server and call a server of its own, which counts in
sliding windows.`
}
