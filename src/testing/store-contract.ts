import assert from 'node:assert/strict'
import { badOption } from '../core/errors.js'
import { systemClock } from '../core/platform.js'
import type { StoredToken, TokenStore } from '../core/store.js'

/** One rule of a contract, for any test runner. */
export interface ContractRule {
  readonly name: string
  run(): Promise<void>
}

/**
 * What every token store guarantees, as rules to run one by one, each on a store of its own.
 *
 * @param open Makes an empty store.
 * @example
 * for (const { name, run } of storeContract(() => myStore())) test(name, run)
 */
export function storeContract(open: () => TokenStore | Promise<TokenStore>): ContractRule[] {
  checkOpen(open)
  return Object.entries(RULES).map(([name, keep]) => ({
    name,
    run: async () => keep(await open()),
  }))
}

export function checkOpen(open: unknown): void {
  if (typeof open !== 'function') throw badOption('open', 'a function that makes a store', open)
}

export const KEY = 'contract:a'

export function stored(generation: number, more: Partial<StoredToken> = {}): StoredToken {
  return { value: `token-${generation}`, generation, ageMs: 0, expiresInMs: 60_000, ...more }
}

export async function valueIn(store: TokenStore, key = KEY): Promise<string | undefined> {
  return (await store.get(key))?.value
}

const RULES: Readonly<Record<string, (store: TokenStore) => Promise<void>>> = {
  'is empty at first': async (store) => {
    assert.equal(await store.get(KEY), undefined)
  },
  'returns what was set': async (store) => {
    assert.equal(await store.set(KEY, stored(1)), true)
    const { ageMs, ...token } = (await store.get(KEY)) ?? assert.fail('nothing was kept')
    assert.deepEqual(token, { value: 'token-1', generation: 1, expiresInMs: 60_000 })
    assert.ok(ageMs >= 0 && ageMs < 10_000)
  },
  'counts the age of a token by its own clock': async (store) => {
    await store.set(KEY, stored(1, { ageMs: 5_000 }))
    await sleep(30)
    const { ageMs } = (await store.get(KEY)) ?? assert.fail('nothing was kept')
    assert.ok(ageMs >= 5_020 && ageMs < 15_000, `aged to ${ageMs} ms`)
  },
  'deletes a token that has expired': async (store) => {
    await store.set(KEY, stored(1, { expiresInMs: 40 }))
    await sleep(60)
    assert.equal(await store.get(KEY), undefined)
  },
  'replaces an older generation': async (store) => {
    await store.set(KEY, stored(1))
    assert.equal(await store.set(KEY, stored(2)), true)
    assert.equal(await valueIn(store), 'token-2')
  },
  'refuses the same or an older generation, and says so': async (store) => {
    await store.set(KEY, stored(5))
    assert.equal(await store.set(KEY, stored(5, { value: 'other' })), false)
    assert.equal(await store.set(KEY, stored(4)), false)
    assert.equal(await valueIn(store), 'token-5')
  },
  'keeps the newest of many that are set at once': async (store) => {
    const generations = [3, 7, 1, 9, 4, 8, 2]
    await Promise.all(generations.map((generation) => store.set(KEY, stored(generation))))
    assert.equal(await valueIn(store), 'token-9')
  },
  'deletes a token only if it is of that generation, and says so': async (store) => {
    await store.set(KEY, stored(2))
    assert.equal(await store.delete(KEY, 1), false)
    assert.equal(await valueIn(store), 'token-2')
    assert.equal(await store.delete(KEY, 2), true)
    assert.equal(await store.get(KEY), undefined)
    assert.equal(await store.delete(KEY, 2), false)
  },
  'deletes a token only if it is the given string, if one is given': async (store) => {
    await store.set(KEY, stored(2))
    assert.equal(await store.delete(KEY, 2, 'another life’s token'), false)
    assert.equal(await valueIn(store), 'token-2')
    assert.equal(await store.delete(KEY, 2, 'token-2'), true)
    assert.equal(await store.get(KEY), undefined)
  },
  'keeps keys apart, also those that differ by case only': async (store) => {
    await store.set('contract:a', stored(1))
    await store.set('contract:A', stored(2))
    assert.equal(await valueIn(store, 'contract:a'), 'token-1')
    assert.equal(await valueIn(store, 'contract:A'), 'token-2')
  },
  'keeps every character of a token and of a key': async (store) => {
    const value = `${'x'.repeat(500)}"\\ 文/+=\n`
    const key = 'contract:{a}:b%2F c:文'
    await store.set(key, stored(1, { value }))
    assert.equal(await valueIn(store, key), value)
  },
  'keeps the age at which a string was reconfirmed': async (store) => {
    await store.set(KEY, stored(1, { ageMs: 10, reconfirmedAtMs: 10, requestMs: 3 }))
    assert.equal((await store.get(KEY))?.reconfirmedAtMs, 10)
    assert.equal((await store.get(KEY))?.requestMs, 3)
  },
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.after(ms, resolve))
}
