import { expect, it } from 'vitest'
import type { StoreProblem } from '../../src/core/store.js'
import { memoryStore } from '../../src/index.js'
import { StoreAccess, storeAccess } from '../../src/sharing/store-access.js'
import { fakeClock } from '../../src/testing.js'
import { settle } from '../support/qyapi.js'
import { deferred } from '../support/source.js'
import { passTime } from '../support/turns.js'

const hangs = () => new Promise<never>(() => {})

function accessOver(store = memoryStore()) {
  const clock = fakeClock()
  const access = new StoreAccess(store, clock)
  const problems: StoreProblem[] = []
  const report = (problem: StoreProblem) => void problems.push(problem)
  const send = <T>(command: () => Promise<T>, isUrgent = false) =>
    access.send(command, { isUrgent, report })
  const fails = () => send(() => Promise.reject(new Error('connect ECONNREFUSED')))
  /** Time as a program sees it that is not busy: in small steps. */
  const pass = (ms: number) => passTime(clock, ms)
  const isAsked = async () => {
    let asked = false
    await send(async () => (asked = true))
    return asked
  }
  return { clock, access, send, fails, pass, isAsked, problems }
}

/** A server with one thread: a command takes 5 ms, one after the other. */
function serialServer(clock: ReturnType<typeof fakeClock>) {
  const queue: (() => void)[] = []
  let most = 0
  const serveNext = () => queue.shift()?.()
  return {
    command: () =>
      new Promise<string>((resolve) => {
        queue.push(() => resolve('answer'))
        most = Math.max(most, queue.length)
      }),
    most: () => most,
    async serveAll() {
      while (queue.length > 0) {
        clock.advance(5)
        serveNext()
        await settle()
      }
    },
  }
}

it('rule 16: a burst of commands is not an outage: a thousand are all answered, each deadline starting when it is sent', async () => {
  const { clock, send } = accessOver()
  const server = serialServer(clock)
  const results = Promise.all(Array.from({ length: 1_000 }, () => send(server.command)))
  await settle()
  await server.serveAll()
  expect(new Set((await results).map((result) => Object.keys(result).join()))).toEqual(
    new Set(['answer']),
  )
})

it('rule 16: a burst of commands is sent with a bounded number in flight', async () => {
  const { clock, send } = accessOver()
  const server = serialServer(clock)
  const results = Promise.all(Array.from({ length: 1_000 }, () => send(server.command)))
  await settle()
  await server.serveAll()
  await results
  expect(server.most()).toBeGreaterThan(1)
  expect(server.most()).toBeLessThanOrEqual(100)
})

it('rule 16: a burst of commands sends the writes of a lease holder before waiting reads', async () => {
  const { send } = accessOver()
  const first = Array.from({ length: 100 }, () => deferred<void>())
  const sent: string[] = []
  for (const { promise } of first) void send(() => promise)
  for (const what of ['look', 'look again']) void send(async () => void sent.push(what))
  void send(async () => void sent.push('write'), true)
  await settle()
  expect(sent).toEqual([])
  first[0]?.resolve()
  await settle()
  expect(sent).toEqual(['write', 'look', 'look again'])
})

it('rule 16: a burst of commands is bounded for all sources of one store, whichever pool they belong to', () => {
  const [one, other, clock] = [memoryStore(), memoryStore(), fakeClock()]
  expect(storeAccess(one, clock)).toBe(storeAccess(one, clock))
  expect(storeAccess(one, clock)).not.toBe(storeAccess(other, clock))
  expect(storeAccess(one, clock)).not.toBe(storeAccess(one, fakeClock()))
})

it('rule 16: a store that does not answer is down after 400 ms, and waiting commands are not sent', async () => {
  const { send, pass } = accessOver()
  const results = Array.from({ length: 250 }, () => send(hangs))
  await pass(350)
  expect(await Promise.race([...results, 'none yet'])).toBe('none yet')
  await pass(50)
  const reasons = (await Promise.all(results)).map((result) => 'reason' in result && result.reason)
  expect(reasons.filter((reason) => reason === 'down')).toHaveLength(100)
  expect(reasons.filter((reason) => reason === 'skipped')).toHaveLength(150)
})

