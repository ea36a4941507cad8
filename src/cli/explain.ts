import { isQyapiTokenError } from '../core/errors.js'
import {
  type ErrcodeExplanation,
  type ErrcodeRetry,
  explainErrcode,
} from '../core/explain-errcode.js'
import { type Arguments, textOf, UsageError } from './arguments.js'
import type { Language, Words } from './language.js'
import type { Terminal } from './terminal.js'

/** What sending the call again is good for, in words. */
export const RETRY: Readonly<Record<ErrcodeRetry, Words>> = {
  no: { en: 'no: it fails again until something is changed', zh: '不要：不改动什么就会一直失败' },
  replace_token: {
    en: 'once, with another token; the middlewares do so',
    zh: '换一个 token 重试一次；中间件会自动完成',
  },
  newer_ticket: {
    en: 'after the next ticket that WeCom pushes',
    zh: '等企业微信推送下一个 ticket',
  },
  new_code: {
    en: 'after a new login of the user, or a new authorisation of the corp',
    zh: '用户重新登录，或企业重新授权之后',
  },
  soon: { en: 'a little later, at most three times', zh: '稍后重试，最多三次' },
  fewer_in_flight: {
    en: 'a little later, with fewer calls of this API at once',
    zh: '降低该接口的并发数，稍后重试',
  },
  later: {
    en: 'when the window, the quota or the task is over',
    zh: '等时间窗口、额度或任务结束',
  },
  unknown: { en: 'unknown', zh: '未知' },
}

export const HEADINGS = {
  en: { causes: 'Causes', remedy: 'What to do', retry: 'Send again', page: 'WeCom’s page' },
  zh: { causes: '常见原因', remedy: '怎么办', retry: '是否重试', page: '官方说明' },
} as const

/** Explains an errcode. Exit code 1 if it is unknown. */
export function explain(given: Arguments, language: Language, terminal: Terminal): number {
  const explained = explanationOf(given, language)
  if (given.flags.json === true) terminal.print(JSON.stringify(explained))
  else terminal.print([...linesOf(explained, language, terminal)].join('\n'))
  return explained.retry === 'unknown' ? 1 : 0
}

function explanationOf(given: Arguments, lang: Language): ErrcodeExplanation {
  const [text = '', ...others] = given.positionals
  if (!/^-?\d{1,9}$/.test(text) || others.length > 0)
    throw new UsageError({
      en: 'explain needs one errcode, a whole number: qyapi-token explain 60020',
      zh: 'explain 需要一个错误码（整数）：qyapi-token explain 60020',
    })
  try {
    return explainErrcode(Number(text), { kind: textOf(given, 'kind'), lang })
  } catch (error) {
    if (!isQyapiTokenError(error)) throw error
    throw new UsageError({
      en: '--kind must be a kind of credential: qyapi-token explain --help lists them',
      zh: '--kind 必须是凭证类型：qyapi-token explain --help 列出了全部类型',
    })
  }
}

function* linesOf(explained: ErrcodeExplanation, language: Language, { style }: Terminal) {
  const { errcode, name, meaning, causes, remedy, retry, page } = explained
  const headings = HEADINGS[language]
  yield `${style('bold', `${errcode} ${name}`)}: ${meaning}`
  if (causes.length > 0) {
    yield `\n${style('bold', headings.causes)}`
    for (const cause of causes) yield `  - ${cause}`
  }
  yield `\n${style('bold', headings.remedy)}\n  ${remedy}`
  yield `\n${style('bold', headings.retry)}\n  ${RETRY[retry][language]}`
  yield `\n${style('bold', headings.page)}\n  ${page}`
}
