// One process that calls the counting server as fast as its call limits let it.
import { connect } from 'node:net'
import { Redis } from 'ioredis'
import { createTokenSource, selfBuilt } from 'qyapi-token'
import { callLimits } from 'qyapi-token/limits'

const { port, redisPort, calls, atOnce, table, corps } = JSON.parse(process.argv[2] ?? '{}')
const redis = new Redis(redisPort, '127.0.0.1')
redis.on('error', () => {})
let commands = 0
const limits = callLimits({
  table,
  maxWaitMs: 600_000,
  maxQueue: 100_000,
  redis: (args) => {
    commands += 1
    const [name = '', ...more] = args
    return redis.call(name, ...more)
  },
})
const token = JSON.stringify({ access_token: 'token', expires_in: 7200 })
const transport = async () => ({ status: 200, body: token })
const sources = corps.map((/** @type {string} */ corpId) =>
  createTokenSource(selfBuilt({ corpId, corpSecret: `secret-of-${corpId}` }), {
    limits,
    transport,
  }),
)

const socket = connect(port, '127.0.0.1')
socket.setNoDelay(true)
/** @type {((answer: object) => void)[]} */
const waiting = []
socket.on('data', (data) => {
  for (let lines = String(data).split('\n').length - 1; lines > 0; lines -= 1)
    waiting.shift()?.({ errcode: 0 })
})

let sent = 0
async function callAfterCall() {
  while (sent < calls) {
    const corp = sent % corps.length
    sent += 1
    await sources[corp].run(
      () =>
        new Promise((resolve) => {
          waiting.push(resolve)
          socket.write(`${corps[corp]}\n`)
        }),
      { endpoint: 'user/get' },
    )
  }
}

process.on('message', async () => {
  await Promise.all(Array.from({ length: atOnce }, callAfterCall))
  process.send?.({ done: sent, commands })
})
process.send?.({ ready: process.pid })
