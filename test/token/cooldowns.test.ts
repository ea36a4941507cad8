import { afterEach, expect, it, vi } from 'vitest'
import { QyapiTokenError, type QyapiTokenErrorCode } from '../../src/core/errors.js'
import { delayBeforeTry, TRIES } from '../../src/core/transport.js'
import { fakeClock } from '../../src/testing.js'
import { endpointCooldowns, refreshBudget, rememberedFailure } from '../../src/token/cooldowns.js'

afterEach(() => {
  vi.restoreAllMocks()
})

it('rule 10: a token request is tried three times', () => {
  expect(TRIES).toBe(3)
})

it.each([
  [1, 0, 100],
  [1, 0.5, 110],
  [1, 1, 120],
  [2, 0, 200],
  [2, 1, 240],
  [3, 0, 400],
])(
  'rule 10: after try %s, with a random number of %s, a token request waits for %s ms',
  (tries, die, delayMs) => {
    vi.spyOn(Math, 'random').mockReturnValue(die)
    expect(delayBeforeTry(tries)).toBeCloseTo(delayMs)
  },
)

const failureOf = (code: QyapiTokenErrorCode) =>
  new QyapiTokenError(code, `failed: ${code}`, { errcode: 1, retryable: true, cause: 'x' })

it.each<[QyapiTokenErrorCode, number[]]>([
  ['credential_refused', [60, 120, 240, 480, 600, 600]],
  ['ip_not_trusted', [60, 60, 60]],
  ['rate_limited', [60, 60, 60]],
  ['token_fetch_failed', [1, 2, 4, 8, 16, 30, 30]],
])('rule 10: the failure %s cools down for %j s, one failure after the other', (code, seconds) => {
  const failures = rememberedFailure(fakeClock())
  const cooldowns = seconds.map(() => failures.remember(failureOf(code), 'secret').retryAfterMs)
  expect(cooldowns).toEqual(seconds.map((second) => second * 1000))
})

it('rule 10: a failure of another code starts its cooldown from the beginning', () => {
  const failures = rememberedFailure(fakeClock())
  failures.remember(failureOf('token_fetch_failed'), 'secret')
  failures.remember(failureOf('token_fetch_failed'), 'secret')
  expect(failures.remember(failureOf('credential_refused'), 'secret').retryAfterMs).toBe(60_000)
  expect(failures.remember(failureOf('token_fetch_failed'), 'secret').retryAfterMs).toBe(1_000)
})

it('rule 10: a remembered failure reaches every caller with the remaining cooldown, until that is over', () => {
  const clock = fakeClock()
  clock.advance(500)
  const failures = rememberedFailure(clock)
  const failure = failureOf('token_fetch_failed')
  expect(failures.remember(failure, 'secret')).toMatchObject({
    code: 'token_fetch_failed',
    message: 'failed: token_fetch_failed',
    errcode: 1,
    retryable: true,
    cause: 'x',
    retryAfterMs: 1_000,
  })
  clock.advance(400)
  const [one, other] = [failures.current('secret'), failures.current('secret')]
  expect(one).toMatchObject({ message: failure.message, retryAfterMs: 600 })
  expect(one).not.toBe(other)
  expect(failures.cooldownMs('secret')).toBe(600)
  clock.advance(599)
  expect(failures.current('secret')?.retryAfterMs).toBe(1)
  clock.advance(1)
  expect(failures.current('secret')).toBeUndefined()
  clock.advance(1)
  expect(failures.cooldownMs('secret')).toBe(0)
})

it('rule 10: no failure is remembered before the first one, and for another secret', () => {
  const failures = rememberedFailure(fakeClock())
  expect(failures.current('secret')).toBeUndefined()
  expect(failures.cooldownMs('secret')).toBe(0)
  failures.remember(failureOf('token_fetch_failed'), 'secret')
  failures.remember(failureOf('token_fetch_failed'), 'secret')
  expect(failures.current('other')).toBeUndefined()
  expect(failures.cooldownMs('other')).toBe(0)
  expect(failures.remember(failureOf('token_fetch_failed'), 'other').retryAfterMs).toBe(1_000)
})

it('rule 10: a remembered failure uses a cooldown that the failure itself specifies', () => {
  const failures = rememberedFailure(fakeClock())
  const { retryAfterMs } = failures.remember(failureOf('rate_limited'), 'secret', 1_234)
  expect(retryAfterMs).toBe(1_234)
  expect(failures.cooldownMs('secret')).toBe(1_234)
})

