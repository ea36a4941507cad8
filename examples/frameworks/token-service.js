// A token service for programs in other languages: GET /token returns the token, DELETE /token with a refused
// one as its body clears it. Behind TLS, and in your own network only.
import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { isQyapiTokenError } from 'qyapi-token'

const hash = (value) => createHash('sha256').update(value).digest()

/** Every caller has to send `authorization: Bearer <apiKey>`. */
export function tokenService(source, apiKey) {
  const expected = hash(`Bearer ${apiKey}`)

  const answers = {
    async GET() {
      const token = await source.get()
      const { expiresInMs } = source.describe()
      return [200, { token, expiresInSeconds: Math.max(1, Math.floor(expiresInMs / 1000)) }]
    },
    async DELETE(request) {
      return [200, { cleared: await source.invalidate(await text(request)) }]
    },
  }

  async function answerTo(request) {
    if (!timingSafeEqual(hash(request.headers.authorization ?? ''), expected)) return [401, {}]
    const answer = request.url === '/token' ? answers[request.method] : undefined
    try {
      return (await answer?.(request)) ?? [404, {}]
    } catch (error) {
      return [503, { code: isQyapiTokenError(error) ? error.code : 'unknown' }]
    }
  }

  return createServer(async (request, response) => {
    const [status, body] = await answerTo(request)
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(JSON.stringify(body))
  })
}
