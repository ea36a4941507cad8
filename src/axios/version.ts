/**
 * Which axios will do. Any may be installed beside this package, because npm refuses a whole
 * installation whose axios is outside of a peer range, an optional one too. So it is said here, to
 * whoever attaches. Judged by what we use of axios, not by its number: a fork has its own.
 */
import type { AxiosStatic } from 'axios'
import { badOption, QyapiTokenError } from '../core/errors.js'

const USED = ['create', 'getAdapter', 'getUri', 'isAxiosError', 'AxiosError', 'CanceledError']

/** The oldest that has all of it. */
const OLDEST = '1.5'

/** The option `axios`: an axios of any age. */
export const isAxios: readonly [(value: unknown) => boolean, string] = [
  (value) =>
    typeof value === 'function' && ['create', 'CancelToken'].every((name) => name in value),
  'the axios that the client was made with',
]

/** Throws `bad_options` for what is no axios, and for one that is too old. */
export function checkAxios(lib: unknown): asserts lib is AxiosStatic {
  const [isRight, expected] = isAxios
  if (!isRight(lib)) throw badOption('axios', expected, lib)
  const found = lib as AxiosStatic
  if (USED.every((name) => name in found)) return
  const version = /^[\w.+-]{1,40}$/.test(found.VERSION) ? `axios ${found.VERSION}` : 'an older one'
  throw new QyapiTokenError(
    'bad_options',
    `attachToken and axiosTransport need axios ${OLDEST} or newer, but this is ${version}: ` +
      'update axios, or pass { axios } with the newer copy that the client was made with.',
  )
}
