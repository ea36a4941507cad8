import { createServer as createHttps } from 'node:https'
import { type AddressInfo, connect, createServer as createTcp } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { APP, APP_ENV, diagnose, PLANTED } from '../support/doctor.js'
import { SELF_SIGNED } from '../support/self-signed.js'
import { useServers } from '../support/servers.js'
import { run } from '../support/terminal.js'

const { serve, fake } = useServers()
const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

const HTML = '<!DOCTYPE html><title>Please log in</title>'
const html = (status: number) => (_request: unknown, response: ServerAnswer) => {
  response.writeHead(status, { 'content-type': 'text/html' }).end(HTML)
}
type ServerAnswer = import('node:http').ServerResponse

async function closedPort(): Promise<number> {
  const server = createTcp()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A proxy that answers every CONNECT alike. */
async function proxyThatAnswers(head: string): Promise<string> {
  const server = createTcp((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(`HTTP/1.1 ${head}\r\n\r\n`))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(() => server.close())
  return `http://user:${PLANTED}@127.0.0.1:${(server.address() as AddressInfo).port}`
}

const fakeWithApp = () =>
  fake({ apps: [APP], tokenText: () => 'planted-token-that-no-line-may-show' })
const envOf = (baseUrl: string, more: Readonly<Record<string, string>> = {}) => ({
  ...APP_ENV,
  WECOM_BASE_URL: baseUrl,
  ...more,
})

describe('the way to WeCom', () => {
  it('the doctor finds nothing wrong on the way to a WeCom that answers', async () => {
    const { baseUrl, wecom } = await fakeWithApp()
    const { exitCode, failed, line, lines } = await diagnose(envOf(baseUrl))
    expect({ exitCode, failed }).toEqual({ exitCode: 0, failed: [] })
    expect(lines.every(({ status }) => status === 'ok')).toBe(true)
    expect(line('gettoken')?.found).toBe('a token, usable for 7000 s')
    expect(line('tcp')?.found).toMatch(/^127\.0\.0\.1:\d+ \(\d+ ms\)$/)
    expect(wecom.count('gettoken')).toBe(1)
  })

  it('a name that is not resolved: look at the name, the DNS, or set a proxy', async () => {
    // Too long for a label: the resolver of the machine refuses it without asking another.
    const { line, failed } = await diagnose(envOf(`https://${'a'.repeat(64)}.test`))
    expect(failed).toEqual(['dns'])
    expect(line('dns')).toMatchObject({
      found: expect.stringMatching(/was not resolved: \w+$/),
      remedy: expect.stringMatching(/DNS of this machine or container.*HTTPS_PROXY/),
    })
  })

  it('a closed port: look at host and port of the base address', async () => {
    const { line, failed } = await diagnose(envOf(`http://127.0.0.1:${await closedPort()}`))
    expect(failed).toEqual(['tcp'])
    expect(line('tcp')?.found).toMatch(/ECONNREFUSED$/)
    expect(line('tcp')?.remedy).toMatch(/No server listens there: check host and port/)
  })

  it('a certificate that is not trusted: NODE_EXTRA_CA_CERTS, and its issuer', async () => {
    const server = createHttps(SELF_SIGNED, (_request, response) => response.end('{"errcode":0}'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    stops.push(() => server.close())
    const { port } = server.address() as AddressInfo
    const { line, failed } = await diagnose(envOf(`https://127.0.0.1:${port}`))
    expect(failed).toEqual(['tls'])
    expect(line('tls')?.found).toMatch(/DEPTH_ZERO_SELF_SIGNED_CERT, issued by Example Company$/)
    expect(line('tls')?.remedy).toMatch(/NODE_EXTRA_CA_CERTS.*Do not switch the check off/)
  })

  it('a server that does not speak TLS: look at port and scheme', async () => {
    const { baseUrl } = await fakeWithApp()
    const { line, failed } = await diagnose(envOf(baseUrl.replace('http:', 'https:')))
    expect(failed).toEqual(['tls'])
    expect(line('tls')?.remedy).toMatch(/check port and scheme/)
  })

  it.each([
    ['in place of WeCom', async () => envOf(await serve(html(200)))],
    [
      'from a proxy for plain http',
      async () => envOf('http://wecom.test', { HTTP_PROXY: await serve(html(503)) }),
    ],
  ])('an HTML page %s: a proxy, gateway or login page is in the way', async (_what, env) => {
    const { line, failed } = await diagnose(await env())
    expect(failed).toEqual(['api'])
    expect(line('api')?.found).toMatch(/^HTTP (200|503): an HTML page in place of WeCom's JSON$/)
    expect(line('api')?.remedy).toMatch(/A proxy, a gateway or a login page is in the way/)
  })

  it.each([
    ['403 Forbidden\r\ncontent-type: text/html', /HTTP 403 \(HTML\)$/, /allow CONNECT.*NO_PROXY/],
    ['407 Proxy Authentication Required', /HTTP 407$/, /wants a user and a password/],
  ])(
    'a proxy that refuses CONNECT with %j is named, without its password',
    async (head, found, remedy) => {
      const proxy = await proxyThatAnswers(head)
      const env = { ...APP_ENV, HTTPS_PROXY: proxy }
      const { line, failed } = await diagnose(env)
      expect(failed).toEqual(['proxy'])
      expect(line('proxy')?.found).toMatch(
        /^HTTPS_PROXY http:\/\/127\.0\.0\.1:\d+ lets nothing through: /,
      )
      expect(line('proxy')?.found).toMatch(found)
      expect(line('proxy')?.remedy).toMatch(remedy)
    },
  )

  it('a proxy for plain http gets the whole url, and its user', async () => {
    const asked: (string | undefined)[] = []
    const address = await serve(({ url, headers }, response) => {
      asked.push(url, headers['proxy-authorization'])
      response.end('{"errcode":41001}')
    })
    const HTTP_PROXY = address.replace('://', `://user:${PLANTED}@`)
    const { line, failed } = await diagnose({ WECOM_BASE_URL: 'http://wecom.test', HTTP_PROXY })
    expect(failed).toEqual(['settings'])
    expect(line('proxy')?.found).toMatch(/^HTTP_PROXY http:\/\/127\.0\.0\.1:\d+ \(axios uses it/)
    const basic = `Basic ${Buffer.from(`user:${PLANTED}`).toString('base64')}`
    expect(asked).toEqual(['http://wecom.test/cgi-bin/get_api_domain_ip', basic])
  })

  it('TLS goes through the tunnel of a proxy, and shows the certificate of what is behind it', async () => {
    const behind = createHttps(SELF_SIGNED, (_request, response) => response.end())
    await new Promise<void>((resolve) => behind.listen(0, '127.0.0.1', resolve))
    const proxy = createTcp((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        const onward = connect((behind.address() as AddressInfo).port, '127.0.0.1')
        onward.on('error', () => {})
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        socket.pipe(onward).pipe(socket)
      })
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    stops.push(
      () => behind.close(),
      () => proxy.close(),
    )
    const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const { line, failed } = await diagnose({ ...APP_ENV, HTTPS_PROXY })
    expect(failed).toEqual(['tls'])
    expect(line('proxy')?.status).toBe('ok')
    expect(line('tls')?.found).toMatch(/SELF_SIGNED_CERT, issued by Example Company$/)
  })

  it('a proxy that does not run is looked at in place of WeCom', async () => {
    const env = { ...APP_ENV, HTTPS_PROXY: `http://127.0.0.1:${await closedPort()}` }
    const { line, failed } = await diagnose(env)
    expect(failed).toEqual(['tcp'])
    expect(line('tcp')?.remedy).toMatch(/^The proxy does not run there/)
  })

  it.each([
    [-600_000, 'fail', /^10 min ahead of the server's$/],
    [600_000, 'fail', /^10 min behind the server's$/],
    [-90_000, 'warn', /^\d+ s ahead of the server's$/],
  ])(
    'a clock that is %i ms off the server’s is a %s, and NTP the remedy',
    async (offMs, status, found) => {
      const baseUrl = await serve((_request, response) => {
        response.setHeader('date', new Date(Date.now() + offMs).toUTCString())
        response.end('{"errcode":41001}')
      })
      const { line } = await diagnose({ WECOM_BASE_URL: baseUrl })
      expect(line('clock')).toMatchObject({ status, found: expect.stringMatching(found) })
      expect(line('clock')?.remedy).toMatch(/NTP/)
    },
  )
})

describe('the secret and the app', () => {
  it('a secret with a line break: copy it again, and nothing of it is sent', async () => {
    const { baseUrl, wecom } = await fakeWithApp()
    const { line, failed } = await diagnose(
      envOf(baseUrl, { WECOM_CORPSECRET: `${APP.corpSecret}\n` }),
    )
    expect(failed).toEqual(['secret'])
    expect(line('secret')).toMatchObject({
      found: 'has a line break in it',
      remedy: expect.stringMatching(/^Copy WECOM_CORPSECRET again.*\.env/),
    })
    expect(wecom.count('gettoken')).toBe(0)
  })

  it.each([
    [40001, /^40001 invalid_secret: /, /Copy the app's secret again/],
    [40013, /^40013 invalid_corp_id: /, /Check the corp id/],
    [60020, /the IP is not trusted: WeCom saw 203\.0\.113\.7$/, /企业可信IP.*IP白名单/],
    [45009, /^45009 call_limit_exceeded: /, /blocked for an hour.*devtool\/checkCorpSpamBlock/],
    [50003, /^50003 app_disabled: /, /enabled/],
  ])(
    'gettoken answers %i: the line says what it means, and what to do',
    async (errcode, found, remedy) => {
      const { baseUrl, wecom } = await fakeWithApp()
      wecom.failNext('gettoken', { errcode })
      const { line, failed, exitCode } = await diagnose(envOf(baseUrl))
      expect({ failed, exitCode }).toEqual({ failed: ['gettoken'], exitCode: 1 })
      expect(line('gettoken')?.found).toMatch(found)
      expect(line('gettoken')?.remedy).toMatch(remedy)
    },
  )

  it.each([
    [48002, /^48002 api_forbidden: /, /permission/],
    [301002, /^301002 wrong_app_for_this_agent: /, /the app whose agentid/],
    [60020, /WeCom saw 203\.0\.113\.7$/, /企业可信IP/],
  ])(
    'an app without the right gets %i: the line says where to give it',
    async (errcode, found, remedy) => {
      const { baseUrl, wecom } = await fakeWithApp()
      wecom.failNext('agent/get', { errcode })
      const { line, failed } = await diagnose(envOf(baseUrl, { WECOM_AGENTID: '1000002' }))
      expect(failed).toEqual(['app'])
      expect(line('app')?.found).toMatch(found)
      expect(line('app')?.remedy).toMatch(remedy)
    },
  )

  it('what WeCom says of an app is printed without the token that it repeats', async () => {
    const { baseUrl, wecom } = await fakeWithApp()
    wecom.on('agent/get', ({ query }) => ({
      json: { errcode: 0, errmsg: 'ok', name: `${query.get('access_token')}` },
    }))
    const { line } = await diagnose(envOf(baseUrl, { WECOM_AGENTID: '7' }))
    expect(line('app')?.found).toBe('agent 7 [hidden] may be called')
  })

  it('an app that may be called is named', async () => {
    const { baseUrl } = await fakeWithApp()
    const { line } = await diagnose(envOf(baseUrl), { args: ['--agentid', '1000002'] })
    expect(line('app')?.found).toBe('agent 1000002 fake may be called')
  })

  it.each([
    [60020, 'fail'],
    [48002, 'warn'],
  ])(
    'without an app’s id, %i of a call is a %s: not every app may make that call',
    async (errcode, status) => {
      const { baseUrl, wecom } = await fakeWithApp()
      wecom.on('get_api_domain_ip', { json: { errcode, errmsg: 'no, from ip: 203.0.113.9' } })
      const { line } = await diagnose(envOf(baseUrl))
      expect(line('call')?.status).toBe(status)
    },
  )
})

describe('the doctor without settings', () => {
  it('the doctor without any variable says which ones to set, and still looks at the network', async () => {
    const env = { HTTPS_PROXY: `http://127.0.0.1:${await closedPort()}` }
    const { line, failed, exitCode } = await diagnose(env)
    expect({ failed, exitCode }).toEqual({ failed: ['settings', 'tcp'], exitCode: 1 })
    expect(line('settings')?.remedy).toMatch(/^Set WECOM_CORPID and WECOM_CORPSECRET .*--help/)
  })

  it('a single missing variable is named alone', async () => {
    const env = { WECOM_CORPID: 'ww1', HTTPS_PROXY: 'http://127.0.0.1:1' }
    expect((await diagnose(env)).line('settings')?.found).toBe('WECOM_CORPSECRET not set')
  })

  it.each([
    [['doctor', 'now']],
    [['doctor', '--base-url', 'qyapi.weixin.qq.com']],
    [['doctor', '--base-url', `https://user:${PLANTED}@wecom.test`]],
    [['doctor', '--base-url', 'ftp://wecom.test']],
  ])('the arguments %j are a wrong usage', async (args) => {
    const { exitCode, stderr } = await run(args)
    expect(exitCode).toBe(2)
    expect(stderr).not.toContain('planted')
  })
})

describe('the table of the doctor', () => {
  it('every line has a mark, and a remedy under it', async () => {
    const { baseUrl, wecom } = await fakeWithApp()
    wecom.failNext('gettoken', { errcode: 40001 })
    const { stdout, exitCode } = await run(['doctor', '--lang', 'zh'], { env: envOf(baseUrl) })
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/^✓ node {6}\d/)
    expect(stdout).toMatch(/\n✗ gettoken {2}40001 invalid_secret: secret 不正确.*\n {12}→ 重新复制/)
    expect(stdout).not.toContain('planted')
  })

  it('marks have their colour on a terminal', async () => {
    const { baseUrl } = await fakeWithApp()
    const style = (colour: unknown, text: string) => `<${colour}>${text}`
    const { stdout } = await run(['doctor'], { env: envOf(baseUrl), style })
    expect(stdout).toContain('<green>✓ <bold>gettoken')
  })
})
