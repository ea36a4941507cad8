import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { memoryStore, type StoredToken, type TokenStore } from '../../src/index.js'
import { encryptedStore } from '../../src/sharing/encrypted-store.js'
import { leaseContract, storeContract } from '../../src/testing.js'

const KEY = randomBytes(32)
const OTHER = randomBytes(32)
const token = (generation = 1, value = 'planted-token'): StoredToken => ({
  value,
  generation,
  ageMs: 0,
  expiresInMs: 60_000,
})

/** What the inner store holds under a key, as its own clients see it. */
async function storedIn(inner: TokenStore, key = 'key'): Promise<StoredToken> {
  return (await inner.get(key)) ?? expect.fail('nothing was kept')
}

async function changedIn(inner: TokenStore, change: (value: string) => string): Promise<void> {
  const stored = await storedIn(inner)
  await inner.delete('key', stored.generation)
  await inner.set('key', { ...stored, value: change(stored.value) })
}

describe('an encrypted store', () => {
  const open = () => encryptedStore(memoryStore(), KEY)
  for (const { name, run } of storeContract(open)) it(name, run)
  for (const { name, run } of leaseContract(open)) it(name, run)

  it('rule 14: an encrypted store has a lease only if the inner store has one', () => {
    const { lease: _lease, ...inner } = memoryStore()
    expect(encryptedStore(inner, KEY)).not.toHaveProperty('lease')
  })

  it('rule 14: an encrypted store stores no readable token, and never the same text twice', async () => {
    const inner = memoryStore()
    const store = encryptedStore(inner, KEY)
    const seen = new Set<string>()
    for (let generation = 1; generation <= 20; generation += 1) {
      await store.set('key', token(generation))
      const { value } = await storedIn(inner)
      expect(value).toMatch(/^sealed:1:[\w+/]+=*$/)
      expect(Buffer.from(value.slice(9), 'base64').toString('latin1')).not.toContain('planted')
      seen.add(value)
    }
    expect(seen.size).toBe(20)
  })

  it('rule 14: an encrypted store keeps a byte order mark and non-Latin characters', async () => {
    const store = encryptedStore(memoryStore(), KEY)
    await store.set('key', token(1, '\uFEFF文🔑'))
    expect(await store.get('key')).toMatchObject({ value: '\uFEFF文🔑' })
  })
})

describe('an encrypted store treats as absent', () => {
  const isBroken: Record<string, (value: string) => string> = {
    'a value that was never sealed': () => 'plain-token',
    'a value of another format': (value) => value.replace('sealed:1:', 'sealed:2:'),
    'a text that is no base64': () => 'sealed:1:*',
    'an empty seal': () => 'sealed:1:',
    'half a seal': (value) => value.slice(0, 24),
    'a seal with one bit changed': (value) => {
      const bytes = Buffer.from(value.slice(9), 'base64')
      bytes[20] = (bytes[20] ?? 0) ^ 1
      return `sealed:1:${bytes.toString('base64')}`
    },
  }
  for (const [what, change] of Object.entries(isBroken)) {
    it(what, async () => {
      const inner = memoryStore()
      const store = encryptedStore(inner, KEY)
      await store.set('key', token())
      await changedIn(inner, change)
      expect(await store.get('key')).toBeUndefined()
    })
  }

  it('rule 14: an encrypted store treats as absent a value that was copied to another key', async () => {
    const inner = memoryStore()
    const store = encryptedStore(inner, KEY)
    await store.set('key', token())
    await inner.set('other key', await storedIn(inner))
    expect(await store.get('other key')).toBeUndefined()
  })

  it('rule 14: an encrypted store treats as absent a value that was encrypted with another key', async () => {
    const inner = memoryStore()
    await encryptedStore(inner, OTHER).set('key', token())
    expect(await encryptedStore(inner, KEY).get('key')).toBeUndefined()
  })

  it('rule 14: an encrypted store treats as absent an unreadable value, which a token of a lower generation replaces', async () => {
    const inner = memoryStore()
    await encryptedStore(inner, OTHER).set('key', token(57))
    const store = encryptedStore(inner, KEY)
    expect(await store.set('key', token(1, 'new'))).toBe(true)
    expect(await store.get('key')).toMatchObject({ value: 'new', generation: 1 })
  })

  it('rule 15: an encrypted store writes nothing that a newer lease fences off', async () => {
    const inner = memoryStore()
    await encryptedStore(inner, OTHER).set('key', token(57))
    const store = encryptedStore(inner, KEY)
    const request = { holder: 'a', forMs: 60_000, takeOverMs: 60_000, above: 60 }
    expect(await store.lease?.acquire('key', request)).toEqual({ number: 61 })
    expect(await store.set('key', token(1, 'late'))).toBe(false)
    expect(await store.get('key')).toBeUndefined()
  })
})

const REQUEST = { holder: 'a', forMs: 60_000, takeOverMs: 60_000, above: 0 }
const leaseOf = (store: TokenStore) => store.lease ?? expect.fail('no lease')

