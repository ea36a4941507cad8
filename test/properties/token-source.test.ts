import { inspect } from 'node:util'
import fc from 'fast-check'
import { it } from 'vitest'
import {
  createTokenSource,
  selfBuilt,
  type TokenAnswer,
  type TokenEvent,
  type TransportContext,
} from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { policyOf } from '../../src/token/token-source.js'
import { expectToHold, HISTORIES } from './histories.js'

/** What may happen, in any order. Numbers pick among what is there; -1 is the last one. */
type Step =
  | { do: 'call'; endpoint: number }
  | { do: 'get' }
  | { do: 'answer call'; pick: number; errcode: 0 | 42001 | 40014 | 40001 }
  | { do: 'answer fetch'; with: 'token' | FetchFailure }
  | { do: 'abort'; pick: number }
  | { do: 'invalidate' }
  | { do: 'pass'; ms: number }
  | { do: 'set wall clock'; ms: number }
  | { do: 'close' }
  | { do: 'hurry'; turns: number }

type FetchFailure = 'network' | keyof typeof FAILURES

/** What a token call may be answered with instead of a token: one of each class, in each of its forms. */
const FAILURES = {
  'wrong secret': [200, '{"errcode":40001,"errmsg":"invalid credential"}'],
  'wrong corp': [200, '{"errcode":40013}'],
  limit: [200, '{"errcode":45009,"errmsg":"freq"}'],
  'untrusted ip': [200, '{"errcode":60020,"errmsg":"not allow to access from your ip"}'],
  busy: [200, '{"errcode":-1}'],
  'server error': [502, 'bad gateway'],
  redirect: [302, ''],
  nonsense: [200, '<html>'],
  'dead token': [200, '{"errcode":0,"access_token":"planted-dead","expires_in":0}'],
} as const

const pick = fc.nat({ max: 20 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({ do: fc.constant('call' as const), endpoint: fc.nat({ max: 2 }) }),
  },
  { weight: 10, arbitrary: fc.constant({ do: 'get' as const }) },
  {
    weight: 40,
    arbitrary: fc.record({
      do: fc.constant('answer call' as const),
      pick,
      errcode: fc.constantFrom(0 as const, 42001 as const, 40014 as const, 40001 as const),
    }),
  },
  {
    weight: 30,
    arbitrary: fc.record({
      do: fc.constant('answer fetch' as const),
      with: fc.oneof(
        { weight: 3, arbitrary: fc.constant('token' as const) },
        {
          weight: 4,
          arbitrary: fc.constantFrom('network', ...(Object.keys(FAILURES) as FetchFailure[])),
        },
      ),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('abort' as const), pick }) },
  { weight: 5, arbitrary: fc.constant({ do: 'invalidate' as const }) },
  {
    weight: 15,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(
        1,
        999,
        1_000,
        31_000,
        61_000,
        601_000,
        3_400_000,
        6_750_000,
        7_000_000,
        7_300_000,
        10_800_000,
      ),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('set wall clock' as const),
      ms: fc.constantFrom(-31_536_000_000, -3_600_000, 3_600_000, 31_536_000_000),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'close' as const }) },
  {
    weight: 20,
    arbitrary: fc.record({ do: fc.constant('hurry' as const), turns: fc.nat({ max: 16 }) }),
  },
) as fc.Arbitrary<Step>

/** A clock that is wrong for a while, during which the token is asked for: by chance alone too rare. */
const wrongClock: fc.Arbitrary<Step[]> = fc
  .constantFrom(3_600_000, 31_536_000_000)
  .map((ms) => [
    { do: 'set wall clock', ms },
    { do: 'get' },
    { do: 'answer fetch', with: 'token' },
    { do: 'set wall clock', ms: -ms },
  ])

