import { describe, expect, it } from 'vitest'
import {
  hide,
  scrubbedCopy,
  scrubber,
  scrubInPlace,
  withoutIp,
  withoutQueries,
} from '../../src/core/redact.js'
import { cpuMsOf } from '../support/cpu.js'

const SECRET = "s/3'c+r é$:,t"
const scrub = (text: string) => scrubber([SECRET])(text)

describe('a secret', () => {
  it.each([
    ['raw', SECRET],
    ['as encodeURIComponent writes it', "s%2F3'c%2Br%20%C3%A9%24%3A%2Ct"],
    ['the same in lower case', "s%2f3'c%2br%20%c3%a9%24%3a%2ct"],
    ['as URLSearchParams writes it', 's%2F3%27c%2Br+%C3%A9%24%3A%2Ct'],
    ['as it stands in our urls', 's%2F3%27c%2Br%20%C3%A9%24%3A%2Ct'],
    ['as encodeURI writes it', "s/3'c+r%20%C3%A9$:,t"],
    ['as URL writes it into a query', 's/3%27c+r%20%C3%A9$:,t'],
    ['as axios writes it into a query', "s%2F3'c%2Br+%C3%A9$:,t"],
  ])('%s is hidden, wherever it stands', (_name, spelling) => {
    expect(scrub(`a${spelling}b ${spelling}`)).toBe('a[hidden]b [hidden]')
  })

  it('leaves the rest of a text as it is', () => {
    expect(scrub('connect ECONNREFUSED 127.0.0.1:443')).toBe('connect ECONNREFUSED 127.0.0.1:443')
  })

  it.each([[['secret-12', 'secret-123']], [['secret-123', 'secret-12']]])(
    'that begins like another is hidden whole: %j',
    (values) => {
      expect(scrubber(values)('secret-123 secret-12')).toBe('[hidden] [hidden]')
    },
  )

  it.each([
    ['GET /x?access_token=t.1&a=1', 'GET /x?access_token=[hidden]&a=1'],
    ['{"corpsecret":"t.1"}', '{"corpsecret":"[hidden]"}'],
    ['token: t.1', 'token: [hidden]'],
    ['to=%3Faccess_token%3Dt.1%26a', 'to=%3Faccess_token%3D[hidden]%26a'],
    ['%7b%22corpsecret%22%3a%22t.1%22%7d', '%7b%22corpsecret%22%3a%22[hidden]%22%7d'],
    ['%27t.1%27 a%3At.1', '%27[hidden]%27 a%3A[hidden]'],
    ['timeout=t.10 of at.1; t.1', 'timeout=t.10 of at.1; t.1'],
    ['ECONNABORTED', 'ECONNABORTED'],
  ])('that is as short as in tests is part of no word: %s', (text, expected) => {
    expect(scrubber(['t.1', 'T'])(text)).toBe(expected)
  })

  it('is never so short that it hides in words from 8 characters up', () => {
    expect(scrubber(['12345678'])('x12345678x')).toBe('x[hidden]x')
    expect(scrubber(['1234567'])('x1234567x')).toBe('x1234567x')
  })

  it('that is empty hides nothing', () => {
    expect(scrubber([''])('text')).toBe('text')
    expect(scrubber([])('text')).toBe('text')
  })
})

