import { OAuth2Fetch } from '@badgateway/oauth2-client'
import { versionOf } from '../packages.js'
import { isRefused, withToken } from './refused.js'

/**
 * Its middleware puts the token into a header and wants a 401 for a refusal: what it calls next
 * moves the one into the query, and makes the other of WeCom's errcode.
 * @type {import('./load.js').Peer}
 */
export const peer = {
  name: '@badgateway/oauth2-client',
  version: versionOf('@badgateway/oauth2-client'),
  fetch(fetch, { gettoken }) {
    const oauth2 = new OAuth2Fetch({
      client: /** @type {any} */ (undefined),
      getNewToken: async () => ({
        accessToken: await gettoken(),
        refreshToken: null,
        expiresAt: Date.now() + 7_000_000,
      }),
    })
    const middleware = oauth2.mw()
    return (url, init) => middleware(new Request(url, init), (request) => send(fetch, request))
  },
}

/**
 * @param {import('./load.js').PlainFetch} fetch
 * @param {Request} request
 */
async function send(fetch, request) {
  const { url, method, headers } = request
  const token = headers.get('authorization')?.slice('Bearer '.length) ?? ''
  const body = request.body === null ? undefined : await request.text()
  const response = await fetch(withToken(url, token), { method, body })
  if (!isRefused(await response.clone().json())) return response
  return new Response(response.body, { status: 401 })
}
