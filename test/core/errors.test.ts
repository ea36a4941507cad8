import { expect, it } from 'vitest'
import { badOption, isQyapiTokenError, QyapiTokenError, repeated } from '../../src/core/errors.js'

const BRAND = Symbol.for('qyapi-token.error')

it('a QyapiTokenError has its code, and whether it is retryable', () => {
  const error = new QyapiTokenError('closed', 'closed it was')
  expect(error).toBeInstanceOf(Error)
  expect(error.name).toBe('QyapiTokenError')
  expect(String(error)).toBe('QyapiTokenError: closed it was')
  expect(error.code).toBe('closed')
  expect(error.retryable).toBe(false)
})

it('a QyapiTokenError has no fields that were not given', () => {
  const error = new QyapiTokenError('closed', 'x')
  for (const detail of ['errcode', 'retryAfterMs', 'cause']) expect(detail in error).toBe(false)
})

it('a QyapiTokenError has the fields that were given', () => {
  const cause = new Error('underneath')
  const error = new QyapiTokenError('rate_limited', 'x', {
    errcode: 45009,
    retryAfterMs: 5,
    retryable: true,
    cause,
  })
  expect(error).toMatchObject({ errcode: 45009, retryAfterMs: 5, retryable: true })
  expect(error.cause).toBe(cause)
  expect(Object.keys(error)).not.toContain('cause')
})

it('a QyapiTokenError is recognized by instanceof and by isQyapiTokenError', () => {
  const error = new QyapiTokenError('closed', 'x')
  expect(error instanceof QyapiTokenError).toBe(true)
  expect(isQyapiTokenError(error)).toBe(true)
  expect(Object.getOwnPropertyDescriptor(error, BRAND)).toMatchObject({
    value: true,
    enumerable: false,
  })
})

it('a QyapiTokenError is recognized also if another copy of the package created it', () => {
  const other = Object.assign(new Error('x'), { [BRAND]: true })
  expect(isQyapiTokenError(other)).toBe(true)
  expect(other instanceof QyapiTokenError).toBe(true)
})

it.each([new Error('x'), {}, null, undefined, 'closed'])(
  'a QyapiTokenError is not: %s',
  (value) => {
    expect(isQyapiTokenError(value)).toBe(false)
    expect((value as unknown) instanceof QyapiTokenError).toBe(false)
  },
)

it('a QyapiTokenError has subclasses whose instanceof is their own', () => {
  class Mine extends QyapiTokenError {}
  const mine = new Mine('closed', 'x')
  expect(mine instanceof Mine).toBe(true)
  expect(mine instanceof QyapiTokenError).toBe(true)
  expect(new QyapiTokenError('closed', 'x') instanceof Mine).toBe(false)
})

it('a repeated failure is another error with the same cause, and the remaining time', () => {
  const failure = new QyapiTokenError('rate_limited', 'too many', {
    errcode: 45009,
    retryAfterMs: 60_000,
    retryable: true,
    cause: 'x',
  })
  const again = repeated(failure, 10)
  expect(again).not.toBe(failure)
  expect(again).toMatchObject({
    code: 'rate_limited',
    message: 'too many',
    errcode: 45009,
    retryable: true,
    cause: 'x',
    retryAfterMs: 10,
  })
})

it('a repeated failure has no more fields than the failure, and no time of its own', () => {
  const again = repeated(new QyapiTokenError('closed', 'x', { retryAfterMs: 5 }))
  expect(again.retryable).toBe(false)
  expect(again.errcode).toBeUndefined()
  expect(again.retryAfterMs).toBeUndefined()
  expect('cause' in again).toBe(false)
})

const sixty = 'x'.repeat(60)
it.each<[unknown, string]>([
  [undefined, 'undefined'],
  [null, 'null'],
  ['', "''"],
  ['text', 'a string of 4 characters'],
  [sixty, 'a string of 60 characters'],
  [Symbol('text'), 'a symbol'],
  [7, '7'],
  [false, 'false'],
  [[1], 'an array'],
  [{ a: 1 }, 'an object'],
  [() => 1, 'a function'],
  [10n, '10'],
])('a bad option’s message describes the value: %o as %s', (got, shown) => {
  const error = badOption('maxAgeMs', 'a number', got)
  expect(error.code).toBe('bad_options')
  expect(error.message).toBe(`maxAgeMs must be a number, got ${shown}.`)
})

it.each<[unknown, string]>([
  [undefined, 'undefined'],
  [null, 'null'],
  ['', "''"],
  ['hush', 'something of type string (not shown)'],
  [{ hush: 1 }, 'something of type object (not shown)'],
])('a bad option’s message for a secret shows only its type: %o as %s', (got, shown) => {
  expect(badOption('corpSecret', 'a text', got, true).message).toBe(
    `corpSecret must be a text, got ${shown}.`,
  )
})

it('JSON.stringify of an error contains its name, code and message, WeCom’s fields, and whether it is retryable', () => {
  const error = new QyapiTokenError('ip_not_trusted', 'Could not get it.', {
    errcode: 60020,
    egressIp: '192.0.2.7',
    retryAfterMs: 60_000,
    cause: new Error('planted'),
  })
  Object.assign(error, { config: { url: '/user/get' } })
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    name: 'QyapiTokenError',
    code: 'ip_not_trusted',
    message: 'Could not get it.',
    errcode: 60020,
    egressIp: '192.0.2.7',
    retryAfterMs: 60_000,
    retryable: false,
  })
})
