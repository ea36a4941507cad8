import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  authorizedCorp,
  createTokenSource,
  hardwareDevice,
  hardwareModel,
  serviceProvider,
  suiteApp,
} from '../../src/index.js'
import { fakeQyapi } from '../../src/testing.js'
import {
  type Answer,
  CORP,
  DEVICE,
  ENTRIES,
  MODEL,
  MODEL_TICKET,
  PROVIDER,
  SUITE,
  through,
} from '../support/every-kind.js'

/**
 * WeCom's paths by hand: a slip in `src/wecom/endpoints.ts` must not go unnoticed. The fake, which
 * has a table of its own, refuses a request with a token of another kind.
 */
const TABLE = {
  none: [
    'gettoken',
    'service/get_suite_token',
    'service/get_provider_token',
    'openhw/get_model_token',
    'webhook/send',
    'webhook/upload_media',
    'aibot/response',
    'aibot/cli/send',
    'wedoc/smartsheet/webhook',
  ],
  suite_access_token: [
    'service/get_corp_token',
    'service/get_permanent_code',
    'service/v2/get_permanent_code',
    'service/get_pre_auth_code',
    'service/set_session_info',
    'service/get_auth_info',
    'service/get_admin_list',
    'service/get_app_qrcode',
    'service/auth/getuserinfo3rd',
    'service/auth/getuserdetail3rd',
    'service/getuserinfo3rd',
    'service/getuserdetail3rd',
    'service/miniprogram/jscode2session',
    'service/get_order',
    'service/get_order_list',
    'service/prolong_try',
    'service/externalcontact/unionid_to_external_userid_3rd',
    'service/v2/get_auth_info',
    'service/school/getuserinfo3rd',
    'idconvert/upgrade_chatid_for_new_corp',
  ],
  provider_access_token: [
    'service/get_register_code',
    'service/get_register_info',
    'service/get_customized_auth_url',
    'service/corpid_to_opencorpid',
    'service/contact/batchsearch',
    'service/contact/id_translate',
    'service/batch/getresult',
    'service/media/upload',
    'license/create_new_order',
    'license/list_order',
    'paytool/open_order',
    'service/finish_openid_migration',
    'service/batch/userid_to_openuserid',
    'service/get_account_balance',
    'advanced_api/get_order',
    'service/externalcontact/finish_external_userid_migration',
    'hardware/get_device_feature',
    'service/add_device',
    'service/del_device',
    'service/list_device',
    'service/get_device_auth_info',
    'service/fetch_device_log',
    'service/reset_secret_no',
    'service/set_printer_support_state',
  ],
  model_access_token: [
    'openhw/get_device_secret',
    'openhw/get_device_token',
    'openhw/model/register_sn',
    'openhw/model/unregister_sn',
    'openhw/device/get_device_detail',
  ],
  device_access_token: [
    'openhw/device/report',
    'openhw/device/get_device_details',
    'openhw/device/any/thing',
  ],
  access_token: [
    'corpgroup/corp/gettoken',
    'corpgroup/corp/list_app_share_info',
    'user/get',
    'message/send',
    'media/upload',
    'externalcontact/list',
    'get_jsapi_ticket',
    'ticket/get',
    // Checked: they take the app's, though others below the same folder do not.
    'hardware/get_hardware_checkin_data',
    'chatdata/sync_msg',
    'kf/sync_msg',
    'msgaudit/get_permit_user_list',
    'idconvert/convert_tmp_external_userid',
    'batch/userid_to_openuserid',
    'agent/get_permissions',
    'openhw/model/list',
    // Neighbours that a text prefix would mistake for something else.
    'openhw/devices/list',
    'service/v2/get_auth_infos',
    'advanced_apis/list',
    'aibot/clients',
    'webhooks/send',
    'aibot/responses',
    'wedoc/smartsheet/add_sheet',
    'service/get_orders',
    'service/contacts/list',
    'licenses/list',
    'openhw/list',
    'service/auth/getuserinfo3rd_v2',
  ],
} as const

const wecom = fakeQyapi({
  models: [{ ...MODEL, modelTicket: MODEL_TICKET }],
  devices: [{ ...DEVICE, modelId: MODEL.modelId }],
  providers: [PROVIDER],
  suites: [{ ...SUITE, corps: [{ corpId: CORP.authCorpId, permanentCode: CORP.permanentCode }] }],
})
for (const path of TABLE.access_token) wecom.on(path, { json: { errcode: 0 } })
const baseUrl = await wecom.listen()
afterAll(() => wecom.close())

