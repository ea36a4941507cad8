/**
 * Which versions of axios work. The peer range allows any, because npm fails the whole installation
 * if axios is outside of the range, even an optional one. So the check is here, when a client is
 * attached. It looks for the functions that we use, not at the version: a fork has its own numbers.
 */
import type { AxiosStatic } from 'axios'
import { badOption, QyapiTokenError } from '../core/errors.js'

const USED = ['create', 'getAdapter', 'getUri', 'isAxiosError', 'AxiosError', 'CanceledError']

/** The oldest version that has all of them. */
const OLDEST = '1.5'

/** The option `axios`: an axios of any age. */
export const isAxios: readonly [(value: unknown) => boolean, string] = [
  (value) =>
    typeof value === 'function' && ['create', 'CancelToken'].every((name) => name in value),
  'the axios that the client was made with',
]

/** Throws `bad_options` if it is not axios, or too old. */
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
