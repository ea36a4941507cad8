import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import FormDataPackage from 'form-data'
import { expect, it } from 'vitest'
import { asBytes, isFormDataPackage } from '../../src/axios/form-data.js'

const BREAK = '\r\n'
const parts = { getHeaders() {}, getBuffer() {}, hasKnownLength() {}, getLengthSync() {} }

it.each<[string, unknown, boolean]>([
  ['one', new FormDataPackage(), true],
  ['what does all that one does', parts, true],
  ['without getHeaders', { ...parts, getHeaders: undefined }, false],
  ['without getBuffer', { ...parts, getBuffer: undefined }, false],
  ['native FormData', new FormData(), false],
  ['a text', 'text', false],
  ['null', null, false],
  ['nothing', undefined, false],
  ['a function', Object.assign(() => {}, parts), false],
])('request rule 5: a body of the form-data package is recognized: %s', (_name, body, expected) => {
  expect(isFormDataPackage(body)).toBe(expected)
})

it.each<[string, (form: FormDataPackage) => void]>([
  ['texts and bytes', (form) => form.append('media', Buffer.from('bytes'), 'a.txt')],
  ['an empty text', (form) => form.append('text', '')],
])(
  'request rule 5: a body of the form-data package is read in advance with the bytes that it would stream: with %s',
  async (_name, append) => {
    const [form, same] = [new FormDataPackage(), new FormDataPackage()]
    same.setBoundary(form.getBoundary())
    for (const one of [form, same]) {
      append(one)
      one.append('text', 'content ä')
    }
    const bytes = asBytes(form as never)
    expect(String(bytes)).toBe(await text(same.pipe(new PassThrough())))
    expect(String(bytes)).toContain('content ä')
  },
)

it('request rule 5: a body of the form-data package with a field header of the caller’s is not read in advance, because the package adds a line break to it', () => {
  const form = new FormDataPackage()
  form.append('text', 'content', { header: `X-Head: 1${BREAK}` })
  expect(asBytes(form as never)).toBeUndefined()
})

it('request rule 5: a body of the form-data package with a function among its values is not read in advance', () => {
  const form = new FormDataPackage()
  form.append('media', () => {})
  expect(asBytes(form as never)).toBeUndefined()
})

it('request rule 5: a body of the form-data package with a stream in it is not read in advance', () => {
  const form = new FormDataPackage()
  form.append('text', 'content')
  form.append('media', Readable.from(['once']), 'a.txt')
  expect(asBytes(form as never)).toBeUndefined()
})
