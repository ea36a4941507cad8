import { expect, it } from 'vitest'
import { type RedisClient, type RedisCommand, redisStore } from '../../../src/stores/redis.js'

const KEY = 'qyapi-token:https%3A%2F%2Fqyapi.weixin.qq.com:self-built:ww1:0a1b'
const TOKEN = `{${KEY}}:token`

it.each([[undefined], [null], [{}], ['redis://127.0.0.1'], [{ get() {}, set() {} }]])(
  'redisStore refuses what is no client: %j',
  (client) => {
    expect(() => redisStore(client as never)).toThrow(
      /^redisStore client must be a client of ioredis, iovalkey, node-redis or valkey-glide, or a function/,
    )
  },
)

it('request rule 9: redisStore does not show a url that it was given for a client, which may contain a password', () => {
  expect(() => redisStore('redis://:pass@host' as never)).toThrow(/^((?!pass).)*$/)
})

it.each([
  [{ prefix: 7 }, /^prefix must be a string without braces, got 7/],
  [{ prefix: 'a{b}' }, /^prefix must be a string without braces/],
  [{ encryptionKey: 'passphrase' }, /^encryptionKey must be 32 random bytes/],
  [{ ttl: 5 }, /^Unknown key 'ttl' in redisStore options/],
])('redisStore refuses a wrong option: %j', (options, message) => {
  expect(() => redisStore(async () => null, options as never)).toThrow(message)
})

it('the client given to redisStore gets one command with the arguments of its kind', async () => {
  const sent: unknown[][] = []
  const write = async (...args: unknown[]) => {
    sent.push(args)
    return null
  }
  const others = { getSlotRandomNode() {}, getMasterNode() {} }
  const { getSlotRandomNode, getMasterNode } = others
  const clients: (RedisClient | RedisCommand)[] = [
    write,
    { call: write, sendCommand: () => expect.fail() },
    { customCommand: write },
    { sendCommand: write },
    { sendCommand: write, getSlotRandomNode } as RedisClient,
    { sendCommand: write, getMasterNode } as RedisClient,
  ]
  for (const client of clients) await redisStore(client).get(KEY)
  const command = ['EVAL', expect.stringContaining('redis'), '1', TOKEN]
  expect(sent).toEqual([
    [command],
    command,
    [command],
    [command],
    [TOKEN, false, command],
    [false, command],
  ])
})
