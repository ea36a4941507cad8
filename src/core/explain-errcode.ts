import { AUTHORISATION_ERRCODES } from '../wecom/errcodes/authorisations.js'
import { BUSY_ROWS } from '../wecom/errcodes/busy.js'
import { CODE_ERRCODES } from '../wecom/errcodes/codes.js'
import { IP_ERRCODES } from '../wecom/errcodes/ips.js'
import { LIMIT_ERRCODES } from '../wecom/errcodes/limits.js'
import { LOGIN_ERRCODES } from '../wecom/errcodes/logins.js'
import { PERMISSION_ERRCODES } from '../wecom/errcodes/permissions.js'
import { PRODUCT_ERRCODES } from '../wecom/errcodes/products.js'
import type { ErrcodeRow, ErrcodeRows, ErrcodeTexts } from '../wecom/errcodes/row.js'
import { SECRET_ERRCODES } from '../wecom/errcodes/secrets.js'
import { SUBSCRIPTION_ERRCODES } from '../wecom/errcodes/subscriptions.js'
import { TICKET_ERRCODES } from '../wecom/errcodes/tickets.js'
import { TOKEN_ERRCODES } from '../wecom/errcodes/tokens.js'
import { VISIBLE_RANGE_ERRCODES } from '../wecom/errcodes/visible-range.js'
import {
  BUSY_ERRCODES,
  REFUSED_ACCESS_TOKEN,
  REFUSED_DEVICE_TOKEN,
  REFUSED_MODEL_TOKEN,
  REFUSED_PROVIDER_TOKEN,
  REFUSED_SUITE_TOKEN,
  STALE_MODEL_TICKET,
  STALE_SUITE_TICKET,
} from '../wecom/errcodes.js'
import { FETCH_ERRCODES, type TextByKind } from '../wecom/fetch-errcodes.js'
import { type Check, check } from './check.js'
import { badOption } from './errors.js'
import { textByKind } from './text-by-kind.js'

/**
 * What sending the same call again is good for.
 * - `no`: it fails again until something is changed.
 * - `replace_token`: fetch another token and send it once more, as the middlewares do.
 * - `newer_ticket`: wait for the next `suite_ticket` or `model_ticket`.
 * - `new_code`: let the user log in, or the corp authorise, once more.
 * - `soon`: WeCom is busy: up to three times, with growing delays.
 * - `fewer_in_flight`: the same, with fewer calls of this API at once.
 * - `later`: when the window, the quota or the task that is in its way is over.
 * - `unknown`: the errcode is not in the table.
 */
export type ErrcodeRetry =
  | 'no'
  | 'replace_token'
  | 'newer_ticket'
  | 'new_code'
  | 'soon'
  | 'fewer_in_flight'
  | 'later'
  | 'unknown'

/** What an errcode means, and what to do about it. */
export interface ErrcodeExplanation {
  readonly errcode: number
  /** Our own name for it, e.g. `ip_not_trusted`; `unknown` if it is not in the table. */
  readonly name: string
  /** What it means: part of a sentence. */
  readonly meaning: string
  /** The usual causes, the most frequent first; empty only for an unknown errcode. */
  readonly causes: readonly string[]
  /** What to do, in whole sentences. */
  readonly remedy: string
  /**
   * Whether the token was refused, so that another one helps: with `kind` a token of that kind (for a
   * page ticket: of its app), otherwise of any kind.
   */
  readonly isTokenInvalid: boolean
  readonly retry: ErrcodeRetry
  /** The address of WeCom's own page. */
  readonly page: string
}

/** Options of `explainErrcode`. */
export interface ExplainOptions {
  /**
   * The kind of credential, as `source.describe().kind` has it: `self-built`, `suite-app`,
   * `authorized-corp`, `service-provider`, `downstream-corp`, `hardware-model`, `hardware-device`,
   * `jsapi-ticket`, `agent-ticket` or `remote`. Where to enter an IP, for example, depends on it.
   * @default what holds for most kinds
   */
  readonly kind?: string | undefined
  /**
   * The language: English or Chinese.
   * @default 'en'
   */
  readonly lang?: 'en' | 'zh' | undefined
}

/** The errcodes that refuse a token of each kind; a page ticket is requested with its app's token. */
const REFUSED_BY_KIND: Readonly<Record<string, readonly number[]>> = {
  'self-built': REFUSED_ACCESS_TOKEN,
  'suite-app': REFUSED_SUITE_TOKEN,
  'authorized-corp': REFUSED_ACCESS_TOKEN,
  'service-provider': REFUSED_PROVIDER_TOKEN,
  'downstream-corp': REFUSED_ACCESS_TOKEN,
  'hardware-model': REFUSED_MODEL_TOKEN,
  'hardware-device': REFUSED_DEVICE_TOKEN,
  'jsapi-ticket': REFUSED_ACCESS_TOKEN,
  'agent-ticket': REFUSED_ACCESS_TOKEN,
  // With its default `tokenKind`.
  remote: REFUSED_ACCESS_TOKEN,
}

