import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RedisOptions } from 'ioredis'
import { afterAll, afterEach } from 'vitest'
import type { TokenEvent } from '../../../src/index.js'
import type { RedisStoreOptions } from '../../../src/stores/redis.js'

/** What a process reports. Tokens by the number that the fake gave them, times by the wall clock. */
export type Entry = { readonly at: number } & (
  | { readonly what: 'ready' | 'asks' }
  /** A token call that was answered; without a token it is ''. */
  | { readonly what: 'got'; readonly token: string }
  /** One sending of a call, as WeCom answered it. */
  | {
      readonly what: 'answer'
      readonly token: string
      readonly sentAt: number
      readonly errcode: number
    }
  | { readonly what: 'begins'; readonly call: number }
  /** It did not run from then on, though it was time: the machine is busy. */
  | { readonly what: 'late'; readonly from: number }
  | ({
      readonly what: 'ends'
      readonly call: number
      readonly path: string
      readonly startedAt: number
    } & Outcome)
  | { readonly what: 'event'; readonly event: TokenEvent }
  | { readonly what: 'done'; readonly order: number; readonly result: unknown }
)

/** How a call ended for its caller: WeCom's answer, or an error. */
export interface Outcome {
  readonly tookMs: number
  readonly errcode?: number
  readonly code?: string
  readonly message?: string
}

export interface ProcessOptions {
  readonly baseUrl: string
  /** Where its client connects to. */
  readonly redis: RedisOptions
  readonly client?: 'ioredis' | '@redis/client'
  readonly storeOptions?: Omit<RedisStoreOptions, 'encryptionKey'> & { encryptionKey?: string }
  readonly corpSecret?: string
  /** None by default: what cools down has tests of its own. */
  readonly endpointCooldownMs?: number
  /** Where its token calls end up, if not at WeCom. */
  readonly wayToWecom?: string
}

/** A process of its own with a token source over the common Redis. */
export interface OwnProcess {
  readonly pid: number
  /** Everything that it reported, in order. */
  readonly log: readonly Entry[]
  /** So many calls at once. */
  call(count: number): Promise<readonly Outcome[]>
  /** Asks for the tokens of so many corps at once; gives how many it gets. */
  burst(count: number): Promise<number>
  /** Calls on and on, from now until `rest`. */
  load(everyMs: number): Promise<void>
  rest(): Promise<void>
  /** The commands that went to Redis until now; ioredis only. */
  commands(): Promise<number>
  generation(): Promise<number | undefined>
  /** The token that it has or gets, by its number. */
  token(): Promise<string>
  until(isIt: (entry: Entry) => boolean): Promise<Entry>
  kill(signal?: NodeJS.Signals): Promise<void>
  freeze(): void
  thaw(): void
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url))
const MANIFEST = join(ROOT, 'package.json')

/**
 * Starts processes that have the package as it was built, each test's ended with it. Bundles are
 * copied first, because a build takes the old ones away.
 */
export function useProcesses() {
  const running = new Set<ChildProcess>()
  let installed: Promise<string> | undefined

  afterEach(async () => {
    await Promise.all([...running].map((child) => ended(child, 'SIGKILL')))
    running.clear()
  })
  afterAll(async () => {
    if (installed !== undefined) await rm(await installed, { recursive: true, force: true })
  })

  return async function start(options: ProcessOptions): Promise<OwnProcess> {
    installed ??= installedCopy()
    const given = { corpSecret: 'fake-secret', endpointCooldownMs: 0, ...options }
    const worker = join(await installed, 'worker.js')
    const child = fork(worker, [JSON.stringify(given)], { execArgv: [] })
    running.add(child)
    // Also when the tests themselves are ended: a frozen one does not notice.
    const end = () => void child.kill('SIGKILL')
    process.once('exit', end)
    child.once('exit', () => process.removeListener('exit', end))
    const own = processOf(child)
    await own.until(({ what }) => what === 'ready')
    return own
  }
}

function processOf(child: ChildProcess): OwnProcess {
  const log: Entry[] = []
  const waiters = new Set<{ hear(entry: Entry): void; leave(error: Error): void }>()
  let orders = 0
  child.on('message', (message) => {
    for (const entry of message as readonly Entry[]) {
      log.push(entry)
      for (const waiter of [...waiters]) waiter.hear(entry)
    }
  })
  child.once('exit', (code, signal) => {
    for (const waiter of waiters) waiter.leave(new Error(`the process ended: ${code ?? signal}`))
  })
  const until = (isIt: (entry: Entry) => boolean) =>
    new Promise<Entry>((resolve, reject) => {
      const waiter = {
        hear(entry: Entry) {
          if (!isIt(entry)) return
          waiters.delete(waiter)
          resolve(entry)
        },
        leave: reject,
      }
      waiters.add(waiter)
    })
  const order = async (what: string, more: object = {}): Promise<unknown> => {
    orders += 1
    const id = orders
    const done = until((entry) => entry.what === 'done' && entry.order === id)
    // To one that was killed meanwhile.
    child.send({ do: what, id, ...more }, () => {})
    const entry = await done
    return entry.what === 'done' ? entry.result : undefined
  }

  return {
    pid: child.pid ?? 0,
    log,
    until,
    call: (count) => order('call', { count }) as Promise<readonly Outcome[]>,
    burst: (count) => order('burst', { count }) as Promise<number>,
    load: async (everyMs) => void (await order('load', { everyMs })),
    rest: async () => void (await order('rest')),
    commands: () => order('commands') as Promise<number>,
    generation: () => order('generation') as Promise<number | undefined>,
    token: () => order('token') as Promise<string>,
    kill: (signal = 'SIGKILL') => ended(child, signal),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await exit
}

/** A project in which the package and its dependencies are found by name, and the worker with it. */
async function installedCopy(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'qyapi-token-machines-'))
  const modules = join(folder, 'node_modules')
  await mkdir(modules)
  for (const name of await readdir(join(ROOT, 'node_modules')))
    if (!name.startsWith('.')) await symlink(join(ROOT, 'node_modules', name), join(modules, name))
  const own = join(modules, 'qyapi-token')
  await cp(MANIFEST, join(own, 'package.json'))
  const giveUpAt = Date.now() + 60_000
  while (!(await hasCopiedBundles(join(own, 'dist')))) {
    if (Date.now() > giveUpAt) throw new Error('dist has no bundles: npm run build makes them')
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  await cp(WORKER, join(folder, 'worker.js'))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  return folder
}

/** Whether they exist and did not change meanwhile: a build may be running. */
async function hasCopiedBundles(to: string): Promise<boolean> {
  const from = join(ROOT, 'dist')
  const list = async () => (await readdir(from, { recursive: true })).sort().join()
  await rm(to, { recursive: true, force: true })
  try {
    const before = await list()
    await cp(from, to, { recursive: true })
    // What a build writes last.
    const isWhole = ['index.d.cts', 'index.d.ts', 'stores/redis.d.cts', 'stores/redis.js']
    return isWhole.every((name) => existsSync(join(to, name))) && before === (await list())
  } catch {
    return false
  }
}
