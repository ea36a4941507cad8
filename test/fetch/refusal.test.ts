import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { withToken } from '../../src/fetch.js'
import { API, REFUSED, stubFetch } from '../support/stub-fetch.js'

const USER = `${API}/user/get`
const LIMIT = 16 * 1024

/** What the caller gets for one answer, and whether it was judged a refusal. */
async function judged(answer: unknown) {
  const { qyFetch, sent } = stubFetch((_sent, count) =>
    count === 1 ? answer : new Response('{"errcode":0}'),
  )
  const response = await qyFetch(USER)
  return { response, isRefusal: sent.length === 2 }
}

const padded = (length: number) => REFUSED + ' '.repeat(length - REFUSED.length)

it('request rule 4: an answer with an error-code header is judged by it alone, and its body is not read', async () => {
  const answer = new Response(REFUSED, { headers: { 'error-code': '0' } })
  expect(await judged(answer)).toEqual({ response: answer, isRefusal: false })
  expect(answer.bodyUsed).toBe(false)
})

it('request rule 4: an answer with an error-code header that refuses the token is cancelled before the replay', async () => {
  const left: string[] = []
  const body = new ReadableStream({
    cancel() {
      left.push('let go')
      throw new Error('of no interest to the caller')
    },
  })
  const refusal = new Response(body, { headers: { 'error-code': '42001' } })
  const { qyFetch } = stubFetch((_sent, count) => {
    if (count === 1) return refusal
    left.push('replayed')
    return new Response('{"errcode":0}')
  })
  expect(await (await qyFetch(USER)).json()).toEqual({ errcode: 0 })
  expect(left).toEqual(['let go', 'replayed'])
})

it('request rule 4: an answer with an error-code header that refuses the token without a body is replayed too', async () => {
  const answer = new Response(null, { headers: { 'error-code': '42001' } })
  expect((await judged(answer)).isRefusal).toBe(true)
})

it.each([
  ['no content type', {}, true],
  ['JSON', { 'content-type': 'application/json' }, true],
  ['plain text', { 'content-type': 'text/plain' }, true],
  ['HTML', { 'content-type': 'text/html' }, false],
  ['an image', { 'content-type': 'image/png' }, false],
  ['a length of 16 kB', { 'content-length': `${LIMIT}` }, true],
  ['a length beyond 16 kB', { 'content-length': `${LIMIT + 1}` }, false],
  ['HTML, and a short length', { 'content-type': 'text/html', 'content-length': '9' }, false],
])(
  'request rule 4: an answer without an error-code header is read if its headers allow: %s',
  async (_name, headers: Record<string, string>, isRead) => {
    const answer = new Response(new TextEncoder().encode(REFUSED), { headers })
    const { response, isRefusal } = await judged(answer)
    expect(isRefusal).toBe(isRead)
    if (!isRead) expect(response).toBe(answer)
  },
)

it.each([
  [LIMIT, true],
  [LIMIT + 1, false],
])(
  'request rule 4: an answer without an error-code header is a refusal if it has %i bytes: %s',
  async (length, isOne) => {
    const answer = new Response(new TextEncoder().encode(padded(length)))
    const { response, isRefusal } = await judged(answer)
    expect(isRefusal).toBe(isOne)
    if (!isOne) expect(await response.text()).toBe(padded(length))
  },
)

it('request rule 4: an answer without an error-code header is passed on as one of the same class with status, headers and url, and no properties of ours', async () => {
  class OwnResponse extends Response {}
  const headers = { 'content-type': 'application/json', 'x-own': '1' }
  const answer = new OwnResponse('{"errcode":0}', { status: 201, statusText: 'Made', headers })
  const { response } = await judged(answer)
  expect(response).not.toBe(answer)
  expect(response).toBeInstanceOf(OwnResponse)
  expect(response).toMatchObject({ status: 201, statusText: 'Made', ok: true, url: '' })
  expect(Object.fromEntries(response.headers)).toEqual(headers)
  expect(await response.json()).toEqual({ errcode: 0 })
  expect(Object.getOwnPropertyNames(response)).toEqual([])
})

