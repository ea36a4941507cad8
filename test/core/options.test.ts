import { expect, it } from 'vitest'
import { check, isPlainObject } from '../../src/core/check.js'
import { QyapiTokenError } from '../../src/core/errors.js'
import {
  checkMiddlewareOptions,
  isOptionName,
  type SourceOptions,
  sourceSettings,
} from '../../src/core/options.js'
import { platform } from '../../src/core/platform.js'
import { urlOf } from '../../src/core/url.js'
import { memoryStore } from '../../src/index.js'
import { fakeClock } from '../../src/testing.js'

function messageOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof QyapiTokenError && error.code === 'bad_options') return error.message
    throw error
  }
  return ''
}
const ofSource = (options: object) =>
  messageOf(() => sourceSettings(options as SourceOptions, platform))
const ofMiddleware = (options: object) =>
  messageOf(() => checkMiddlewareOptions(options, { makesSource: true }))

const BASE_URL =
  "an absolute http(s) URL without user, query or hash, e.g. 'https://qyapi.weixin.qq.com'"
const TIMER = 'a number of milliseconds above 0, at most 2147483647 (the longest timer)'
const STORE = 'a token store'
const CLOCK = 'an object with wall(), monotonic() and after()'
const ORIGINS = "an array of origins, e.g. ['https://proxy.example.com']"

it.each<SourceOptions>([
  { baseUrl: 'https://qyapi.weixin.qq.com' },
  { baseUrl: 'http://10.0.0.1:8080/wecom/' },
  { maxAgeMs: 0.5 },
  { refreshAheadMs: 0 },
  { refreshBudget: 0 },
  { endpointCooldownMs: 0 },
  { tokenTimeoutMs: 1 },
  { tokenTimeoutMs: 2 ** 31 - 1 },
  { tokenInvalidErrcodes: [] },
  { tokenInvalidErrcodes: [42009, -1] },
  { store: memoryStore() },
  { clock: fakeClock() },
  { onEvent: () => {} },
  { transport: async () => ({ status: 200, body: '' }) },
])('a right option of a source is accepted: %o', (options) => {
  expect(ofSource(options)).toBe('')
  expect(ofMiddleware(options)).toBe('')
})

const { get, set } = memoryStore()
const { wall, monotonic, after } = fakeClock()
it.each<[string, unknown, string, string]>([
  ['baseUrl', '', BASE_URL, "''"],
  ['baseUrl', 'qyapi.weixin.qq.com', BASE_URL, 'a string of 19 characters'],
  ['baseUrl', 'ftp://a.example', BASE_URL, 'a string of 15 characters'],
  ['baseUrl', 'httpss://a.example', BASE_URL, 'a string of 18 characters'],
  ['baseUrl', 'xhttp://a.example', BASE_URL, 'a string of 17 characters'],
  ['baseUrl', 'https://user@a.example', BASE_URL, 'a string of 22 characters'],
  ['baseUrl', 'https://:pass@a.example', BASE_URL, 'a string of 23 characters'],
  ['baseUrl', 'https://a.example?x=1', BASE_URL, 'a string of 21 characters'],
  ['baseUrl', 'https://a.example#x', BASE_URL, 'a string of 19 characters'],
  ['baseUrl', new URL('https://a.example'), BASE_URL, 'an object'],
  ['maxAgeMs', 0, 'a number of milliseconds above 0', '0'],
  ['maxAgeMs', Number.POSITIVE_INFINITY, 'a number of milliseconds above 0', 'Infinity'],
  ['tokenTimeoutMs', '1', TIMER, 'a string of 1 character'],
  ['tokenTimeoutMs', 2 ** 31, TIMER, '2147483648'],
  ['refreshAheadMs', -1, 'a number from 0 up', '-1'],
  ['refreshBudget', Number.NaN, 'a number from 0 up', 'NaN'],
  ['tokenInvalidErrcodes', { length: 0 }, 'an array of errcodes', 'an object'],
  ['tokenInvalidErrcodes', [42001, '42009'], 'an array of errcodes', 'an array'],
  ['tokenInvalidErrcodes', [0.5], 'an array of errcodes', 'an array'],
  ['store', null, STORE, 'null'],
  ['store', 'redis', STORE, 'a string of 5 characters'],
  ['store', { get, set }, STORE, 'an object'],
  ['store', { get, set, delete: true }, STORE, 'an object'],
  ['store', Object.assign(() => {}, { get, set, delete: get }), STORE, 'a function'],
  ['clock', { wall, monotonic }, CLOCK, 'an object'],
  ['clock', { after }, CLOCK, 'an object'],
  ['transport', {}, 'a transport, e.g. fetchTransport(fetch)', 'an object'],
  ['onEvent', 1, 'a function', '1'],
])(
  'a wrong option of a source is refused with its name, the expectation and the value: %s given as %o',
  (name, given, expected, shown) => {
    const message = `${name} must be ${expected}, got ${shown}.`
    expect(ofSource({ [name]: given })).toBe(message)
    expect(ofMiddleware({ [name]: given })).toBe(message)
  },
)

