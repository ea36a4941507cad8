/**
 * What WeCom's errcodes mean, as far as tokens are concerned. Data only.
 * Source of every entry, unless it says otherwise: 全局错误码, document/path/90313.
 */

/** The token was refused: throw that one away, fetch another, send the call once more. */
export const REFUSED_ACCESS_TOKEN = [40014, 42001] as const

/** The same for a suite's token: document/path/90600. */
export const REFUSED_SUITE_TOKEN = [40082, 42009] as const

/** The same for a service provider's token. 40082 was seen; the others are what the name promises. */
export const REFUSED_PROVIDER_TOKEN = [40082, 42009, 40014, 42001] as const

/** The same for a hardware model's token. */
export const REFUSED_MODEL_TOKEN = [710400, 710401] as const

/** The same for the token of one device: 40106 invalid, 42021 expired. */
export const REFUSED_DEVICE_TOKEN = [40106, 42021] as const

/**
 * A `suite_ticket` that is stale, another suite's, or missing: wait for a newer one. As the errcode
 * of this kind of failure the first one stands.
 */
export const STALE_SUITE_TICKET = [40085, 41023] as const

/** The same for a `model_ticket`: 710402. The suite's codes are taken for the same, if they come. */
export const STALE_MODEL_TICKET = [710402, 40085, 41023] as const

/**
 * Busy, or in conflict with other calls: the same call may succeed a little later.
 * -1 system busy (at most three retries); 45033 too many at once; 45035 and 6000 conflicts; the
 * others are "try again later" of single products. 45036 (abnormal traffic) is no passing trouble.
 */
export const BUSY_ERRCODES = [
  -1, 6000, 45033, 45035, 90304, 301096, 710682, 2000111, 2000141, 2010003, 2040035, 2090726,
  2543337,
] as const

/**
 * Why a token was not given.
 * - `credential`: an id or secret is wrong. Repeating it gets the whole IP blocked for an hour.
 * - `ip`: the caller's IP is not on the app's trusted list.
 * - `rate`: over a call limit.
 */
export type FetchErrcodeClass = 'credential' | 'ip' | 'rate'

export interface FetchErrcode {
  readonly class: FetchErrcodeClass
  readonly meaning: string
  readonly advice: string
}

const CHECK_SECRET = 'Check that the secret is the one of this app and has not been reset.'
const CHECK_CORP_ID = 'Check the corp id (管理后台 > 我的企业 > 企业ID).'
const CHECK_SUITE = 'Check the id and the secret of the suite in the provider console.'
const AUTHORISE_AGAIN =
  'The corp took its authorisation back, or got a new permanent code: it comes with the callback ' +
  'create_auth or reset_permanent_code.'
const TRUST_IP =
  "Add this machine's outgoing IP to the app's trusted IPs (企业可信IP), or send the token call " +
  'through a proxy that is on that list: axiosTransport(client) takes the road of an axios client ' +
  'with a proxy or an agent.'

export const FETCH_ERRCODES: Readonly<Record<number, FetchErrcode>> = {
  40001: { class: 'credential', meaning: 'the secret is wrong', advice: CHECK_SECRET },
  40013: { class: 'credential', meaning: 'the corp id is wrong', advice: CHECK_CORP_ID },
  40091: { class: 'credential', meaning: 'the secret is wrong', advice: CHECK_SECRET },
  2000002: { class: 'credential', meaning: 'the corp id is wrong', advice: CHECK_CORP_ID },
  41002: { class: 'credential', meaning: 'the corp id is missing', advice: CHECK_CORP_ID },
  41004: { class: 'credential', meaning: 'the secret is missing', advice: CHECK_SECRET },
  41024: { class: 'credential', meaning: 'the secret is missing', advice: CHECK_SECRET },
  40080: { class: 'credential', meaning: 'the suite secret is wrong', advice: CHECK_SUITE },
  40083: { class: 'credential', meaning: 'the suite id is wrong', advice: CHECK_SUITE },
  41021: { class: 'credential', meaning: 'the suite id is missing', advice: CHECK_SUITE },
  48003: { class: 'credential', meaning: 'the suite id is not valid', advice: CHECK_SUITE },
  40084: {
    class: 'credential',
    meaning: 'the permanent code is not valid',
    advice: AUTHORISE_AGAIN,
  },
  41025: { class: 'credential', meaning: 'the permanent code is missing', advice: AUTHORISE_AGAIN },
  48004: {
    class: 'credential',
    meaning: 'the authorisation is not valid',
    advice: AUTHORISE_AGAIN,
  },
  45031: {
    class: 'credential',
    meaning: 'the secret has to be reset',
    advice: 'Reset the secret in the admin console and use the new one.',
  },
  60020: { class: 'ip', meaning: 'the IP is not trusted', advice: TRUST_IP },
  301042: { class: 'ip', meaning: 'the IP is not trusted', advice: TRUST_IP },
  90308: { class: 'ip', meaning: 'the IP is not trusted', advice: TRUST_IP },
  45009: {
    class: 'rate',
    meaning: 'over the call limit',
    // 访问频率限制, document/path/90312
    advice:
      'Wait for the window that was hit: a minute, an hour or a day. Fewer processes, or one store for all, ask less often.',
  },
}
