import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { canBeSentTwice } from '../../src/request/body.js'

async function* asyncLines() {
  yield 'line'
}
function* lines() {
  yield 'line'
}

it.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a text', 'text'],
  ['an empty text', ''],
  ['a number', 7],
  ['an object', { touser: 'zhangsan' }],
  ['an object without a prototype', Object.create(null)],
  ['an object with a field called next', { next: 'page 2' }],
  ['an array', [1, 2]],
  ['a set, which is walked anew each time', new Set([1])],
  ['a Buffer', Buffer.from('bytes')],
  ['a typed array', new Uint8Array(2)],
  ['a DataView', new DataView(new ArrayBuffer(2))],
  ['an ArrayBuffer', new ArrayBuffer(2)],
  ['URLSearchParams', new URLSearchParams('a=1')],
  ['a Blob', new Blob(['x'])],
  ['a File', new File(['x'], 'x.txt')],
  ['native FormData', new FormData()],
])('request rule 5: a body that can be sent twice: %s', (_name, body) => {
  expect(canBeSentTwice(body)).toBe(true)
})

it.each([new Uint8Array(2), new ArrayBuffer(2)])(
  'request rule 5: a body that can be sent twice is bytes, whatever properties were added to them: %s',
  (bytes) => {
    expect(canBeSentTwice(Object.assign(bytes, { pipe: () => {} }))).toBe(true)
  },
)

it.each<[string, unknown]>([
  ['a Node stream', Readable.from(['x'])],
  ['a form-data of old, which only pipes', { pipe: () => {} }],
  ['a web stream', new ReadableStream()],
  ['what is read by a reader', { getReader: () => {} }],
  ['an async generator', asyncLines()],
  ['an async iterable', { [Symbol.asyncIterator]: asyncLines }],
  ['a generator', lines()],
  ['an iterator of a set', new Set([1]).values()],
  ['a function', () => 'body'],
])('request rule 5: a body that can be sent once: %s', (_name, body) => {
  expect(canBeSentTwice(body)).toBe(false)
})
