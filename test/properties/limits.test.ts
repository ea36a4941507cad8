import fc from 'fast-check'
import { it } from 'vitest'
import { appOf, type LimitedCallState, limited } from '../support/limited.js'
import { expectToHold, HISTORIES } from './histories.js'

/** What a history does. Times in steps of the clock. */
type Step =
  | {
      readonly do: 'call'
      readonly corp: number
      /** When it arrives after it was sent, and is answered after that. */
      readonly arrives: number
      readonly answers: number
      readonly errcode: number | undefined
    }
  | { readonly do: 'abort'; readonly which: number }
  | { readonly do: 'pass'; readonly steps: number }
  | { readonly do: 'jump'; readonly ms: number }

/** Shorter than the buckets of the longer window, and never at their borders. */
const STEP_MS = 13
const CORP = [
  { ms: 1_000, most: 3 },
  { ms: 12_000, most: 5 },
]
const IP = [{ ms: 1_000, most: 4 }]
const TABLE = { corpApi: { windows: CORP }, ipApi: { windows: IP } }
const MAX_WAIT_MS = 13_000
const CORPS = ['ww1', 'ww2', 'ww3'].map(appOf)

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('call' as const),
        corp: fc.nat(2),
        arrives: fc.nat(20),
        answers: fc.nat(20),
        errcode: fc.constantFrom(undefined, undefined, undefined, undefined, 45033),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), which: fc.nat(60) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), steps: fc.nat(250) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('jump' as const),
        ms: fc.integer({ min: -9e7, max: 9e7 }),
      }),
    },
  ),
  { minLength: 5, maxLength: 60 },
)

interface Call {
  readonly corp: number
  readonly state: LimitedCallState
  readonly step: Extract<Step, { do: 'call' }>
  sentAt: number
  arrivedAt: number
  isOver: boolean
}

async function play(history: readonly Step[]): Promise<readonly string[]> {
  const { clock, call, settle } = limited({ table: TABLE, maxWaitMs: MAX_WAIT_MS })
  const calls: Call[] = []
  const aborted = new Set<Call>()
  const wrong: string[] = []

  /** One step of the clock, and of each call on its way. */
  const tick = async () => {
    clock.advance(STEP_MS)
    await settle()
    for (const one of calls) move(one)
    await settle()
  }
  const move = (one: Call) => {
    if (!one.state.sent || one.isOver) return
    const now = clock.monotonic()
    if (one.sentAt < 0) {
      one.sentAt = now
      one.arrivedAt = now + one.step.arrives * STEP_MS
    }
    if (now < one.arrivedAt + one.step.answers * STEP_MS) return
    one.isOver = true
    one.state.end(one.step.errcode)
  }

  for (const step of history) {
    if (step.do === 'call') {
      const credential = CORPS[step.corp]
      const state = call('user/get', credential)
      const one = { corp: step.corp, state, step, sentAt: -1, arrivedAt: -1, isOver: false }
      calls.push(one)
      await settle()
      move(one)
    } else if (step.do === 'abort') {
      const one = calls[step.which]
      if (one !== undefined && !one.state.sent) {
        aborted.add(one)
        one.state.cancel()
      }
    } else if (step.do === 'jump') {
      clock.setWallBy(step.ms)
    } else {
      for (let count = 0; count < step.steps; count += 1) await tick()
    }
  }
  const isOpen = ({ state, isOver }: Call) => !isOver && state.error === undefined
  for (let ms = 0; ms < 2 * MAX_WAIT_MS && calls.some(isOpen); ms += STEP_MS) await tick()

  for (const { ms, most } of IP) if (isOver(calls, ms, most)) wrong.push('the IP had too many')
  for (const corp of CORPS.keys()) {
    const own = calls.filter((one) => one.corp === corp)
    for (const { ms, most } of CORP)
      if (isOver(own, ms, most)) wrong.push(`corp ${corp} had more than ${most} in ${ms} ms`)
    const sent = own.filter(({ state }) => state.sent)
    const times = sent.map(({ sentAt }) => sentAt)
    if (times.some((time, index) => time < (times[index - 1] ?? 0))) wrong.push('out of order')
  }
  const open = calls.filter((one) => !one.state.sent && !one.state.error && !aborted.has(one))
  if (open.length > 0) wrong.push(`${open.length} callers are still waiting`)
  return wrong
}

/** Whether any window of the server has more calls. */
function isOver(calls: readonly Call[], ms: number, most: number): boolean {
  const times = calls.filter(({ arrivedAt }) => arrivedAt >= 0).map(({ arrivedAt }) => arrivedAt)
  times.sort((a, b) => a - b)
  return times.some((time, index) => (times[index + most] ?? Number.POSITIVE_INFINITY) - time < ms)
}

it(`no window of the server has too many calls, every caller settles, in order: ${HISTORIES}`, async () => {
  await expectToHold(steps, play)
})
