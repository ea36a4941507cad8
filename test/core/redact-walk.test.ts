import { EventEmitter } from 'node:events'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { tokenScrubber } from '../../src/core/redact.js'
import { type Redaction, redacted } from '../../src/core/redact-walk.js'
import { printed } from '../support/printed.js'

const TOKEN = 'planted-token_0123456789'
const URL_WITHOUT = 'https://qyapi.weixin.qq.com/cgi-bin/user/get?userid=u'
const URL_WITH = `${URL_WITHOUT}&access_token=${TOKEN}`
const scrub = tokenScrubber(TOKEN, ['access_token', 'corp_token'])
const cleaned = <T>(value: T, more: Partial<Redaction> = {}): T =>
  redacted(value, { scrub, ...more })

/** In whatever way it is printed. */
const shows = (value: unknown) =>
  `${printed(value)}${inspect(value, { depth: 10, showHidden: true, getters: true })}`.includes(
    TOKEN,
  )

it.each([
  [URL_WITH, URL_WITHOUT],
  [`GET ${URL_WITH} failed`, `GET ${URL_WITHOUT} failed`],
  [`<${URL_WITH}>; rel="next"`, `<${URL_WITHOUT}>; rel="next"`],
  [`/get?access_token=${TOKEN}&a=1#top`, '/get?a=1#top'],
  [`/get?a=1&corp_token=${TOKEN}&b=2`, '/get?a=1&b=2'],
  [`/get?corp_token=${TOKEN}`, '/get'],
  [`/get?own_token=${TOKEN}`, '/get?own_token=[hidden]'],
  [encodeURIComponent(URL_WITH), `${encodeURIComponent(URL_WITHOUT)}%26access_token%3D[hidden]`],
  [`/get?access_token=${TOKEN.replaceAll('-', '%2D').replaceAll('_', '%5f')}`, '/get'],
  [`token ${TOKEN}.`, 'token [hidden].'],
  ['nothing at 100%', 'nothing at 100%'],
])(
  'request rule 9: a text loses the token, and reads as it would without us: %s',
  (text, expected) => {
    expect(cleaned(text)).toBe(expected)
  },
)

class Options {
  url = URL_WITH
  nested = { list: [[URL_WITH]] }
}
const withMore = (more: object) => Object.assign(new Error('failed'), more)
const causes = (depth: number): Error =>
  new Error(depth === 0 ? URL_WITH : 'failed', depth === 0 ? {} : { cause: causes(depth - 1) })

it.each<[string, unknown]>([
  ['its message and stack', new Error(URL_WITH)],
  ['a URL', withMore({ at: new URL(URL_WITH) })],
  ['a query', withMore({ query: new URL(URL_WITH).searchParams })],
  ['headers', withMore({ headers: new Headers({ link: URL_WITH }) })],
  ['an array', withMore({ args: ['GET', URL_WITH] })],
  ['the instance of a class', withMore({ options: new Options() })],
  ['a Map', withMore({ calls: new Map<unknown, unknown>([[URL_WITH, { url: URL_WITH }]]) })],
  ['a Set', withMore({ calls: new Set([URL_WITH]) })],
  ['a ninth cause', causes(9)],
  ['what it gathers', new AggregateError([new Error(URL_WITH), URL_WITH], 'all failed')],
  [
    'a getter of its own',
    Object.defineProperty(new Error('failed'), 'url', {
      get: () => URL_WITH,
      enumerable: true,
      configurable: true,
    }),
  ],
  ['a symbol', withMore({ [Symbol('url')]: URL_WITH })],
  [
    'a property that is not enumerable',
    Object.defineProperty(new Error('failed'), 'url', {
      value: URL_WITH,
      configurable: true,
    }),
  ],
  ['a name', Object.assign(new Error('failed'), { name: URL_WITH })],
  ['an object without a prototype', Object.assign(Object.create(null), { url: URL_WITH })],
])('request rule 9: an error shows no token in %s', (_name, error) => {
  expect(cleaned(error)).toBe(error)
  expect(shows(error)).toBe(false)
})

it('request rule 9: a frozen error is replaced by a copy of its class that reads the same, without the token', () => {
  const details = Object.freeze({
    list: Object.freeze([URL_WITH]),
    other: Object.freeze({ a: 1 }),
  })
  const error = Object.freeze(Object.assign(new TypeError(`no ${URL_WITH}`), { details, a: 1 }))
  const copy = cleaned(error)
  expect(shows(copy)).toBe(false)
  expect(copy).toBeInstanceOf(TypeError)
  expect(copy).toMatchObject({ message: `no ${URL_WITHOUT}`, a: 1, name: 'TypeError' })
  expect(copy.details).toEqual({ list: [URL_WITHOUT], other: { a: 1 } })
  expect(copy.details.other).toBe(details.other)
  expect(error.message).toContain(TOKEN)
})

it('request rule 9: an error stays the same object if the token stands in a frozen object that something open holds', () => {
  const error = withMore({ details: Object.freeze({ url: URL_WITH }) })
  expect(cleaned(error)).toBe(error)
  expect(error).toMatchObject({ details: { url: URL_WITHOUT } })
})

it('request rule 9: the walk leaves an error that shows nothing as it is, to the last property', () => {
  const error = Object.assign(new DOMException('aborted'), { at: new Map([['a', {}]]) })
  const before = Object.getOwnPropertyDescriptors(error)
  expect(cleaned(error)).toBe(error)
  expect(Object.getOwnPropertyDescriptors(error)).toEqual(before)
})

