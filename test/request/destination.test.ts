import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  apiRoot,
  asUrlReads,
  urlWithoutToken,
  withoutTokenParameters,
  withParameter,
} from '../../src/core/url.js'
import { coversClient, judgeDestinations, remembered } from '../../src/request/destination.js'
import { type EndpointRule, TOKEN_PARAMETERS } from '../../src/wecom/endpoints.js'

const NAMES = Object.values(TOKEN_PARAMETERS)
const QYAPI = 'https://qyapi.weixin.qq.com'
const judge = judgeDestinations(QYAPI, [])
const to = (path: string) => judge(`${QYAPI}/cgi-bin/${path}`)

it.each([
  ['message/send', 'app', 'access_token'],
  ['user/get', 'app', 'access_token'],
  ['corpgroup/corp/gettoken', 'app', 'access_token'],
  ['service/get_corp_token', 'suite', 'suite_access_token'],
  ['service/v2/get_permanent_code', 'suite', 'suite_access_token'],
  ['service/get_order_list', 'suite', 'suite_access_token'],
  ['service/contact/batchsearch', 'provider', 'provider_access_token'],
  ['license/create_new_order', 'provider', 'provider_access_token'],
  ['service/get_login_info', 'provider', 'access_token'],
  ['service/get_auth_info', 'suite', 'suite_access_token'],
  ['service/get_auth_information', 'app', 'access_token'],
  ['webhooks', 'app', 'access_token'],
])('request rule 2: the path %s takes the %s token as %s', (path, token, parameter) => {
  expect(to(path)).toMatchObject({ endpoint: path, token, parameter })
})

it.each([
  'gettoken',
  'service/get_suite_token',
  'service/get_provider_token',
  'openhw/get_model_token',
  'webhook/send',
  'aibot/response',
  'wedoc/smartsheet/webhook',
  'wedoc/smartsheet/webhook/add_records',
])('request rule 2: the path %s takes no token', (path) => {
  expect(to(path)).toBeUndefined()
})

it.each([
  ['https://proxy.example', true],
  ['https://proxy.example/', true],
  ['https://proxy.example/cgi-bin', true],
  ['https://proxy.example/cgi-bin/', true],
  ['https://proxy.example:443', true],
  ['https://proxy.example/wecom', false],
  ['https://proxy.example:8443', false],
])(
  'request rule 1: the base address %s makes https://proxy.example/cgi-bin/user/get a destination: %s',
  (baseUrl, expected) => {
    const destination = judgeDestinations(baseUrl, [])('https://proxy.example/cgi-bin/user/get')
    expect(destination !== undefined).toBe(expected)
  },
)

it('request rule 1: a base address of plain http on its own port works for private deployments', () => {
  const judged = judgeDestinations('http://10.0.0.1:8080/wecom/', [])
  expect(judged('http://10.0.0.1:8080/wecom/cgi-bin/user/get')).toBeDefined()
  expect(judged('http://10.0.0.1:8081/wecom/cgi-bin/user/get')).toBeUndefined()
})

it.each([
  [`${QYAPI}/cgi-bin`, true],
  [`${QYAPI}/cgi-bin/`, true],
  [`${QYAPI}/cgi-bin/user`, true],
  [QYAPI, true],
  [`${QYAPI}/other`, false],
  ['http://qyapi.weixin.qq.com/cgi-bin', false],
  ['https://user@qyapi.weixin.qq.com/cgi-bin', false],
  ['/cgi-bin', false],
  ['not a url', false],
])('request rule 1: a base address covers a client with baseURL %s: %s', (baseURL, expected) => {
  expect(coversClient(baseURL, QYAPI, [])).toBe(expected)
})

it.each([
  ['user/get', undefined],
  ['user/get?userid=access_token', undefined],
  ['user/get?my_access_token=x', undefined],
  ['user/get#access_token=x', undefined],
  ['user/get?access_token=x', 'value'],
  ['user/get?a=1&access%5Ftoken=x', 'value'],
  ['user/get?suite_access_token=x', 'value'],
  ['user/get?provider_access_token=x', 'value'],
  ['user/get?access_token=', 'empty'],
  ['user/get?access_token', 'empty'],
])('request rule 2: a token in the url %s is found: %s', (path, expected) => {
  expect(to(path)?.tokenInUrl).toBe(expected)
})

