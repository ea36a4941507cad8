import { type FakeQyapiOptions, fakeClock } from '../../src/testing.js'
import { useServers } from '../support/servers.js'

/** The parts of the fake's answers that tests read. */
export interface Answer {
  readonly errcode?: number
  readonly errmsg?: string
  readonly [field: string]: unknown
}

export const SUITE = {
  suiteId: 'wwsuite',
  suiteSecret: 'suite-secret',
  suiteTicket: 'first-ticket',
  corps: [
    { corpId: 'ww-a', permanentCode: 'code-a' },
    { corpId: 'ww-b', permanentCode: 'code-b' },
  ],
}
export const APP = { corpId: 'ww-up', corpSecret: 'up-secret' }
const PROVIDER = { corpId: 'ww-provider', providerSecret: 'provider-secret' }
const MODEL = { modelId: 'm1', modelSecret: 'model-secret', modelTicket: 'model-ticket' }
const DEVICE = { modelId: 'm1', deviceSn: 'sn1', deviceSecret: 'device-secret' }
const DOWNSTREAM = { corpId: 'ww-down', agentId: 7, businessType: 1 } as const

/** One of each kind. */
export const TENANTS = {
  apps: [APP],
  suites: [SUITE],
  providers: [PROVIDER],
  downstreams: [DOWNSTREAM],
  models: [MODEL],
  devices: [DEVICE],
}

/** A fake on loopback that knows one owner of each kind, and token requests with plain fetch. */
export function useCaller() {
  const { fake } = useServers()

  return async (options: FakeQyapiOptions = {}) => {
    const clock = fakeClock()
    const { wecom, baseUrl } = await fake({
      now: () => clock.wall(),
      ...TENANTS,
      ...options,
    })
    const send = (path: string, body?: object) =>
      fetch(
        `${baseUrl}/cgi-bin/${path}`,
        body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) },
      )
    const call = async (path: string, body?: object) =>
      (await (await send(path, body)).json()) as Answer

    const calls = {
      gettoken: ({ corpId, corpSecret } = APP) =>
        call(`gettoken?corpid=${corpId}&corpsecret=${corpSecret}`),
      suite: (fields: object = {}) =>
        call('service/get_suite_token', {
          suite_id: SUITE.suiteId,
          suite_secret: SUITE.suiteSecret,
          suite_ticket: SUITE.suiteTicket,
          ...fields,
        }),
      corp: (suiteToken: unknown, fields: object = {}) =>
        call(`service/get_corp_token?suite_access_token=${suiteToken}`, {
          auth_corpid: 'ww-a',
          permanent_code: 'code-a',
          ...fields,
        }),
      provider: (fields: object = {}) =>
        call('service/get_provider_token', {
          corpid: PROVIDER.corpId,
          provider_secret: PROVIDER.providerSecret,
          ...fields,
        }),
      downstream: (upstreamToken: unknown, fields: object = {}) =>
        call(`corpgroup/corp/gettoken?access_token=${upstreamToken}`, {
          corpid: DOWNSTREAM.corpId,
          agentid: DOWNSTREAM.agentId,
          business_type: 1,
          ...fields,
        }),
      model: (fields: object = {}) =>
        call('openhw/get_model_token', {
          model_id: MODEL.modelId,
          model_secret: MODEL.modelSecret,
          model_ticket: MODEL.modelTicket,
          ...fields,
        }),
      device: (modelToken: unknown, fields: object = {}) =>
        call(`openhw/get_device_token?model_access_token=${modelToken}`, {
          device_sn: DEVICE.deviceSn,
          device_secret: DEVICE.deviceSecret,
          ...fields,
        }),
    }
    /** A valid token of each kind. */
    const tokens = async () => {
      const suite = String((await calls.suite()).suite_access_token)
      const app = String((await calls.gettoken()).access_token)
      const model = String((await calls.model()).model_access_token)
      return {
        app,
        suite,
        corp: String((await calls.corp(suite)).access_token),
        downstream: String((await calls.downstream(app)).access_token),
        provider: String((await calls.provider()).provider_access_token),
        model,
        device: String((await calls.device(model)).device_access_token),
      }
    }
    return { wecom, clock, send, call, calls, tokens }
  }
}
