// A client of your own: `request` of undici with a token. It injects the memoized token, spots a refused one, clears
// it, and sends the request once more.
import { tokenDestinations } from 'qyapi-token'
import { request } from 'undici'

/** @param sources By kind of token: `{ app: createTokenSource(…), suite: … }`. */
export function undiciClient(
  sources,
  { baseUrl = 'https://qyapi.weixin.qq.com', dispatcher } = {},
) {
  const destinationOf = tokenDestinations({ baseUrl })

  return async function call(url, { body, ...options } = {}) {
    if (typeof body?.pipe === 'function' || typeof body?.getReader === 'function')
      throw new TypeError('body must be text or bytes: a stream cannot be sent a second time.')
    const target = new URL(url, `${baseUrl}/cgi-bin/`)
    const send = (to) => sendOnce(to, { ...options, body, dispatcher })

    // Which token the path takes, and whether one may go there at all: never to another origin.
    const destination = destinationOf(target.href)
    if (destination === undefined || destination.tokenInUrl === 'value') return send(target)
    const source = sources[destination.token]
    if (source === undefined)
      throw new TypeError(`${destination.endpoint} takes a token of kind '${destination.token}'.`)

    const { endpoint, parameter } = destination
    // `run` finds the errcode in `data`. A refused token is cleared, and the call is made once more.
    return source.run((token) => send(withToken(target, parameter, token)), {
      ...{ endpoint, body, signal: options.signal },
    })
  }
}

function withToken(target, parameter, token) {
  const url = new URL(target)
  url.searchParams.set(parameter, token)
  return url
}

/** `request` follows no redirect, so the token goes nowhere else. */
async function sendOnce(url, options) {
  const { statusCode, headers, body } = await request(url, options)
  const bytes = Buffer.from(await body.arrayBuffer())
  return { statusCode, headers, data: jsonIn(bytes) ?? bytes }
}

/** WeCom answers in JSON, except for files. */
function jsonIn(bytes) {
  if (bytes[0] !== '{'.charCodeAt(0)) return undefined
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}