const CHECKS: Readonly<Record<keyof ExplainOptions, Check>> = {
  kind: [
    (value) => typeof value === 'string' && Object.hasOwn(REFUSED_BY_KIND, value),
    'a kind of credential, e.g. self-built or suite-app',
  ],
  lang: [(value) => value === 'en' || value === 'zh', "'en' or 'zh'"],
}

/**
 * Explains an errcode of WeCom in English or Chinese: some 150 that concern tokens, tickets, secrets,
 * IPs, permissions, limits and busy servers. An unknown one is explained as such, with the address
 * where WeCom explains it. Source: document/path/90313, in our own words.
 *
 * @throws `bad_options` if `errcode` is not a whole number, or an option is wrong.
 * @example
 * const { meaning, remedy, retry } = explainErrcode(60020, { kind: 'self-built', lang: 'zh' })
 */
export function explainErrcode(errcode: number, options: ExplainOptions = {}): ErrcodeExplanation {
  if (!Number.isSafeInteger(errcode)) throw badOption('errcode', 'a whole number', errcode)
  check(options, CHECKS, 'options of explainErrcode')
  const { kind, lang = 'en' } = options
  const row = rowOf(errcode)
  if (row === undefined) return unknownErrcode(errcode, lang)
  const text = (key: 'meaning' | 'remedy') => textByKind(textIn(row, errcode, lang, key), { kind })
  const isTokenInvalid = refusedBy(kind).includes(errcode)
  return {
    errcode,
    name: row.name,
    meaning: text('meaning'),
    causes: [...row[lang].causes],
    remedy: text('remedy'),
    isTokenInvalid,
    retry: isTokenInvalid ? 'replace_token' : retryOf(errcode, row),
    page: pageOf(row.page ?? 90313),
  }
}

function rowOf(errcode: number): ErrcodeRow | undefined {
  const tables: readonly ErrcodeRows[] = [
    TOKEN_ERRCODES,
    SECRET_ERRCODES,
    AUTHORISATION_ERRCODES,
    SUBSCRIPTION_ERRCODES,
    TICKET_ERRCODES,
    CODE_ERRCODES,
    LOGIN_ERRCODES,
    IP_ERRCODES,
    PERMISSION_ERRCODES,
    VISIBLE_RANGE_ERRCODES,
    PRODUCT_ERRCODES,
    LIMIT_ERRCODES,
    BUSY_ROWS,
  ]
  return tables.find((rows) => Object.hasOwn(rows, errcode))?.[errcode]
}

/** English texts that our errors contain stand in `FETCH_ERRCODES` alone. */
function textIn(
  row: ErrcodeRow,
  errcode: number,
  lang: 'en' | 'zh',
  key: 'meaning' | 'remedy',
): TextByKind {
  const texts: ErrcodeTexts = row[lang]
  const ofErrors = {
    meaning: FETCH_ERRCODES[errcode]?.meaning,
    remedy: FETCH_ERRCODES[errcode]?.advice,
  }
  return texts[key] ?? ofErrors[key] ?? ''
}

function refusedBy(kind: string | undefined): readonly number[] {
  const refused = kind === undefined ? Object.values(REFUSED_BY_KIND).flat() : REFUSED_BY_KIND[kind]
  return refused ?? []
}

function retryOf(errcode: number, { retry }: ErrcodeRow): ErrcodeRetry {
  if ([...STALE_SUITE_TICKET, ...STALE_MODEL_TICKET].some((code) => code === errcode))
    return 'newer_ticket'
  if (errcode === 45033) return 'fewer_in_flight'
  if (BUSY_ERRCODES.some((code) => code === errcode)) return 'soon'
  return FETCH_ERRCODES[errcode]?.class === 'rate' ? 'later' : (retry ?? 'no')
}

function pageOf(page: number): string {
  return `https://developer.work.weixin.qq.com/document/path/${page}`
}

/** WeCom's own page that explains any errcode. */
function unknownErrcode(errcode: number, lang: 'en' | 'zh'): ErrcodeExplanation {
  const page = `https://open.work.weixin.qq.com/devtool/query?e=${errcode}`
  const [meaning, remedy] =
    lang === 'zh'
      ? ['这里没有收录这个错误码', `企业微信在 ${page} 解释每个错误码。`]
      : ['this errcode is not in our table', `WeCom explains every errcode at ${page}.`]
  const retry = 'unknown'
  return { errcode, name: retry, meaning, causes: [], remedy, isTokenInvalid: false, retry, page }
}