it.each<object>([
  { trustedOrigins: [] },
  { trustedOrigins: ['https://a.example', 'http://10.0.0.1:8080/'] },
  { callerToken: 'keep' },
  { callerToken: 'replace' },
])('an option of a middleware is accepted: %o', (options) => {
  expect(ofMiddleware(options)).toBe('')
  expect(messageOf(() => checkMiddlewareOptions(options, { makesSource: false }))).toBe('')
})

it.each<[unknown, string]>([
  ['https://a.example', 'a string of 17 characters'],
  [['https://a.example', 'a.example'], 'an array'],
  [['https://a.example/path'], 'an array'],
  [['https://user@a.example'], 'an array'],
  [['file:///'], 'an array'],
  [['data:x'], 'an array'],
  [[new URL('https://a.example')], 'an array'],
  [[7], 'an array'],
])('an option of a middleware is refused if trustedOrigins is %o', (given, shown) => {
  expect(ofMiddleware({ trustedOrigins: given })).toBe(
    `trustedOrigins must be ${ORIGINS}, got ${shown}.`,
  )
})

it.each(['drop', true, ''])(
  'an option of a middleware is refused if callerToken is %j',
  (given) => {
    expect(ofMiddleware({ callerToken: given })).toMatch(
      /^callerToken must be 'keep' or 'replace', got /,
    )
  },
)

it('an option of a middleware is not an option of a source', () => {
  expect(ofSource({ callerToken: 'keep' })).toBe(
    "Unknown key 'callerToken' in options: it belongs to attachToken or withToken.",
  )
})

it('an option of a middleware of one middleware is unknown to the other', () => {
  const more = { axios: [() => true, 'axios'] } as const
  expect(messageOf(() => checkMiddlewareOptions({ axios: 1 }, { makesSource: false, more }))).toBe(
    '',
  )
  expect(ofMiddleware({ axios: 1 })).toMatch(
    /^Unknown key 'axios' in options: known are baseUrl, maxAgeMs, .*, onEvent, waitUntil, clock, trustedOrigins, callerToken, endpoints\.$/,
  )
})

it('an option of a middleware that belongs to the source is refused if the source is given, except onEvent', () => {
  const given = (options: object) =>
    messageOf(() => checkMiddlewareOptions(options, { makesSource: false }))
  expect(given({ maxAgeMs: 1 })).toBe(
    "Unknown key 'maxAgeMs' in options: it belongs to the source: pass it to createTokenSource.",
  )
  expect(given({ onEvent: () => {} })).toBe('')
  expect(given({ nonsense: 1 })).toBe(
    "Unknown key 'nonsense' in options: known are limits, onEvent, trustedOrigins, callerToken, endpoints.",
  )
})

it('options may be missing or undefined', () => {
  expect(messageOf(() => check(undefined, {}, 'options'))).toBe('')
  expect(ofSource({ maxAgeMs: undefined, store: undefined })).toBe('')
})

it.each([
  [null, 'null'],
  ['text', 'a string of 4 characters'],
  [[], 'an array'],
  [new Map(), 'an object'],
])('options must be a plain object: %o', (given, shown) => {
  expect(messageOf(() => check(given, {}, 'here'))).toBe(`here must be an object, got ${shown}.`)
})

