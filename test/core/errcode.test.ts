import { afterEach, expect, it, vi } from 'vitest'
import {
  errcodeOf,
  errcodeOfHeader,
  errcodeOfOutcome,
  LONGEST_JUDGED_BYTES,
  mayBeJson,
  mayBeObject,
  parsed,
  tokenErrcodes,
} from '../../src/core/errcode.js'

const refused = tokenErrcodes([40014, 42001])
const bytesOf = (text: string) => new TextEncoder().encode(text)

/** A refusal that is exactly so many characters long. */
function refusalOf(length: number, filler = 'x'): string {
  const [head, tail] = ['{"errcode":42001,"errmsg":"', '"}']
  return head + filler.repeat(length - head.length - tail.length) + tail
}

afterEach(() => {
  vi.restoreAllMocks()
})

it.each([
  ['{"errcode":42001}', 42001],
  ['{"errcode":40014,"errmsg":"invalid access_token"}', 40014],
  ['{"errcode":"42001"}', 42001],
  ['{"userid":"u","errcode":42001}', 42001],
  [' \n{ "errcode" : 42001 }', 42001],
  ['\ufeff{"errcode":42001}', 42001],
  ['\ufeff\ufeff{"errcode":42001}', undefined],
  ['{"errcode":0,"userid":"42001"}', undefined],
  ['{"errcode":40001,"hint":"40014"}', undefined],
  ['{"errcode":142001}', undefined],
  ['{"data":{"errcode":42001}}', undefined],
  ['[{"errcode":42001}]', undefined],
  ['42001', undefined],
  ['"42001"', undefined],
  ['null 42001', undefined],
  ['{"errcode":42001', undefined],
  ['', undefined],
])('request rule 4: a refusal in text: %s: %s', (text, expected) => {
  expect(refused.inText(text)).toBe(expected)
})

it('request rule 4: a refusal in text is recognized up to 16 kB, and not beyond', () => {
  expect(LONGEST_JUDGED_BYTES).toBe(16_384)
  expect(refused.inText(refusalOf(16_384))).toBe(42001)
  expect(refused.inText(refusalOf(16_385))).toBeUndefined()
})

it('request rule 4: a refusal in text is not parsed if its digits occur nowhere', () => {
  const parse = vi.spyOn(JSON, 'parse')
  expect(refused.inText('{"errcode":0,"errmsg":"ok"}')).toBeUndefined()
  expect(parse).not.toHaveBeenCalled()
  expect(refused.inText('{"errcode":0,"id":"40014"}')).toBeUndefined()
  expect(parse).toHaveBeenCalledTimes(1)
})

it('request rule 4: a refusal in bytes is read like text', () => {
  expect(refused.inBytes(bytesOf('{"errcode":42001,"errmsg":"过期"}'))).toBe(42001)
  expect(refused.inBytes(bytesOf('\r\n\t {"errcode":40014}'))).toBe(40014)
  expect(refused.inBytes(bytesOf('{"errcode":0}'))).toBeUndefined()
})

it('request rule 4: a refusal in bytes may start with a byte order mark', () => {
  expect(refused.inBytes(bytesOf('\ufeff{"errcode":42001}'))).toBe(42001)
})

it('request rule 4: a refusal in bytes is recognized up to 16 kB, and not beyond', () => {
  expect(refused.inBytes(bytesOf(refusalOf(16_384)))).toBe(42001)
  expect(refused.inBytes(bytesOf(refusalOf(16_385)))).toBeUndefined()
})

it('request rule 4: an answer is measured in bytes: 10,000 Chinese characters are too many', () => {
  expect(refused.inBytes(bytesOf(refusalOf(10_000, '企')))).toBeUndefined()
})

it('request rule 4: bytes that are not a JSON object are not even decoded', () => {
  const decode = vi.spyOn(TextDecoder.prototype, 'decode')
  expect(refused.inBytes(Uint8Array.of(0x89, 0x50, 0x4e, 0x47))).toBeUndefined()
  expect(refused.inBytes(bytesOf('["42001"]'))).toBeUndefined()
  expect(refused.inBytes(new Uint8Array(20_000).fill(0x7b))).toBeUndefined()
  expect(decode).not.toHaveBeenCalled()
})

it.each<[unknown, number | undefined]>([
  [{ errcode: 42001 }, 42001],
  [{ errcode: '40014' }, 40014],
  [{ errcode: 0 }, undefined],
  [{ errcode: [42001] }, undefined],
  [{ errcode: true }, undefined],
  [{}, undefined],
  [null, undefined],
  [undefined, undefined],
  ['{"errcode":42001}', undefined],
  [42001, undefined],
])('request rule 4: a refusal in a value: %j: %s', (value, expected) => {
  expect(refused.inValue(value)).toBe(expected)
})

