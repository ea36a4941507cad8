import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import Keyv from 'keyv'
import { describe, expect, it, vi } from 'vitest'
import { createTokenSource, type StoredToken, selfBuilt, type TokenEvent } from '../../src/index.js'
import { type KeyvLike, keyvStore } from '../../src/stores/keyv.js'
import { fakeClock, storeContract } from '../../src/testing.js'
import { APP, settle } from '../support/qyapi.js'
import { deferred, tokenBody } from '../support/source.js'
import { useSqlite } from '../support/sqlite.js'

const sqlite = useSqlite()
const encryptionKey = randomBytes(32)

const token = (generation = 1, more: Partial<StoredToken> = {}): StoredToken => ({
  value: `planted-token-${generation}`,
  generation,
  ageMs: 0,
  expiresInMs: 60_000,
  ...more,
})

/** A backend in memory, whose every call can be watched and answered by hand. */
function watched() {
  const kept = new Map<string, unknown>()
  return {
    kept,
    get: vi.fn(async (key: string): Promise<unknown> => kept.get(key)),
    set: vi.fn(async (key: string, value: unknown, _ttlMs?: number) => {
      kept.set(key, value)
    }),
    delete: vi.fn(async (key: string): Promise<unknown> => kept.delete(key)),
  }
}

const PLAIN_KEY = /^qyapi-token:[\da-f]{64}$/

describe('keyvStore on SQLite', () => {
  for (const { name, run } of storeContract(() => keyvStore(sqlite.open(sqlite.file()))))
    it(name, run)
})

describe('keyvStore on SQLite, encrypted', () => {
  const open = () => keyvStore(sqlite.open(sqlite.file()), { encryptionKey })
  for (const { name, run } of storeContract(open)) it(name, run)

  it('keyvStore with an encryptionKey writes no readable token into the file', async () => {
    const file = sqlite.file()
    const plain = keyvStore(sqlite.open(file), { prefix: 'plain:' })
    await plain.set('key', token(1, { value: 'left-in-clear' }))
    await keyvStore(sqlite.open(file), { encryptionKey }).set('key', token())
    const bytes = readFileSync(file, 'latin1')
    expect(bytes).toContain('left-in-clear')
    expect(bytes).toContain('sealed:1:')
    expect(bytes).not.toContain('planted-token')
  })
})

describe('keyvStore in memory', () => {
  for (const { name, run } of storeContract(() => keyvStore(new Keyv()))) it(name, run)
})

it('two processes with one Keyv share a token: one gettoken for both', async () => {
  const file = sqlite.file()
  const transport = vi.fn(async () => ({ status: 200, body: tokenBody('shared') }))
  for (let process = 0; process < 2; process += 1) {
    const store = keyvStore(sqlite.open(file))
    const set = vi.spyOn(store, 'set')
    const source = createTokenSource(selfBuilt(APP), { store, transport })
    expect(await source.get()).toBe('shared')
    await settle()
    await set.mock.results[0]?.value
  }
  expect(transport).toHaveBeenCalledTimes(1)
})

it('two processes with one Keyv have no lease: each fetches its own token', () => {
  expect(keyvStore(new Keyv())).not.toHaveProperty('lease')
  expect(keyvStore(new Keyv(), { encryptionKey })).not.toHaveProperty('lease')
})

it('two processes with one Keyv learn from the read after the write whose token was stored', async () => {
  const backend = watched()
  const mine = keyvStore(backend)
  const other = keyvStore({ ...backend })
  // The other one writes between our write and our reading of it.
  backend.set.mockImplementationOnce(async (key, value) => {
    backend.kept.set(key, value)
    await other.set('key', token(7))
  })
  expect(await mine.set('key', token(5))).toBe(false)
  expect(await mine.get('key')).toMatchObject({ generation: 7 })
})

it('two processes with one Keyv learn the same if the backend loses a write', async () => {
  const backend = watched()
  backend.set.mockImplementation(async () => {})
  expect(await keyvStore(backend).set('key', token())).toBe(false)
})

it('keyvStore lets the backend delete a token when it expires', async () => {
  const backend = watched()
  await keyvStore(backend).set('key', token(1, { ageMs: 10_000.5 }))
  expect(backend.set.mock.calls[0]?.[2]).toBe(50_000)
})

it('keyvStore never passes a ttl of 0, which would be endless', async () => {
  const backend = watched()
  await keyvStore(backend).set('key', token(1, { ageMs: 60_000 }))
  expect(backend.set.mock.calls[0]?.[2]).toBe(1)
})

it('keyvStore ages a token by the wall clocks of the machines', async () => {
  const backend = watched()
  const [here, there] = [fakeClock(), fakeClock()]
  await keyvStore(backend, { clock: here }).set('key', token(1, { ageMs: 100 }))
  there.advance(1_000)
  const store = keyvStore(backend, { clock: there })
  expect(await store.get('key')).toMatchObject({ ageMs: 1_100 })
  there.advance(58_899)
  expect(await store.get('key')).toMatchObject({ ageMs: 59_999 })
  there.advance(1)
  expect(await store.get('key')).toBeUndefined()
  expect(await store.set('key', token(1))).toBe(true)
})

