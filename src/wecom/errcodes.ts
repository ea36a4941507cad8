/**
 * What WeCom's errcodes mean, as far as tokens are concerned. Data only.
 * Source of every entry, unless it says otherwise: 全局错误码, document/path/90313.
 */

/** The token was refused: clear it, fetch another, replay the call once. */
export const REFUSED_ACCESS_TOKEN = [40014, 42001] as const

/** The same for a suite's token: document/path/90600. */
export const REFUSED_SUITE_TOKEN = [40082, 42009] as const

/** The same for a service provider's token. 40082 was observed; the others follow from the name. */
export const REFUSED_PROVIDER_TOKEN = [40082, 42009, 40014, 42001] as const

/** The same for a hardware model's token. */
export const REFUSED_MODEL_TOKEN = [710400, 710401] as const

/** The same for the token of one device: 40106 invalid, 42021 expired. */
export const REFUSED_DEVICE_TOKEN = [40106, 42021] as const

/**
 * A `suite_ticket` that is stale, another suite's, or missing: wait for a newer one. The first
 * errcode is reported for this failure.
 */
export const STALE_SUITE_TICKET = [40085, 41023] as const

/** The same for a `model_ticket`: 710402. The suite's errcodes are treated alike. */
export const STALE_MODEL_TICKET = [710402, 40085, 41023] as const

/**
 * Busy, or in conflict with other calls: the same call may succeed a little later. -1 system busy
 * (at most three retries); 45033 too many at once; 45035 and 6000 conflicts; the others are "try
 * again later" of single products. Not 45036 (abnormal traffic), which lasts longer.
 */
export const BUSY_ERRCODES = [
  -1, 6000, 45033, 45035, 90304, 301096, 710682, 2000111, 2000141, 2010003, 2040035, 2090726,
  2543337,
] as const