/** Something that comes in the very moment of an answer, a few turns after it. */
const inTheMoment: fc.Arbitrary<Step[]> = fc
  .record({
    ms: fc.constantFrom(1, 6_750_000, 7_000_000),
    turns: fc.integer({ min: 5, max: 14 }),
    next: step,
  })
  .map(({ ms, turns, next }) => [
    { do: 'pass', ms },
    { do: 'call', endpoint: 0 },
    { do: 'hurry', turns },
    { do: 'answer fetch', with: 'token' },
    next,
  ])

/** Refusals one after the other, at one endpoint or at several: more than the budget pays for. */
const refusals: fc.Arbitrary<Step[]> = fc
  .array(fc.nat({ max: 9 }), { minLength: 3, maxLength: 6 })
  .map((endpoints) =>
    endpoints.flatMap((endpoint): Step[] => [
      { do: 'call', endpoint },
      { do: 'answer fetch', with: 'token' },
      { do: 'answer call', pick: -1, errcode: 42001 },
      { do: 'answer fetch', with: 'token' },
      { do: 'answer call', pick: -1, errcode: 0 },
    ]),
  )

const history: fc.Arbitrary<Step[]> = fc
  .array(
    fc.oneof(
      { weight: 30, arbitrary: step.map((one) => [one]) },
      { weight: 1, arbitrary: wrongClock },
      { weight: 1, arbitrary: refusals },
      { weight: 3, arbitrary: inTheMoment },
    ),
    { minLength: 5, maxLength: 60 },
  )
  .map((parts) => parts.flat())

const SECRET = 'planted-secret-8c1f'
/** Fewer than by default, so that they are used up. */
const BUDGET = 3

interface Server {
  readonly mode: 'new' | 'same'
  readonly expiresInSeconds: number
}

