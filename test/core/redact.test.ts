import { expect, it } from 'vitest'
import { hide, scrubbedCopy, scrubber, withoutIp, withoutQueries } from '../../src/core/redact.js'
import { cpuMsOf } from '../support/cpu.js'

const SECRET = "s/3'c+r é$:,t"
const scrub = (text: string) => scrubber([SECRET])(text)

it.each([
  ['raw', SECRET],
  ['as encodeURIComponent writes it', "s%2F3'c%2Br%20%C3%A9%24%3A%2Ct"],
  ['the same in lower case', "s%2f3'c%2br%20%c3%a9%24%3a%2ct"],
  ['as URLSearchParams writes it', 's%2F3%27c%2Br+%C3%A9%24%3A%2Ct'],
  ['as it stands in our urls', 's%2F3%27c%2Br%20%C3%A9%24%3A%2Ct'],
  ['as encodeURI writes it', "s/3'c+r%20%C3%A9$:,t"],
  ['as URL writes it into a query', 's/3%27c+r%20%C3%A9$:,t'],
  ['as axios writes it into a query', "s%2F3'c%2Br+%C3%A9$:,t"],
])('request rule 9: a secret is hidden wherever it stands: %s', (_name, spelling) => {
  expect(scrub(`a${spelling}b ${spelling}`)).toBe('a[hidden]b [hidden]')
})

it('request rule 9: hiding a secret leaves the rest of a text as it is', () => {
  expect(scrub('connect ECONNREFUSED 127.0.0.1:443')).toBe('connect ECONNREFUSED 127.0.0.1:443')
})

it.each([[['secret-12', 'secret-123']], [['secret-123', 'secret-12']]])(
  'request rule 9: a secret that begins like another is hidden whole: %j',
  (values) => {
    expect(scrubber(values)('secret-123 secret-12')).toBe('[hidden] [hidden]')
  },
)

it('request rule 9: a secret shorter than any of WeCom’s is left, since it is part of words', () => {
  expect(scrubber(['1234567'])('x1234567x')).toBe('x[hidden]x')
  expect(scrubber(['123456'])('123456')).toBe('123456')
})

it('request rule 9: a secret that is empty hides nothing', () => {
  expect(scrubber([''])('text')).toBe('text')
  expect(scrubber([])('text')).toBe('text')
})

it('request rule 9: the copy of an error keeps name, message, code and stack, scrubbed', () => {
  const error = Object.assign(new TypeError(`GET ?corpsecret=${SECRET}`), {
    code: 'ECONNRESET',
    config: { secret: SECRET },
  })
  const copy = scrubbedCopy(error, scrub) as Error
  expect(copy).toBeInstanceOf(Error)
  expect(copy).not.toBe(error)
  expect(copy.name).toBe('TypeError')
  expect(copy.message).toBe('GET ?corpsecret=[hidden]')
  expect(copy.stack).toBe(error.stack?.replaceAll(SECRET, '[hidden]'))
  expect(copy).toHaveProperty('code', 'ECONNRESET')
  expect(copy).not.toHaveProperty('config')
  expect('cause' in copy).toBe(false)
  expect(error.message).toContain(SECRET)
})

it('request rule 9: the copy of an error takes a code only if it is a text', () => {
  const error = Object.assign(new Error('x'), { code: 500 })
  expect('code' in (scrubbedCopy(error, scrub) as Error)).toBe(false)
  expect('code' in (scrubbedCopy(new Error('x'), scrub) as Error)).toBe(false)
})

it('request rule 9: an error without a stack is copied like any other', () => {
  const error = Object.assign(new Error('x'), { stack: undefined })
  expect(scrubbedCopy(error, scrub)).toMatchObject({ message: 'x' })
})

it('request rule 9: the copy of an error has copies of its causes, three deep, which are not enumerable', () => {
  const chain = (depth: number): Error =>
    new Error(`${SECRET} ${depth}`, depth < 5 ? { cause: chain(depth + 1) } : undefined)
  const messages: string[] = []
  let copy = scrubbedCopy(chain(0), scrub) as Error
  expect(Object.keys(copy)).not.toContain('cause')
  expect(Object.getOwnPropertyDescriptor(copy, 'cause')).toMatchObject({
    configurable: true,
    writable: true,
    enumerable: false,
  })
  for (;;) {
    messages.push(copy.message)
    if (!(copy.cause instanceof Error)) break
    copy = copy.cause
  }
  expect(messages).toEqual(['[hidden] 0', '[hidden] 1', '[hidden] 2', '[hidden] 3'])
  expect('cause' in copy).toBe(false)
})

it('request rule 9: the copy of a text is the scrubbed text, and nothing else has a copy', () => {
  expect(scrubbedCopy(`no ${SECRET}`, scrub)).toBe('no [hidden]')
  expect(scrubbedCopy({ message: SECRET }, scrub)).toBeUndefined()
  expect(scrubbedCopy(undefined, scrub)).toBeUndefined()
})

it('request rule 9: hide() leaves a value readable, but not enumerable', () => {
  const owner = { request: { path: '/' }, status: 200 }
  const { request } = owner
  hide(owner, 'request')
  expect(owner.request).toBe(request)
  expect(Object.keys(owner)).toEqual(['status'])
})

it('hide() adds nothing that was not there', () => {
  const owner = {}
  hide(owner, 'request')
  expect('request' in owner).toBe(false)
})

it('hide() leaves a frozen owner as it is', () => {
  const owner = Object.freeze({ request: 1 })
  expect(() => hide(owner, 'request')).not.toThrow()
  expect(Object.keys(owner)).toEqual(['request'])
})

it.each([
  ['not allow to access from your ip', 'not allow to access from your ip'],
  ['invalid credential, from ip: 203.0.113.9', 'invalid credential'],
  [
    'not allow, hint: [17], from ip: 203.0.113.9, more info at https://open.work.weixin.qq.com',
    'not allow, hint: [17], more info at https://open.work.weixin.qq.com',
  ],
  ['no access From IP: 203.0.113.9', 'no access'],
  ['no access,   from ip: 203.0.113.9', 'no access'],
  ['from ip: 203.0.113.9, no access', ', no access'],
  ['from ip: , no access', ', no access'],
])('the IP in an errmsg is found: %s: %s', (errmsg, expected) => {
  expect(withoutIp(errmsg)).toBe(expected)
})

it.each([
  ['GET https://u:p@host:8/a/b?key=k failed', 'GET https://host:8/a/b failed'],
  ["'http://host?key=k' and http://host/c#t=k.", "'http://host' and http://host/c"],
  ['mongodb+srv://u:p@host/db?w=1', 'mongodb+srv://host/db'],
  ['what? no url: a@b', 'what? no url: a@b'],
])('request rule 9: an url of a driver loses user, query and fragment: %s', (text, expected) => {
  expect(withoutQueries(text)).toBe(expected)
})

it('removing queries takes no time that grows with the square of a text', () => {
  const text = `${'a.'.repeat(200_000)} ${'http://'.repeat(20_000)}`
  expect(cpuMsOf(() => withoutQueries(text))).toBeLessThan(1_000)
})