const word = fc.stringMatching(/^[\w%.~!*'()+:@/-]{0,8}$/)
const pairs = fc.array(fc.tuple(word, word), { maxLength: 4 })
const url = fc.tuple(word, pairs, fc.option(word)).map(([path, query, hash]) => {
  const text = query.map(([name, value]) => `${name}=${value}`).join('&')
  return `/p${path}${query.length > 0 ? `?${text}` : ''}${hash === null ? '' : `#${hash}`}`
})

it('request rule 1: a parameter that is added and removed again leaves the url unchanged', () => {
  fc.assert(
    fc.property(url, fc.constantFrom(...NAMES), (given, name) => {
      expect(withoutTokenParameters(withParameter(given, name, 'value'), NAMES)).toBe(given)
    }),
  )
})

it('request rule 1: a parameter that is added is read back by URL, once', () => {
  fc.assert(
    fc.property(url, fc.string(), (given, value) => {
      const added = new URL(withParameter(given, 'access_token', encodeURIComponent(value)), QYAPI)
      expect(added.searchParams.getAll('access_token')).toEqual([value])
      expect(added.pathname).toBe(new URL(given, QYAPI).pathname)
    }),
  )
})

it('request rule 1: remembered() calls the function once for each text, also if it returned undefined, and forgets in time', () => {
  const calls: string[] = []
  const judged = remembered((text: string) => {
    calls.push(text)
    return undefined
  })
  judged('a')
  judged('a')
  expect(calls).toEqual(['a'])
  for (let text = 0; text < 500; text += 1) judged(String(text))
  judged('a')
  expect(calls.filter((text) => text === 'a')).toHaveLength(2)
})

it.each([
  'not a url',
  '/cgi-bin/user/get',
  'https://user@qyapi.weixin.qq.com/cgi-bin/user/get',
  'https://:password@qyapi.weixin.qq.com/cgi-bin/user/get',
  'https://user:password@qyapi.weixin.qq.com/cgi-bin/user/get',
])('request rule 1: there is no destination for %s', (url) => {
  expect(judge(url)).toBeUndefined()
})

const trusted = ['https://proxy.example/']

it('request rule 1: a trusted origin may receive the token, and no other', () => {
  const judged = judgeDestinations(QYAPI, trusted)
  expect(judged('https://proxy.example/cgi-bin/user/get')?.endpoint).toBe('user/get')
  expect(judged(`${QYAPI}/cgi-bin/user/get`)?.endpoint).toBe('user/get')
  expect(judged('https://other.example/cgi-bin/user/get')).toBeUndefined()
})

it('request rule 1: a trusted origin covers a client', () => {
  expect(coversClient('https://proxy.example/cgi-bin', QYAPI, trusted)).toBe(true)
  expect(coversClient('https://other.example/cgi-bin', QYAPI, trusted)).toBe(false)
})

it.each([
  ['https://proxy.example', 'https://proxy.example/wecom', true],
  ['https://proxy.example/wecom', 'https://proxy.example/wecom', true],
  ['https://proxy.example/wec', 'https://proxy.example/wecom', false],
  [`${QYAPI}/cgi`, QYAPI, false],
  [`${QYAPI}/cgi-binary`, QYAPI, false],
  ['https://:password@qyapi.weixin.qq.com', QYAPI, false],
])(
  'request rule 1: a client with baseURL %s is covered by baseUrl %s: %s',
  (baseURL, baseUrl, expected) => {
    expect(coversClient(baseURL, baseUrl, [])).toBe(expected)
  },
)

it.each([
  ['https://proxy.example//', '/cgi-bin/'],
  ['https://proxy.example/wecom///', '/wecom/cgi-bin/'],
  ['https://proxy.example/cgi-bin/inner', '/cgi-bin/inner/cgi-bin/'],
  ['https://proxy.example/cgi-bin', '/cgi-bin/'],
])('request rule 1: the root of an API of %s is %s', (baseUrl, root) => {
  expect(apiRoot(baseUrl)).toEqual({ origin: 'https://proxy.example', root })
})

it('request rule 2: a url brings a token if any of its token parameters has a value', () => {
  expect(to('user/get?access_token=&access_token=x')?.tokenInUrl).toBe('value')
  expect(to('user/get?access_token=x&suite_access_token=')?.tokenInUrl).toBe('value')
})

it.each([
  ['/p', '/p?access_token=t'],
  ['/p?', '/p?access_token=t'],
  ['/p?a=1', '/p?a=1&access_token=t'],
  ['/p?a=1&', '/p?a=1&access_token=t'],
  ['/p?a=?b', '/p?a=?b&access_token=t'],
  ['/p#h', '/p?access_token=t#h'],
  ['/p?a=1#h?&', '/p?a=1&access_token=t#h?&'],
])('request rule 1: the url %s with the parameter is %s', (url, expected) => {
  expect(withParameter(url, 'access_token', 't')).toBe(expected)
})

it.each([
  ['/p', '/p'],
  ['/p#access_token=x', '/p#access_token=x'],
  ['/p?', '/p?'],
  ['/p?access_token=x', '/p'],
  ['/p?a=1&&access_token=x&b', '/p?a=1&&b'],
  ['/p?access_token=x#h?access_token=y', '/p#h?access_token=y'],
  ['/p?model_access_token=x&a=access_token=y', '/p?a=access_token=y'],
  ['/p?access_token=x\n#h\n', '/p#h\n'],
])('request rule 9: the url %j without token parameters is %j', (url, expected) => {
  expect(withoutTokenParameters(url, NAMES)).toBe(expected)
})

it('request rule 1: the cache of remembered() holds many texts at once', () => {
  const calls: string[] = []
  const judged = remembered((text: string) => {
    calls.push(text)
    return text.length
  })
  for (const text of ['a', 'bb', 'a', 'bb']) expect(judged(text)).toBe(text.length)
  expect(calls).toEqual(['a', 'bb'])
})

it('request rule 1: the cache of remembered() is cleared at 500, not at 499', () => {
  let calls = 0
  const judged = remembered(() => {
    calls += 1
    return calls
  })
  for (let text = 0; text < 500; text += 1) judged(String(text))
  expect(judged('0')).toBe(1)
  judged('one more')
  expect(judged('0')).toBe(502)
})

describe('request rule 1: a path with a `..` segment gets no token, however it is spelled', () => {
  const up = [
    '..',
    '%2e%2e',
    '%2E.',
    '.%2e',
    '%252e%252e',
    '.%25252e',
    '..;',
    '..;jsessionid=1',
    '%2e%2e;v=2',
    '..%3bx',
    '.\t.',
  ]
  const around = [
    (dots: string) => `user/${dots}/department/list`,
    (dots: string) => `${dots}/cgi-bin/user/get`,
    (dots: string) => `user/get/${dots}`,
    (dots: string) => `user/${dots}?userid=u`,
    (dots: string) => `user\\${dots}\\department`,
    (dots: string) => `user%2f${dots}%2fdepartment`,
    (dots: string) => `user%5C${dots}%255cdepartment`,
  ]
  const trusted = judgeDestinations(QYAPI, ['https://proxy.example'])

  it.each(up.flatMap((dots) => around.map((spell) => spell(dots))))(
    'request rule 1: a path with a `..` segment gets no token, however it is spelled: %j',
    (path) => {
      expect(to(path)).toBeUndefined()
      expect(trusted(`https://proxy.example/cgi-bin/${path}`)).toBeUndefined()
    },
  )

  it.each([
    'user/get?next=../x',
    'user/get#../x',
    'media/a..b',
    'media/...',
    'media/.. .',
    'media/x;..',
    'media/%2e%2ehidden',
    'media/100%25',
    'media/%E5%BE%AE',
    'media/%zz',
    'user/./get',
  ])('request rule 1: a path without such a segment gets one: %j', (path) => {
    expect(to(path)).toBeDefined()
  })

  it('request rule 1: a path that is encoded more often than any server decodes gets none', () => {
    expect(to(`media/%${'25'.repeat(5_000)}2e`)).toBeUndefined()
  })
})

it.each([
  '/webhook/send',
  '//webhook/send',
  '%77ebhook/send',
  '%2Fwebhook//send',
  '%2F%2Fgettoken',
])('request rule 1: a path is judged as a server reads it: %s takes no token', (path) => {
  expect(to(path)).toBeUndefined()
})

it.each([
  ['user//get', 'user/get'],
  ['user///get//all', 'user/get/all'],
  ['/user/get', 'user/get'],
  ['user%2Fget/', 'user/get/'],
  ['%E5%BE%AE', '微'],
  ['user/%E5%zz', 'user/%E5%zz'],
])('request rule 1: a path is judged as a server reads it: %s is %s', (path, endpoint) => {
  expect(to(path)?.endpoint).toBe(endpoint)
})

const token = { value: "to/k+en'1", encoded: 'to%2Fk%2Ben%271' }

it.each([
  ['/x?access_token=to%2Fk%2Ben%271', '/x'],
  ['/x?a=1&access_token=to%2fk%2ben%271&b=2#top', '/x?a=1&b=2#top'],
  ['https://elsewhere.example/?suite_access_token=to%2Fk%2Ben%271', 'https://elsewhere.example/'],
  ['?access_token=another', '?access_token=another'],
  [
    '/login?to=%2Fget%3Faccess_token%3Dto%2Fk%2Ben%271',
    '/login?to=%2Fget%3Faccess_token%3D[hidden]',
  ],
  [
    '/login?to=%2Fget%3Faccess_token%3Dto%252Fk%252Ben%25271',
    '/login?to=%2Fget%3Faccess_token%3D[hidden]',
  ],
  ["/x#to/k+en'1", '/x#[hidden]'],
  ['/', '/'],
  ['', ''],
])(
  'request rule 1: a url that a server made from ours contains no token of ours: %s',
  (url, expected) => {
    expect(urlWithoutToken(url, token, NAMES)).toBe(expected)
  },
)

const address = `${QYAPI}/cgi-bin/user/get?userid=u`

it.each([
  address,
  `  ${address}\u0000`,
  `\u0001\u001f${address}\u0001 \u0007`,
  `${QYAPI}/cgi-bin/\n user\t/get\r`,
  `${address}\u00a0`,
  `${address}\u007f`,
  ' ',
  '',
])('request rule 1: a text is read as new URL reads it: %j', (text) => {
  const read = asUrlReads(text)
  expect(URL.canParse(read)).toBe(URL.canParse(text))
  if (!URL.canParse(text)) return
  expect(new URL(read).href).toBe(new URL(text).href)
  const appended = new URL(withParameter(read, 'access_token', 't'))
  const expected = new URL(text)
  expect(appended.pathname).toBe(expected.pathname)
  expect(appended.search).toBe(`${expected.search || '?'}${expected.search && '&'}access_token=t`)
})

const tokenOf = (path: string, ...rules: EndpointRule[]) =>
  judgeDestinations(QYAPI, [], rules)(`${QYAPI}/cgi-bin/${path}`)?.token

it('request rule 2: the option endpoints may name paths below known ones, above them, or instead of them: the longest match wins', () => {
  expect(tokenOf('user/get')).toBe('app')
  expect(tokenOf('user/get', { path: 'user/', token: 'suite' })).toBe('suite')
  const folder = { path: 'user/', token: 'suite' } as const
  const one = { path: 'user/get', token: 'provider' } as const
  for (const rules of [
    [folder, one],
    [one, folder],
  ])
    expect(['user/get', 'user/list'].map((path) => tokenOf(path, ...rules))).toEqual([
      'provider',
      'suite',
    ])
  expect(tokenOf('service/get_suite_token', { path: 'service/', token: 'app' })).toBeUndefined()
  const known = { path: 'service/get_suite_token', token: 'app' } as const
  expect(tokenOf('service/get_suite_token', known)).toBe('app')
})
