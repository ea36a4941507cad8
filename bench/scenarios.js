/**
 * What goes wrong in production, over real HTTP on loopback against the fake qyapi: how many token
 * calls it costs, and how many of the callers' own calls succeed.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { fakeQyapi } from 'qyapi-token/testing'
import { callerOf, playersOf } from './callers.js'

/**
 * @typedef {object} Stage What a scenario plays on.
 * @property {ReturnType<typeof fakeQyapi>} wecom
 * @property {(path?: string) => Promise<boolean>} call
 */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {number} most The target: no more token requests than this.
 * @property {boolean} mustSucceed Whether all calls can succeed, and have to.
 * @property {boolean} [isWarm] A token is there when it begins; that token request is not counted.
 * @property {boolean} [hasOwnGettoken] gettoken answers at once, or as the scenario says.
 * @property {import('qyapi-token/testing').FakeQyapiOptions} [server]
 * @property {(stage: Stage) => Promise<boolean[]>} play Whether each call, or worker, succeeded.
 */

/**
 * @typedef {object} Played
 * @property {string} name Whose.
 * @property {number} gettoken
 * @property {number} ok
 * @property {number} of
 * @property {boolean} isMet
 */

const DEADLINE_MS = 20_000
const UNNOTICED = { ref: false }
/** What a token request takes over the internet. At loopback's speed nothing would come together. */
const GETTOKEN = { delayMs: 100 }
const MOST_GETTOKENS = 20_000
const STUBBORN = 'agent/get'
const EXPIRED = 42001

/** @returns {Scenario[]} */
function scenarios(/** @type {boolean} */ isQuick) {
  const many = isQuick ? 200 : 10_000
  const wrongSecretMs = isQuick ? 500 : 2000
  const oneForAll = { most: 1, mustSucceed: true }
  const storm = { ...oneForAll, isWarm: true, play: refusalStorm }
  const lost = { mustSucceed: false }
  const otherApps = [{ corpId: 'ww-fake', corpSecret: 'another-secret' }]
  return [
    { name: '100 cold calls', ...oneForAll, play: coldCalls(100) },
    { name: `${many.toLocaleString('en')} cold calls`, ...oneForAll, play: coldCalls(many) },
    { name: '100 refusals in 500 ms, new string', ...storm, server: { tokens: 'new' } },
    { name: '100 refusals in 500 ms, same string', ...storm, server: { tokens: 'same' } },
    { name: '20 stragglers with the old token', ...oneForAll, isWarm: true, play: stragglers },
    {
      name: 'one endpoint refuses all 50 calls',
      ...lost,
      most: 2,
      isWarm: true,
      hasOwnGettoken: true,
      play: stubbornEndpoint,
    },
    {
      name: `wrong secret, ${wrongSecretMs / 1000} s of calls`,
      ...lost,
      most: 1,
      server: { apps: otherApps },
      play: callsFor(wrongSecretMs),
    },
    {
      name: 'gettoken down 600 ms, 20 workers',
      most: 4,
      mustSucceed: true,
      hasOwnGettoken: true,
      play: outage,
    },
  ]
}

/**
 * @param {readonly import('./peers/load.js').Peer[]} peers
 * @param {{ isQuick: boolean }} options A quick run plays everything at once.
 * @returns {Promise<(Scenario & { played: Played[] })[]>}
 */
export async function playScenarios(peers, { isQuick }) {
  const players = playersOf(peers)
  const all = []
  for (const scenario of scenarios(isQuick)) {
    const playing = players.map((player) => () => playOne(scenario, player))
    const played = isQuick ? Promise.all(playing.map((play) => play())) : inTurn(playing)
    if (!isQuick) await played
    all.push(played.then((results) => ({ ...scenario, played: results })))
  }
  return Promise.all(all)
}

/**
 * @template T
 * @param {readonly (() => Promise<T>)[]} tasks
 */
async function inTurn(tasks) {
  const results = []
  for (const task of tasks) results.push(await task())
  return results
}

/**
 * @param {Scenario} scenario
 * @param {import('./callers.js').Player} player
 * @returns {Promise<Played>}
 */