it('request rule 4: an answer without an error-code header of a fetch with Node streams is judged, and passed on as the very same object', async () => {
  const answerWith = (text: string) => {
    const body = Readable.from([Buffer.from(text)], { objectMode: false })
    return { body, headers: new Headers(), url: '', status: 200 }
  }
  const answer = answerWith('{"errcode":0}')
  expect((await judged(answer)).response).toBe(answer)
  expect(String((await answer.body.toArray())[0])).toBe('{"errcode":0}')
  const refusal = answerWith(REFUSED)
  expect((await judged(refusal)).isRefusal).toBe(true)
  expect(refusal.body.destroyed).toBe(true)
})

class OwnResponse extends Response {
  traceId = 'none'
}

it('request rule 4: a property that was added to an answer is there after its body was peeked', async () => {
  const hidden = Symbol('hidden')
  const answer = Object.assign(new OwnResponse('{"errcode":0}'), { traceId: 'own', [hidden]: 1 })
  const { response } = await judged(answer)
  expect(response).not.toBe(answer)
  expect(response).toMatchObject({ traceId: 'own', [hidden]: 1 })
  expect(await response.json()).toEqual({ errcode: 0 })
})

it('request rule 4: a property that replaces the body of an answer prevents peeking', async () => {
  const answer = Object.assign(new Response(REFUSED), { json: async () => 'their own' })
  const { response, isRefusal } = await judged(answer)
  expect(response).toBe(answer)
  expect(isRefusal).toBe(false)
  expect(await response.json()).toBe('their own')
})

it.each<[string, Partial<Response>]>([
  ['200', { status: 200, statusText: 'OK', ok: true }],
  ['404', { status: 404, statusText: 'Not Found', ok: false }],
  ['500', { status: 500, ok: false }],
  ['a status that no constructor takes', { status: 999, statusText: 'Odd', ok: false }],
  ['all that a network gives', { url: USER, type: 'basic', redirected: true }],
])(
  'request rule 4: an answer that was peeked, and each of its clones, have the original’s fields: %s',
  async (_name, said) => {
    const answer = new Response('{"errcode":0}')
    for (const [key, value] of Object.entries(said)) Object.defineProperty(answer, key, { value })
    const { status, statusText, ok, url, type, redirected } = answer
    const { response } = await judged(answer)
    const expected = { status, statusText, ok, url, type, redirected }
    for (const one of [response, response.clone(), response.clone().clone()]) {
      expect(one).toMatchObject(expected)
      expect(await one.json()).toEqual({ errcode: 0 })
    }
  },
)

it.each([
  [302, `${USER}?access_token=token-1`, USER],
  [307, '/cgi-bin/user/get?userid=u&access_token=token%2D1#top', '/cgi-bin/user/get?userid=u#top'],
  [201, '/login?to=%2Fget%3Faccess_token%3Dtoken-1', '/login?to=%2Fget%3Faccess_token%3D[hidden]'],
  [301, '/elsewhere?access_token=another', '/elsewhere?access_token=another'],
])(
  'request rule 4: the headers of an answer with status %i and location %s have %s, in its clones too',
  async (status, location, shown) => {
    for (const body of [null, '{"errcode":0}', '<html>']) {
      const type = body === '<html>' ? 'text/html' : 'application/json'
      const headers: [string, string][] = [
        ['location', location],
        ['link', `<${location}>; rel="next"`],
        ['content-type', type],
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ]
      const { response } = await judged(new Response(body, { status, headers }))
      for (const one of [response.clone().clone(), response.clone(), response]) {
        expect(one.headers.get('location')).toBe(shown)
        expect(one.headers.get('link')).not.toMatch(/token(-|%2D)1/)
        expect(one.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
        expect(one).toMatchObject({ status, ok: status === 201 })
        expect(await one.text()).toBe(body ?? '')
      }
    }
  },
)

it.each<[string, (answer: Response) => unknown]>([
  ['to its end', (answer) => answer.text()],
  ['at this moment', (answer) => answer.body?.getReader()],
])(
  'request rule 4: an answer that the wrapped fetch is reading is passed on as it is: %s',
  async (_name, read) => {
    const answer = new Response(REFUSED)
    await read(answer)
    expect(await judged(answer)).toEqual({ response: answer, isRefusal: false })
  },
)

it('request rule 4: an answer that the wrapped fetch is reading yields every byte, if it is a Node stream', async () => {
  const body = Readable.from([Buffer.from(REFUSED)], { objectMode: false })
  const answer = { body, bodyUsed: true, headers: new Headers(), url: '', status: 200 }
  expect(await judged(answer)).toEqual({ response: answer, isRefusal: false })
})

it.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['no headers', { body: new Blob([REFUSED]).stream() }],
  ['headers of a plain object', { body: new Blob([REFUSED]).stream(), headers: {} }],
  ['headers of a mock', { status: 302, headers: { get: () => '0' }, url: USER }],
  ['no body', { headers: new Headers() }],
  ['a body of another kind', { headers: new Headers(), body: REFUSED }],
  ['a body of an unknown class', { headers: new Headers(), body: { text: REFUSED } }],
  ['a mock with a web stream', { body: new Blob([REFUSED]).stream(), headers: new Headers() }],
  ['frozen', Object.freeze({ headers: new Headers(), url: `${USER}?access_token=token-1` })],
  ['a url that is none', { headers: new Headers({ 'error-code': '0' }), url: 7 }],
])(
  'request rule 4: something less than a Response is passed on as it is: %s',
  async (_name, answer) => {
    const { response, isRefusal } = await judged(answer)
    expect(response).toBe(answer)
    expect(isRefusal).toBe(false)
  },
)