it('rule 10: no request is blocked before the first failure, on a clock that began before 0', () => {
  const clock = { ...fakeClock(), monotonic: () => -5_000 }
  const failures = rememberedFailure(clock)
  expect(failures.current('secret')).toBeUndefined()
  expect(failures.cooldownMs('secret')).toBe(0)
})

it('rule 9: the budget of forced refreshes allows its number within any minute, then one more for each that is a minute old', () => {
  const clock = fakeClock()
  clock.advance(1_000)
  const budget = refreshBudget(2, clock)
  expect(budget.take()).toBe(true)
  clock.advance(20_000)
  expect(budget.take()).toBe(true)
  expect(budget.take()).toBe(false)
  expect(budget.refillsInMs()).toBe(40_000)
  clock.advance(39_999)
  expect(budget.take()).toBe(false)
  expect(budget.refillsInMs()).toBe(1)
  clock.advance(1)
  expect(budget.refillsInMs()).toBe(0)
  expect(budget.take()).toBe(true)
  expect(budget.take()).toBe(false)
  expect(budget.refillsInMs()).toBe(20_000)
})

it('rule 9: the budget of forced refreshes that was refilled long ago is available now, not in the past', () => {
  const clock = fakeClock()
  const budget = refreshBudget(1, clock)
  budget.take()
  clock.advance(200_000)
  expect(budget.refillsInMs()).toBe(0)
})

it('rule 9: the budget of forced refreshes of 0 allows no refresh, and reports a minute until the next', () => {
  const clock = fakeClock()
  clock.advance(5_000)
  const budget = refreshBudget(0, clock)
  expect(budget.take()).toBe(false)
  expect(budget.refillsInMs()).toBe(60_000)
})

it('rule 9: the budget of forced refreshes that is unused reports a minute until the next', () => {
  expect(refreshBudget(1, fakeClock()).refillsInMs()).toBe(60_000)
})

it('rule 9: the budget of forced refreshes of 1 is available at the beginning', () => {
  expect(refreshBudget(1, fakeClock()).take()).toBe(true)
})

it('rule 9: the cooldown of an endpoint lasts for its time, and applies to that endpoint alone', () => {
  const clock = fakeClock()
  clock.advance(100)
  const cooldowns = endpointCooldowns(30_000, clock)
  expect(cooldowns.isCoolingDown('bad')).toBe(false)
  cooldowns.start('bad')
  expect(cooldowns.isCoolingDown('bad')).toBe(true)
  expect(cooldowns.isCoolingDown('good')).toBe(false)
  clock.advance(29_999)
  expect(cooldowns.isCoolingDown('bad')).toBe(true)
  clock.advance(1)
  expect(cooldowns.isCoolingDown('bad')).toBe(false)
  expect(cooldowns.isCoolingDown('bad')).toBe(false)
})

it('rule 9: the cooldown of an endpoint is kept for 500 endpoints; with one more the oldest is forgotten', () => {
  const cooldowns = endpointCooldowns(30_000, fakeClock())
  for (let count = 0; count < 500; count += 1) cooldowns.start(`e${count}`)
  expect(cooldowns.isCoolingDown('e0')).toBe(true)
  cooldowns.start('one more')
  expect(cooldowns.isCoolingDown('e0')).toBe(false)
  for (const endpoint of ['e1', 'e499', 'one more']) {
    expect(cooldowns.isCoolingDown(endpoint)).toBe(true)
  }
})

it('rule 9: the cooldown of an endpoint leaves room for another endpoint when it has ended', () => {
  const clock = fakeClock()
  const cooldowns = endpointCooldowns(30_000, clock)
  cooldowns.start('old')
  clock.advance(1)
  for (let count = 1; count < 500; count += 1) cooldowns.start(`e${count}`)
  clock.advance(29_999)
  expect(cooldowns.isCoolingDown('old')).toBe(false)
  cooldowns.start('one more')
  expect(cooldowns.isCoolingDown('e1')).toBe(true)
})

it('rule 9: isSpent of the refresh budget reports whether it is spent, without taking a refresh', () => {
  const clock = fakeClock()
  const budget = refreshBudget(1, clock)
  expect([budget.isSpent(), budget.isSpent(), budget.take()]).toEqual([false, false, true])
  expect(budget.isSpent()).toBe(true)
  clock.advance(60_000)
  expect(budget.isSpent()).toBe(false)
})
