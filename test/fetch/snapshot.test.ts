import { expect, it } from 'vitest'
import { initOf, snapshotInit } from '../../src/fetch/snapshot.js'

const named = (name: string, more: object) => ({ [Symbol.toStringTag]: name, ...more })

it('request rule 10: a snapshot of the caller’s init has no key that the init does not have', () => {
  expect(snapshotInit({})).toStrictEqual({})
  expect(snapshotInit(undefined)).toStrictEqual({})
  expect(initOf({ method: 'GET' } as Request)).toStrictEqual({ method: 'GET' })
})

it.each([
  new Headers({ 'x-own': '1' }),
  { 'x-own': '1' },
  { append: '1', 'x-own': '1' },
  [['x-own', '1']] as [string, string][],
])('request rule 10: a snapshot of the caller’s init has headers of its own: %o', (headers) => {
  const fixed = snapshotInit({ headers } as RequestInit)
  expect(fixed.headers).toEqual(headers)
  expect(fixed.headers).not.toBe(headers)
})

it('request rule 10: a snapshot of the caller’s init has a FormData of its own, and does not copy what only looks like one', () => {
  const form = new FormData()
  form.append('a', 'b')
  const fixed = snapshotInit({ body: form }).body as FormData
  expect(fixed).not.toBe(form)
  expect([...fixed.entries()]).toEqual([['a', 'b']])
  const [entries, append] = [() => [], () => {}]
  const lookalikes = [
    { entries, append },
    named('FormData', { entries }),
    named('FormData', { append }),
    named('Other', { entries, append }),
  ]
  for (const body of lookalikes) expect(snapshotInit({ body: body as never }).body).toBe(body)
})

it('request rule 10: a snapshot of the caller’s init keeps a Request’s own dispatcher, behind whatever symbol it is', () => {
  const dispatcher = {}
  const request = { method: 'GET', [Symbol('other')]: 1, [Symbol('dispatcher')]: dispatcher }
  expect(initOf(request as never)).toStrictEqual({ method: 'GET', dispatcher })
})
