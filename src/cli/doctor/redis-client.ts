import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { commandOf, type RedisCommand } from '../../sharing/redis-command.js'
import { inTime } from './line.js'

/** The user's own Redis client, connected. */
export interface ConnectedRedis {
  readonly driver: string
  readonly command: RedisCommand
  close(): void
}

/** A client package of the project; the store takes any of them. */
export interface Driver {
  readonly name: string
  connect(url: string): Promise<ConnectedRedis>
}

/** The parts of the drivers that are used. */
interface ClientModule {
  Redis?: new (url: string, options: object) => IoredisClient
  createClient?: (options: object) => NodeRedisClient
  default?: ClientModule
}
interface Emitter {
  on(event: 'error', listener: (error: unknown) => void): unknown
  connect(): Promise<unknown>
}
type IoredisClient = Emitter & { disconnect(): void }
type NodeRedisClient = Emitter & { destroy?(): void; disconnect(): unknown }

const DRIVERS = ['ioredis', 'iovalkey', '@redis/client', 'redis'] as const

/** The first client package that the project in `cwd` has; `undefined` if there is none. */
export function findDriver(cwd: string): Driver | undefined {
  const require = createRequire(join(cwd, 'package.json'))
  for (const name of DRIVERS)
    try {
      const path = require.resolve(name)
      return { name, connect: (url) => connectBy(name, path, url) }
    } catch {
      // Not installed there.
    }
  return undefined
}

async function connectBy(name: string, path: string, url: string): Promise<ConnectedRedis> {
  const module: ClientModule = await import(pathToFileURL(path).href)
  const { client, close } = clientOf(module, url)
  // Without a listener an error would end the process. ioredis says the cause here alone.
  const causes: unknown[] = []
  client.on('error', (error) => void causes.push(error))
  const command = commandOf(client)
  try {
    await inTime(client.connect())
    // Behind the SELECT of a database that is not there, which ioredis does not wait for.
    await inTime(command(['PING'])).catch(() => {})
    if (causes.length > 0) throw causes[0]
  } catch (error) {
    close()
    throw causes[0] ?? error
  }
  return { driver: name, command, close }
}

function clientOf(module: ClientModule, url: string): { client: Emitter; close: () => void } {
  const Redis = module.Redis ?? module.default?.Redis
  if (Redis !== undefined) {
    const client = new Redis(url, {
      lazyConnect: true,
      // It sends INFO, and prints a warning for a user who may not.
      enableReadyCheck: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    })
    return { client, close: () => client.disconnect() }
  }
  const createClient = module.createClient ?? module.default?.createClient
  if (createClient === undefined) throw new Error('this version of the Redis client is unknown')
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  return {
    client,
    close: () => {
      if (client.destroy !== undefined) client.destroy()
      else Promise.resolve(client.disconnect()).catch(() => {})
    },
  }
}
