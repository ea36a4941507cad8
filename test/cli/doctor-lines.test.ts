import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { answerLines } from '../../src/cli/doctor/answer-lines.js'
import { connectionLines } from '../../src/cli/doctor/connection-lines.js'
import { sayIn } from '../../src/cli/doctor/line.js'
import { projectLines } from '../../src/cli/doctor/project.js'
import { axiosLine, nodeLine, subpathsLine } from '../../src/cli/doctor/project-lines.js'
import { proxyAuthorization, proxyFor, shownProxy } from '../../src/cli/doctor/proxy.js'
import { secretsOf, settingsOf } from '../../src/cli/doctor/settings.js'
import { connectLine, scriptsLine } from '../../src/cli/doctor/store-lines.js'

const say = sayIn('en')
const WECOM = new URL('https://qyapi.weixin.qq.com')

describe('the proxy of the environment', () => {
  it.each<[Record<string, string>, string | undefined]>([
    [{}, undefined],
    [{ HTTPS_PROXY: 'http://p:3128' }, 'HTTPS_PROXY http://p:3128'],
    [{ https_proxy: 'p:3128', HTTPS_PROXY: 'http://other' }, 'https_proxy http://p:3128'],
    [{ HTTP_PROXY: 'http://p:3128' }, undefined],
    [{ ALL_PROXY: 'http://p:3128' }, 'ALL_PROXY http://p:3128'],
    [{ HTTPS_PROXY: '' }, undefined],
    [{ HTTPS_PROXY: 'http://u:planted@p:3128' }, 'HTTPS_PROXY http://p:3128'],
    [{ HTTPS_PROXY: 'http://p', NO_PROXY: '*' }, undefined],
    [{ HTTPS_PROXY: 'http://p', NO_PROXY: 'a.test, qyapi.weixin.qq.com' }, undefined],
    [{ HTTPS_PROXY: 'http://p', NO_PROXY: '.qq.com' }, undefined],
    [{ HTTPS_PROXY: 'http://p', NO_PROXY: '*.qq.com:443' }, undefined],
    [{ HTTPS_PROXY: 'http://p', no_proxy: 'qq.com' }, 'HTTPS_PROXY http://p'],
    [{ HTTPS_PROXY: 'http://p', no_proxy: 'qyapi.weixin.qq.com:8443' }, 'HTTPS_PROXY http://p'],
    [{ HTTPS_PROXY: 'socks5://p:1080' }, 'HTTPS_PROXY socks5://p:1080'],
    [{ HTTPS_PROXY: 'http://' }, undefined],
  ])('the proxy of %j is %s', (env, expected) => {
    const proxy = proxyFor(WECOM, env)
    expect(proxy && `${proxy.variable} ${shownProxy(proxy)}`).toBe(expected)
  })

  it('a proxy’s user and password are sent to it, decoded', () => {
    const proxy = proxyFor(WECOM, { HTTPS_PROXY: 'http://me:p%40ss@p:3128' })
    const header = proxy && proxyAuthorization(proxy)['proxy-authorization']
    expect(header).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`)
  })

  it('a proxy’s password that is not percent-encoded is sent as it is', () => {
    const proxy = proxyFor(WECOM, { HTTPS_PROXY: 'http://me:50%@p:3128' })
    const expected = Buffer.from('me:50%').toString('base64')
    expect(proxy && proxyAuthorization(proxy)).toEqual({
      'proxy-authorization': `Basic ${expected}`,
    })
  })

  it('a proxy of another kind than http is not looked through', () => {
    const proxy = proxyFor(WECOM, { HTTPS_PROXY: 'socks5://p:1080' })
    const [line] = connectionLines({ host: 'p', port: 1080 }, proxy, {}, say)
    expect(line).toMatchObject({ check: 'proxy', status: 'warn' })
  })
})

describe('the connection', () => {
  const tls = (error?: string) => ({
    host: 'h',
    port: 443,
    tls: { ms: 1, protocol: 'TLSv1.3', issuer: 'CA', ...(error !== undefined && { error }) },
  })
  const tlsLine = (error?: string, env = {}) =>
    connectionLines(tls(error), undefined, env, say).find(({ check }) => check === 'tls')

  it.each([
    ['CERT_HAS_EXPIRED', /clock of this machine/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /another name/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /NODE_EXTRA_CA_CERTS/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /NODE_EXTRA_CA_CERTS/],
  ])('the certificate error %s has its remedy', (error, remedy) => {
    expect(tlsLine(error)).toMatchObject({ status: 'fail', remedy: expect.stringMatching(remedy) })
  })

  it('certificates that are not checked are reported', () => {
    expect(tlsLine()).toMatchObject({ status: 'ok', found: 'TLSv1.3 (1 ms), issued by CA' })
    expect(tlsLine(undefined, { NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toMatchObject({
      status: 'warn',
    })
  })

  it('packets that are dropped: the firewall', () => {
    const tcp = { ms: 5000, failure: { code: 'ETIMEDOUT', message: 'no answer' } }
    const [, line] = connectionLines({ host: 'h', port: 443, tcp }, undefined, {}, say)
    expect(line?.remedy).toMatch(/^Allow outgoing TCP to h:443/)
  })

  it.each([
    [{ status: 404, body: '' }, /without \/cgi-bin/],
    [{ status: 301, body: '' }, /write https/],
    [{ status: 200, body: '{"ok":1}' }, /This is not WeCom/],
  ])('the answer %j is not WeCom’s', (given, remedy) => {
    const answer = { ...given, headers: {}, sentAtMs: 0, receivedAtMs: 1 }
    const [line, ...others] = answerLines({ connection: { host: 'h', port: 1 }, answer }, say)
    expect(line).toMatchObject({ check: 'api', status: 'fail' })
    expect(line?.remedy).toMatch(remedy)
    expect(others).toEqual([])
  })

  it('a connection without an answer: proxies and firewalls in between', () => {
    const failure = { code: 'ECONNRESET', message: 'reset' }
    const [line] = answerLines({ connection: { host: 'h', port: 1 }, failure }, say)
    expect(line).toMatchObject({ status: 'fail', found: 'no answer: ECONNRESET' })
  })
})

describe('the store', () => {
  it('a Redis that answers slowly is reported', () => {
    const line = connectLine('ioredis', 'redis://far:6379', { connectMs: 900, pingMs: 120 }, say)
    expect(line).toMatchObject({ status: 'warn', found: 'far:6379 answers in 120.0 ms (ioredis)' })
  })

  it('a Redis without scripts: what the store needs', () => {
    const failure = { code: '', message: "ERR unknown command 'EVAL'" }
    expect(scriptsLine(failure, say).remedy).toMatch(/Redis 5 or newer, or Valkey, with EVAL/)
  })
})

describe('the settings', () => {
  const settings = (args: Readonly<Record<string, string>>, env: Record<string, string>) =>
    settingsOf({ command: 'doctor', positionals: [], flags: args }, env)

  it('flags come before variables, and an empty variable is none', () => {
    const env = { WECOM_CORPID: 'ww-env', WECOM_CORPSECRET: '', WECOM_AGENTID: '7' }
    expect(settings({ corpid: 'ww-flag' }, env)).toMatchObject({
      corpId: 'ww-flag',
      corpSecret: undefined,
      agentId: '7',
    })
  })

  it('passwords of urls are secrets too, as they are written and decoded', () => {
    const env = {
      REDIS_URL: 'redis://:one%40@h',
      HTTPS_PROXY: 'http://u:two@p',
      PATH: 'http://u:no@p',
    }
    expect(secretsOf(settings({}, env), env)).toEqual(['one%40', 'two', 'one@', 'two'])
  })
})

describe('the project', () => {
  it.each([
    ['20.16.0', 'ok'],
    ['22.1.0', 'ok'],
    ['20.15.1', 'fail'],
    ['18.20.0', 'fail'],
  ])('Node %s is %s', (version, status) => {
    expect(nodeLine(version, say).status).toBe(status)
  })

  it.each([
    ['1.5.0', 'ok'],
    ['1.4.9', 'fail'],
    ['0.27.2', 'fail'],
    [undefined, 'ok'],
  ])('axios %s is %s', (version, status) => {
    expect(axiosLine(version, say).status).toBe(status)
  })

  it('a TypeScript that does not find the subpaths: moduleResolution', () => {
    const facts = { version: '5.4.5', moduleResolution: 'Classic', isResolved: false }
    expect(subpathsLine(facts, say)).toMatchObject({
      status: 'warn',
      found: '5.4.5, moduleResolution Classic: qyapi-token/axios is not found',
      remedy: expect.stringMatching(/"bundler" or "node16"/),
    })
  })

  it('the project’s own TypeScript is asked whether it finds the subpaths', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qyapi-token-project-'))
    const write = async (path: string, content: object | string) => {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      const text = typeof content === 'string' ? content : JSON.stringify(content)
      await writeFile(join(folder, path), text)
    }
    const ours = 'node_modules/qyapi-token'
    const exports = { './axios': { types: './axios.d.ts' }, './package.json': './package.json' }
    await write(`${ours}/package.json`, { name: 'qyapi-token', version: '0.1.0', exports })
    await write(`${ours}/axios.d.ts`, 'export {}')
    await symlink(
      join(process.cwd(), 'node_modules/typescript'),
      join(folder, 'node_modules/typescript'),
      'junction',
    )
    const lineWith = async (compilerOptions: object) => {
      await write('tsconfig.json', { compilerOptions })
      return projectLines(folder, say).find(({ check }) => check === 'typescript')
    }
    expect(await lineWith({ module: 'nodenext', moduleResolution: 'nodenext' })).toMatchObject({
      status: 'ok',
      found: expect.stringMatching(/^\d+\.\d+\.\d+, moduleResolution NodeNext$/),
    })
    const hidden = {
      paths: { 'qyapi-token/*': ['./nowhere/*'] },
      module: 'esnext',
      moduleResolution: 'bundler',
    }
    await write(`${ours}/package.json`, { name: 'qyapi-token', version: '0.1.0', exports: {} })
    expect(await lineWith(hidden)).toMatchObject({ status: 'warn' })
    await rm(folder, { recursive: true })
  })
})
