// node --test: the contract of clients.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTokenSource, selfBuilt } from 'qyapi-token'
import { clientContract, fakeQyapi } from 'qyapi-token/testing'
import { undiciClient } from './undici-client.js'

function open({ baseUrl, corpId, corpSecret, options }) {
  const app = createTokenSource(selfBuilt({ corpId, corpSecret }), options)
  const call = undiciClient({ app }, { baseUrl })
  return async (url, body, signal) => {
    const method = body === undefined ? 'GET' : 'POST'
    const answer = await call(url, { method, body: body && JSON.stringify(body), signal })
    return answer.data.errcode
  }
}

for (const { name, run } of clientContract(open)) test(name, run)

test('a file arrives as bytes, and a stream as a body is an error before anything is sent', async () => {
  const wecom = fakeQyapi()
  const baseUrl = await wecom.listen()
  const credential = selfBuilt({ corpId: 'ww-fake', corpSecret: 'fake-secret' })
  const call = undiciClient({ app: createTokenSource(credential, { baseUrl }) }, { baseUrl })
  const { data, headers } = await call('media/get?media_id=1')
  assert.equal(headers['content-type'], 'image/png')
  assert.equal(data.subarray(1, 4).toString(), 'PNG')
  const body = new ReadableStream()
  await assert.rejects(call('media/upload', { method: 'POST', body }), TypeError)
  assert.equal(wecom.count('media/upload'), 0)
  await wecom.close()
})