it('request rule 9: the walk leaves the body of an answer as it is', () => {
  const answer = { status: 200, headers: { link: URL_WITH }, data: { url: URL_WITH } }
  expect(cleaned(answer)).toEqual({
    status: 200,
    headers: { link: URL_WITHOUT },
    data: { url: URL_WITH },
  })
})

it('request rule 9: the walk leaves the caller’s own objects as they are', () => {
  const own = { url: URL_WITH }
  const error = Object.assign(new Error('failed'), { own })
  cleaned(error, { isLeftAlone: (value) => value === own })
  expect(own.url).toBe(URL_WITH)
  expect(Object.keys(error)).toEqual(['own'])
})

it('request rule 9: live sockets and the like are hidden, and stay readable', () => {
  const socket = Object.assign(new EventEmitter(), { path: URL_WITH })
  const error = Object.assign(new Error('failed'), { socket })
  cleaned(error)
  expect(error.socket).toBe(socket)
  expect(socket.path).toBe(URL_WITH)
  expect(shows(error.stack) || Object.keys(error).includes('socket')).toBe(false)
})

it.each([undefined, null, 7, true, Symbol('x')])(
  'request rule 9: the walk leaves %s as it is',
  (value) => {
    expect(cleaned(value)).toBe(value)
  },
)

it('request rule 9: the walk survives getters, proxies and methods that throw', () => {
  const thrower = {
    get url() {
      throw new Error('no')
    },
    toJSON() {
      throw new Error('no')
    },
  }
  const proxy = new Proxy({}, { ownKeys: () => expect.fail('no') })
  expect(() => cleaned(Object.assign(new Error('failed'), { thrower, proxy }))).not.toThrow()
})

it('request rule 9: a chain of causes as long as memory holds does not overflow the stack', () => {
  let error = new Error('first')
  for (let depth = 0; depth < 50_000; depth += 1)
    error = Object.assign(new Error(), { cause: error })
  expect(() => cleaned(error)).not.toThrow()
})

it('request rule 9: the walk looks into ten thousand objects and no more', () => {
  let reads = 0
  const items = Array.from({ length: 30_000 }, () => ({
    get url() {
      reads += 1
      return 'nothing'
    },
  }))
  cleaned(Object.assign(new Error('failed'), { items }))
  expect(reads).toBeLessThanOrEqual(20_000)
  expect(reads).toBeGreaterThan(0)
})

const holders: Record<string, (inner: unknown) => unknown> = {
  cause: (inner) => new Error('outer', { cause: inner }),
  errors: (inner) => new AggregateError([1, inner], 'all'),
  key: (inner) => ({ a: 1, options: inner }),
  array: (inner) => ['GET', inner],
  map: (inner) => new Map([['call', inner]]),
  mapKey: (inner) => new Map([[inner, 1]]),
  set: (inner) => new Set([inner]),
  frozen: (inner) => Object.freeze({ inner }),
  frozenError: (inner) => Object.freeze(Object.assign(new Error('frozen'), { inner })),
  symbol: (inner) => ({ [Symbol('hidden')]: inner }),
  hidden: (inner) => Object.defineProperty({}, 'inner', { value: inner }),
  getter: (inner) => ({
    get inner() {
      return inner
    },
  }),
  instance: (inner) =>
    new (class Call {
      inner = inner
    })(),
}
const leaves: Record<string, (text: string) => unknown> = {
  text: (text) => text,
  url: (text) => new URL(text),
  query: (text) => new URL(text).searchParams,
  headers: (text) => new Headers({ location: text }),
  error: (text) => new TypeError(`cannot fetch ${text}`),
  encoded: (text) => ({ redirect: encodeURIComponent(text) }),
}

it('request rule 9: a token hidden at a random place of a random graph never shows', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...Object.keys(holders)), { maxLength: 8 }),
      fc.constantFrom(...Object.keys(leaves)),
      fc.boolean(),
      (path, leaf, isCircular) => {
        const innermost = leaves[leaf]?.(URL_WITH)
        let graph = innermost
        for (const name of path) graph = holders[name]?.(graph)
        const root = Object.assign(new Error('failed'), { graph })
        if (isCircular && typeof innermost === 'object')
          Object.assign(innermost as object, { root })
        expect(cleaned(root)).toBe(root)
        expect(reachableTexts(root).filter((text) => text.includes(TOKEN))).toEqual([])
        // Not by pino, which cannot print what is frozen.
        expect(inspect(root, { depth: 20, showHidden: true, getters: true })).not.toContain(TOKEN)
      },
    ),
    { numRuns: 300 },
  )
})

/** Every text, by a walk that shares nothing with the one that is tested. */
function reachableTexts(value: unknown, seen = new Set<unknown>()): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null || seen.has(value)) return []
  seen.add(value)
  if (value instanceof URL) return [value.href]
  if (value instanceof URLSearchParams) return [String(value)]
  if (value instanceof Headers) return [JSON.stringify([...value])]
  const held = value instanceof Map || value instanceof Set ? [...value].flat() : []
  const own = Reflect.ownKeys(value).flatMap((key) => [String(key), Reflect.get(value, key)])
  return [...held, ...own].flatMap((one) => reachableTexts(one, seen))
}
