/**
 * The server of the benchmark on the wire, in a process of its own. Its answers carry WeCom's
 * `error-code` header under /header and none under /body; /gettoken works under both.
 */
import { createServer } from 'node:http'
import { BODY, TOKEN_ANSWER } from '../answers.js'

const CONTENT_TYPE = { 'content-type': 'application/json; charset=UTF-8' }
const HEADERS = { ...CONTENT_TYPE, 'error-code': '0', 'error-msg': 'ok' }

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const url = request.url ?? ''
  const body = url.includes('/gettoken') ? TOKEN_ANSWER : BODY
  const headers = url.startsWith('/header/') ? HEADERS : CONTENT_TYPE
  response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(body)
})

server.listen(0, '127.0.0.1', () => {
  const address = /** @type {import('node:net').AddressInfo} */ (server.address())
  process.send?.(address.port)
})
// Ends with the benchmark, however that ends.
process.on('disconnect', () => process.exit())
