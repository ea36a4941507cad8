import { errcodeOf, parsed } from '../../core/errcode.js'
import type { Answer, Exchange } from './exchange.js'
import { fail, type Line, ok, type Say, warn } from './line.js'

/** Whether WeCom answers at all, or something in between; and what its clock says. */
export function answerLines({ answer, failure }: Exchange, say: Say): Line[] {
  if (failure !== undefined)
    return [
      fail(
        'api',
        say(
          `no answer: ${failure.code || failure.message}`,
          `没有应答：${failure.code || failure.message}`,
        ),
        say(
          'The connection was made, but nothing came back: look at proxies and firewalls in between.',
          '连接已建立，但没有应答：检查中间的代理和防火墙。',
        ),
      ),
    ]
  if (answer === undefined) return []
  return [apiLine(answer, say), ...clockLines(answer, say)]
}

function apiLine(answer: Answer, say: Say): Line {
  const { status, body } = answer
  const ms = answer.receivedAtMs - answer.sentAtMs
  if (errcodeOf(parsed(body)) !== undefined)
    return ok('api', say(`WeCom answers (${ms} ms)`, `企业微信有应答（${ms} ms）`))
  if (status >= 300 && status < 400)
    return fail(
      'api',
      say(`HTTP ${status}: a redirect`, `HTTP ${status}：重定向`),
      say(
        'WeCom redirects only from http to https: write https in the base address.',
        '企业微信只会把 http 重定向到 https：baseUrl 请写 https。',
      ),
    )
  if (body.trimStart().startsWith('<'))
    return fail(
      'api',
      say(
        `HTTP ${status}: an HTML page in place of WeCom's JSON`,
        `HTTP ${status}：返回了 HTML 页面，而不是企业微信的 JSON`,
      ),
      say(
        'A proxy, a gateway or a login page is in the way: allow the host there, or check the base address.',
        '中间有代理、网关或登录页：请放行该主机，或检查 baseUrl。',
      ),
    )
  return fail(
    'api',
    say(`HTTP ${status}, and no errcode`, `HTTP ${status}，且没有 errcode`),
    say(
      'This is not WeCom: check the base address, without /cgi-bin/… behind it, and gateways in between.',
      '这不是企业微信：检查 baseUrl（后面不要带 /cgi-bin/…）和中间的网关。',
    ),
  )
}

/** The header counts in seconds. */
const CLOCK_OK_MS = 30_000
/** Signatures of pages and callbacks stop working somewhere here. */
const CLOCK_WRONG_MS = 300_000

function clockLines(answer: Answer, say: Say): Line[] {
  const date = Date.parse(String(answer.headers.date))
  if (Number.isNaN(date)) return []
  // `Date` is in the middle of the request, up to a second late.
  const offMs = (answer.sentAtMs + answer.receivedAtMs) / 2 - (date + 500)
  const seconds = Math.round(Math.abs(offMs) / 1000)
  if (Math.abs(offMs) <= CLOCK_OK_MS)
    return [ok('clock', say(`${seconds} s off the server's`, `与服务器相差 ${seconds} 秒`))]
  const found =
    offMs > 0
      ? say(`${spanOf(seconds)} ahead of the server's`, `比服务器快 ${seconds} 秒`)
      : say(`${spanOf(seconds)} behind the server's`, `比服务器慢 ${seconds} 秒`)
  const remedy = say(
    'Set the clock of this machine (NTP): certificates, page signatures and the times of callbacks depend on it.',
    '校准本机时间（NTP）：证书、页面签名和回调的时间都依赖它。',
  )
  return [
    Math.abs(offMs) > CLOCK_WRONG_MS ? fail('clock', found, remedy) : warn('clock', found, remedy),
  ]
}

function spanOf(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}
