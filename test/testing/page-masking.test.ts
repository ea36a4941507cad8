import { expect, it } from 'vitest'
import { openedPage } from './page-caller.js'

const APP = { corpId: 'ww-desk', corpSecret: 'Secret+of/the=desk' }
const SUITE = {
  suiteId: 'ww-suite',
  suiteSecret: 'secret-of-the-suite',
  suiteTicket: 'ticket-of-the-suite',
  corps: [{ corpId: 'ww-corp', permanentCode: 'permanent-code-of-the-corp' }],
}
const PROVIDER = { corpId: 'ww-provider', providerSecret: 'secret-of-the-provider' }
const MODEL = {
  modelId: 'm',
  modelSecret: 'secret-of-the-model',
  modelTicket: 'ticket-of-the-model',
}
const DEVICE = { modelId: 'm', deviceSn: 'sn', deviceSecret: 'secret-of-the-device' }
const OWNERS = {
  apps: [APP],
  suites: [SUITE],
  providers: [PROVIDER],
  models: [MODEL],
  devices: [DEVICE],
}

it('no token, secret, ticket, permanent code or robot key is in anything that the page receives', async () => {
  const desk = await openedPage({ ...OWNERS, tokenText: (count) => `Token/of+the=desk-${count}` })
  const { call, gettoken, news, page, wecom } = desk
  const token = await gettoken({ ...APP, corpSecret: encodeURIComponent(APP.corpSecret) })
  expect(token).toContain('Token/of+the=desk')
  const { suite_access_token } = await call('service/get_suite_token', {
    ...{ suite_id: SUITE.suiteId, suite_secret: SUITE.suiteSecret },
    suite_ticket: SUITE.suiteTicket,
  })
  const suite = encodeURIComponent(String(suite_access_token))
  const corp = { auth_corpid: 'ww-corp', permanent_code: 'permanent-code-of-the-corp' }
  await call(`service/get_corp_token?suite_access_token=${suite}`, corp)
  await call('service/get_provider_token', {
    corpid: 'ww-provider',
    provider_secret: PROVIDER.providerSecret,
  })
  const { model_access_token } = await call('openhw/get_model_token', {
    ...{ model_id: 'm', model_secret: MODEL.modelSecret, model_ticket: MODEL.modelTicket },
  })
  const device = { device_sn: 'sn', device_secret: DEVICE.deviceSecret }
  const model = encodeURIComponent(String(model_access_token))
  await call(`openhw/get_device_token?model_access_token=${model}`, device)
  const encoded = encodeURIComponent(token)
  await call(`get_jsapi_ticket?access_token=${encoded}`)
  // A mistaken secret that the fake does not know, and secrets within a message and a path.
  await call('gettoken?corpid=ww-desk&corpsecret=a-mistaken-secret')
  await call('webhook/send?key=key-of-the-robot', { msgtype: 'text', text: { content: 'x' } })
  const content = `${token} ${APP.corpSecret} ${encoded} https://x.example/?access_token=${encoded}`
  await call(`message/send?access_token=${encoded}`, { msgtype: 'text', text: { content } })
  await fetch(`${page}cgi-bin/unknown/${encoded}?access_token=${encoded}`)

  const { calls, ...others } = await news()
  expect(calls).toHaveLength(wecom.requests.length)
  const details = calls.map(async ({ id }) => (await fetch(`${page}page/call/${id}`)).text())
  const seen = JSON.stringify([calls, others, await Promise.all(details)])
  expect(seen).not.toMatch(/of.?the.?(desk|suite|provider|model|device|robot|corp)|mistaken/i)
  expect(seen).not.toContain('oken%2F')
  expect(seen).toContain('••••••')
})

it('a call shows which token it carried by its number', async () => {
  const { call, gettoken, news } = await openedPage({ apps: [APP] })
  const secret = encodeURIComponent(APP.corpSecret)
  await gettoken({ ...APP, corpSecret: secret })
  const token = await gettoken({ ...APP, corpSecret: secret })
  await call(`user/get?access_token=${token}&userid=zhangsan`)
  const { calls, state } = await news()
  const query = [
    ['access_token', '••••••'],
    ['userid', 'zhangsan'],
  ]
  expect(calls.at(-1)).toMatchObject({ token: 2, query })
  expect(state.owners[0]).toMatchObject({
    issued: 2,
    tokens: [{ number: 2, state: 'good' }, { number: 1 }],
  })
})
