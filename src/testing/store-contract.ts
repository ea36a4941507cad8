import assert from 'node:assert/strict'
import { badOption } from '../core/errors.js'
import { systemClock } from '../core/platform.js'
import type { StoredToken, StoreLease, TokenStore } from '../core/store.js'

/** One promise of a contract, for any test runner. */
export interface ContractRule {
  readonly name: string
  run(): Promise<void>
}

/**
 * What every token store keeps, as rules to run one by one, each on a store of its own.
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

/** What a store keeps that lets one process at a time fetch for all; besides `storeContract`. */
export function leaseContract(open: () => TokenStore | Promise<TokenStore>): ContractRule[] {
  checkOpen(open)
  return Object.entries(LEASE_RULES).map(([name, keep]) => ({
    name,
    async run() {
      const store = await open()
      assert.ok(store.lease, 'the store has no lease')
      await keep(store as LeasingStore)
    },
  }))
}

function checkOpen(open: unknown): void {
  if (typeof open !== 'function') throw badOption('open', 'a function that makes a store', open)
}

type LeasingStore = TokenStore & { readonly lease: StoreLease }

const KEY = 'contract:a'

function stored(generation: number, more: Partial<StoredToken> = {}): StoredToken {
  return { value: `token-${generation}`, generation, ageMs: 0, expiresInMs: 60_000, ...more }
}

async function valueIn(store: TokenStore, key = KEY): Promise<string | undefined> {
  return (await store.get(key))?.value
}

const RULES: Readonly<Record<string, (store: TokenStore) => Promise<void>>> = {
  'has nothing at first': async (store) => {
    assert.equal(await store.get(KEY), undefined)
  },
  'gives back what was set': async (store) => {
    assert.equal(await store.set(KEY, stored(1)), true)
    const { ageMs, ...token } = (await store.get(KEY)) ?? assert.fail('nothing was kept')
    assert.deepEqual(token, { value: 'token-1', generation: 1, expiresInMs: 60_000 })
    assert.ok(ageMs >= 0 && ageMs < 10_000)
  },
  'lets a token age by its own clock': async (store) => {
    await store.set(KEY, stored(1, { ageMs: 5_000 }))
    await sleep(30)
    const { ageMs } = (await store.get(KEY)) ?? assert.fail('nothing was kept')
    assert.ok(ageMs >= 5_020 && ageMs < 15_000, `aged to ${ageMs} ms`)
  },
  'forgets a token whose life is over': async (store) => {
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
    await store.set(KEY, stored(1, { ageMs: 10, reconfirmedAtMs: 10 }))
    assert.equal((await store.get(KEY))?.reconfirmedAtMs, 10)
  },
}

const SHORT = { forMs: 60 }
const LONG = { forMs: 60_000 }

/** For stores that let one process at a time fetch. */
const LEASE_RULES: Readonly<Record<string, (store: LeasingStore) => Promise<void>>> = {
  'gives a lease to one holder at a time': async ({ lease }) => {
    const holders = ['a', 'b', 'c', 'd']
    const asked = holders.map((holder) => lease.acquire(KEY, { holder, ...LONG, above: 0 }))
    const given = (await Promise.all(asked)).filter((fence) => fence !== undefined)
    assert.equal(given.length, 1)
    assert.equal(
      typeof (await lease.acquire('contract:b', { holder: 'e', ...LONG, above: 0 })),
      'number',
    )
  },
  'numbers each lease above all before it, and above what it is told': async ({ lease }) => {
    const first = await lease.acquire(KEY, { holder: 'a', ...LONG, above: 0 })
    assert.equal(await lease.release(KEY, { holder: 'a' }), true)
    const second = await lease.acquire(KEY, { holder: 'b', ...LONG, above: 0 })
    assert.equal(await lease.release(KEY, { holder: 'b' }), true)
    const third = await lease.acquire(KEY, { holder: 'c', ...LONG, above: 41 })
    assert.ok(first !== undefined && second !== undefined && third !== undefined)
    assert.ok(first > 0 && second > first && third > 41, `${first}, ${second}, ${third}`)
  },
  'gives a lease that is over to the next': async ({ lease }) => {
    await lease.acquire(KEY, { holder: 'a', ...SHORT, above: 0 })
    await sleep(90)
    assert.notEqual(await lease.acquire(KEY, { holder: 'b', ...LONG, above: 0 }), undefined)
  },
  'prolongs a lease for its holder alone': async ({ lease }) => {
    await withinLease(async (forMs) => {
      const key = `${KEY}:${forMs}`
      await lease.acquire(key, { holder: 'a', forMs, above: 0 })
      assert.equal(await lease.renew(key, { holder: 'b', ...LONG }), false)
      assert.equal(await lease.renew(key, { holder: 'a', ...LONG }), true)
      await sleep(forMs * 1.5)
      assert.equal(await lease.acquire(key, { holder: 'b', ...LONG, above: 0 }), undefined)
    })
  },
  'prolongs no lease that is over': async ({ lease }) => {
    await lease.acquire(KEY, { holder: 'a', ...SHORT, above: 0 })
    await sleep(90)
    assert.equal(await lease.renew(KEY, { holder: 'a', ...LONG }), false)
  },
  'takes a lease back from its holder alone': async ({ lease }) => {
    await lease.acquire(KEY, { holder: 'a', ...LONG, above: 0 })
    assert.equal(await lease.release(KEY, { holder: 'b' }), false)
    assert.equal(await lease.acquire(KEY, { holder: 'b', ...LONG, above: 0 }), undefined)
    assert.equal(await lease.release(KEY, { holder: 'a' }), true)
    assert.equal(await lease.release(KEY, { holder: 'a' }), false)
  },
  'refuses the late token of a holder whose lease went to another': async (store) => {
    const late = await store.lease.acquire(KEY, { holder: 'a', ...SHORT, above: 0 })
    await sleep(90)
    const next = await store.lease.acquire(KEY, { holder: 'b', ...LONG, above: 0 })
    assert.ok(late !== undefined && next !== undefined)
    assert.equal(await store.set(KEY, stored(late)), false)
    assert.equal(await store.set(KEY, stored(next)), true)
    assert.equal(await store.set(KEY, stored(late)), false)
    assert.equal(await valueIn(store), `token-${next}`)
  },
}

/** On a machine that is too busy to act before a lease is over, the next lease is longer. */
async function withinLease(attempt: (forMs: number) => Promise<void>): Promise<void> {
  for (const forMs of [100, 500])
    try {
      return await attempt(forMs)
    } catch {}
  return attempt(2_000)
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.after(ms, resolve))
}
