import { HEADINGS, RETRY } from '../../src/cli/explain.js'
import { type ErrcodeExplanation, explainErrcode } from '../../src/core/explain-errcode.js'
import { MEANINGS } from '../../src/testing/fake-answers.js'
import { AUTHORISATION_ERRCODES } from '../../src/wecom/errcodes/authorisations.js'
import { BUSY_ROWS } from '../../src/wecom/errcodes/busy.js'
import { CODE_ERRCODES } from '../../src/wecom/errcodes/codes.js'
import { IP_ERRCODES } from '../../src/wecom/errcodes/ips.js'
import { LIMIT_ERRCODES } from '../../src/wecom/errcodes/limits.js'
import { LOGIN_ERRCODES } from '../../src/wecom/errcodes/logins.js'
import { PERMISSION_ERRCODES } from '../../src/wecom/errcodes/permissions.js'
import { PRODUCT_ERRCODES } from '../../src/wecom/errcodes/products.js'
import type { ErrcodeRows } from '../../src/wecom/errcodes/row.js'
import { SECRET_ERRCODES } from '../../src/wecom/errcodes/secrets.js'
import { SUBSCRIPTION_ERRCODES } from '../../src/wecom/errcodes/subscriptions.js'
import { TICKET_ERRCODES } from '../../src/wecom/errcodes/tickets.js'
import { TOKEN_ERRCODES } from '../../src/wecom/errcodes/tokens.js'
import { VISIBLE_RANGE_ERRCODES } from '../../src/wecom/errcodes/visible-range.js'
import type { Language } from './.vitepress/pages.js'
import { BEGINNING } from './troubleshooting-words.js'

interface Topic {
  readonly en: string
  readonly zh: string
  readonly rows: ErrcodeRows
}

const TOPICS: readonly Topic[] = [
  { en: 'Tokens', zh: 'token', rows: TOKEN_ERRCODES },
  { en: 'Ids and secrets', zh: 'ID 与 secret', rows: SECRET_ERRCODES },
  { en: 'IPs', zh: 'IP', rows: IP_ERRCODES },
  { en: 'Call limits', zh: '频率限制', rows: LIMIT_ERRCODES },
  { en: 'Busy', zh: '系统繁忙', rows: BUSY_ROWS },
  { en: 'Permissions', zh: '权限', rows: PERMISSION_ERRCODES },
  { en: 'Visible range', zh: '可见范围', rows: VISIBLE_RANGE_ERRCODES },
  { en: 'Authorisations and apps', zh: '授权与应用状态', rows: AUTHORISATION_ERRCODES },
  { en: 'Tickets', zh: 'ticket', rows: TICKET_ERRCODES },
  { en: 'Codes', zh: 'code', rows: CODE_ERRCODES },
  { en: 'Logins', zh: '登录', rows: LOGIN_ERRCODES },
  { en: 'Subscriptions and licences', zh: '订阅与接口许可', rows: SUBSCRIPTION_ERRCODES },
  { en: 'Products', zh: '各产品', rows: PRODUCT_ERRCODES },
]

/** Kinds of credentials whose advice may differ, in the words of each language. */
const KINDS: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  'self-built': { en: 'Self-built app', zh: '自建应用' },
  'suite-app': { en: 'Third-party app (suite)', zh: '第三方应用（suite）' },
  'authorized-corp': { en: 'Corp that authorised a suite', zh: '授权企业' },
  'service-provider': { en: 'Service provider', zh: '服务商' },
  'hardware-model': { en: 'Hardware model', zh: '智慧硬件型号' },
  'hardware-device': { en: 'Hardware device', zh: '智慧硬件设备' },
}

/** docs/troubleshooting.md, or its Chinese page, whole. */
export function troubleshooting(lang: Language): string {
  const topics = TOPICS.flatMap((topic) => [`## ${topic[lang]}`, ...errcodesOf(topic, lang)])
  return `${[BEGINNING[lang], ...topics].join('\n\n')}\n`
}

function errcodesOf({ rows }: Topic, lang: Language): string[] {
  const errcodes = Object.keys(rows).map(Number)
  return errcodes.sort((one, other) => one - other).map((errcode) => entryOf(errcode, lang))
}

function entryOf(errcode: number, lang: Language): string {
  const explained = explainErrcode(errcode, { lang })
  const { name, meaning, causes, remedy, retry, page } = explained
  const { [lang]: words } = HEADINGS
  const [colon, semicolon, stop] = lang === 'zh' ? ['：', '；', '。'] : [': ', '; ', '.']
  const lines = [
    `### ${errcode}`,
    '',
    `\`${name}\`${colon}${meaning}${stop}`,
    '',
    ...(MEANINGS[errcode] === undefined ? [] : [`- **errmsg**${colon}\`${MEANINGS[errcode]}\``]),
    `- **${words.causes}**${colon}${causes.map(escaped).join(semicolon)}${stop}`,
    `- **${words.remedy}**${colon}${escaped(remedy)}`,
    ...adviceByKind(explained, lang).map((line) => `  - ${line}`),
    `- **${words.retry}**${colon}${RETRY[retry][lang]}${stop}`,
    `- [${words.page}](${page})`,
  ]
  return lines.join('\n')
}

/** Where a kind of credential has its own advice. */
function adviceByKind({ errcode, remedy }: ErrcodeExplanation, lang: Language): string[] {
  const kindsByRemedy = new Map<string, string[]>()
  for (const [kind, name] of Object.entries(KINDS)) {
    const own = explainErrcode(errcode, { kind, lang }).remedy
    if (own !== remedy) kindsByRemedy.set(own, [...(kindsByRemedy.get(own) ?? []), name[lang]])
  }
  const [comma, colon] = lang === 'zh' ? ['、', '：'] : [', ', ': ']
  return [...kindsByRemedy].map(([own, kinds]) => `${kinds.join(comma)}${colon}${escaped(own)}`)
}

/** `a_b_c` and `<id>` are text, neither emphasis nor markup. */
const escaped = (text: string) => text.replaceAll(/[<*]/g, '\\$&')
