/** What ours and the peers leave of a bare client's speed where a real server answers. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { percentile, shuffled } from '../measure.js'
import { CLIENTS, IN_FLIGHT } from './clients.js'

/**
 * Medians of all rounds.
 * @typedef {object} WireFigures
 * @property {string} client
 * @property {'axios' | 'fetch'} entry
 * @property {'header' | 'body'} judgedBy
 * @property {string} name Whose.
 * @property {number} perSecond Requests.
 * @property {number} ratio Of the bare client's requests in the same round.
 * @property {number} ratioP10 Its 10th percentile.
 * @property {number} cpu Microseconds of the client's process for one request.
 * @property {number} p50 Milliseconds of a call.
 * @property {number} p99
 * @property {number} p99Ratio Of the bare client's in the same round.
 */

/** @typedef {{ perSecond: number, cpu: number, p50: number, p99: number }} Round */

export const BARE = 'bare'

/**
 * @param {readonly import('../peers/load.js').Peer[]} peers
 * @param {{ rounds: number, calls: number }} size
 * @returns {Promise<WireFigures[]>}
 */
export async function wireFigures(peers, size) {
  const server = fork(new URL('server.js', import.meta.url))
  try {
    const [port] = await once(server, 'message')
    const figures = []
    for (const [client, { entry, subject }] of Object.entries(CLIENTS)) {
      const playing = [
        { name: BARE, version: '' },
        ...peers.filter((peer) => peer[entry] !== undefined),
      ]
      for (const judgedBy of /** @type {const} */ (['header', 'body'])) {
        const baseUrl = `http://127.0.0.1:${port}/${judgedBy}`
        const subjects = playing.map((peer) => subject(peer, baseUrl))
        const rounds = await interleaved(subjects, size)
        await Promise.all(subjects.map(({ close }) => close()))
        for (const row of besideBare(rounds)) figures.push({ client, entry, judgedBy, ...row })
      }
    }
    return figures
  } finally {
    server.kill()
  }
}

/**
 * Every round measures every subject once, in a new order.
 * @param {readonly import('./clients.js').WireSubject[]} subjects
 * @param {{ rounds: number, calls: number }} size
 */
async function interleaved(subjects, { rounds, calls }) {
  /** @type {Map<string, Round[]>} */
  const measured = new Map(subjects.map(({ name }) => [name, []]))
  for (const { call } of subjects) await inFlight(call, calls * 2)
  for (let round = 0; round < rounds; round += 1)
    for (const { name, call } of shuffled(subjects))
      measured.get(name)?.push(await inFlight(call, calls))
  return measured
}

/**
 * Makes that many calls, always the same number of them in flight.
 * @param {() => Promise<unknown>} call
 * @param {number} calls
 * @returns {Promise<Round>}
 */
async function inFlight(call, calls) {
  /** @type {number[]} */
  const latencies = []
  let left = calls
  const cpuBefore = process.cpuUsage()
  const before = performance.now()
  const caller = async () => {
    while (left > 0) {
      left -= 1
      const sentAt = performance.now()
      await call()
      latencies.push(performance.now() - sentAt)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller))
  const seconds = (performance.now() - before) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    perSecond: calls / seconds,
    cpu: (user + system) / calls,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  }
}

function besideBare(/** @type {Map<string, Round[]>} */ measured) {
  const bare = measured.get(BARE) ?? []
  return [...measured].map(([name, rounds]) => {
    const median = (/** @type {keyof Round} */ key) =>
      percentile(
        rounds.map((round) => round[key]),
        0.5,
      )
    const ratios = rounds.map(({ perSecond }, at) => perSecond / (bare[at]?.perSecond ?? 0))
    const p99Ratios = rounds.map(({ p99 }, at) => p99 / (bare[at]?.p99 ?? 0))
    return {
      name,
      perSecond: median('perSecond'),
      ratio: percentile(ratios, 0.5),
      ratioP10: percentile(ratios, 0.1),
      cpu: median('cpu'),
      p50: median('p50'),
      p99: median('p99'),
      p99Ratio: percentile(p99Ratios, 0.5),
    }
  })
}
