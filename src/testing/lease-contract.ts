import assert from 'node:assert/strict'
import type { LeaseRequest, StoreLease, TokenStore } from '../core/store.js'
import { type ContractRule, checkOpen, KEY, sleep, stored, valueIn } from './store-contract.js'

/** What a store with leases guarantees, so that one process fetches for all; besides `storeContract`. */
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

type LeasingStore = TokenStore & { readonly lease: StoreLease }

const PATIENT = 60_000
const SHORT = { forMs: 60, takeOverMs: PATIENT }
const LONG = { forMs: 60_000, takeOverMs: PATIENT }

/** The number of the lease that was granted. */
async function leased(
  { lease }: LeasingStore,
  holder: string,
  { above = 0, key = KEY, ...more }: Partial<LeaseRequest> & { key?: string } = {},
): Promise<number> {
  const { number } = await lease.acquire(key, { holder, ...LONG, above, ...more })
  return number ?? assert.fail(`${holder} got no lease`)
}

async function isHeld(
  { lease }: LeasingStore,
  number: number,
  { above = 0, key = KEY } = {},
): Promise<void> {
  // The holder's name is for events: a store may leave it out.
  const { holder: _holder, ...answer } = await lease.acquire(key, {
    holder: 'another',
    ...LONG,
    above,
  })
  assert.deepEqual(answer, { heldBy: number })
}

const FAILURE = { value: '{"code":"credential_refused"}', leftMs: 60_000 }

