import { expect, it } from 'vitest'
import { redactHeaders, redactResponse } from '../../src/fetch/redact-response.js'
import { tokenOf } from '../support/token.js'

const TOKEN = 'the-token/of-this-test'
const token = tokenOf(TOKEN)
const carried = { token, parameters: ['access_token'] }
const IN_URL = `access_token=${encodeURIComponent(TOKEN)}`
const URL_WITH = `https://wecom.test/cgi-bin/user/get?userid=x&${IN_URL}`
const URL_WITHOUT = 'https://wecom.test/cgi-bin/user/get?userid=x'

/** A response with a url. */
function from(url: string, init: ResponseInit = {}): Response {
  const response = new Response('body', init)
  return Object.defineProperty(response, 'url', { value: url, configurable: true })
}

it('request rule 9: a response has no properties of ours if there is nothing to redact', () => {
  const headers = { location: 'https://elsewhere.test/' }
  const responses = [new Response('body'), new Response(null, { status: 302, headers })]
  for (const response of responses) {
    const before = Reflect.ownKeys(response)
    redactResponse(response, carried)
    expect(Reflect.ownKeys(response)).toEqual(before)
  }
})

it('request rule 9: a response that is a mock without clone gets none', () => {
  const mock = redactResponse({ url: URL_WITH }, carried)
  expect(mock.url).toBe(URL_WITHOUT)
  expect(mock).not.toHaveProperty('clone')
})

it('request rule 9: a response keeps a clone of its own, which contains no token either', () => {
  const mock = {
    url: URL_WITH,
    clone() {
      return { url: URL_WITH, of: this }
    },
  }
  const clone = redactResponse(mock, carried).clone()
  expect(clone.of).toBe(mock)
  expect(clone.url).toBe(URL_WITHOUT)
})

it('request rule 9: a response may be redacted twice', () => {
  const response = redactResponse(from(URL_WITH), carried)
  const { clone } = response
  Object.defineProperty(response, 'url', { value: URL_WITH })
  expect(redactResponse(response, carried).clone).toBe(clone)
  expect(response.clone().url).toBe(URL_WITHOUT)
})

it('request rule 9: a response passes only the redacted fields on to its clones', () => {
  const clone = redactResponse(from(URL_WITH), carried).clone()
  expect(Object.hasOwn(clone, 'url')).toBe(true)
  for (const key of ['status', 'ok', 'headers']) expect(Object.hasOwn(clone, key)).toBe(false)
})

it.each([undefined, null, 'text'])('request rule 9: a response may be anything: %s', (nothing) => {
  expect(redactResponse(nothing, carried)).toBe(nothing)
})

const redirect = (location: string) =>
  new Response(null, { status: 302, headers: { location, other: 'stays' } })

it('request rule 9: the headers of a redirect contain no token, and each clone has its own', () => {
  const response = redactResponse(redirect(URL_WITH), carried)
  const clone = response.clone()
  expect(clone.headers.get('location')).toBe(URL_WITHOUT)
  expect(clone.headers.get('other')).toBe('stays')
  clone.headers.set('other', 'changed')
  expect(response.headers.get('other')).toBe('stays')
})

it('request rule 9: the headers of a redirect are the same object if there is nothing to redact', () => {
  const response = redirect(URL_WITHOUT)
  expect(redactHeaders(response.headers, carried)).toBe(response.headers)
  expect(redactHeaders(undefined, carried)).toBeUndefined()
})
