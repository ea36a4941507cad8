/**
 * Removes the token from the urls of a finished request: Node's own request, that of the package
 * follow-redirects around it, a fetch `Request` and an XMLHttpRequest.
 */
import { urlWithoutToken } from '../core/url.js'
import type { Attempt } from './request.js'

/** Each field may be `null` or missing. */
interface NodeRequest {
  readonly res?: object | null
  readonly _redirectable?: Redirectable
}

interface Redirectable {
  readonly _options?: object
  readonly _currentRequest?: object
}

const REQUEST_KEYS = ['url', 'responseURL', 'path']
const RESPONSE_KEYS = ['responseUrl']
const REDIRECTABLE_KEYS = ['_currentUrl']
const OPTION_KEYS = ['path', 'search', 'query', 'href']

/**
 * The request stays readable, and so do its url and its response's, where users look up the target of
 * redirects.
 */
export function cleanRequest(request: object | undefined, { context, token }: Attempt): void {
  if (typeof request !== 'object' || request === null) return
  const { parameters } = context.destination
  const without = (url: string) => urlWithoutToken(url, token, parameters)
  const { res, _redirectable = request } = request as NodeRequest
  const { _options, _currentRequest } = _redirectable as Redirectable
  clean(request, REQUEST_KEYS, without)
  cleanHead(request, without)
  if (res) clean(res, RESPONSE_KEYS, without)
  if (_options === undefined) return
  clean(_redirectable, REDIRECTABLE_KEYS, without)
  clean(_options, OPTION_KEYS, without)
  if (_currentRequest === undefined || _currentRequest === request) return
  clean(_currentRequest, REQUEST_KEYS, without)
  cleanHead(_currentRequest, without)
}

function clean(owner: object, keys: readonly string[], without: (url: string) => string): void {
  for (const key of keys) {
    const url: unknown = Reflect.get(owner, key)
    const value = typeof url === 'string' ? without(url) : url
    if (value !== url && !Reflect.set(owner, key, value))
      Reflect.defineProperty(owner, key, { value, ...CHANGEABLE })
  }
}

const CHANGEABLE = { writable: true, configurable: true, enumerable: true }

/** The head that Node sent starts with the method and the url. */
function cleanHead(request: { _header?: unknown }, without: (url: string) => string): void {
  const { _header: head } = request
  if (typeof head !== 'string') return
  const end = head.indexOf(' HTTP/')
  request._header = without(head.slice(0, end)) + head.slice(end)
}