describe.each(ENTRIES)('the path table, through the %s entry', (entry) => {
  const suite = createTokenSource(suiteApp(SUITE), { baseUrl })
  const provider = createTokenSource(serviceProvider(PROVIDER), { baseUrl })
  const corp = createTokenSource(authorizedCorp({ suite, ...CORP }), { baseUrl })
  const model = createTokenSource(hardwareModel(MODEL), { baseUrl })
  const device = createTokenSource(hardwareDevice({ model, ...DEVICE }), { baseUrl })
  const sources = [corp, suite, provider, model, device]
  const answers = new Map<string, Answer>()
  beforeAll(() => model.pushTicket(MODEL_TICKET))

  it.each(Object.values(TABLE).flat())(
    'request rule 2: the fake, by its own table, accepts the token that a request to %s carries',
    async (path) => {
      await queryOf(path)
      // A path that gives a token misses its fields, but only after it accepted the request's token.
      const missing = /gettoken|get_\w+_token$/.test(path) ? [41002, 41004, 41021, 41023] : []
      expect([0, ...missing]).toContain(answers.get(path)?.errcode)
    },
  )
  const send = through(entry, baseUrl, sources)

  /** The query of a request, which must have no other token. */
  const queryOf = async (path: string, by = send) => {
    answers.set(path, await by(`${path}?debug=1`, {}))
    const sent = wecom.requests.filter((request) => request.path === path)
    expect(sent.length).toBeGreaterThan(0)
    return [...(sent.at(-1)?.query ?? [])].filter(([name]) => name !== 'debug')
  }

  it.each(TABLE.none)('request rule 2: the path %s takes no token', async (path) => {
    expect(await queryOf(path)).toEqual([])
  })

  it.each(TABLE.suite_access_token)(
    'request rule 2: the path %s takes the suite’s token',
    async (path) => {
      expect(await queryOf(path)).toEqual([['suite_access_token', await suite.get()]])
    },
  )

  it.each(TABLE.provider_access_token)(
    'request rule 2: the path %s takes the provider’s token',
    async (path) => {
      expect(await queryOf(path)).toEqual([['provider_access_token', await provider.get()]])
    },
  )

  it.each(TABLE.model_access_token)(
    'request rule 2: the path %s takes the model’s token',
    async (path) => {
      expect(await queryOf(path)).toEqual([['model_access_token', await model.get()]])
    },
  )

  it.each(TABLE.device_access_token)(
    'request rule 2: the path %s takes the device’s token',
    async (path) => {
      expect(await queryOf(path)).toEqual([['device_access_token', await device.get()]])
    },
  )

  it('request rule 2: the path service/get_login_info takes the provider’s token as access_token', async () => {
    const query = await queryOf('service/get_login_info')
    expect(query).toEqual([['access_token', await provider.get()]])
  })

  it.each(TABLE.access_token)('request rule 2: the path %s takes the app’s token', async (path) => {
    expect(await queryOf(path)).toEqual([['access_token', await corp.get()]])
  })

  it('request rule 2: a refused request is replayed with the token of its own kind', async () => {
    for (const [path, source, errcode] of [
      ['user/get', corp, 42001],
      ['service/get_auth_info', suite, 42009],
      ['license/list_order', provider, 40082],
      ['service/get_login_info', provider, 40014],
      ['openhw/model/register_sn', model, 710401],
      ['openhw/device/report', device, 40106],
      ['openhw/device/report', device, 42021],
    ] as const) {
      const before = await Promise.all(sources.map((each) => each.get()))
      wecom.failNext(path, { errcode })
      expect((await send(path, {})).errcode).toBe(0)
      const after = await Promise.all(sources.map((each) => each.get()))
      const isNew = after.map((token, index) => token !== before[index])
      expect([path, isNew]).toEqual([path, sources.map((each) => each === source)])
    }
  })

  it('request rule 2: the errcode of another kind’s refusal is the caller’s answer', async () => {
    for (const [path, errcode] of [
      ['user/get', 40082],
      ['service/get_auth_info', 40014],
      ['license/list_order', 710400],
      ['openhw/model/register_sn', 40106],
      ['openhw/device/report', 42001],
    ] as const) {
      wecom.failNext(path, { errcode })
      expect((await send(path, {})).errcode).toBe(errcode)
    }
  })

  it('request rule 2: a path whose kind was not attached gets no token at all', async () => {
    const alone = through(entry, baseUrl, [suite])
    for (const path of ['user/get', 'license/list_order', 'openhw/device/report'])
      expect(await queryOf(path, alone)).toEqual([])
  })

  describe('the option endpoints', () => {
    const corpToken = async () => [['access_token', await corp.get()]]
    const opened = (...endpoints: { path: string; token: 'app' | 'provider' | 'none' }[]) =>
      through(entry, baseUrl, sources, { endpoints })

    it('request rule 2: the option endpoints adds folders and paths, and leaves all others unchanged', async () => {
      const by = opened({ path: 'openhw/', token: 'provider' }, { path: 'user/get', token: 'none' })
      expect(await queryOf('openhw/list', by)).toEqual([
        ['provider_access_token', await provider.get()],
      ])
      expect(await queryOf('openhw/get_model_token', by)).toEqual([])
      expect(await queryOf('user/get', by)).toEqual([])
      expect(await queryOf('message/send', by)).toEqual(await corpToken())
      expect(await queryOf('license/list_order', by)).toEqual([
        ['provider_access_token', await provider.get()],
      ])
    })

    it('request rule 2: the option endpoints replaces a row of the table, its parameter included', async () => {
      const by = opened({ path: 'service/get_login_info', token: 'provider' })
      expect(await queryOf('service/get_login_info', by)).toEqual([
        ['provider_access_token', await provider.get()],
      ])
    })

    it.each(['license/', 'license'])(
      'request rule 2: the option endpoints replaces a folder that is written %s',
      async (path) => {
        const by = opened({ path, token: 'app' })
        expect(await queryOf('license/list_order', by)).toEqual(await corpToken())
        expect(await queryOf('paytool/open_order', by)).toEqual([
          ['provider_access_token', await provider.get()],
        ])
      },
    )

    it('request rule 2: the option endpoints prefers the longest match, in whatever order they are listed', async () => {
      const [folder, path] = [
        { path: 'license/', token: 'none' },
        { path: 'license/list_order', token: 'app' },
      ] as const
      for (const by of [opened(folder, path), opened(path, folder)]) {
        expect(await queryOf('license/list_order', by)).toEqual(await corpToken())
        expect(await queryOf('license/create_new_order', by)).toEqual([])
      }
    })

    it('request rule 2: the option endpoints may name the parameter', async () => {
      const endpoints = [{ path: 'user/get', token: 'suite', parameter: 'access_token' }] as const
      const by = through(entry, baseUrl, sources, { endpoints })
      expect(await queryOf('user/get', by)).toEqual([['access_token', await suite.get()]])
    })
  })
})
