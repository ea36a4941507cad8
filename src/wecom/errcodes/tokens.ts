import type { ErrcodeRows } from './row.js'

const FETCH_AGAIN_EN =
  'Clear that token, fetch another and send the call once more; the middlewares of this package do so.'
const FETCH_AGAIN_ZH = '清除这个 token，重新获取，再发送一次；本包的中间件会自动完成。'
const RIDE_EN =
  'Put the token into the query of the url. Look for a path or an origin that gets none: the event skipped says so.'
const RIDE_ZH =
  '把 token 放进 URL 的查询参数。检查这个路径或域名是否没有附上 token：事件 skipped 会说明。'

/** Tokens that are refused, or missing. */
export const TOKEN_ERRCODES: ErrcodeRows = {
  40014: {
    name: 'invalid_access_token',
    en: {
      meaning: 'the access_token is not valid',
      causes: [
        'it expired, or WeCom ended it early, which it may do at any time',
        'it is the token of another kind (suite, provider), or of an app that this API does not accept',
        'it was cut or changed on the way, e.g. by a database column that is too short',
      ],
      remedy: FETCH_AGAIN_EN,
    },
    zh: {
      meaning: 'access_token 无效',
      causes: [
        '已过期，或被企业微信提前作废（随时可能发生）',
        '用了别的类型的 token（suite、provider），或这个接口不接受的应用的 token',
        '传输或保存时被截断、改动，例如数据库字段太短',
      ],
      remedy: FETCH_AGAIN_ZH,
    },
  },
  42001: {
    name: 'access_token_expired',
    page: 91039,
    en: {
      meaning: 'the access_token expired',
      causes: [
        'it was kept longer than its expires_in',
        'expires_in was counted from a moment after the request, or with a wrong clock or time zone',
      ],
      remedy: FETCH_AGAIN_EN,
    },
    zh: {
      meaning: 'access_token 已过期',
      causes: ['缓存时间超过了 expires_in', '计时从请求之后才开始，或系统时间、时区有误'],
      remedy: FETCH_AGAIN_ZH,
    },
  },
  40082: {
    name: 'invalid_suite_or_provider_token',
    page: 90600,
    en: {
      meaning: 'the suite_access_token or provider_access_token is not valid',
      causes: [
        'it expired or was ended early',
        "the corp has not installed this suite, or the token is another suite's",
        'a token of another kind was sent in its place',
      ],
      remedy: FETCH_AGAIN_EN,
    },
    zh: {
      meaning: 'suite_access_token 或 provider_access_token 无效',
      causes: [
        '已过期，或被提前作废',
        '该企业没有安装这个套件，或 token 属于别的套件',
        '误用了其他类型的 token',
      ],
      remedy: FETCH_AGAIN_ZH,
    },
  },
  42009: {
    name: 'suite_token_expired',
    page: 90600,
    en: {
      meaning: 'the suite_access_token expired',
      causes: ['it was kept longer than its two hours'],
      remedy: FETCH_AGAIN_EN,
    },
    zh: {
      meaning: 'suite_access_token 已过期',
      causes: ['缓存时间超过了两小时'],
      remedy: FETCH_AGAIN_ZH,
    },
  },
  710400: {
    name: 'invalid_model_token',
    en: {
      meaning: 'the model_access_token of a hardware model is not valid',
      causes: ['it was ended early, or is the token of another model'],
      remedy: FETCH_AGAIN_EN,
    },
    zh: {
      meaning: '硬件型号的 model_access_token 无效',
      causes: ['被提前作废，或属于别的型号'],
      remedy: FETCH_AGAIN_ZH,
    },
  },
  710401: {
    name: 'model_token_expired',
    en: {
      meaning: 'the model_access_token of a hardware model expired',
      causes: ['it was kept longer than its two hours'],
      remedy: FETCH_AGAIN_EN,
    },
    zh: {
      meaning: '硬件型号的 model_access_token 已过期',
      causes: ['缓存时间超过了两小时'],
      remedy: FETCH_AGAIN_ZH,
    },
  },
  40106: {
    name: 'invalid_device_token',
    en: {
      meaning: 'the device_access_token of a device is not valid',
      causes: ['it was ended early, or is the token of another device'],
      remedy: FETCH_AGAIN_EN,
    },
    zh: {
      meaning: '设备的 device_access_token 无效',
      causes: ['被提前作废，或属于别的设备'],
      remedy: FETCH_AGAIN_ZH,
    },
  },
  42021: {
    name: 'device_token_expired',
    en: {
      meaning: 'the device_access_token of a device expired',
      causes: ['it was kept longer than its two hours'],
      remedy: FETCH_AGAIN_EN,
    },
    zh: {
      meaning: '设备的 device_access_token 已过期',
      causes: ['缓存时间超过了两小时'],
      remedy: FETCH_AGAIN_ZH,
    },
  },
  41001: {
    name: 'missing_access_token',
    en: {
      meaning: 'the call had no access_token',
      causes: [
        'the token stands in a header or in the body, where WeCom does not look',
        'an empty string was cached or sent',
        'the path lies outside of the base address, so that the middleware left it alone',
      ],
      remedy: RIDE_EN,
    },
    zh: {
      meaning: '请求缺少 access_token',
      causes: [
        'token 放在了请求头或请求体里，企业微信不会读取',
        '缓存或发送了空字符串',
        '路径不在 baseUrl 之下，中间件没有处理',
      ],
      remedy: RIDE_ZH,
    },
  },
  41022: {
    name: 'missing_suite_token',
    en: {
      meaning: 'the call had no suite_access_token',
      causes: ['the parameter is called access_token, but this path needs suite_access_token'],
      remedy: RIDE_EN,
    },
    zh: {
      meaning: '请求缺少 suite_access_token',
      causes: ['参数名写成了 access_token，而这个路径需要 suite_access_token'],
      remedy: RIDE_ZH,
    },
  },
  710403: {
    name: 'missing_model_token',
    en: {
      meaning: 'the call had no model_access_token',
      causes: ['the parameter is called access_token, but this path needs model_access_token'],
      remedy: RIDE_EN,
    },
    zh: {
      meaning: '请求缺少 model_access_token',
      causes: ['参数名写成了 access_token，而这个路径需要 model_access_token'],
      remedy: RIDE_ZH,
    },
  },
}