it('the lease of an encrypted store is given if the stored token was encrypted with another key', async () => {
  const inner = memoryStore()
  await encryptedStore(inner, OTHER).set('key', token(57))
  const store = encryptedStore(inner, KEY)
  expect(await leaseOf(store).acquire('key', REQUEST)).toEqual({ number: 58 })
  expect(await leaseOf(store).publish('key', token(58, 'new'), { number: 58 })).toBe(true)
  expect(await store.get('key')).toMatchObject({ value: 'new' })
})

it('a lease of an encrypted store encrypts its failure, and ignores a failure that it cannot decrypt', async () => {
  const inner = memoryStore()
  const failure = { value: 'planted-failure', leftMs: 60_000 }
  const store = encryptedStore(inner, KEY)
  const { number = 0 } = await leaseOf(store).acquire('key', REQUEST)
  await leaseOf(store).release('key', { number, failure })
  const { failure: kept } = await leaseOf(inner).acquire('key', REQUEST)
  expect(kept?.value).toMatch(/^sealed:1:/)
  const { failure: opened } = await leaseOf(store).acquire('key', REQUEST)
  expect(opened?.value).toBe('planted-failure')
  const other = await leaseOf(encryptedStore(inner, OTHER)).acquire('key', REQUEST)
  expect(other.failure?.value).toBe('')
})

it('rule 15: an encrypted store deletes exactly the given token, and no other of its generation', async () => {
  const store = encryptedStore(memoryStore(), KEY)
  await store.set('key', token(1, 'mine'))
  expect(await store.delete('key', 1, 'another one’s')).toBe(false)
  expect(await store.delete('key', 2, 'mine')).toBe(false)
  expect(await store.delete('key', 1, 'mine')).toBe(true)
})

it('rule 14: encryptionKey is 32 bytes: raw, in base64, in base64url or in hex', async () => {
  const inner = memoryStore()
  // In base64 it has both of the letters that base64url spells otherwise.
  const bytes = Buffer.alloc(32, Buffer.from('+/k=', 'base64'))
  await encryptedStore(inner, bytes).set('key', token())
  expect(bytes.toString('base64url')).toMatch(/-.*_/)
  const spellings = [
    new Uint8Array(bytes),
    bytes.toString('base64'),
    ` ${bytes.toString('base64')}\n`,
    bytes.toString('base64url'),
    bytes.toString('hex'),
    ` ${bytes.toString('hex')}\n`,
    bytes.toString('hex').toUpperCase(),
  ]
  for (const spelling of spellings) {
    expect(await encryptedStore(inner, spelling).get('key')).toMatchObject({
      value: 'planted-token',
    })
  }
})

it('rule 14: encryptionKey is rotated with a list: the first encrypts, each of them decrypts', async () => {
  const inner = memoryStore()
  await encryptedStore(inner, OTHER).set('key', token(1, 'old'))
  const rotating = encryptedStore(inner, [KEY, OTHER])
  expect(await rotating.get('key')).toMatchObject({ value: 'old' })
  await rotating.set('key', token(2, 'new'))
  expect(await encryptedStore(inner, KEY).get('key')).toMatchObject({ value: 'new' })
  expect(await encryptedStore(inner, OTHER).get('key')).toBeUndefined()
})

it('rule 14: encryptionKey is copied: later changes of the bytes have no effect', async () => {
  const inner = memoryStore()
  const bytes = new Uint8Array(KEY)
  const store = encryptedStore(inner, bytes)
  bytes.fill(0)
  await store.set('key', token())
  expect(await encryptedStore(inner, KEY).get('key')).toBeDefined()
})

it.each<[string, unknown]>([
  ['a passphrase', 'planted passphrase'],
  ['a passphrase of 32 letters', 'planted-passphrase-of-32-letters'],
  ['16 bytes', randomBytes(16)],
  ['33 bytes in base64', randomBytes(33).toString('base64')],
  ['31 bytes in hex', randomBytes(31).toString('hex')],
  ['hex with a letter before it', `x${KEY.toString('hex')}`],
  ['hex with a letter after it', `${KEY.toString('hex')}x`],
  ['an empty list', []],
  ['a list with one that is none', [KEY, 'planted']],
  ['an array of numbers', Array.from(KEY)],
  ['nothing', undefined],
])(
  'rule 14: encryptionKey is refused if it is %s, and the error says how to create one',
  (_what, key) => {
    const make = () => encryptedStore(memoryStore(), key as string)
    expect(make).toThrow(
      expect.objectContaining({
        code: 'bad_options',
        message: expect.stringMatching(
          /^encryptionKey must be 32 random bytes as base64, hex or Uint8Array, .*openssl rand -base64 32/,
        ),
      }),
    )
    expect(make).not.toThrow(/planted/)
  },
)

it('rule 14: encryptionKey is not printed with the store, nor in the store’s errors', async () => {
  const failure = vi.fn(async () => {
    throw new Error('connection lost')
  })
  const inner: TokenStore = { get: failure, set: failure, delete: failure }
  const text = KEY.toString('base64')
  const store = encryptedStore(inner, text)
  const error = await store.set('key', token()).catch((caught) => caught)
  for (const value of [store, error, error.stack]) {
    const printed = inspect(value, { depth: 10, showHidden: true })
    for (const secret of [text, 'planted-token']) expect(printed).not.toContain(secret)
  }
  expect(error.message).toBe('connection lost')
  expect(JSON.stringify(failure.mock.calls)).not.toContain('planted-token')
})
