import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { excerpt, scrubbedCopy, scrubber, withoutQueries } from '../../src/core/redact.js'
import { withoutEndSlashes } from '../../src/core/url.js'
import { createTokenSource, memoryStore, selfBuilt } from '../../src/index.js'
import { judgeDestinations } from '../../src/request/destination.js'
import { APP } from '../support/qyapi.js'

const MEGABYTE = 1_000_000
const SECRET = 'planted-secret_0123456789'
const LONG = { blanks: ' ', commas: ', ', slashes: '/', urls: 'http://', secrets: `${SECRET} ` }
const long = (text: string) => text.repeat(MEGABYTE / text.length)

describe('a text of a server is cut before any pattern sees it', () => {
  it.each(Object.entries(LONG))('an errmsg that is a megabyte of %s', async (_name, text) => {
    const body = JSON.stringify({ errcode: 40068, errmsg: `said ${long(text)}` })
    const transport = async () => ({ status: 200, body })
    const source = createTokenSource(selfBuilt({ ...APP, corpSecret: SECRET }), { transport })
    const error = await source.get().catch((failed) => failed)
    expect(error.message).toContain('40068 said')
    expect(error.message.length).toBeLessThan(500)
    expect(error.message).not.toContain('planted')
  })

  it.each(Object.entries(LONG))('a network error that tells a megabyte of %s', async (_n, text) => {
    const transport = () => Promise.reject(new Error(`no ${long(text)}`))
    const source = createTokenSource(selfBuilt({ ...APP, corpSecret: SECRET }), { transport })
    const error = await source.get().catch((failed) => failed)
    expect(error.cause.message.length).toBeLessThanOrEqual(2_000)
    expect(error.cause.stack.length).toBeLessThanOrEqual(10_000)
    expect(error.message.length).toBeLessThan(2_500)
  })

  it('a failure of a store', async () => {
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

  it('and what the pattern sees is never longer than 20,000 characters', () => {
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
    'and the cut leaves no piece of a secret: %i characters before it',
    (length) => {
      const text = `${'x'.repeat(length)}${SECRET.repeat(2)}`
      expect(excerpt(text, scrubber([SECRET]), 50_000)).not.toContain('pl')
    },
  )
})

describe('an address that is long takes as many steps as it has characters', () => {
  it('with slashes inside of it', () => {
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
  ])('and a password with awkward characters does not show: %s', (text, expected) => {
    expect(withoutQueries(`no ${text}`)).toBe(`no ${expected}`)
  })
})

describe('the patterns of the source', () => {
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

  it('begin with nothing that may be of any length: each place of a text would be one to begin at', () => {
    expect(patterns.length).toBeGreaterThan(15)
    const UNIT = String.raw`(?:\\.|\[(?:\\.|[^\]])*\]|[^\\[\]()^$|])`
    const beginsWithAny = new RegExp(`^(?:${UNIT}[?])?${UNIT}(?:[*+]|\\{\\d+,\\})`)
    // The second has to be followed by nothing: then each match goes to the end of the repetition.
    const harmless = (source: string) => new RegExp(`^${UNIT}(?:[*+]|\\{\\d+,\\})$`).test(source)
    const slow = patterns.filter(([, source]) => beginsWithAny.test(source) && !harmless(source))
    expect(slow).toEqual([])
  })
})
