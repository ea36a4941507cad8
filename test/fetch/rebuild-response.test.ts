import { expect, it } from 'vitest'
import { rebuildResponse } from '../../src/fetch/rebuild-response.js'
import { responseViews } from '../../src/fetch/response-view.js'
import { tokenOf } from '../support/token.js'

const { canPeek } = responseViews(true)
const token = tokenOf('the-token-of-this-test')
const bytes = new TextEncoder().encode('{"errcode":0}')

/** The global Response, except for what is given. */
const like = (different: (init: ResponseInit) => ResponseInit) =>
  class SomeResponse extends Response {
    constructor(body?: string | null, init: ResponseInit = {}) {
      super(body, different(init))
    }
  }

class Bodiless extends Response {}
Object.defineProperty(Bodiless.prototype, 'body', { get: () => null })

it('request rule 4: a body can be peeked on the global Response, and on a class that constructs such responses', () => {
  const Own = class extends Response {}
  expect(canPeek(new Response('body'))).toBe(true)
  expect(canPeek(new Own('body'))).toBe(true)
})

it.each<[string, () => object]>([
  ['a plain object', () => ({ status: 200, headers: new Headers() })],
  ['of a class that takes no status', () => new (like((init) => ({ ...init, status: 200 })))()],
  ['of a class that takes no headers', () => new (like(({ status = 200 }) => ({ status })))()],
  ['of a class whose body is none', () => new Bodiless()],
  [
    'of a class whose constructor takes other arguments',
    () => {
      let isFirst = true
      const Once = class extends Response {
        constructor() {
          super()
          if (!isFirst) throw new TypeError('Illegal constructor')
          isFirst = false
        }
      }
      return new Once()
    },
  ],
  ['with a reading of its own', () => Object.assign(new Response('body'), { text: () => '' })],
])('request rule 4: a body cannot be peeked on a response that is %s', (_name, make) => {
  expect(canPeek(make() as Response)).toBe(false)
})

const saying = (said: object, init: ResponseInit = {}) => {
  const response = new Response('body', init)
  for (const [key, value] of Object.entries(said))
    Object.defineProperty(response, key, { value, configurable: true })
  return response
}

it('request rule 4: a rebuilt response need not have a url', () => {
  expect(
    rebuildResponse(saying({ url: undefined }), bytes, { token, parameters: ['access_token'] }).url,
  ).toBeUndefined()
})