const answeredFrom = async (url: string) => {
  const answer = new Response('binary', { headers: { 'error-code': '0' } })
  Object.defineProperty(answer, 'url', { value: url, configurable: true })
  return (await judged(answer)).response
}

it.each([
  [`${USER}?access_token=token-1`, USER],
  [`${USER}?userid=u&access_token=token-1`, `${USER}?userid=u`],
  [`${USER}?userid=u&access_token=token-1#top`, `${USER}?userid=u#top`],
  ['https://elsewhere.example/page', 'https://elsewhere.example/page'],
])('request rule 9: the url of an answer: %s becomes %s, in its clones too', async (url, shown) => {
  const response = await answeredFrom(url)
  expect(response.url).toBe(shown)
  if (url !== shown) {
    expect(response.clone().url).toBe(shown)
    expect(response.clone().clone().url).toBe(shown)
    expect(await response.clone().text()).toBe('binary')
  }
})

it('request rule 9: the url of an answer can be set by other code, as on any Response, and so can its clone’s', async () => {
  const response = await answeredFrom(`${USER}?access_token=token-1`)
  Object.defineProperty(response, 'url', { value: 'their url', configurable: true })
  Object.assign(response, { clone: () => response })
  expect(response.clone().url).toBe('their url')
  Object.defineProperty(response, 'clone', { get: () => 'their clone' })
  expect(response.clone).toBe('their clone')
})

it('request rule 4: the fetch that withToken returns has the properties of the wrapped fetch', () => {
  const ownFetch = Object.assign(
    function fetch(_input: string) {
      return Promise.resolve(new Response())
    },
    { preconnect: () => 'connected' },
  )
  const qyFetch = withToken(ownFetch, { corpId: 'ww-fake', corpSecret: 'fake-secret' })
  expect(qyFetch.preconnect()).toBe('connected')
  expect([qyFetch.name, qyFetch.length]).toEqual(['fetch', 1])
  expect(Object.keys(qyFetch)).toEqual(['preconnect', 'source'])
  const twice = withToken(qyFetch, { corpId: 'ww-fake', corpSecret: 'another' })
  expect(twice.source).not.toBe(qyFetch.source)
})

it('request rule 4: the fetch that withToken returns has the name and length of the wrapped fetch, and its source', () => {
  const ownFetch = async (_input: never) => new Response()
  const qyFetch = withToken(ownFetch, { corpId: 'ww-fake', corpSecret: 'fake-secret' })
  expect(Object.getOwnPropertyDescriptors(qyFetch)).toMatchObject({
    name: { value: 'ownFetch', configurable: true, enumerable: false, writable: false },
    length: { value: 1, configurable: true, enumerable: false, writable: false },
    source: { value: qyFetch.source, configurable: false, enumerable: true, writable: false },
  })
  expect(qyFetch.source.describe().subject).toBe('app of corp ww-fake')
})
