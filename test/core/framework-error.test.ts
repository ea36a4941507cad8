import { describe, expect, it } from 'vitest'
import { frameworkError } from '../../src/core/framework-error.js'
import { sourceWith } from '../support/source.js'

const dynamic = (digest: unknown = 'DYNAMIC_SERVER_USAGE') =>
  Object.assign(new Error('Dynamic server usage'), { digest })

describe('what a framework throws through us', () => {
  it.each([
    ['an error with a digest', dynamic(), true],
    ['a plain object with one', { digest: 'NEXT_REDIRECT;replace' }, true],
    ['one without', new Error('reset'), false],
    ['one whose digest is no text', dynamic(7), false],
    ['nothing', undefined, false],
  ])('is told by its digest: %s', (_name, error, isOne) => {
    expect(frameworkError(error)).toBe(isOne ? error : undefined)
  })

  it('is found where it is wrapped, as axios wraps what its adapters throw', () => {
    const inner = dynamic()
    const outer = Object.assign(new Error('wrapped', { cause: inner }), { digest: inner.digest })
    expect(frameworkError(new Error('again', { cause: outer }))).toBe(inner)
  })

  it('rule 12: reaches the call that fetched as it is, is not remembered, and the others fetch for themselves', async () => {
    const thrown = [dynamic('first'), dynamic('second')]
    const { source, types, fetches } = sourceWith(
      (count) => (thrown[count - 1] as Error | undefined) ?? 'token-1',
    )
    const calls = await Promise.allSettled([source.get(), source.get(), source.get(), source.get()])
    const outcomes = calls.map((call) => (call.status === 'fulfilled' ? call.value : call.reason))
    expect(outcomes.slice(0, 2)).toEqual(thrown)
    expect(outcomes[0]).toBe(thrown[0])
    expect(outcomes.slice(2)).toEqual(['token-1', 'token-1'])
    expect(fetches()).toBe(3)
    expect(types()).not.toContain('failed')
  })
})
