import { expect, it } from 'vitest'
import { memoryStore, selfBuilt } from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { tokenBody } from '../support/source.js'
import { fakePlatform, sourceOn } from '../support/source-on.js'
import { passTime } from '../support/turns.js'

/** Without WebCrypto's threads, which no fake clock waits for; pauses of 100 ms. */
const platform = { ...fakePlatform, random: () => 0.5 }

/** Processes that have a store and the time in common, and ask for the tokens of many corps at once. */
function burst(
  processes: number,
  corps: number,
  /** How long WeCom takes for a token request of this process, for this corp. */
  tookMs: (process: number, corp: number) => number,
) {
  const clock = fakeClock()
  const store = memoryStore({ clock })
  const asked = new Map<number, number>()
  const inFlight = Array.from({ length: processes }, () => 0)
  const mostInFlight = [...inFlight]
  /** When each of them had the token of each corp. */
  const servedAt = inFlight.map(() => new Map<number, number>())

  const ask = async (process: number, corp: number) => {
    asked.set(corp, (asked.get(corp) ?? 0) + 1)
    const now = (inFlight[process] ?? 0) + 1
    inFlight[process] = now
    mostInFlight[process] = Math.max(now, mostInFlight[process] ?? 0)
    await new Promise<void>((resolve) => clock.after(tookMs(process, corp), resolve))
    inFlight[process] = (inFlight[process] ?? 0) - 1
    return { status: 200, body: tokenBody(`token of corp ${corp}`) }
  }
  const start = (process: number) => {
    // One that no other process has the same access to.
    const ownStore = { ...store }
    for (let corp = 0; corp < corps; corp += 1) {
      const app = selfBuilt({ corpId: `ww-corp-${corp}`, corpSecret: 'secret' })
      const options = { clock, store: ownStore, transport: () => ask(process, corp) }
      const source = sourceOn(app, options, platform)
      source.get().then(
        () => servedAt[process]?.set(corp, clock.monotonic()),
        () => {},
      )
    }
  }
  for (let process = 0; process < processes; process += 1) start(process)
  const pass = (ms: number) => passTime(clock, ms)
  const requests = () => [...asked.values()].reduce((sum, times) => sum + times, 0)
  return { asked, requests, mostInFlight, servedAt, pass }
}

it('rule 16: many cold corps at once cost one token request each, and one that is slow frees only its own place for another', async () => {
  const slow = 0
  const { requests, mostInFlight, servedAt, pass } = burst(2, 300, (_, corp) =>
    corp === slow ? 2_500 : 500,
  )
  await pass(5_000)
  expect(servedAt.map(({ size }) => size)).toEqual([300, 300])
  expect(requests()).toBe(300)
  expect(Math.max(...mostInFlight)).toBeLessThanOrEqual(51)
})

it('rule 16: many cold corps at once cost one token request each, also where each takes 1.5 s', async () => {
  const { requests, servedAt, pass } = burst(2, 300, () => 1_500)
  await pass(6_000)
  expect(servedAt.map(({ size }) => size)).toEqual([300, 300])
  expect(requests()).toBe(300)
})

it('rule 17: if token requests hang, no caller waits for a lease turn: all are sent within 2 s', async () => {
  const { asked, pass } = burst(1, 500, () => 60_000)
  await pass(2_000)
  expect(asked.size).toBe(500)
})

it('rule 17: a turn that hangs ends within 3 s, even if token requests of other corps are answered', async () => {
  const hanging = 0
  const { asked, requests, servedAt, pass } = burst(2, 200, (process, corp) =>
    process === 0 && corp === hanging ? 60_000 : 200,
  )
  await pass(3_300)
  // The process whose own request hangs waits for it.
  expect(servedAt.map(({ size }) => size)).toEqual([199, 200])
  expect(servedAt[1]?.get(hanging)).toBeLessThanOrEqual(3_000 + 200)
  expect(asked.get(hanging)).toBe(2)
  expect(requests()).toBe(201)
})
