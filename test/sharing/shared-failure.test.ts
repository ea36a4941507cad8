import { expect, it } from 'vitest'
import { QyapiTokenError } from '../../src/core/errors.js'
import { failureIn, isShareable, storedFailure } from '../../src/sharing/shared-fetch.js'

const wrongSecret = new QyapiTokenError('credential_refused', 'the secret is wrong', {
  errcode: 40001,
  retryAfterMs: 60_000,
})
const limited = new QyapiTokenError('rate_limited', 'over the limit', {
  retryable: true,
  retryAfterMs: 60_000,
})

it('rule 19: a failure in a store is read as it was stored, with its remaining cooldown', () => {
  const stored = storedFailure(wrongSecret)
  expect(stored.leftMs).toBe(60_000)
  const { failure, cooldownMs } = failureIn({ ...stored, leftMs: 40_000 }) ?? expect.fail('nothing')
  expect(cooldownMs).toBe(40_000)
  expect(failure).toMatchObject({
    code: 'credential_refused',
    message: 'the secret is wrong',
    errcode: 40001,
    retryable: false,
  })
})

it('rule 19: a failure in a store without an errcode has none afterwards, and stays retryable', () => {
  const { failure } = failureIn(storedFailure(limited)) ?? expect.fail('nothing')
  expect(failure).not.toHaveProperty('errcode')
  expect(failure.retryable).toBe(true)
})

it('rule 19: a failure in a store whose errcode is not a number has none', () => {
  const value = JSON.stringify({ code: 'rate_limited', message: 'm', errcode: '45009' })
  const { failure } = failureIn({ ...storedFailure(limited), value }) ?? expect.fail('nothing')
  expect(failure).not.toHaveProperty('errcode')
})

it('rule 19: a failure in a store has a remaining cooldown of at least one millisecond', () => {
  const stored = storedFailure(new QyapiTokenError('rate_limited', 'no rest'))
  expect(stored.leftMs).toBe(1)
  expect(failureIn({ ...stored, leftMs: 0 })).toBeUndefined()
})

it('rule 17: a failure in a store cools down for ten minutes at most, whatever the store’s clock says', () => {
  const stored = { ...storedFailure(limited), leftMs: 3_660_000 }
  expect(failureIn(stored)?.cooldownMs).toBe(600_000)
})

it.each([
  'no JSON',
  'null',
  '7',
  '{"code":"ip_not_trusted","message":"mine alone"}',
  '{"code":"rate_limited"}',
  '{"message":"no code"}',
])('rule 19: a failure in a store is ignored: %s', (value) => {
  expect(failureIn({ ...storedFailure(limited), value })).toBeUndefined()
})

it.each([
  [wrongSecret, true],
  [limited, true],
  [new QyapiTokenError('ip_not_trusted', 'this machine’s'), false],
  [new QyapiTokenError('token_fetch_failed', 'this network’s'), false],
  [{ code: 'rate_limited' }, false],
  [new Error('something else'), false],
])('rule 19: whether a failure is shared: %s: %s', (error, counts) => {
  expect(isShareable(error)).toBe(counts)
})
