import fc from 'fast-check'
import { it } from 'vitest'
import { memoryStore, selfBuilt } from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { APP } from '../support/qyapi.js'
import { fakePlatform, sourceOn } from '../support/source-on.js'
import { expectToHold, HISTORIES } from './histories.js'

/** What may happen to processes over one store, in any order. Numbers pick among what is there. */
type Step =
  | { do: 'call'; process: number; isBad: boolean }
  | { do: 'answer call'; pick: number }
  | { do: 'answer fetch'; pick: number }
  | { do: 'end early' }
  | { do: 'pass'; ms: number }

const pick = fc.nat({ max: 20 })
const process = fc.nat({ max: 2 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      process,
      isBad: fc.constantFrom(false, false, false, true),
    }),
  },
  { weight: 40, arbitrary: fc.record({ do: fc.constant('answer call' as const), pick }) },
  { weight: 30, arbitrary: fc.record({ do: fc.constant('answer fetch' as const), pick }) },
  { weight: 10, arbitrary: fc.constant({ do: 'end early' as const }) },
  {
    weight: 15,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(100, 100, 31_000),
    }),
  },
) as fc.Arbitrary<Step>

/** Runs a history against three processes and a server, and watches over it. */
async function play(steps: readonly Step[], mode: 'new' | 'same', hasLease: boolean) {
  const clock = fakeClock()
  const { lease, ...memory } = memoryStore({ clock })
  const store = { ...memory, ...(hasLease && lease && { lease }) }
  const violations: string[] = []
  const alive = new Set<string>()
  const openCalls: (() => void)[] = []
  const openFetches: (() => void)[] = []
  const settled: Promise<unknown>[] = []
  let strings = 0
  let open = 0
  /** Calls that were refused and have no answer yet. */
  const recovering = new Set<object>()
  /** When a token request brought a string last, by the number of things that had happened. */
  const broughtAt = new Map<string, number>()
  let moment = 0

  const transport = () => {
    if (mode === 'new' || strings === 0) strings += 1
    const value = `token-${strings}`
    alive.add(value)
    const body = JSON.stringify({ errcode: 0, access_token: value, expires_in: 7200 })
    return new Promise<{ status: number; body: string }>((resolve) => {
      openFetches.push(() => {
        moment += 1
        broughtAt.set(value, moment)
        resolve({ status: 200, body })
      })
    })
  }
  const processes = [0, 1, 2].map(() => {
    const options = { clock, store, transport, refreshBudget: 1_000 }
    /** Strings that this process saw refused, and when. */
    const refused = new Map<string, number>()
    return { source: sourceOn(selfBuilt(APP), options, fakePlatform), refused }
  })

  function startCall(at: number, isBad: boolean) {
    const { source, refused } = processes[at] as (typeof processes)[number]
    let sends = 0
    const me = {}
    const call = source.run(
      (token) => {
        sends += 1
        if (sends > 3) violations.push('more than two sends after the first')
        const refusedAt = refused.get(token) ?? 0
        if (sends > 1 && (broughtAt.get(token) ?? 0) < refusedAt)
          violations.push(`${token} sent again after it was refused`)
        const sentAt = moment
        return new Promise<{ errcode: number }>((resolve) => {
          openCalls.push(() => {
            const errcode = !isBad && alive.has(token) ? 0 : 40014
            moment += 1
            // A bad endpoint tells nothing of the token, and what was brought again since it was sent is
            // not what was refused.
            const isNews = !isBad && sentAt >= (broughtAt.get(token) ?? 0)
            if (errcode !== 0 && isNews) refused.set(token, moment)
            if (errcode !== 0) recovering.add(me)
            resolve({ errcode })
          })
        })
      },
      { endpoint: isBad ? 'bad' : 'good' },
    )
    open += 1
    settled.push(
      call.then(({ errcode }) => {
        open -= 1
        recovering.delete(me)
        if (errcode !== 0 && !isBad) violations.push(`a good call lost, after ${sends} sends`)
      }),
    )
  }

  const act = {
    call: ({ process: at, isBad }: { process: number; isBad: boolean }) => startCall(at, isBad),
    'answer call': ({ pick: at }: { pick: number }) =>
      openCalls.splice(at % Math.max(1, openCalls.length), 1)[0]?.(),
    'answer fetch': ({ pick: at }: { pick: number }) =>
      openFetches.splice(at % Math.max(1, openFetches.length), 1)[0]?.(),
    // A token that ends while it is fetched for a refused call, or in that call's replay, is the
    // second that ends in one call, which rule 9 leaves to its caller.
    'end early': () => {
      if (recovering.size === 0 && openFetches.length === 0) alive.clear()
    },
    pass: ({ ms }: { ms: number }) => clock.advance(openFetches.length > 0 ? 100 : ms),
  }

  for (const next of steps) {
    ;(act[next.do] as (given: Step) => unknown)(next)
    await ticks()
  }
  for (let round = 0; round < 200 && open > 0; round += 1) {
    for (const answer of openFetches.splice(0)) answer()
    await ticks()
    // In sequence: a caller that got a token at the moment of its refusal may use it.
    for (const answer of openCalls.splice(0)) {
      answer()
      await ticks()
    }
    clock.advance(150)
    await ticks()
  }
  const isEveryoneServed = await Promise.race([
    Promise.all(settled).then(() => true),
    ticks(300).then(() => false),
  ])
  if (!isEveryoneServed) violations.push('a caller never settled')
  for (const { source } of processes) source.close()
  return violations
}

async function ticks(count = 60) {
  for (let tick = 0; tick < count; tick += 1) await Promise.resolve()
}

it.each([
  ['new', true],
  ['new', false],
  ['same', true],
  ['same', false],
] as const)(
  `rules 7 and 9: ${HISTORIES} of three processes over one store lose no good call (%s strings, a lease: %s)`,
  (mode, hasLease) =>
    expectToHold(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) =>
      play(steps, mode, hasLease),
    ),
)