it.each(['toString', '__proto__x', 'constructor'])(
  'options do not accept the inherited key %s',
  (key) => {
    expect(messageOf(() => check({ [key]: 1 }, { a: [() => true, ''] }, 'here'))).toBe(
      `Unknown key '${key}' in here: known are a.`,
    )
  },
)

it('options are recognized by name', () => {
  for (const name of ['baseUrl', 'clock', 'trustedOrigins', 'callerToken']) {
    expect(isOptionName(name)).toBe(true)
  }
  for (const name of ['corpId', 'toString']) expect(isOptionName(name)).toBe(false)
})

const defaults = {
  baseUrl: 'https://qyapi.weixin.qq.com',
  maxAgeMs: 7_000_000,
  refreshAheadMs: 300_000,
  tokenTimeoutMs: 10_000,
  tokenInvalidErrcodes: [],
  refreshBudget: 20,
  endpointCooldownMs: 30_000,
  clock: platform.clock,
  transport: platform.transport,
  hash: platform.hash,
  random: platform.random,
  nonce: platform.nonce,
  hourlyCalls: platform.hourlyCalls,
  processName: platform.processName,
  channel: platform.channel('qyapi-token'),
}

it('the settings of a source are the defaults and the platform', () => {
  expect(sourceSettings({}, platform)).toEqual(defaults)
})

it('the settings of a source are the given options instead of the defaults', () => {
  const given: SourceOptions = {
    baseUrl: 'https://proxy.example',
    maxAgeMs: 1,
    refreshAheadMs: 0,
    tokenTimeoutMs: 2,
    tokenInvalidErrcodes: [42009],
    refreshBudget: 0,
    endpointCooldownMs: 0,
    store: memoryStore(),
    transport: async () => ({ status: 200, body: '' }),
    clock: fakeClock(),
    onEvent: () => {},
  }
  expect(sourceSettings(given, platform)).toEqual({ ...defaults, ...given })
})

it('the settings of a source keep their default for undefined', () => {
  const undefineds = { maxAgeMs: undefined, store: undefined, clock: undefined }
  expect(sourceSettings(undefineds as never, platform)).toEqual(defaults)
})

it.each<[string, unknown, boolean]>([
  ['one', { a: 1 }, true],
  ['one without a prototype', Object.create(null), true],
  ['an array', [], false],
  ['an instance', new Date(), false],
  ['null', null, false],
  ['a text', 'text', false],
  ['a function', () => {}, false],
])('a value is %s: %3$s', (_name, value, expected) => {
  expect(isPlainObject(value)).toBe(expected)
})

it('a url is parsed from text, or undefined', () => {
  expect(urlOf('https://a.example/b')?.pathname).toBe('/b')
  expect(urlOf('a.example')).toBeUndefined()
})

const rule = { path: 'openhw/', token: 'model' }

it.each([rule, { ...rule, parameter: 'model_access_token' }, { ...rule, parameter: undefined }])(
  'a path of the option endpoints may be %j',
  (good) => {
    expect(ofMiddleware({ endpoints: [good] })).toBe('')
  },
)

it.each<[string, unknown]>([
  ['nothing', null],
  ['a text', 'openhw/'],
  ['without a path', { token: 'model' }],
  ['an empty path', { ...rule, path: '' }],
  ['a path that is no text', { ...rule, path: 7 }],
  ['a path from the root', { ...rule, path: '/cgi-bin/openhw' }],
  ['without a kind', { path: 'openhw/' }],
  ['a kind that there is not', { ...rule, token: 'hardware' }],
  ['a parameter without a name', { ...rule, parameter: '' }],
  ['a key that it does not know', { ...rule, method: 'GET' }],
])('a path of the option endpoints is refused if it is %s', (_what, wrong) => {
  expect(ofMiddleware({ endpoints: [rule, wrong] })).toMatch(
    /^endpoints must be an array of \{ path, token \}, path without '\/cgi-bin\/', token one of /,
  )
})
