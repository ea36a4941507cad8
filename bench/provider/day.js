/**
 * A day of a service provider in fast-forward, by the rules of a pool of sources over one store: which
 * call finds a token, which starts a refresh behind itself, which waits. Without a network, so that a
 * million corps take seconds; provider/fleet.js runs the library itself.
 */

const MINUTES_A_DAY = 1440
/** In minutes: a token is handed out for 7000 s, and refreshed in the last 300 of them. */
const MEMO = 7000 / 60
const AHEAD = 300 / 60

/**
 * @typedef {object} Day
 * @property {number} corps
 * @property {number} calls
 * @property {number} called Corps that were called at all.
 * @property {number} tokenRequests
 * @property {number} ideal Token requests if a token was fetched only when a call finds none.
 * @property {number} waiting Calls that waited for a token request.
 * @property {number} busiest Of the minutes after the one of the cold start: the most, as a multiple of their mean.
 * @property {readonly number[]} minutes Token requests in each.
 */

/**
 * All tokens are lost at `coldAt`, as after a deploy without a store.
 *
 * @param {{ corps: number, callsPerCorp: number, isSpread?: boolean, coldAt?: number, seed?: number }} size
 * @returns {Day}
 */
export function simulatedDay({ corps, callsPerCorp, isSpread = true, coldAt = 540, seed = 1 }) {
  const random = randomOf(seed)
  const corpOf = zipf(corps, random)
  const fetchedAt = new Float64Array(corps).fill(-Infinity)
  const refreshAt = new Float64Array(corps)
  const idealAt = new Float64Array(corps).fill(-Infinity)
  const isCold = new Uint8Array(corps).fill(1)
  const minutes = Array.from({ length: MINUTES_A_DAY }, () => 0)
  const calls = corps * callsPerCorp
  let ideal = 0
  let waiting = 0
  let wasCold = false

  for (let call = 0; call < calls; call += 1) {
    const now = (call / calls) * MINUTES_A_DAY
    if (!wasCold && now >= coldAt) {
      wasCold = true
      for (const times of [fetchedAt, idealAt]) times.fill(-Infinity)
      isCold.fill(1)
    }
    const corp = corpOf()
    if (now - at(idealAt, corp) >= MEMO) {
      ideal += 1
      idealAt[corp] = now
    }
    const isExpired = now - at(fetchedAt, corp) >= MEMO
    if (!isExpired && now < at(refreshAt, corp)) continue
    if (isExpired) waiting += 1
    const spread = isSpread && isCold[corp] === 1
    fetchedAt[corp] = now
    refreshAt[corp] = now + MEMO - aheadOf(spread, random())
    isCold[corp] = 0
    minutes[Math.floor(now)] = (minutes[Math.floor(now)] ?? 0) + 1
  }
  return {
    corps,
    calls,
    called: fetchedAt.filter(Number.isFinite).length,
    tokenRequests: sum(minutes),
    ideal,
    waiting,
    busiest: busiest(minutes.slice(coldAt + 30)),
    minutes,
  }
}

/** As in src/core/token.ts. */
function aheadOf(/** @type {boolean} */ isSpread, /** @type {number} */ jitter) {
  return isSpread ? AHEAD + (MEMO / 2 - AHEAD) * jitter : AHEAD * (1 - 0.2 * jitter)
}

function at(/** @type {Float64Array} */ numbers, /** @type {number} */ index) {
  return /** @type {number} */ (numbers[index])
}

function busiest(/** @type {readonly number[]} */ minutes) {
  return Math.max(...minutes) / (sum(minutes) / minutes.length)
}

const sum = (/** @type {readonly number[]} */ numbers) => numbers.reduce((all, one) => all + one, 0)

/**
 * Draws corps: the n-th is called 1/n times as often as the first.
 *
 * @param {number} corps
 * @param {() => number} random
 */
export function zipf(corps, random) {
  const upTo = new Float64Array(corps)
  let all = 0
  for (let corp = 0; corp < corps; corp += 1) {
    all += 1 / (corp + 1)
    upTo[corp] = all
  }
  return () => {
    const drawn = random() * all
    let [low, high] = [0, corps - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (at(upTo, middle) < drawn) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Numbers from 0 to 1, the same for the same seed: mulberry32. */
export function randomOf(/** @type {number} */ seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
