// A unit test of one's own code, with nock: node --test examples/unit-test.test.js
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import axios from 'axios'
import nock from 'nock'
import { attachToken } from 'qyapi-token/axios'
import { fakeQyapi } from 'qyapi-token/testing'

const app = { corpId: 'ww-fake', corpSecret: 'fake-secret' }

/** The code under test. */
function notifier() {
  const client = axios.create({ baseURL: 'https://qyapi.weixin.qq.com/cgi-bin' })
  attachToken(client, app)
  return { notify: (content) => client.post('/message/send', { text: { content } }) }
}

let wecom
beforeEach(() => {
  nock.disableNetConnect()
  wecom = fakeQyapi({ apps: [app] })
  wecom.interceptWith(nock)
})
afterEach(() => {
  nock.cleanAll()
})

test('sends the text', async () => {
  await notifier().notify('build failed')
  const sent = wecom.requests.find(({ path }) => path === 'message/send')
  assert.equal(JSON.parse(Buffer.from(sent.body)).text.content, 'build failed')
})

test('gets through when WeCom revokes the token', async () => {
  const { notify } = notifier()
  await notify('one')
  wecom.revoke()
  const { data } = await notify('two')
  assert.equal(data.errcode, 0)
  assert.equal(wecom.count('gettoken'), 2)
})
