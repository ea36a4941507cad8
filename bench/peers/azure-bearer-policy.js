import {
  bearerTokenAuthenticationPolicy,
  createHttpHeaders,
  createPipelineRequest,
} from '@azure/core-rest-pipeline'
import { versionOf } from '../packages.js'
import { isRefused, withToken } from './refused.js'

const SCOPES = 'qyapi'
const CHALLENGE = createHttpHeaders({ 'www-authenticate': 'Bearer error="invalid_token"' })

/**
 * The policy with its token cycler. It insists on https and a header, and takes a 401 with a
 * challenge for a refusal: what it calls next gives it that, and sends what WeCom wants.
 * @type {import('./load.js').Peer}
 */
export const peer = {
  name: 'azure bearer policy',
  version: versionOf('@azure/core-rest-pipeline'),
  fetch(fetch, { gettoken }) {
    const policy = bearerTokenAuthenticationPolicy({
      scopes: SCOPES,
      credential: {
        getToken: async () => ({
          token: await gettoken(),
          expiresOnTimestamp: Date.now() + 7_000_000,
        }),
      },
      challengeCallbacks: { authorizeRequestOnChallenge },
    })
    return async (url, init) => {
      const request = createPipelineRequest({ url: url.replace(/^http:/, 'https:') })
      /** @type {Response | undefined} */
      let answer
      await policy.sendRequest(request, async () => {
        const token = request.headers.get('authorization')?.slice('Bearer '.length) ?? ''
        answer = await fetch(withToken(url, token), init)
        const isGood = !isRefused(await answer.clone().json())
        return { request, status: isGood ? 200 : 401, headers: isGood ? NO_HEADERS : CHALLENGE }
      })
      return /** @type {Response} */ (answer)
    }
  },
}

const NO_HEADERS = createHttpHeaders()

/** @param {import('@azure/core-rest-pipeline').AuthorizeRequestOnChallengeOptions} options */
async function authorizeRequestOnChallenge({ request, getAccessToken }) {
  // `claims` tells the cycler that the current token is no longer valid.
  const fresh = await getAccessToken([SCOPES], { claims: 'refused' })
  request.headers.set('authorization', `Bearer ${fresh?.token}`)
  return fresh !== null
}
