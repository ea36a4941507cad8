/** One process of many: makes calls when a message asks for them, and reports how many succeeded. */
import { Redis } from 'ioredis'
import { redisStore } from 'qyapi-token/stores/redis'
import { callerOf, playersOf } from './callers.js'
import { loadPeers } from './peers/load.js'

const [name, baseUrl = '', redisUrl = ''] = process.argv.slice(2)
const { peers } = await loadPeers()
const player = playersOf(peers).find((known) => known.name === name)
if (player === undefined) throw new Error(`no such player: ${name}`)
const redis = new Redis(redisUrl)
const caller = callerOf(player, baseUrl, redisStore(redis))

process.on('disconnect', () => process.exit())
process.on('message', async (/** @type {{ calls: number }} */ { calls }) => {
  const answers = await Promise.all(Array.from({ length: calls }, () => caller.call()))
  process.send?.({ ok: answers.filter(Boolean).length })
})
process.send?.('ready')
