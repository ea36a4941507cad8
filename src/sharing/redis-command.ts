import { hasMethods, isFunction } from '../core/check.js'
import { badOption } from '../core/errors.js'

/** Sends one command, e.g. `['GET', 'key']`, and resolves with Redis' reply. */
export type RedisCommand = (args: string[]) => Promise<unknown>

/**
 * A connected client: ioredis and iovalkey (single, Cluster, Sentinel), node-redis (client, pool,
 * cluster, sentinel), or valkey-glide.
 */
export type RedisClient =
  | { call(...args: never[]): unknown }
  | { sendCommand(...args: never[]): unknown }
  | { customCommand(...args: never[]): unknown }

/**
 * How each kind of client is recognized, and its arguments. In this order: ioredis has
 * `sendCommand` too.
 */
const KINDS: readonly (readonly [
  method: string,
  andAlso: readonly string[],
  argumentsOf: (args: string[]) => readonly unknown[],
])[] = [
  ['call', [], (args) => args],
  ['customCommand', [], (args) => [args]],
  // node-redis' cluster, which needs the key, and its sentinel; both need to know whether it only
  // reads.
  ['sendCommand', ['getSlotRandomNode'], (args) => [firstKeyOf(args), false, args]],
  ['sendCommand', ['getMasterNode'], (args) => [false, args]],
  ['sendCommand', [], (args) => [args]],
]

/** Adapts every client to one function. @throws `bad_options` if the client is unknown. */
export function commandOf(client: unknown, name = 'redisStore client'): RedisCommand {
  if (isFunction(client)) return async (args) => (client as RedisCommand)(args)
  const kind = KINDS.find(([method, andAlso]) => hasMethods(method, ...andAlso)(client))
  if (kind === undefined) {
    const expected =
      'a client of ioredis, iovalkey, node-redis or valkey-glide, or a function (args: string[]) => Promise of the reply'
    throw badOption(name, expected, client)
  }
  const [method, , argumentsOf] = kind
  const methods = client as Record<string, (...args: unknown[]) => Promise<unknown>>
  return async (args) => methods[method]?.(...argumentsOf(args))
}

/** Only scripts are sent: EVALSHA sha numkeys key. */
function firstKeyOf(args: readonly string[]): string | undefined {
  return args[3]
}
