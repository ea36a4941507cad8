// Examples run against a fake WeCom on loopback.
import { fakeQyapi } from 'qyapi-token/testing'

export async function startWeCom() {
  const wecom = fakeQyapi()
  const baseUrl = await wecom.listen()
  const app = { corpId: 'ww-fake', corpSecret: 'fake-secret' }
  return { wecom, baseUrl, app, stop: () => wecom.close() }
}
