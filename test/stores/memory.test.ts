import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/index.js'
import { fakeClock, leaseContract, storeContract } from '../../src/testing.js'

describe('memoryStore', () => {
  for (const { name, run } of storeContract(() => memoryStore())) it(name, run)
  for (const { name, run } of leaseContract(() => memoryStore())) it(name, run)

  it('memoryStore ages tokens by the given clock', async () => {
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

  it('memoryStore removes with a write every tenant whose token, failure, lease and fence have expired, and no other', async () => {
    const clock = fakeClock()
    const store = memoryStore({ clock })
    const { lease } = store
    const request = { holder: 'one', forMs: 2_000, takeOverMs: 2_800, above: 0 }
    const token = { value: 'token', generation: 1, ageMs: 0, expiresInMs: 7_200_000 }
    for (let at = 0; at < 1_000; at += 1) {
      await store.set(`set by ${at}`, token)
      const { number = 0 } = (await lease?.acquire(`published by ${at}`, request)) ?? {}
      await lease?.publish(`published by ${at}`, { ...token, generation: number }, { number })
      const failing = (await lease?.acquire(`failed by ${at}`, request))?.number ?? 0
      const failure = { value: 'no', leftMs: 60_000 }
      await lease?.release(`failed by ${at}`, { number: failing, failure })
      await lease?.acquire(`left by ${at}`, request)
    }
    expect(store.size).toBe(4_000)
    clock.advance(3_600_000)
    await store.set('long', { ...token, expiresInMs: 100_000_000 })
    expect(store.size).toBe(2_001)
    expect(await store.get('published by 999')).toMatchObject({ value: 'token' })
    clock.advance(3_600_000)
    await lease?.acquire('another', request)
    expect(store.size).toBe(2)
    expect(await store.get('long')).toMatchObject({ value: 'token' })
  })

  it('rule 15: memoryStore keeps the fence of an expired lease for ten minutes, and no number repeats', async () => {
    const clock = fakeClock()
    const store = memoryStore({ clock })
    const request = { forMs: 2_000, takeOverMs: 2_800, above: 0 }
    const late = { value: 'late', ageMs: 0, expiresInMs: 7_200_000 }
    const first = (await store.lease?.acquire('key', { ...request, holder: 'one' }))?.number ?? 0
    clock.advance(60_000)
    const second = (await store.lease?.acquire('key', { ...request, holder: 'two' }))?.number ?? 0
    clock.advance(300_000)
    await store.set('another', { ...late, generation: 1 })
    expect(await store.set('key', { ...late, generation: first })).toBe(false)
    clock.advance(300_000)
    await store.set('another', { ...late, generation: 2 })
    expect(store.size).toBe(1)
    const third = await store.lease?.acquire('key', { ...request, holder: 'three' })
    expect(third?.number).toBeGreaterThan(second)
  })
})
