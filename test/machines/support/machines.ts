import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { FakeQyapi, FakeQyapiOptions } from '../../../src/testing.js'
import { type RedisServer, startRedis } from '../../support/redis.js'
import { useServers } from '../../support/servers.js'
import { type OwnProcess, type ProcessOptions, useProcesses } from './processes.js'

type More = Partial<Omit<ProcessOptions, 'baseUrl'>>

/** WeCom, a Redis, and processes that share both. */
export interface Machines {
  readonly wecom: FakeQyapi
  start(more?: More): Promise<OwnProcess>
  startMany(count: number, more?: More): Promise<readonly OwnProcess[]>
  /** How many token calls came to WeCom. */
  fetches(): number
  /** Token calls take so long from now on. */
  slow(delayMs: number): void
}

/** One Redis for a block of tests, empty for each. */
export function useMachines() {
  const { fake } = useServers()
  const start = useProcesses()
  let server: RedisServer
  let reader: Redis

  beforeAll(async () => {
    server = await startRedis()
    // The default, but tsc would take a second to infer it.
    reader = new Redis<'legacy'>(server.port)
    reader.on('error', () => {})
  })
  // Whatever the test before did to it.
  beforeEach(() => server.restart())
  afterAll(async () => {
    reader?.disconnect()
    await server?.stop()
  })

  return {
    redis: () => server,
    /** The token in the store as it stands there, read by a client of the test's own. */
    stored: async () => (await storedIn(reader))[0],
    async machines(options: FakeQyapiOptions = {}, delayMs = 150): Promise<Machines> {
      const { wecom, baseUrl } = await fake(options)
      const slow = (ms: number) => {
        wecom.recover('gettoken')
        wecom.failNext('gettoken', { delayMs: ms }, 10_000)
      }
      slow(delayMs)
      const startOne = (more: More = {}) =>
        start({ baseUrl, redis: { port: server.port }, ...more })
      return {
        wecom,
        slow,
        fetches: () => wecom.count('gettoken'),
        start: startOne,
        startMany: (count, more) =>
          Promise.all(Array.from({ length: count }, () => startOne(more))),
      }
    },
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** What the store holds of a token, as it stands there. */
export interface Record {
  readonly generation: number
  readonly value: string
}

/** Every token in a Redis, whatever its key. */
export async function storedIn(redis: Redis): Promise<Record[]> {
  const keys = await redis.keys('*}:token')
  const texts = await Promise.all(keys.map((key) => redis.get(key)))
  return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as Record]))
}

/** All of their calls at once, and how each ended. */
export async function callAll(processes: readonly OwnProcess[], count: number) {
  return (await Promise.all(processes.map((one) => one.call(count)))).flat()
}

/** Ends the load, and waits for the calls that are on their way; gives all that there were. */
export async function endLoad(processes: readonly OwnProcess[]) {
  await Promise.all(processes.map((one) => one.rest()))
  const of = (what: string) =>
    processes.flatMap(({ log }) => log.filter((entry) => entry.what === what))
  const giveUpAt = Date.now() + 60_000
  while (of('ends').length < of('begins').length && Date.now() < giveUpAt) await pause(50)
  const unsettled = of('begins').length - of('ends').length
  return { unsettled, calls: of('ends').flatMap((end) => (end.what === 'ends' ? [end] : [])) }
}

/**
 * What refusals cost once all is well: some, until every process has a connection again and leaves
 * Redis alone no more; then one, because they share.
 */
export async function costsOfRefusals({ wecom, fetches }: Pick<Machines, 'wecom' | 'fetches'>) {
  const costs: number[] = []
  while (costs.at(-1) !== 1 && costs.length < 15) {
    const before = fetches()
    wecom.revoke()
    await pause(2_000)
    costs.push(fetches() - before)
  }
  return costs
}

/** What calls that were served come to. */
export function served(count: number) {
  return { served: count, others: [] }
}

/** How many calls were served, and how the others ended. */
export function sumOf(outcomes: readonly { errcode?: number; code?: string; message?: string }[]) {
  const others = outcomes.filter(({ errcode }) => errcode !== 0)
  return { served: outcomes.length - others.length, others }
}