async function playOne(scenario, player) {
  const { server, isWarm, hasOwnGettoken, play, most, mustSucceed } = scenario
  const wecom = fakeQyapi(server)
  const { call, close } = callerOf(player, await wecom.listen())
  if (!hasOwnGettoken) wecom.failNext('gettoken', GETTOKEN, MOST_GETTOKENS)
  try {
    if (isWarm) await call()
    const before = wecom.count('gettoken')
    // An endless loop ends when the server closes.
    const results = await Promise.race([
      play({ wecom, call }),
      sleep(DEADLINE_MS, [false], UNNOTICED),
    ])
    const gettoken = wecom.count('gettoken') - before
    const ok = results.filter(Boolean).length
    const isMet = gettoken <= most && (!mustSucceed || ok === results.length)
    return { name: player.name, gettoken, ok, of: results.length, isMet }
  } finally {
    await close()
    await wecom.close()
  }
}

/** @returns {Scenario['play']} */
function coldCalls(/** @type {number} */ count) {
  return ({ call }) => Promise.all(Array.from({ length: count }, () => call()))
}

/**
 * A hundred calls are under way when the token dies; their refusals come one by one.
 * @type {Scenario['play']}
 */
async function refusalStorm({ wecom, call }) {
  const calls = Array.from({ length: 100 }, (_, at) => ({ answeredAfterMs: 100 + at * 5 }))
  tokenDies(wecom, calls)
  return Promise.all(calls.map(() => call()))
}

/**
 * One call has the token replaced; twenty that were sent before it come back refused later.
 * @type {Scenario['play']}
 */
async function stragglers({ wecom, call }) {
  const late = Array.from({ length: 20 }, (_, at) => ({ answeredAfterMs: 300 + at * 30 }))
  tokenDies(wecom, late)
  const results = Promise.all(late.map(() => call()))
  await sleep(150)
  return [await call(), ...(await results)]
}

/**
 * The calls that come next are judged when they arrive, and answered later: refused until a token
 * was fetched, whichever string that returned.
 * @param {Stage['wecom']} wecom
 * @param {readonly { answeredAfterMs: number }[]} calls
 */
function tokenDies(wecom, calls) {
  const before = wecom.count('gettoken')
  wecom.revoke()
  for (const { answeredAfterMs } of calls) {
    /** @type {boolean | undefined} */
    let isRefused
    let isPlanned = false
    const answer = {
      get delayMs() {
        // `failNext` checks its argument: nothing is decided before the call arrives.
        if (!isPlanned) return undefined
        isRefused ??= wecom.count('gettoken') === before
        return isRefused ? answeredAfterMs : undefined
      },
      get errcode() {
        return isRefused ? EXPIRED : undefined
      },
    }
    wecom.failNext('message/send', /** @type {{ errcode: number }} */ (answer))
    isPlanned = true
  }
}

/** @type {Scenario['play']} */
async function stubbornEndpoint({ wecom, call }) {
  wecom.on(STUBBORN, { json: { errcode: EXPIRED, errmsg: 'access_token expired' } })
  const results = []
  for (let at = 0; at < 50; at += 1) results.push(await call(STUBBORN))
  return results
}

/**
 * Forty callers that keep trying, each 50 ms after its last failure.
 * @returns {Scenario['play']}
 */
function callsFor(/** @type {number} */ durationMs) {
  return async ({ call }) => {
    const until = performance.now() + durationMs
    /** @type {boolean[]} */
    const results = []
    const caller = async () => {
      for (; performance.now() < until; await sleep(50)) results.push(await call())
    }
    await Promise.all(Array.from({ length: 40 }, caller))
    return results
  }
}

/**
 * Twenty workers try every 20 ms until they get through, for three seconds at the most.
 * @type {Scenario['play']}
 */
async function outage({ wecom, call }) {
  const backAt = performance.now() + 600
  const isDown = () => performance.now() < backAt
  const whileDown = {
    get status() {
      return isDown() ? 503 : undefined
    },
    get delayMs() {
      return isDown() ? 0 : GETTOKEN.delayMs
    },
  }
  wecom.failNext('gettoken', /** @type {{ status: number }} */ (whileDown), MOST_GETTOKENS)
  const worker = async () => {
    for (; performance.now() < backAt + 2400; await sleep(20)) if (await call()) return true
    return false
  }
  return Promise.all(Array.from({ length: 20 }, worker))
}
