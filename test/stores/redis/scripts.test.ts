import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import type { StoreProblem } from '../../../src/core/store.js'
import { StoreAccess } from '../../../src/sharing/store-access.js'
import { redisStore } from '../../../src/stores/redis.js'
import { fakeClock } from '../../../src/testing.js'
import { settle } from '../../support/qyapi.js'

const KEY = 'qyapi-token:https%3A%2F%2Fqyapi.weixin.qq.com:self-built:ww1:0a1b'
const TOKEN = { value: 'token-1', generation: 1, ageMs: 0, expiresInMs: 60_000 }

const failing = (error: unknown) => redisStore(async () => Promise.reject(error))

it('request rule 9: an error of Redis rejects with its message, without the command that the client’s error contains', async () => {
  const command = { name: 'EVALSHA', args: ['token-1'] }
  const error = Object.assign(new Error('READONLY You can’t write'), { command })
  const rejected = await failing(error)
    .set(KEY, TOKEN)
    .catch((error: unknown) => error)
  expect(rejected).toEqual(new Error('READONLY You can’t write'))
  expect(JSON.stringify(rejected, Object.getOwnPropertyNames(rejected))).not.toContain('token-1')
})

it('rule 20: a command rejects also if the client throws synchronously, or without a message', async () => {
  const throwing = redisStore(() => {
    throw new Error('closed')
  })
  await expect(throwing.get(KEY)).rejects.toThrow('closed')
  await expect(failing(undefined).get(KEY)).rejects.toThrow('Redis returned no reply')
})

it.each(['NOSCRIPT No matching script.', 'ERR bad: NOSCRIPT', 'the server: - NoScriptError: No'])(
  'rule 20: a script that Redis has forgotten is sent again, which is no error: %s',
  async (message) => {
    const sent: (string | undefined)[] = []
    const store = redisStore(async ([name]) => {
      sent.push(name)
      if (name === 'EVALSHA') throw new Error(message)
      return null
    })
    await store.get(KEY)
    expect(await store.get(KEY)).toBeUndefined()
    expect(sent).toEqual(['EVAL', 'EVALSHA', 'EVAL'])
  },
)

it('rule 20: at 200 ms distance no command fails, even if Redis restarted and has forgotten every script', async () => {
  const clock = fakeClock()
  const known = new Set<string>()
  const hashOf = new Map<string, string>()
  const reported: StoreProblem[] = []
  const store = redisStore(async ([name = '', script = '']) => {
    await new Promise<void>((resolve) => clock.after(200, resolve))
    if (name === 'EVAL') {
      const hash = hashOf.get(script) ?? createHash('sha1').update(script).digest('hex')
      hashOf.set(script, hash)
      known.add(hash)
    } else if (!known.has(script)) throw new Error('NOSCRIPT No matching script.')
    return null
  })
  const access = new StoreAccess(store, clock)
  const get = async () => {
    const sent = access.send(() => store.get(KEY), {
      isUrgent: false,
      report: (problem) => reported.push(problem),
    })
    for (let passed = 0; passed < 600; passed += 50) {
      await settle()
      clock.advance(50)
    }
    return sent
  }
  expect(await get()).toEqual({ answer: undefined })
  known.clear()
  expect(await get()).toEqual({ answer: undefined })
  expect(access.cooldownMs()).toBe(0)
  expect(reported).toEqual([])
})

it('a script is sent as text the first time, and by its hash from then on', async () => {
  const sent: (string | undefined)[] = []
  const store = redisStore(async ([name]) => {
    sent.push(name)
    return null
  })
  await Promise.all([store.get(KEY), store.get(KEY), store.delete(KEY, 1)])
  expect(sent.sort()).toEqual(['EVAL', 'EVAL', 'EVALSHA'])
})
