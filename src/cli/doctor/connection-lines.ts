import type { ConnectionFacts } from './connection.js'
import { fail, type Line, ok, type Say, warn } from './line.js'
import { type ProxySetting, shownProxy } from './proxy.js'

/** The steps of a connection, one line each; nothing of what was not reached. */
export function connectionLines(
  facts: ConnectionFacts,
  proxy: ProxySetting | undefined,
  env: Readonly<Record<string, string | undefined>>,
  say: Say,
): Line[] {
  const lines = [
    proxyLine(facts, proxy, say),
    dnsLine(facts, say),
    tcpLine(facts, proxy !== undefined, say),
    tlsLine(facts, env, say),
  ]
  return lines.filter((line) => line !== undefined)
}

function proxyLine(
  { tunnel }: ConnectionFacts,
  proxy: ProxySetting | undefined,
  say: Say,
): Line | undefined {
  if (proxy === undefined) return ok('proxy', say('none: a direct connection', '无代理，直接连接'))
  const named = `${proxy.variable} ${shownProxy(proxy)}`
  if (proxy.url.protocol !== 'http:')
    return warn(
      'proxy',
      say(`${named}: doctor speaks to http proxies only`, `${named}：doctor 只支持 http 代理`),
      say(
        `Run doctor again without ${proxy.variable}, or with the address of an http proxy.`,
        `去掉 ${proxy.variable}，或换成 http 代理的地址，再运行一次 doctor。`,
      ),
    )
  const said = tunnel === undefined ? undefined : refusalOf(tunnel)
  if (said === undefined)
    return ok(
      'proxy',
      say(
        `${named} (axios uses it; Node's fetch only with NODE_USE_ENV_PROXY=1 or a dispatcher)`,
        `${named}（axios 会使用它；Node 的 fetch 需要 NODE_USE_ENV_PROXY=1 或 dispatcher）`,
      ),
    )
  return fail(
    'proxy',
    say(`${named} lets nothing through: ${said}`, `${named} 不放行：${said}`),
    adviceOnTunnel(said, say),
  )
}

/** What the proxy said, if it did not open the way. */
function refusalOf(tunnel: NonNullable<ConnectionFacts['tunnel']>): string | undefined {
  if (tunnel.failure !== undefined) return tunnel.failure.code || tunnel.failure.message
  if (tunnel.status === 200) return undefined
  return `HTTP ${tunnel.status}${tunnel.isHtml ? ' (HTML)' : ''}`
}

function adviceOnTunnel(said: string, say: Say): string {
  if (said.startsWith('HTTP 407'))
    return say(
      'The proxy wants a user and a password: write them into the variable, http://user:password@host:port.',
      '代理要求用户名和密码：写进变量，http://user:password@host:port。',
    )
  return say(
    'Ask whoever runs the proxy to allow CONNECT to this host and port, or leave the proxy out with NO_PROXY.',
    '请代理管理员放行到该主机和端口的 CONNECT，或用 NO_PROXY 绕过代理。',
  )
}

function dnsLine({ dns, host }: ConnectionFacts, say: Say): Line | undefined {
  if (dns === undefined) return undefined
  if (dns.failure === undefined)
    return ok('dns', `${host}: ${dns.addresses.slice(0, 3).join(', ')} (${dns.ms} ms)`)
  return fail(
    'dns',
    say(`${host} was not resolved: ${dns.failure.code}`, `无法解析 ${host}：${dns.failure.code}`),
    say(
      'Check the name, and the DNS of this machine or container; where only a proxy gets out, set HTTPS_PROXY.',
      '检查域名，以及本机或容器的 DNS；如果只能经代理出网，请设置 HTTPS_PROXY。',
    ),
  )
}

function tcpLine({ tcp, host, port }: ConnectionFacts, isProxy: boolean, say: Say) {
  if (tcp === undefined) return undefined
  const place = `${host}:${port}`
  if (tcp.failure === undefined) return ok('tcp', `${place} (${tcp.ms} ms)`)
  const { code, message } = tcp.failure
  const found = say(
    `no connection to ${place}: ${code || message}`,
    `无法连接 ${place}：${code || message}`,
  )
  if (code === 'ECONNREFUSED')
    return fail(
      'tcp',
      found,
      isProxy
        ? say(
            'The proxy does not run there: check its address.',
            '该地址没有代理在运行：检查代理地址。',
          )
        : say(
            'No server listens there: check host and port of the base address, or a firewall refuses it.',
            '该端口没有服务：检查 baseUrl 的主机和端口；也可能被防火墙拒绝。',
          ),
    )
  return fail(
    'tcp',
    found,
    say(
      `Allow outgoing TCP to ${place} in the firewall or security group, or set HTTPS_PROXY.`,
      `在防火墙或安全组中放行到 ${place} 的出站 TCP，或设置 HTTPS_PROXY。`,
    ),
  )
}

function tlsLine(
  { tls }: ConnectionFacts,
  env: Readonly<Record<string, string | undefined>>,
  say: Say,
): Line | undefined {
  if (tls === undefined) return undefined
  if (tls.failure !== undefined)
    return fail(
      'tls',
      say(
        `no TLS: ${tls.failure.code || tls.failure.message}`,
        `TLS 握手失败：${tls.failure.code || tls.failure.message}`,
      ),
      say(
        'No TLS server answers there: check port and scheme of the base address, and proxies that cut TLS.',
        '对端不是 TLS 服务：检查 baseUrl 的协议和端口，以及会中断 TLS 的代理。',
      ),
    )
  const issuer = tls.issuer === '' ? '' : say(`, issued by ${tls.issuer}`, `，签发者 ${tls.issuer}`)
  if (tls.error !== undefined)
    return fail(
      'tls',
      say(
        `the certificate is refused: ${tls.error}${issuer}`,
        `证书不被信任：${tls.error}${issuer}`,
      ),
      adviceOnCertificate(tls.error, say),
    )
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === '0')
    return warn(
      'tls',
      say(
        'certificates are not checked: NODE_TLS_REJECT_UNAUTHORIZED=0',
        '没有校验证书：NODE_TLS_REJECT_UNAUTHORIZED=0',
      ),
      say(
        'Take it out: anyone on the way can read the secret. For a company certificate set NODE_EXTRA_CA_CERTS.',
        '去掉它：路径上的任何人都能读到 secret。公司证书请用 NODE_EXTRA_CA_CERTS。',
      ),
    )
  return ok('tls', `${tls.protocol} (${tls.ms} ms)${issuer}`)
}

function adviceOnCertificate(error: string, say: Say): string {
  if (error === 'CERT_HAS_EXPIRED' || error === 'CERT_NOT_YET_VALID')
    return say(
      'Check the clock of this machine, then the certificate of the server.',
      '先检查本机时间，再检查服务器证书的有效期。',
    )
  if (error === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return say(
      'The certificate is for another name: check the host of the base address, and proxies in between.',
      '证书属于别的域名：检查 baseUrl 的主机名，以及中间的代理。',
    )
  return say(
    'If it is the certificate of your company or of a proxy that reads TLS, set NODE_EXTRA_CA_CERTS to the file of its CA. Do not switch the check off.',
    '如果是公司自签的证书，或代理在解密 TLS，请把 NODE_EXTRA_CA_CERTS 指向其 CA 文件。不要关闭证书校验。',
  )
}