/** For stores with leases. */
const LEASE_RULES: Readonly<Record<string, (store: LeasingStore) => Promise<void>>> = {
  'grants a lease to one holder at a time, and returns its number to the others': async (store) => {
    const holders = ['a', 'b', 'c', 'd']
    const acquiring = holders.map((holder) =>
      store.lease.acquire(KEY, { holder, ...LONG, above: 0 }),
    )
    const answers = await Promise.all(acquiring)
    const given = answers.filter(({ number }) => number !== undefined)
    assert.equal(given.length, 1)
    for (const answer of answers)
      if (answer !== given[0]) assert.equal(answer.heldBy, given[0]?.number)
    await leased(store, 'e', { key: 'contract:b' })
  },
  'numbers each lease above all earlier ones, and above the given number': async (store) => {
    const first = await leased(store, 'a')
    assert.equal(await store.lease.release(KEY, { number: first }), true)
    const second = await leased(store, 'b')
    assert.equal(await store.lease.release(KEY, { number: second }), true)
    const above = second + 1_000_000
    const third = await leased(store, 'c', { above })
    assert.ok(first > 0 && second > first && third > above, `${first}, ${second}, ${third}`)
    assert.ok(Number.isSafeInteger(third) && third < 2 ** 52)
  },
  'returns the token instead of a lease if it is newer': async (store) => {
    await store.set(KEY, stored(5, { ageMs: 10, reconfirmedAtMs: 10 }))
    const request = { holder: 'a', ...LONG, above: 4 }
    const { token, ...rest } = await store.lease.acquire(KEY, request)
    const { ageMs, ...found } = token ?? assert.fail('no token was given')
    assert.deepEqual(
      { ...found, ...rest },
      { value: 'token-5', generation: 5, expiresInMs: 60_000, reconfirmedAtMs: 10 },
    )
    assert.ok(ageMs >= 10 && ageMs < 10_000)
    assert.ok((await leased(store, 'a', { above: 5 })) > 5)
  },
  'grants a lease that has expired to the next holder': async (store) => {
    await leased(store, 'a', SHORT)
    await sleep(90)
    await leased(store, 'b')
  },
  'prolongs a lease only by its number': async (store) => {
    await withinLease(async (forMs) => {
      const key = `${KEY}:${forMs}`
      const number = await leased(store, 'a', { key, forMs })
      assert.equal(await store.lease.renew(key, { number: number + 1, forMs: 60_000 }), false)
      assert.equal(await store.lease.renew(key, { number, forMs: 60_000 }), true)
      await sleep(forMs * 1.5)
      await isHeld(store, number, { key })
    })
  },
  'prolongs no lease that has expired': async (store) => {
    const number = await leased(store, 'a', SHORT)
    await sleep(90)
    assert.equal(await store.lease.renew(KEY, { number, forMs: 60_000 }), false)
  },
  'releases a lease only by its number': async (store) => {
    const number = await leased(store, 'a')
    assert.equal(await store.lease.release(KEY, { number: number + 1 }), false)
    await isHeld(store, number)
    assert.equal(await store.lease.release(KEY, { number }), true)
    assert.equal(await store.lease.release(KEY, { number }), false)
  },
  'stores a token and releases the lease in one step': async (store) => {
    const number = await leased(store, 'a')
    assert.equal(await store.lease.publish(KEY, stored(number), { number }), true)
    assert.equal(await valueIn(store), `token-${number}`)
    assert.ok((await leased(store, 'b', { above: number })) > number)
  },
  'releases the lease also with a token that it does not store': async (store) => {
    await store.set(KEY, stored(7))
    const number = await leased(store, 'a', { above: 7 })
    assert.equal(await store.lease.publish(KEY, stored(7), { number }), false)
    assert.ok((await leased(store, 'b', { above: 7 })) > number)
  },
  'keeps the failure that ends a lease until a token is published': async (store) => {
    const number = await leased(store, 'a')
    assert.equal(await store.lease.release(KEY, { number, failure: FAILURE }), true)
    const { failure, ...rest } = await store.lease.acquire(KEY, { holder: 'b', ...LONG, above: 0 })
    assert.deepEqual({ ...rest, value: failure?.value }, { value: FAILURE.value })
    assert.ok(failure !== undefined && failure.leftMs <= 60_000 && failure.leftMs > 50_000)
    assert.equal(await store.lease.publish(KEY, stored(number), { number }), true)
    await leased(store, 'b', { above: number })
  },
  'keeps no failure of another holder’s lease, and deletes a failure when it expires': async (
    store,
  ) => {
    const number = await leased(store, 'a')
    const late = { number: number - 1, failure: FAILURE }
    assert.equal(await store.lease.release(KEY, late), false)
    await isHeld(store, number)
    await store.lease.release(KEY, { number, failure: { ...FAILURE, leftMs: 40 } })
    await sleep(60)
    await leased(store, 'b')
  },
  'refuses the late token of a holder whose lease went to another': async (store) => {
    const late = await leased(store, 'a', SHORT)
    await sleep(90)
    const next = await leased(store, 'b')
    assert.equal(await store.lease.publish(KEY, stored(late), { number: late }), false)
    await isHeld(store, next)
    assert.equal(await store.set(KEY, stored(next)), true)
    assert.equal(await store.set(KEY, stored(late)), false)
    assert.equal(await valueIn(store), `token-${next}`)
  },
  'lets another holder take over a lease that is that old, and still stores the first holder’s token':
    async (store) => {
      const slow = await leased(store, 'a')
      await sleep(40)
      const next = await leased(store, 'b', { takeOverMs: 30 })
      assert.ok(next > slow)
      assert.equal(await store.lease.renew(KEY, { number: slow, forMs: 60_000 }), false)
      assert.equal(await store.lease.publish(KEY, stored(slow), { number: slow }), true)
      await isHeld(store, next, { above: slow })
      assert.equal(await store.lease.publish(KEY, stored(next), { number: next }), true)
      assert.equal(await store.set(KEY, stored(slow)), false)
      assert.equal(await valueIn(store), `token-${next}`)
    },
}

/** If the machine is too busy to act before a lease expires, the next lease is longer. */
async function withinLease(attempt: (forMs: number) => Promise<void>): Promise<void> {
  for (const forMs of [100, 500])
    try {
      return await attempt(forMs)
    } catch {}
  return attempt(2_000)
}
