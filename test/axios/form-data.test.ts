import { Readable } from 'node:stream'
import FormDataPackage from 'form-data'
import { describe, expect, it } from 'vitest'
import { asBytes, isFormDataPackage } from '../../src/axios/form-data.js'

const parts = { getBuffer() {}, getHeaders() {}, _streams: [] }

describe('a body of the form-data package', () => {
  it.each<[string, unknown, boolean]>([
    ['one', new FormDataPackage(), true],
    ['what does all that one does', parts, true],
    ['without getBuffer', { ...parts, getBuffer: undefined }, false],
    ['without getHeaders', { ...parts, getHeaders: undefined }, false],
    ['without parts', { ...parts, _streams: undefined }, false],
    ['native FormData', new FormData(), false],
    ['a text', 'text', false],
    ['null', null, false],
    ['nothing', undefined, false],
    ['a function', Object.assign(() => {}, parts), false],
  ])('is told from others: %s', (_name, body, expected) => {
    expect(isFormDataPackage(body)).toBe(expected)
  })

  it('of texts and bytes is known in advance', () => {
    const form = new FormDataPackage()
    form.append('text', 'content')
    form.append('media', Buffer.from('bytes'), 'a.txt')
    const bytes = String(asBytes(form as never))
    expect(bytes).toContain('content')
    expect(bytes).toContain('bytes')
    expect(bytes).toContain(`--${form.getBoundary()}--`)
  })

  it('with a stream in it is not', () => {
    const form = new FormDataPackage()
    form.append('text', 'content')
    form.append('media', Readable.from(['once']), 'a.txt')
    expect(asBytes(form as never)).toBeUndefined()
  })
})
