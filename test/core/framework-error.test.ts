import { expect, it } from 'vitest'
import { sourceClosed } from '../../src/core/errors.js'
import { frameworkError } from '../../src/core/framework-error.js'
import { createTokenSource, selfBuilt } from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'
import { sourceWith } from '../support/source.js'

const dynamic = (digest: unknown = 'DYNAMIC_SERVER_USAGE') =>
  Object.assign(new Error('Dynamic server usage'), { digest })

it.each([
  ['an error with a digest', dynamic(), true],
  ['a plain object with one', { digest: 'NEXT_REDIRECT;replace' }, true],
  ["React's postpone", { $$typeof: Symbol.for('react.postpone') }, true],
  ['a page that may not be dynamic', { code: 'NEXT_STATIC_GEN_BAILOUT' }, true],
  ['one without', new Error('reset'), false],
  ['one that Next.js has numbered', dynamic('597247821'), false],
  ['one that Next.js has numbered with its code', dynamic('597247821@E394'), false],
  ['one of ours', Object.assign(sourceClosed({ kind: 'app', subject: 'ww1' }), dynamic()), false],
  ['one whose digest is no text', dynamic(7), false],
  ['nothing', undefined, false],
])('rule 12: a framework’s own error is recognized by its digest: %s', (_name, error, isOne) => {
  expect(frameworkError(error)).toBe(isOne ? error : undefined)
})

it('rule 12: a framework’s own error is found as a cause, since axios wraps its adapters’ errors', () => {
  const inner = dynamic()
  const outer = Object.assign(new Error('wrapped', { cause: inner }), { digest: inner.digest })
  expect(frameworkError(new Error('again', { cause: outer }))).toBe(inner)
})

it('rule 12: a framework’s own error reaches unchanged the call that fetched, is not remembered, and the others fetch again', async () => {
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

it('rule 4: a framework’s own error has priority over a token that is kept through an outage', async () => {
  const thrown = dynamic()
  const clock = fakeClock()
  const { source } = sourceWith((count) => (count === 1 ? 'token-1' : thrown), { clock })
  await source.get()
  clock.advance(7_100_000)
  await expect(source.get()).rejects.toBe(thrown)
})

it('request rule 6: a framework’s own error instead of a replacement is the result of the refused call', async () => {
  const thrown = dynamic()
  const { source, types } = sourceWith((count) => (count === 1 ? 'token-1' : thrown))
  const call = source.run(async () => ({ errcode: 42001 }))
  await expect(call).rejects.toBe(thrown)
  expect(types().filter((type) => type === 'not_replayed')).toHaveLength(1)
})

it('rule 12: a framework’s own error passes through the function that returns the secret', async () => {
  const thrown = dynamic()
  const corpSecret = () => {
    throw thrown
  }
  const source = createTokenSource(selfBuilt({ corpId: 'ww1', corpSecret }))
  await expect(source.get()).rejects.toBe(thrown)
})

it('rule 14: a framework’s own error stays the same object, with the secret removed from the url that Next.js shows', async () => {
  const fetch = async (url: unknown) => {
    throw Object.assign(new Error(`no-store fetch ${url} /page`), { digest: 'DYNAMIC' })
  }
  const thrown: unknown[] = []
  const credential = selfBuilt({ corpId: 'ww1', corpSecret: 'planted-secret' })
  const source = createTokenSource(credential, {
    transport: ({ url }) =>
      fetch(url).catch((error) => Promise.reject(thrown[thrown.push(error) - 1])),
  })
  const failure = await source.get().catch((error: Error) => error)
  expect(failure).toBe(thrown[0])
  expect(thrown).toHaveLength(1)
  expect(String((failure as Error).stack)).not.toContain('planted-secret')
  expect((failure as Error).message).toContain('corpid=ww1')
})
