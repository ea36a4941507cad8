import { errcodeOf, parsed } from '../../core/errcode.js'
import type { QyapiTokenError } from '../../core/errors.js'
import { explainErrcode } from '../../core/explain-errcode.js'
import { copiedAlong } from '../../credentials/credential-options.js'
import { egressIpIn } from '../../gettoken/token-answer.js'
import { FETCH_ERRCODES } from '../../wecom/fetch-errcodes.js'
import type { Language } from '../language.js'
import type { Exchange } from './exchange.js'
import { fail, type Line, ok, type Say, warn } from './line.js'
import type { Settings } from './settings.js'

/** The ids and the secret, as they were given. */
export function settingsLines({ corpId, corpSecret, baseUrl }: Settings, say: Say): Line[] {
  const missing = [
    ...(corpId === undefined ? ['WECOM_CORPID'] : []),
    ...(corpSecret === undefined ? ['WECOM_CORPSECRET'] : []),
  ]
  const lines: Line[] = []
  if (missing.length > 0)
    lines.push(
      fail(
        'settings',
        say(`${missing.join(' and ')} not set`, `没有设置 ${missing.join(' 和 ')}`),
        say(
          `Set ${missing.join(' and ')} (and WECOM_AGENTID, REDIS_URL if you use them), or see qyapi-token doctor --help.`,
          `设置 ${missing.join(' 和 ')}（用到时还有 WECOM_AGENTID、REDIS_URL），或见 qyapi-token doctor --help。`,
        ),
      ),
    )
  else lines.push(ok('settings', `${say('corp', '企业')} ${corpId}, ${shownBase(baseUrl)}`))
  if (corpId !== undefined) lines.push(...shapeLines('WECOM_CORPID', corpId, say))
  if (corpSecret !== undefined) lines.push(...shapeLines('WECOM_CORPSECRET', corpSecret, say))
  return lines
}

const shownBase = ({ origin, pathname }: URL) => origin + (pathname === '/' ? '' : pathname)

const IN_CHINESE: Readonly<Record<string, string>> = {
  'a line break': '换行',
  'a quote': '引号',
  'a blank or an invisible character': '空格或不可见字符',
}

function shapeLines(name: string, value: string, say: Say): Line[] {
  const found = copiedAlong(value)
  const check = name === 'WECOM_CORPID' ? 'corp id' : 'secret'
  if (found === undefined)
    return check === 'secret'
      ? [
          ok(
            check,
            say(
              `${value.length} character${value.length === 1 ? '' : 's'}, no blank, line break or quote`,
              `${value.length} 个字符，没有空格、换行或引号`,
            ),
          ),
        ]
      : []
  return [
    fail(
      check,
      say(`has ${found} in it`, `含有${IN_CHINESE[found] ?? found}`),
      say(
        `Copy ${name} again, without line breaks, blanks or quotes; look at the .env file and at the shell's quotes.`,
        `重新复制 ${name}，不带换行、空格和引号；检查 .env 文件和 shell 的引号。`,
      ),
    ),
  ]
}

/** What gettoken returned: a lifetime, or an error of ours. */
export type TokenOutcome =
  | { readonly expiresInMs: number; readonly error?: never }
  | { readonly error: QyapiTokenError }

export function gettokenLine(outcome: TokenOutcome, language: Language, say: Say): Line {
  if (outcome.error === undefined) {
    const seconds = Math.round(outcome.expiresInMs / 1000)
    return ok('gettoken', say(`a token, usable for ${seconds} s`, `得到 token，可用 ${seconds} 秒`))
  }
  const { errcode, message, egressIp } = outcome.error
  if (errcode !== undefined) return errcodeLine('gettoken', errcode, egressIp, language, say)
  return fail(
    'gettoken',
    message,
    say('Look at the lines above for the network.', '网络问题见上面几行。'),
  )
}

/** A call with the token: of an app if its id was given, which also shows whether it may be called. */
export function callLine(
  { answer, failure }: Exchange,
  agentId: string | undefined,
  language: Language,
  say: Say,
): Line {
  const check = agentId === undefined ? 'call' : 'app'
  const json = parsed(answer?.body ?? '')
  const errcode = errcodeOf(json)
  if (errcode === undefined) {
    const said = failure?.message ?? `HTTP ${answer?.status}`
    const advice = say('Run doctor again.', '请再运行一次 doctor。')
    return fail(check, say(`no answer to a call: ${said}`, `调用没有应答：${said}`), advice)
  }
  if (errcode !== 0) {
    const { errmsg } = Object(json) as { errmsg?: unknown }
    const line = errcodeLine(check, errcode, egressIpIn(String(errmsg)), language, say)
    // Without an app's id, the call is one that not every app may make.
    const isCertain = agentId !== undefined || FETCH_ERRCODES[errcode]?.class === 'ip'
    return isCertain ? line : { ...line, status: 'warn' }
  }
  if (agentId === undefined)
    return ok(
      check,
      say(
        'a call with this token is answered (set WECOM_AGENTID to check the rights of an app)',
        '用这个 token 调用成功（设置 WECOM_AGENTID 可检查应用的权限）',
      ),
    )
  const { name } = Object(json) as { name?: unknown }
  const named = typeof name === 'string' ? ` ${name.slice(0, 40)}` : ''
  return ok(
    check,
    say(`agent ${agentId}${named} may be called`, `应用 ${agentId}${named} 可以调用`),
  )
}

function errcodeLine(
  check: string,
  errcode: number,
  egressIp: string | undefined,
  lang: Language,
  say: Say,
): Line {
  const { name, meaning, remedy, retry } = explainErrcode(errcode, { kind: 'self-built', lang })
  const seen =
    egressIp === undefined ? '' : say(`: WeCom saw ${egressIp}`, `：企业微信看到的是 ${egressIp}`)
  const found = `${errcode} ${name}: ${meaning}${seen}`
  return retry === 'soon' ? warn(check, found, remedy) : fail(check, found, remedy)
}