it('keyvStore never makes a token younger than when it was stored, on a machine whose clock is late', async () => {
  const backend = watched()
  const early = fakeClock()
  early.advance(3_600_000)
  await keyvStore(backend, { clock: early }).set('key', token(1, { ageMs: 100 }))
  expect(await keyvStore(backend, { clock: fakeClock() }).get('key')).toMatchObject({
    ageMs: 100,
  })
})

it.each<[string, unknown]>([
  ['nothing', null],
  ['text that is not JSON', 'planted'],
  ['a JSON that is no token', '{"value":1}'],
  ['a JSON null', 'null'],
  ['an object', { value: 'token', generation: 1 }],
  [
    'a token without a time',
    '{"value":"token","generation":1,"ageMs":0,"expiresInMs":60000,"storedAtMs":null}',
  ],
])(
  'rule 20: %s in the backend of keyvStore counts as absent, and a new token replaces it',
  async (_what, found) => {
    const backend = watched()
    backend.get.mockResolvedValueOnce(found).mockResolvedValueOnce(found)
    const store = keyvStore(backend)
    expect(await store.get('key')).toBeUndefined()
    expect(await store.set('key', token())).toBe(true)
    expect(await store.get('key')).toMatchObject({ value: 'planted-token-1' })
  },
)

it('keyvStore does not overwrite a value of a newer version of this package', async () => {
  const backend = watched()
  const newer = JSON.stringify({ v: 2, token: { of: 'another shape' } })
  backend.get.mockResolvedValue(newer)
  const store = keyvStore(backend)
  expect(await store.get('key')).toBeUndefined()
  expect(await store.set('key', token())).toBe(false)
  expect(backend.set).not.toHaveBeenCalled()
})

it('request rule 9: the error of a Keyv backend that shows the value leaks no token', async () => {
  const backend = watched()
  backend.set.mockRejectedValue(
    Object.assign(new Error('near "planted-token-1": syntax error'), {
      code: 'SQLITE_ERROR',
      sql: 'INSERT … planted-token-1',
    }),
  )
  const error = await keyvStore(backend)
    .set('key', token())
    .catch((caught) => caught)
  expect(error).toMatchObject({ message: 'near "[hidden]": syntax error', code: 'SQLITE_ERROR' })
  expect(JSON.stringify({ ...error, stack: error.stack })).not.toContain('planted')
})

it('rule 20: an error of a Keyv backend is an event, and each process fetches its own token meanwhile', async () => {
  const down = async () => {
    throw new Error('database is gone')
  }
  const events: TokenEvent[] = []
  const source = createTokenSource(selfBuilt(APP), {
    store: keyvStore({ get: down, set: down, delete: down }),
    transport: async () => ({ status: 200, body: tokenBody('own') }),
    onEvent: (event) => events.push(event),
  })
  expect(await source.get()).toBe('own')
  await settle()
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'store_error', message: 'database is gone' }),
  )
})

it('a call of keyvStore that hangs blocks the next one under the same key for a second, not for ever', async () => {
  const clock = fakeClock()
  const after = vi.spyOn(clock, 'after')
  const backend = watched()
  const hanging = deferred<void>()
  backend.set.mockImplementationOnce(() => hanging.promise)
  const store = keyvStore(backend, { clock })
  const first = store.set('key', token(1))
  await expect.poll(() => backend.set.mock.calls.length).toBe(1)
  const second = store.set('key', token(2))
  await store.set('other key', token(1))
  await expect.poll(() => after.mock.calls.map(([ms]) => ms)).toContain(1_000)
  expect(backend.set).toHaveBeenCalledTimes(2)
  clock.advance(1_000)
  expect(await second).toBe(true)
  hanging.resolve()
  expect(await first).toBe(false)
})

it('rule 20: an error is reported if a Keyv backend refuses a delete', async () => {
  const backend = watched()
  const store = keyvStore(backend)
  await store.set('key', token())
  backend.delete.mockResolvedValueOnce(false)
  expect(await store.delete('key', 1)).toBe(false)
  expect(await store.delete('key', 1)).toBe(true)
})

it('the options of keyvStore name the keys: a prefix, and a hash that every backend accepts', async () => {
  const backend = watched()
  await keyvStore(backend).set('a key\nthat no Memcache would take: 文', token())
  await keyvStore(backend, { prefix: 'mine:' }).set('key', token())
  const [first, second] = [...backend.kept.keys()]
  expect(first).toMatch(PLAIN_KEY)
  expect(second).toMatch(/^mine:[\da-f]{64}$/)
})

it.each<[string, unknown, unknown, RegExp]>([
  ['no Keyv', undefined, {}, /^keyv must be a Keyv/],
  ['what cannot set or delete', { get() {} }, {}, /^keyv must be a Keyv/],
  ['a prefix that is no text', new Keyv(), { prefix: 1 }, /^prefix must be a string/],
  ['a passphrase', new Keyv(), { encryptionKey: 'planted' }, /^encryptionKey .*openssl/],
  ['a key variable that is not set', new Keyv(), { encryptionKey: undefined }, /undefined/],
  ['an unknown key', new Keyv(), { ttl: 5 }, /^Unknown key 'ttl' in options of keyvStore/],
])('the options of keyvStore refuse %s', (_what, keyv, options, message) => {
  const make = () => keyvStore(keyv as KeyvLike, options as object)
  expect(make).toThrow(expect.objectContaining({ code: 'bad_options' }))
  expect(make).toThrow(message)
  expect(make).not.toThrow(/planted/)
})