it('rule 16: a command gets more time while the store answers others, and the store is not down when that time ends', async () => {
  const { send, pass, isAsked } = accessOver()
  let result: unknown
  void send(hangs).then((ended) => (result = ended))
  for (let waitedMs = 0; waitedMs < 1_900; waitedMs += 100) {
    await pass(100)
    expect(result).toBeUndefined()
    await send(async () => 'answer')
  }
  await pass(100)
  expect(result).toMatchObject({ reason: 'down', error: { message: 'no answer within 2000 ms' } })
  expect(await isAsked()).toBe(true)
})

it('rule 16: a store that does not answer gets no commands for 1 s, doubling to 30 s', async () => {
  const { clock, fails, isAsked } = accessOver()
  expect(await isAsked()).toBe(true)
  for (const cooldownMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    expect(await fails()).toMatchObject({ reason: 'down' })
    clock.advance(cooldownMs - 1)
    expect(await fails()).toMatchObject({ reason: 'skipped' })
    clock.advance(1)
  }
  expect(await isAsked()).toBe(true)
})

it('rule 16: the cooldown of a store starts with 1 s again after it has answered', async () => {
  const { clock, fails, isAsked } = accessOver()
  await fails()
  clock.advance(1_000)
  await fails()
  clock.advance(2_000)
  expect(await isAsked()).toBe(true)
  await fails()
  clock.advance(999)
  expect(await isAsked()).toBe(false)
  clock.advance(1)
  expect(await isAsked()).toBe(true)
})

it.each([
  ["READONLY You can't write against a read only replica.", {}],
  ['OOM command not allowed when used memory > maxmemory.', {}],
  ['NOPERM this user has no permissions', {}],
  ['relation "keyv" does not exist', { code: '42P01' }],
])(
  'rule 16: a store that refuses a command is not down, since it answers: %s',
  async (message, more) => {
    const { send, isAsked } = accessOver()
    const error = Object.assign(new Error(message), more)
    expect(await send(() => Promise.reject(error))).toEqual({ reason: 'refused', error })
    expect(await isAsked()).toBe(true)
  },
)

it.each([
  ['Connection is closed.', {}],
  ['connect ECONNREFUSED 127.0.0.1:6379', { code: 'ECONNREFUSED' }],
  ['Socket closed unexpectedly', {}],
  ['terminating connection due to administrator command', { code: '57P01' }],
])(
  'rule 20: a store that refuses a command differs from one that cannot be reached: %s',
  async (message, more) => {
    const { send, isAsked } = accessOver()
    const error = Object.assign(new Error(message), more)
    expect(await send(() => Promise.reject(error))).toEqual({ reason: 'down', error })
    expect(await isAsked()).toBe(false)
  },
)

function emitting() {
  const listeners: ((problem: StoreProblem) => void)[] = []
  const onProblem = (listener: (problem: StoreProblem) => void) => void listeners.push(listener)
  const emit = (problem: StoreProblem) => listeners.forEach((listener) => void listener(problem))
  return { ...accessOver({ ...memoryStore(), onProblem }), emit }
}

it('rule 20: a problem that a driver emits is reported once until the store answers again, since a driver that reconnects repeats it', async () => {
  const { emit, isAsked, problems } = emitting()
  const down = { reason: 'down', message: 'connect ECONNREFUSED' } as const
  emit(down)
  expect(problems).toEqual([])
  await isAsked()
  for (let times = 0; times < 5; times += 1) emit(down)
  expect(problems).toEqual([down])
  await isAsked()
  emit(down)
  expect(problems).toEqual([down, down])
})

it('rule 20: a problem that a driver emits is reported once for each message if it is not an outage', async () => {
  const { emit, isAsked, problems } = emitting()
  await isAsked()
  const foreign = (key: string) => ({ reason: 'not_decryptable', message: `key ${key}` }) as const
  for (const key of ['a', 'b', 'a', 'a']) emit(foreign(key))
  expect(problems).toEqual([foreign('a'), foreign('b')])
})
