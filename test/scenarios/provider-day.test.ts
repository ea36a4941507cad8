import { expect, it } from 'vitest'
import { randomOf, simulatedDay, zipf } from '../../bench/provider/day.js'
import { createSourcePool, selfBuilt, type TokenSource } from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { numberedTokens } from '../support/source.js'

const CORPS = 300
const CALLS = 30_000
const A_DAY_MS = 86_400_000

it('the simulated day of a provider has as many token requests as a pool has with the same calls', async () => {
  const clock = fakeClock()
  const { transport, requests } = numberedTokens()
  const pool = createSourcePool((corpId) => selfBuilt({ corpId, corpSecret: 'secret' }), {
    clock,
    transport,
  })
  const corpOf = zipf(CORPS, randomOf(1))
  for (let call = 0; call < CALLS; call += 1) {
    await (pool.get(`ww-${corpOf()}`) as TokenSource).get()
    clock.advance(A_DAY_MS / CALLS)
  }
  const day = simulatedDay({ corps: CORPS, callsPerCorp: CALLS / CORPS, coldAt: 1440 })
  expect(requests() / day.tokenRequests).toBeGreaterThan(0.97)
  expect(requests() / day.tokenRequests).toBeLessThan(1.03)
})

it('rule 3: after a cold start of all corps no minute of a provider’s day has twice the mean', () => {
  const size = { corps: 20_000, callsPerCorp: 400 }
  expect(simulatedDay(size).busiest).toBeLessThan(2)
  expect(simulatedDay({ ...size, isSpread: false }).busiest).toBeGreaterThan(3)
})