describe('the copy of an error', () => {
  it('keeps name, message, code and stack, scrubbed', () => {
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

  it('takes a code only if it is a text', () => {
    const error = Object.assign(new Error('x'), { code: 500 })
    expect('code' in (scrubbedCopy(error, scrub) as Error)).toBe(false)
    expect('code' in (scrubbedCopy(new Error('x'), scrub) as Error)).toBe(false)
  })

  it('of an error without a stack is none the worse', () => {
    const error = Object.assign(new Error('x'), { stack: undefined })
    expect(scrubbedCopy(error, scrub)).toMatchObject({ message: 'x' })
  })

  it('has copies of its causes, three deep, not to be seen among its keys', () => {
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

  it('of a text is the scrubbed text, of anything else nothing', () => {
    expect(scrubbedCopy(`no ${SECRET}`, scrub)).toBe('no [hidden]')
    expect(scrubbedCopy({ message: SECRET }, scrub)).toBeUndefined()
    expect(scrubbedCopy(undefined, scrub)).toBeUndefined()
  })
})

describe('an error that is scrubbed in place', () => {
  it('stays the same object, with message, stack and causes clean', () => {
    const cause = new Error(`cause ${SECRET}`)
    const error = new Error(`error ${SECRET}`, { cause })
    expect(error.stack).toContain(SECRET)
    scrubInPlace(error, scrub)
    expect(error.message).toBe('error [hidden]')
    expect(error.stack).not.toContain(SECRET)
    expect(error.cause).toBe(cause)
    expect(cause.message).toBe('cause [hidden]')
    expect(Object.getOwnPropertyDescriptor(error, 'message')).toMatchObject({
      writable: true,
      configurable: true,
      enumerable: false,
    })
  })

  it('keeps its message among its keys if it was there', () => {
    const error = new Error('x')
    Object.defineProperty(error, 'message', {
      value: SECRET,
      enumerable: true,
      configurable: true,
    })
    scrubInPlace(error, scrub)
    expect(error.message).toBe('[hidden]')
    expect(Object.keys(error)).toContain('message')
  })

  it('gets a message of its own where its class had one', () => {
    const error = new DOMException(SECRET)
    scrubInPlace(error, scrub)
    expect(error.message).toBe('[hidden]')
    expect(Object.getOwnPropertyDescriptor(error, 'message')?.enumerable).toBe(false)
  })

  it('is not touched if there is nothing to hide', () => {
    const error = new DOMException('aborted')
    scrubInPlace(error, scrub)
    expect(Object.hasOwn(error, 'message')).toBe(false)
  })

  it('that is frozen stays as it is', () => {
    const error = Object.freeze(new Error(SECRET))
    expect(() => scrubInPlace(error, scrub)).not.toThrow()
    expect(error.message).toBe(SECRET)
  })

  it('need not have a stack, nor be made as an error', () => {
    const error = Object.assign(new Error(SECRET), { stack: undefined })
    scrubInPlace(error, scrub)
    expect(error.message).toBe('[hidden]')
    expect(error.stack).toBeUndefined()
    const value = { message: SECRET }
    scrubInPlace(value, scrub)
    expect(value).toEqual({ message: '[hidden]' })
    for (const nothing of [undefined, null, SECRET, 7])
      expect(() => scrubInPlace(nothing, scrub)).not.toThrow()
  })

  it('is followed into the errors that it gathers, and into causes that are no errors', () => {
    const inner = new Error(SECRET, { cause: { url: `/?t=${SECRET}` } })
    const error = new AggregateError([inner, { message: SECRET }, undefined], 'all failed', {
      cause: SECRET,
    })
    scrubInPlace(error, scrub)
    expect(error.cause).toBe('[hidden]')
    expect(error.errors[0]).toBe(inner)
    expect(inner.message).toBe('[hidden]')
    expect(inner.cause).toEqual({ url: '/?t=[hidden]' })
    expect(error.errors[1]).toEqual({ message: '[hidden]' })
  })

  it('has its own texts scrubbed too, wherever they may be changed', () => {
    const error = Object.assign(new Error('x'), { path: `/?s=${SECRET}`, errno: -104, host: 'a' })
    Object.defineProperty(error, 'fixed', { value: SECRET, enumerable: true })
    scrubInPlace(error, scrub)
    expect(error).toMatchObject({ path: '/?s=[hidden]', errno: -104, host: 'a', fixed: SECRET })
    expect(Object.keys(error)).toEqual(['path', 'errno', 'host', 'fixed'])
  })

  it('is followed into the plain objects in which it tells more, but for a call’s own', () => {
    class Live {
      path = `/?t=${SECRET}`
    }
    const live = new Live()
    const own = () => ({ url: `/?t=${SECRET}` })
    const calls = { config: own(), request: own(), response: own(), data: own() }
    const error = Object.assign(new Error('x'), { details: own(), live, ...calls })
    scrubInPlace(error, scrub)
    expect(error.details).toEqual({ url: '/?t=[hidden]' })
    expect(live.path).toContain(SECRET)
    const { config, request, response, data } = error
    expect([config, request, response, data]).toEqual(Array(4).fill(own()))
  })

  it.each<[string, (inner: object) => object]>([
    ['the errors that it gathers', (inner) => new AggregateError([inner])],
    ['the plain objects', (inner) => ({ more: inner })],
  ])('is followed three deep through %s too', (_name, around) => {
    const [within, beyond] = [{ text: SECRET }, { text: SECRET }]
    const deep = (innermost: object, depth: number): object =>
      depth === 0 ? innermost : around(deep(innermost, depth - 1))
    scrubInPlace(deep(within, 3), scrub)
    scrubInPlace(deep(beyond, 4), scrub)
    expect([within.text, beyond.text]).toEqual(['[hidden]', SECRET])
  })

  it('is followed through its causes, three deep and not in circles', () => {
    const errors = Array.from({ length: 5 }, (_, depth) => new Error(`${SECRET} ${depth}`))
    errors.forEach((error, depth) => {
      error.cause = errors[(depth + 1) % 5]
    })
    scrubInPlace(errors[0], scrub)
    expect(errors.map(({ message }) => message)).toEqual([
      '[hidden] 0',
      '[hidden] 1',
      '[hidden] 2',
      '[hidden] 3',
      `${SECRET} 4`,
    ])
  })
})

describe('hide', () => {
  it('leaves a value for who asks, not for who prints', () => {
    const owner = { request: { path: '/' }, status: 200 }
    const { request } = owner
    hide(owner, 'request')
    expect(owner.request).toBe(request)
    expect(Object.keys(owner)).toEqual(['status'])
  })

  it('adds nothing that was not there', () => {
    const owner = {}
    hide(owner, 'request')
    expect('request' in owner).toBe(false)
  })

  it('leaves a frozen owner as it is', () => {
    const owner = Object.freeze({ request: 1 })
    expect(() => hide(owner, 'request')).not.toThrow()
    expect(Object.keys(owner)).toEqual(['request'])
  })
})

describe('the IP in an errmsg', () => {
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
  ])('%s: %s', (errmsg, expected) => {
    expect(withoutIp(errmsg)).toBe(expected)
  })
})

describe('urls of whom we do not know', () => {
  it.each([
    ['GET https://u:p@host:8/a/b?key=k failed', 'GET https://host:8/a/b failed'],
    ["'http://host?key=k' and http://host/c#t=k.", "'http://host' and http://host/c"],
    ['mongodb+srv://u:p@host/db?w=1', 'mongodb+srv://host/db'],
    ['what? no url: a@b', 'what? no url: a@b'],
  ])('lose users, queries and fragments: %s', (text, expected) => {
    expect(withoutQueries(text)).toBe(expected)
  })

  it('takes no time that grows with the square of a text', () => {
    const text = `${'a.'.repeat(200_000)} ${'http://'.repeat(20_000)}`
    expect(cpuMsOf(() => withoutQueries(text))).toBeLessThan(1_000)
  })
})
