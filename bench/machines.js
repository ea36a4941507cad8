/** One token for many processes: real ones, over a real Redis, and a day of fifty with a fake clock. */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { createTokenSource, memoryStore, selfBuilt } from 'qyapi-token'
import { redisStore } from 'qyapi-token/stores/redis'
import { fakeClock, fakeQyapi } from 'qyapi-token/testing'
import { playersOf } from './callers.js'
import { interleavedRounds, summary } from './measure.js'

const APP = { corpId: 'ww-fake', corpSecret: 'fake-secret' }
const PROCESSES = 4
const CALLS_EACH = 25
/** What a token request takes over the internet. */
const GETTOKEN = { delayMs: 100 }
const SIMULATED = 50
const HOURS = 24

/**
 * @typedef {object} MachineFigures
 * @property {{ name: string, gettoken: number, ok: number, of: number }[]} cold
 * @property {number} takeOverMs
 * @property {{ with: ReturnType<typeof summary>, without: ReturnType<typeof summary> }} hit
 * @property {number} roundTrips Of a cold start with a warm store.
 * @property {{ processes: number, hours: number, gettoken: number, ofOne: number }} day
 */

/**
 * @param {readonly import('./peers/load.js').Peer[]} peers
 * @param {{ rounds: number, calls: number }} hits
 * @returns {Promise<MachineFigures | undefined>} Nothing if there is no redis-server.
 */
export async function machineFigures(peers, hits) {
  const server = await startRedis()
  if (server === undefined) return undefined
  const redis = new Redis(server.url)
  // It connects again by itself until the server is up.
  redis.on('error', () => {})
  try {
    const cold = []
    for (const { name } of playersOf(peers)) {
      await redis.flushall()
      cold.push(await coldProcesses(name, server.url))
    }
    await redis.flushall()
    const takeOverMs = await takeOver(server.url)
    await redis.flushall()
    return {
      cold,
      takeOverMs,
      hit: await hitsWithAndWithout(redis, hits),
      roundTrips: await roundTripsWhenWarm(redis),
      day: {
        processes: SIMULATED,
        hours: HOURS,
        gettoken: await day(SIMULATED),
        ofOne: await day(1),
      },
    }
  } finally {
    redis.disconnect()
    server.stop()
  }
}

export async function startRedis() {
  const port = await freePort()
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', args, { stdio: 'ignore' })
  const isThere = await Promise.race([once(child, 'spawn'), once(child, 'error').then(() => false)])
  if (isThere === false) return undefined
  return { url: `redis://127.0.0.1:${port}`, stop: () => child.kill() }
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  return address.port
}

async function startWorker(/** @type {string[]} */ ...args) {
  const worker = fork(new URL('worker.js', import.meta.url), args)
  await once(worker, 'message')
  return worker
}

/** @returns {Promise<{ ok: number }>} */
async function calls(/** @type {import('node:child_process').ChildProcess} */ worker, calls = 1) {
  worker.send({ calls })
  const [answer] = await once(worker, 'message')
  return answer
}

async function coldProcesses(/** @type {string} */ name, /** @type {string} */ redisUrl) {
  const wecom = fakeQyapi({ apps: [APP] })
  const baseUrl = await wecom.listen()
  wecom.failNext('gettoken', GETTOKEN, PROCESSES * CALLS_EACH)
  const workers = await Promise.all(
    Array.from({ length: PROCESSES }, () => startWorker(name, baseUrl, redisUrl)),
  )
  try {
    const answers = await Promise.all(workers.map((worker) => calls(worker, CALLS_EACH)))
    const ok = answers.reduce((sum, answer) => sum + answer.ok, 0)
    return { name, gettoken: wecom.count('gettoken'), ok, of: PROCESSES * CALLS_EACH }
  } finally {
    for (const worker of workers) worker.kill()
    await wecom.close()
  }
}

/** From the end of a process during its fetch to the first call that another process answers. */
async function takeOver(/** @type {string} */ redisUrl) {
  const wecom = fakeQyapi({ apps: [APP] })
  const baseUrl = await wecom.listen()
  wecom.failNext('gettoken', { delayMs: 30_000 })
  const [holder, heir] = await Promise.all([
    startWorker('qyapi-token/axios', baseUrl, redisUrl),
    startWorker('qyapi-token/axios', baseUrl, redisUrl),
  ])
  try {
    holder.send({ calls: 1 })
    await sleep(500)
    const served = calls(heir)
    await sleep(500)
    holder.kill('SIGKILL')
    const before = performance.now()
    await served
    return performance.now() - before
  } finally {
    holder.kill()
    heir.kill()
    await wecom.close()
  }
}

async function hitsWithAndWithout(
  /** @type {Redis} */ redis,
  /** @type {{ rounds: number, calls: number }} */ size,
) {
  const subjects = [
    {
      name: 'with',
      source: createTokenSource(selfBuilt(APP), { transport, store: redisStore(redis) }),
    },
    { name: 'without', source: createTokenSource(selfBuilt(APP), { transport }) },
  ].map(({ name, source }) => ({
    name,
    async run(/** @type {number} */ hits) {
      for (let done = 0; done < hits; done += 1) await source.get()
    },
  }))
  const samples = await interleavedRounds(subjects, size)
  const of = (/** @type {string} */ name) => {
    const { wall = [], cpu = [] } = samples.get(name) ?? {}
    return summary({ wall, cpu })
  }
  return { with: of('with'), without: of('without') }
}

/** Another process has put a token there; this one starts. */
async function roundTripsWhenWarm(/** @type {Redis} */ redis) {
  let sent = 0
  const command = (/** @type {readonly string[]} */ [name = '', ...args]) => {
    sent += 1
    return redis.call(name, ...args)
  }
  const store = redisStore(command)
  await createTokenSource(selfBuilt(APP), { transport, store }).get()
  sent = 0
  await createTokenSource(selfBuilt(APP), { transport, store }).get()
  return sent
}

async function transport() {
  const token = 'token_'.padEnd(214, 'x0_-')
  return { status: 200, body: JSON.stringify({ access_token: token, expires_in: 7200 }) }
}

/** Token requests of so many processes in a day, each asking once a minute. */
async function day(/** @type {number} */ processes) {
  const clock = fakeClock()
  const store = memoryStore({ clock })
  let gettoken = 0
  const counting = async () => {
    gettoken += 1
    const body = JSON.stringify({ access_token: `token-${gettoken}`, expires_in: 7200 })
    return { status: 200, body }
  }
  const sources = Array.from({ length: processes }, () =>
    createTokenSource(selfBuilt(APP), { clock, store, transport: counting }),
  )
  for (let minute = 0; minute < HOURS * 60; minute += 1) {
    const asked = Promise.all(sources.map((source) => source.get()))
    // The others look into the store every 50 to 150 ms.
    for (let step = 0; step < 3; step += 1) {
      await turns()
      clock.advance(100)
    }
    await asked
    clock.advance(60_000 - 300)
  }
  return gettoken
}

/** Time for everything that needs no clock. */
async function turns() {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