/** Runs a history against a source and a server, and watches over it. */
async function play(steps: readonly Step[], { mode, expiresInSeconds }: Server) {
  /** Every figure is less for a shorter life, by the same part. */
  const scaled = (ms: number) => (ms * expiresInSeconds) / 7200
  const memoMs = scaled(7_000_000)
  /** A memo and a slot, or all of an outage: never longer without asking, whatever the wall clock does. */
  const longestUnaskedMs = scaled(7_200_000)
  /** A refresh may run ahead by 300 s, and for a reconfirmed string every 100 s after its memo. */
  const shortestReasonMs = scaled(100_000)
  const longestAheadMs = scaled(300_000)
  const clock = fakeClock()
  const violations: string[] = []
  const events: TokenEvent[] = []
  const settled: Promise<unknown>[] = []
  const printed: unknown[] = []
  const openCalls: ((errcode: number) => void)[] = []
  const aborts: AbortController[] = []
  const stringOf = new Map<number, string>()
  const cleared = new Set<string>()
  /** When all had settled last: a caller that got a token at the same moment may use it. */
  let clearedBefore = new Set<string>()
  const broughtAt = new Map<string, number>()
  let openFetch: { settle(answer: TokenAnswer | Error): void } | undefined
  let strings = 0
  let lastString = ''
  let closed = false
  let lastFetch: { at: number; wall: number; failed: boolean; clearsBefore: number } | undefined
  let clears = 0
  let clearedUpTo = 0
  /** Token requests after a clear; forced ones have no other reason. */
  const afterClearAt: number[] = []
  const forcedAt: number[] = []
  let turnsBetween = SETTLED
  const inTheLastMinute = (times: readonly number[]) =>
    times.filter((at) => clock.monotonic() - at < 60_000).length

  /** Each gettoken has a reason: the first, after a cooldown, after a clear, or the token's age. */
  function checkReason() {
    if (lastFetch === undefined) return
    const passed = Math.max(clock.monotonic() - lastFetch.at, clock.wall() - lastFetch.wall)
    const isAfterClear = clears > lastFetch.clearsBefore
    const isAfterCooldown = lastFetch.failed && clock.monotonic() - lastFetch.at >= 1_000
    if (isAfterClear) afterClearAt.push(clock.monotonic())
    if (passed < shortestReasonMs && !isAfterCooldown) {
      if (!isAfterClear) violations.push(`gettoken without a reason after ${passed} ms`)
      forcedAt.push(clock.monotonic())
      if (inTheLastMinute(forcedAt) > BUDGET)
        violations.push('too many forced refreshes in a minute')
    }
    if (mode === 'new' && !isAfterClear && !lastFetch.failed && passed < memoMs - longestAheadMs)
      violations.push(`gettoken too early, after ${passed} ms`)
  }

  function transport(_request: unknown, { signal }: TransportContext) {
    if (openFetch !== undefined) violations.push('two fetches at once')
    if (closed) violations.push('a fetch after close')
    checkReason()
    lastFetch = {
      at: clock.monotonic(),
      wall: clock.wall(),
      failed: false,
      clearsBefore: clears,
    }
    return new Promise<TokenAnswer>((resolve, reject) => {
      const over = () => {
        openFetch = undefined
      }
      signal.addEventListener('abort', () => {
        over()
        if (lastFetch) lastFetch.failed = true
        reject(signal.reason)
      })
      openFetch = {
        settle(answer) {
          over()
          if (answer instanceof Error) reject(answer)
          else resolve(answer)
        },
      }
    })
  }

  function clear(generation: number, value: string) {
    clearedUpTo = generation
    cleared.add(value)
    clears += 1
  }

  function keep(generation: number) {
    clearedUpTo = generation - 1
    cleared.delete(stringOf.get(generation) ?? '')
    clears -= 1
  }

  const source = createTokenSource(selfBuilt({ corpId: 'ww1', corpSecret: SECRET }), {
    clock,
    transport,
    refreshBudget: BUDGET,
    onEvent(event) {
      events.push(event)
      // An answer that the source dropped (rule 6) makes no generation.
      if (event.type === 'fetched' || event.type === 'refreshed')
        stringOf.set(event.generation, lastString)
      if (event.type === 'refused') {
        const value = stringOf.get(event.generation)
        // Cleared unless the next event says that it stays, or it was old already.
        const isNewest = event.generation === Math.max(...stringOf.keys())
        if (value !== undefined && isNewest && event.generation > clearedUpTo)
          clear(event.generation, value)
      }
      // With a message it was cleared, but there is no other.
      if (
        event.type === 'not_replayed' &&
        (event.reason === 'endpoint_cooldown' || event.reason === 'refresh_budget_spent') &&
        event.message === undefined
      ) {
        if (clearedUpTo === Math.max(...stringOf.keys())) keep(clearedUpTo)
      }
    },
  })

  function answerFetch(kind: 'token' | FetchFailure) {
    if (openFetch === undefined) return
    if (kind !== 'token' && lastFetch) lastFetch.failed = true
    if (kind === 'network')
      return openFetch.settle(new Error(`connect ECONNREFUSED ?corpsecret=${SECRET}`))
    if (kind !== 'token') {
      const [status, body] = FAILURES[kind]
      return openFetch.settle({ status, body })
    }
    if (mode === 'new' || strings === 0) strings += 1
    const value = `planted-token-${strings}`
    const answer = { errcode: 0, access_token: value, expires_in: expiresInSeconds }
    openFetch.settle({ status: 200, body: JSON.stringify(answer) })
    lastString = value
    if (lastFetch !== undefined) broughtAt.set(value, lastFetch.at)
    // The server returns the string again, unless that fetch began before the clear.
    if (mode === 'same' && lastFetch?.clearsBefore === clears) {
      cleared.delete(value)
      clearedBefore.delete(value)
    }
  }

  function checkLife(token: string) {
    const unaskedMs = clock.monotonic() - (broughtAt.get(token) ?? Number.NaN)
    if (!(unaskedMs < longestUnaskedMs))
      violations.push(`${token} handed out after ${unaskedMs} ms`)
  }

  function startCall(endpoint: number) {
    const controller = new AbortController()
    aborts.push(controller)
    const call = source.run(
      (token) => {
        checkLife(token)
        // While the budget is spent, an old token is better than none.
        const isKnown = clearedBefore.has(token) && cleared.has(token)
        if (isKnown && inTheLastMinute(afterClearAt) < BUDGET)
          violations.push(`${token} used after it was cleared`)
        return new Promise((resolve) => openCalls.push((errcode) => resolve({ errcode })))
      },
      { endpoint: `endpoint/${endpoint}`, signal: controller.signal },
    )
    settled.push(call.catch((error) => printed.push(error)))
  }

  const act = {
    call: ({ endpoint }: { endpoint: number }) => startCall(endpoint),
    get: () =>
      settled.push(
        source
          .get()
          .then(checkLife)
          .catch((error) => printed.push(error)),
      ),
    'answer call': ({ pick: index, errcode }: { pick: number; errcode: number }) => {
      if (openCalls.length > 0) openCalls.splice(index % openCalls.length, 1)[0]?.(errcode)
    },
    'answer fetch': (given: { with: 'token' | FetchFailure }) => answerFetch(given.with),
    abort: ({ pick: index }: { pick: number }) =>
      aborts[index % Math.max(1, aborts.length)]?.abort(new Error('enough')),
    invalidate: () => {
      const { memoized } = policyOf(source)
      const token = memoized.valid()
      if (token === undefined) return
      settled.push(source.invalidate(token.value))
      if (memoized.isCleared(token)) clear(token.generation, token.value)
    },
    pass: ({ ms }: { ms: number }) => clock.advance(isAboutLife(ms) ? scaled(ms) : ms),
    'set wall clock': ({ ms }: { ms: number }) => clock.setWallBy(ms),
    close: () => {
      closed = true
      source.close()
    },
    hurry: ({ turns }: { turns: number }) => {
      turnsBetween = turns
    },
  }

  for (const next of steps) {
    // In a hurry the next step comes before the last one has settled.
    const turns = turnsBetween
    turnsBetween = SETTLED
    // Time does not pass between two turns.
    if (next.do === 'pass' || next.do === 'set wall clock') await ticks()
    ;(act[next.do] as (given: Step) => unknown)(next)
    await ticks(turns)
    if (turns === SETTLED) clearedBefore = new Set(cleared)
    printed.push(source.describe())
  }
  await ticks()
  // Then the server answers everything, and every caller must be served.
  for (let round = 0; round < 40 && (openCalls.length > 0 || openFetch !== undefined); round += 1) {
    answerFetch('token')
    for (const answer of openCalls.splice(0)) answer(0)
    await ticks()
  }
  const isEveryoneServed = await Promise.race([
    Promise.all(settled).then(() => true),
    ticks(200).then(() => false),
  ])
  if (!isEveryoneServed) violations.push('a caller never settled')
  const text = inspect([printed, events], { depth: 10 }) + JSON.stringify([printed, events])
  if (/planted-/.test(text))
    violations.push(`something was printed: ${/.{40}planted-.{20}/.exec(text)?.[0]}`)
  return violations
}

/** Longer than the cooldowns of failures and endpoints, so that the token's age decides. */
function isAboutLife(ms: number): boolean {
  return ms > 1_000_000
}

/** So many turns of the microtasks, and nothing is left to do. */
const SETTLED = 25

async function ticks(count = SETTLED) {
  for (let tick = 0; tick < count; tick += 1) await Promise.resolve()
}

const SERVERS: Server[] = [
  { mode: 'new', expiresInSeconds: 7200 },
  { mode: 'same', expiresInSeconds: 7200 },
  { mode: 'new', expiresInSeconds: 1200 },
  { mode: 'same', expiresInSeconds: 600 },
]

it.each(SERVERS)(
  `${HISTORIES} hold with a server that gives $mode strings for $expiresInSeconds s`,
  (server) => expectToHold(history, (steps) => play(steps, server)),
)
