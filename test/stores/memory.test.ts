import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/index.js'
import { fakeClock, leaseContract, storeContract } from '../../src/testing.js'

describe('memoryStore', () => {
  for (const { name, run } of storeContract(() => memoryStore())) it(name, run)
  for (const { name, run } of leaseContract(() => memoryStore())) it(name, run)

  it('ages by the clock that it is given', async () => {
    const clock = fakeClock()
    const store = memoryStore({ clock })
    await store.set('key', { value: 'token', generation: 1, ageMs: 100, expiresInMs: 1_000 })
    clock.advance(899)
    expect(await store.get('key')).toMatchObject({ ageMs: 999 })
    clock.advance(1)
    expect(await store.get('key')).toBeUndefined()
    expect(
      await store.set('key', { value: 'new life', generation: 1, ageMs: 0, expiresInMs: 1_000 }),
    ).toBe(true)
  })
})