it('request rule 4: a refusal in a value is found by errcode with has()', () => {
  expect(refused.has(42001)).toBe(true)
  expect(refused.has(40014)).toBe(true)
  expect(refused.has(40001)).toBe(false)
  expect(refused.has(undefined)).toBe(false)
})

it.each<[unknown, number | undefined]>([
  [{ errcode: -1 }, -1],
  [{ errcode: '-1' }, -1],
  [{ errcode: '0' }, 0],
  [{ errcode: '301042' }, 301042],
  [{ errcode: '123456789' }, 123456789],
  [{ errcode: '1234567890' }, undefined],
  [{ errcode: '4200x' }, undefined],
  [{ errcode: 'x42001' }, undefined],
  [{ errcode: '42001 ' }, undefined],
  [{ errcode: '' }, undefined],
  [{ errcode: { toString: () => '42001' } }, undefined],
  [Object.assign([], { errcode: 42001 }), undefined],
  [Object.assign(() => {}, { errcode: 42001 }), undefined],
  [null, undefined],
])('request rule 4: an errcode of %j is %s', (value, expected) => {
  expect(errcodeOf(value)).toBe(expected)
})

it.each<[unknown, number | undefined]>([
  ['42001', 42001],
  ['-1', -1],
  ['0', 0],
  ['', undefined],
  ['no', undefined],
  ['42001, 42001', undefined],
  [undefined, undefined],
  [42001, undefined],
  [['42001'], undefined],
])('request rule 4: an errcode of the header %j is %s', (header, expected) => {
  expect(errcodeOfHeader(header)).toBe(expected)
})

it.each<[unknown, number | undefined]>([
  [{ errcode: 42001 }, 42001],
  ['{"errcode":42001}', 42001],
  ['42001', undefined],
  [{ data: { errcode: 42001 } }, 42001],
  [{ response: { data: { errcode: 42001 } } }, 42001],
  [{ response: null }, undefined],
  [{ response: {} }, undefined],
  [{ code: 42001 }, 42001],
  [{ code: '42001' }, 42001],
  [{ code: 'ECONNRESET' }, undefined],
  [{}, undefined],
  [null, undefined],
  [undefined, undefined],
  [42001, undefined],
  [Object.assign(() => {}, { errcode: 42001 }), undefined],
])('request rule 4: the errcode of an SDK’s result or error: %j: %s', (outcome, expected) => {
  expect(errcodeOfOutcome(outcome)).toBe(expected)
})

it('request rule 4: the errcode of an SDK’s result or error is the nearest one: its own, of its data, of its response, or its code', () => {
  const code = 4
  const response = { data: { errcode: 3 } }
  const data = { errcode: 2 }
  expect(errcodeOfOutcome({ errcode: 1, data, response, code })).toBe(1)
  expect(errcodeOfOutcome({ data, response, code })).toBe(2)
  expect(errcodeOfOutcome({ response, code })).toBe(3)
})

it.each<[unknown, boolean]>([
  ['application/json', true],
  ['application/json; charset=UTF-8', true],
  ['application/problem+JSON', true],
  ['text/plain', true],
  ['Text/Plain; charset=utf-8', true],
  ['', true],
  [undefined, true],
  [null, true],
  ['image/png', false],
  ['text/html', false],
  ['application/octet-stream', false],
  ['application/x-ndjson', false],
  ['application/json-seq', false],
  ['application/jsonl; charset=utf-8', false],
  ['application/stream+json', false],
  ['text/event-stream', false],
])(
  'request rule 4: the check whether an answer may be JSON by the content type %j returns %s',
  (contentType, expected) => {
    expect(mayBeJson(contentType)).toBe(expected)
  },
)

it.each([
  ['{', true],
  [' \t\r\n{"a":1}', true],
  ['\ufeff{', true],
  ['\ufeff[', false],
  ['[', false],
  ['a{', false],
  ['  [', false],
  ['   ', true],
  ['', true],
])(
  'request rule 4: the check whether an answer may be JSON by the first bytes %j returns %s',
  (text, expected) => {
    expect(mayBeObject(bytesOf(text))).toBe(expected)
  },
)

it('request rule 4: the check whether an answer may be JSON is followed by parsing that does not throw', () => {
  expect(parsed('{"a":[1]}')).toEqual({ a: [1] })
  expect(parsed('null')).toBeNull()
  expect(parsed('{"a":')).toBeUndefined()
})
