import { type FakeAnswer, type FakeEndpoint, okAnswer } from './fake-answers.js'
import type { fakeMedia } from './fake-media.js'

/** A one-pixel PNG. */
const PIXEL = Uint8Array.from(
  atob(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  ),
  (character) => character.charCodeAt(0),
)

/** Endpoints that take an app's `access_token`. */
const OF_APPS: Readonly<Record<string, FakeEndpoint>> = {
  'message/send': okAnswer({ invaliduser: '', msgid: 'fake-msgid' }),
  'user/get': ({ query }) =>
    okAnswer({ userid: query.get('userid') ?? '', name: '张三', department: [1] }),
  'user/simplelist': okAnswer({ userlist: [] }),
  'department/list': okAnswer({ department: [{ id: 1, name: '广州研发中心' }] }),
  get_api_domain_ip: { json: { ip_list: ['203.0.113.1'], errcode: 0, errmsg: 'ok' } },
  'media/get': ({ headers }) => mediaAnswer(headers.range),
  'agent/get': okAnswer({ agentid: 1000002, name: 'fake' }),
  'externalcontact/list': okAnswer({ external_userid: [] }),
  'corpgroup/corp/list_app_share_info': okAnswer({
    ending: 1,
    corp_list: [{ corpid: 'ww-fake-downstream', corp_name: '下游企业', agentid: 1000003 }],
  }),
}

/** Endpoints that take a third-party app's `suite_access_token`. */
const OF_SUITES: Readonly<Record<string, FakeEndpoint>> = {
  'service/get_pre_auth_code': okAnswer({ pre_auth_code: 'fake-pre-auth-code', expires_in: 1200 }),
  'service/get_auth_info': okAnswer({
    auth_corp_info: { corpid: 'ww-fake-corp', corp_name: '授权企业' },
    auth_info: { agent: [{ agentid: 1000002, name: 'fake' }] },
  }),
  'service/get_admin_list': okAnswer({ admin: [{ userid: 'zhangsan', auth_type: 1 }] }),
  // The answer for `result_type: 2`; otherwise WeCom answers with a picture, as `media/get` does here.
  'service/get_app_qrcode': okAnswer({ qrcode: 'https://open.work.weixin.qq.com/fake-qrcode' }),
  'service/auth/getuserinfo3rd': okAnswer({ corpid: 'ww-fake-corp', userid: 'zhangsan' }),
  'service/getuserinfo3rd': okAnswer({ CorpId: 'ww-fake-corp', UserId: 'zhangsan' }),
  'service/miniprogram/jscode2session': okAnswer({
    corpid: 'ww-fake-corp',
    userid: 'zhangsan',
    session_key: 'fake-session-key',
  }),
}

/** Endpoints that take a service provider's `provider_access_token`. */
const OF_PROVIDERS: Readonly<Record<string, FakeEndpoint>> = {
  'service/get_login_info': okAnswer({
    usertype: 1,
    user_info: { userid: 'zhangsan', name: '张三' },
    corp_info: { corpid: 'ww-fake-corp' },
    agent: [],
  }),
  'service/get_register_code': okAnswer({ register_code: 'fake-register-code', expires_in: 600 }),
  'service/corpid_to_opencorpid': okAnswer({ open_corpid: 'wp-fake-corp' }),
  'service/contact/batchsearch': okAnswer({ query_result_list: [] }),
  'service/contact/id_translate': okAnswer({ jobid: 'fake-jobid' }),
  'service/batch/getresult': okAnswer({ status: 3, type: 'contact_id_translate', result: {} }),
  'license/list_order': okAnswer({
    next_cursor: '',
    has_more: 0,
    order_list: [{ order_id: 'fake-order', order_type: 1 }],
  }),
}

/** Some common endpoints; add more with `on`. */
export function endpointsOf(
  media: ReturnType<typeof fakeMedia>,
): Readonly<Record<string, FakeEndpoint>> {
  return {
    ...OF_APPS,
    ...OF_SUITES,
    ...OF_PROVIDERS,
    'media/upload': media.answer,
    'service/media/upload': media.answer,
    'webhook/upload_media': media.answer,
  }
}

/** Binary on success, in part if a range was requested; JSON on failure, like every other endpoint. */
function mediaAnswer(range: string | string[] | undefined): FakeAnswer {
  const headers = {
    'content-type': 'image/png',
    'content-disposition': 'attachment; filename="pixel.png"',
  }
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(String(range)) ?? []
  if (from === undefined) return { headers, body: PIXEL }
  const end = to ? Number(to) + 1 : PIXEL.length
  const part = PIXEL.slice(Number(from), end)
  const contentRange = `bytes ${from}-${Number(from) + part.length - 1}/${PIXEL.length}`
  return { status: 206, headers: { ...headers, 'content-range': contentRange }, body: part }
}
