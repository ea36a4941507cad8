/**
 * The errcodes that a token request can get, with English texts: our errors contain them, and so
 * does `explainErrcode`. Data only. Source of every entry, unless it says otherwise: 全局错误码,
 * document/path/90313.
 */

/**
 * Why no token was issued.
 * - `credential`: an id or secret is wrong. Repeating it gets the whole IP blocked for an hour.
 * - `ip`: the caller's IP is not on the app's trusted list.
 * - `rate`: over a call limit.
 */
export type FetchErrcodeClass = 'credential' | 'ip' | 'rate'

/** A text for each kind of credential; `others` for kinds without their own. */
export type TextByKind = string | Readonly<Record<string, string> & { others: string }>

export interface FetchErrcode {
  readonly class: FetchErrcodeClass
  readonly meaning: TextByKind
  readonly advice: TextByKind
}

/** Kinds whose app is managed in the provider console (服务商管理端). */
const byConsole = (provider: string, others: string) => ({
  'suite-app': provider,
  'authorized-corp': provider,
  'service-provider': provider,
  others,
})

const COPY_AGAIN =
  'again, without blanks, line breaks or quotes (the commonest cause), make sure that it belongs to'
const CHECK_SECRET: TextByKind = {
  'self-built': `Copy the app's secret ${COPY_AGAIN} this app and this corp id and was not reset, and that the app is enabled. Of a 代开发 app it is the permanent code, which reset_permanent_code replaces.`,
  'service-provider': `Copy the ProviderSecret from the provider console ${COPY_AGAIN} this corp id and was not reset.`,
  'suite-app': `Copy the suite secret from the provider console ${COPY_AGAIN} this suite id and was not reset, and that the app is not taken down.`,
  'authorized-corp': `Copy the permanent code ${COPY_AGAIN} this corp and suite, and that the corp has not disabled the app.`,
  'hardware-model': `Copy the model secret ${COPY_AGAIN} this model id and was not reset.`,
  'hardware-device': `Copy the device secret ${COPY_AGAIN} this serial number and model; openhw/get_device_secret returns it.`,
  others: `Copy the secret ${COPY_AGAIN} this id and was not reset, and that the app is enabled.`,
}
const CHECK_CORP_ID = 'Check the corp id (管理后台 > 我的企业 > 企业ID).'
const CHECK_SUITE = 'Check the id and the secret of the suite in the provider console.'
const AUTHORISE_AGAIN =
  'The corp revoked its authorisation, or got a new permanent code, which comes with the callback ' +
  'create_auth or reset_permanent_code.'
const BY_PROXY =
  ' A new entry takes about a minute. Or send the token request through a proxy that is on that list: ' +
  'axiosTransport(client) uses the proxy or agent of an axios client.'
const IN_CONSOLE = 'the IP white list (IP白名单) of the app in the provider console (服务商管理端)'
const TRUST_IP = byConsole(
  `Add the outgoing IP to ${IN_CONSOLE}; the trusted IPs of the corps (企业可信IP) do not apply to it.${BY_PROXY}`,
  `Add this machine's outgoing IP to the app's trusted IPs (企业可信IP); of a third-party or 代开发 app to ${IN_CONSOLE}.${BY_PROXY}`,
)
const ENABLE_APP =
  'Make sure that the app is enabled, and that its rights and its authorisation were not withdrawn.'
const WINDOW = 'Wait for the window that was hit: a minute, an hour, the day or 30 days.'
/** 访问频率限制, document/path/90312; the tickets' own limits: document/path/90506. */
const PAGE_TICKET_LIMIT = `${WINDOW} A corp may ask for page tickets 400 times an hour, an app 100 times: one store for all processes, and invalidate only a ticket that pages report.`

const credential = (meaning: TextByKind, advice: TextByKind): FetchErrcode => ({
  class: 'credential',
  meaning,
  advice,
})
const untrusted: FetchErrcode = { class: 'ip', meaning: 'the IP is not trusted', advice: TRUST_IP }

export const FETCH_ERRCODES: Readonly<Record<number, FetchErrcode>> = {
  40001: credential(
    {
      'hardware-model': 'the secret is wrong, or does not belong to the model id',
      'hardware-device': 'the secret is wrong, or does not belong to the serial number',
      others:
        'the secret is wrong, or the app is disabled, or secret and id do not belong together',
    },
    CHECK_SECRET,
  ),
  40013: credential('the corp id is wrong', CHECK_CORP_ID),
  40091: credential('the secret is wrong', CHECK_SECRET),
  2000002: credential('the corp id is wrong', CHECK_CORP_ID),
  41002: credential('the corp id is missing', CHECK_CORP_ID),
  41004: credential('the secret is missing', CHECK_SECRET),
  41024: credential('the secret is missing', CHECK_SECRET),
  40080: credential('the suite secret is wrong', CHECK_SUITE),
  40083: credential('the suite id is wrong', CHECK_SUITE),
  41021: credential('the suite id is missing', CHECK_SUITE),
  48003: credential('the suite id is not valid', CHECK_SUITE),
  40084: credential('the permanent code is not valid', AUTHORISE_AGAIN),
  41025: credential('the permanent code is missing', AUTHORISE_AGAIN),
  48004: credential('the authorisation is not valid', AUTHORISE_AGAIN),
  45031: credential(
    'the secret has to be reset',
    'Reset the secret in the admin console and use the new one.',
  ),
  48002: credential('the app may not call this', {
    'authorized-corp':
      'A suite id that begins with dk is a 代开发 template: its corps take ' +
      'selfBuilt({ corpId, corpSecret: permanentCode }) in place of authorizedCorp.',
    others: 'Give the app the permission in the console where it was made.',
  }),
  // It is unknown whether a token request ever gets these; if so, only an admin can fix them.
  50003: credential('the app is disabled', ENABLE_APP),
  50006: credential('the system app is disabled', ENABLE_APP),
  60031: credential('the app may not call the API at present', ENABLE_APP),
  301007: credential(
    'the corp is not available',
    'It was dissolved or blocked: an administrator of the corp looks into the admin console.',
  ),
  670001: credential(
    'the app is not shared with this downstream corp',
    'Take corpid and agentid from corpgroup/corp/list_app_share_info, and the token of the upstream app.',
  ),
  60020: untrusted,
  301042: untrusted,
  90308: untrusted,
  45009: {
    class: 'rate',
    meaning: 'over the call limit',
    advice: {
      'jsapi-ticket': PAGE_TICKET_LIMIT,
      'agent-ticket': PAGE_TICKET_LIMIT,
      others:
        `${WINDOW} On token requests it is mostly caused by wrong secrets, perhaps of another program behind the same IP: ` +
        'the whole IP is then blocked for an hour; look it up and lift it at ' +
        'https://open.work.weixin.qq.com/wwopen/devtool/checkCorpSpamBlock. debug=1 on a call allows 5 a minute. ' +
        'Fewer processes, or one store for all, make fewer requests.',
    },
  },
  45036: {
    class: 'rate',
    meaning: 'access is limited because of abnormal traffic',
    advice: 'Send much less, and try again much later.',
  },
}
