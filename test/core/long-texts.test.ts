import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { excerpt, scrubbedCopy, scrubber, withoutQueries } from '../../src/core/redact.js'
import { withoutEndSlashes } from '../../src/core/url.js'
import { createTokenSource, memoryStore, selfBuilt } from '../../src/index.js'
import { judgeDestinations } from '../../src/request/destination.js'
import { APP } from '../support/qyapi.js'

const MEGABYTE = 1_000_000
const SECRET = 'planted-secret_0123456789'
const LONG = { blanks: ' ', commas: ', ', slashes: '/', urls: 'http://', secrets: `${SECRET} ` }
const long = (text: string) => text.repeat(MEGABYTE / text.length)

it.each(Object.entries(LONG))(
  'request rule 9: an errmsg that is a megabyte of %s is cut before any pattern sees it',
  async (_name, text) => {
    const body = JSON.stringify({ errcode: 40068, errmsg: `said ${long(text)}` })
    const transport = async () => ({ status: 200, body })
    const source = createTokenSource(selfBuilt({ ...APP, corpSecret: SECRET }), { transport })
    const error = await source.get().catch((failed) => failed)
    expect(error.message).toContain('40068 said')
    expect(error.message.length).toBeLessThan(500)
    expect(error.message).not.toContain('planted')
  },
)

it.each(Object.entries(LONG))(
  'request rule 9: the message of a network error that is a megabyte of %s is cut before any pattern sees it',
  async (_n, text) => {
    const transport = () => Promise.reject(new Error(`no ${long(text)}`))
    const source = createTokenSource(selfBuilt({ ...APP, corpSecret: SECRET }), { transport })
    const error = await source.get().catch((failed) => failed)
    expect(error.cause.message.length).toBeLessThanOrEqual(2_000)
    expect(error.cause.stack.length).toBeLessThanOrEqual(10_000)
    expect(error.message.length).toBeLessThan(2_500)
  },
)

it('request rule 9: the message of a store’s failure is cut before any pattern sees it', async () => {
  const messages: string[] = []
  const { set, delete: remove } = memoryStore()
  const store = { set, delete: remove, get: () => Promise.reject(new Error(long('http://'))) }
  const body = JSON.stringify({ access_token: 'token', expires_in: 7200 })
  const source = createTokenSource(selfBuilt(APP), {
    store: store as never,
    transport: async () => ({ status: 200, body }),
    onEvent: (event) => event.type === 'store_error' && messages.push(event.message),
  })
  await source.get()
  expect(messages.length).toBeGreaterThan(0)
  for (const message of messages) expect(message.length).toBeLessThanOrEqual(2_000)
})

it('request rule 9: a pattern never sees more than 20,000 characters of a text', () => {
  const seen: number[] = []
  const scrub = (text: string) => {
    seen.push(text.length)
    return text
  }
  const error = new Error(long('x'), { cause: new Error(long('y')) })
  scrubbedCopy(Object.assign(error, { name: long('n'), code: long('c') }), scrub)
  excerpt(long('z'), scrub)
  expect(seen.length).toBeGreaterThan(5)
  expect(Math.max(...seen)).toBeLessThanOrEqual(20_000)
})

it.each([19_990, 19_999, 20_000, 20_001, 40_000])(
  'request rule 9: cutting a text leaves no piece of a secret that stands after %i characters',
  (length) => {
    const text = `${'x'.repeat(length)}${SECRET.repeat(2)}`
    expect(excerpt(text, scrubber([SECRET]), 50_000)).not.toContain('pl')
  },
)

it('a long address with slashes inside of it takes as many steps as it has characters', () => {
  const path = `${'/'.repeat(MEGABYTE)}x`
  expect(withoutEndSlashes(path)).toBe(path)
  expect(withoutEndSlashes(`/x${'/'.repeat(MEGABYTE)}`)).toBe('/x')
  const judge = judgeDestinations('https://qyapi.weixin.qq.com', [])
  expect(judge(`https://qyapi.weixin.qq.com/cgi-bin/${path}`)?.endpoint).toBe('x')
})

it.each([
  ['redis://:pa/ss@host:6379', 'redis://[hidden]'],
  ['redis://user:pa?ss@host', 'redis://[hidden]'],
  ['redis://user:pa#ss@host', 'redis://[hidden]'],
  ['https://host:8443/@scope/name?key=1', 'https://host:8443/@scope/name'],
  ['https://host/@scope/name', 'https://host/@scope/name'],
])('request rule 9: a password with awkward characters does not show: %s', (text, expected) => {
  expect(withoutQueries(`no ${text}`)).toBe(`no ${expected}`)
})

const SRC = new URL('../../src/', import.meta.url)
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.ts'),
)
/** The text of each pattern that is written as a literal. */
const patterns = files.flatMap((path) => {
  const text = readFileSync(new URL(path, SRC), 'utf8')
  const literals = text.matchAll(
    /(?<=[(=,?:]\s*|return )\/((?:\\.|\[(?:\\.|[^\]])*\]|[^/\n[\\*])(?:\\.|\[(?:\\.|[^\]])*\]|[^/\n[\\])*)\/[a-z]*/g,
  )
  return [...literals].map(([, source = '']) => [path, source] as const)
})

it('no pattern of src begins with a repetition without limit, which could begin at each place of a text', () => {
  expect(patterns.length).toBeGreaterThan(15)
  const UNIT = String.raw`(?:\\.|\[(?:\\.|[^\]])*\]|[^\\[\]()^$|])`
  const beginsWithAny = new RegExp(`^(?:${UNIT}[?])?${UNIT}(?:[*+]|\\{\\d+,\\})`)
  // The second has to be followed by nothing: then each match goes to the end of the repetition.
  const harmless = (source: string) => new RegExp(`^${UNIT}(?:[*+]|\\{\\d+,\\})$`).test(source)
  const slow = patterns.filter(([, source]) => beginsWithAny.test(source) && !harmless(source))
  expect(slow).toEqual([])
})
